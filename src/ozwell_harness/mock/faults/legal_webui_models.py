"""Odd but legal: what is made is accepted only, and configurations and deployments are told in other ways."""

from __future__ import annotations

import json

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.webui_wrappers import alters, rejects
from ozwell_harness.mock.routing import Operation

AREA = Area("legal", Kind.LEGAL)

UPLOAD = Operation.CREATE_DOCUMENT
PUT, POST = Operation.CONFIGURE_MODEL, Operation.DEPLOY_MODEL
_TOLD = ("instance_type", "replicas", "auto_scaling")


@AREA.reply("document-made", "An upload is answered with 201.", UPLOAD)
def document_made(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Say that it was made."""
    reply.status = 201 if reply.status == 200 else reply.status
    return reply


@AREA.reply("document-accepted", "An upload is answered with 202, before it is split.", UPLOAD)
def document_accepted(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Say that it waits."""
    if reply.status == 200 and isinstance(reply.body, bytes):
        document = json.loads(reply.body)
        reply.status, reply.body = 202, json.dumps({**document, "status": "queued", "chunks": 0}).encode()
    return reply


@AREA.result("config-nested", "The values of a configuration are told under config.", PUT)
def config_nested(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Put them there."""
    return {"model_id": answer.pop("model_id"), "status": "updated", "config": answer}


@AREA.result("config-fractions", "All values of a configuration are told as fractions.", PUT)
def config_fractions(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Tell 1 as 1.0."""
    return {name: float(value) if isinstance(value, int) else value for name, value in answer.items()}


@AREA.reply("deployment-accepted", "A deployment is answered with 202.", POST)
def deployment_accepted(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Say that it is under way."""
    reply.status = 202 if reply.status == 200 else reply.status
    return reply


@AREA.result("deployment-nested", "A deployment repeats what was asked for under config.", POST)
def deployment_nested(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Put it there."""
    return {**answer, "config": {name: answer.pop(name) for name in _TOLD}}


alters(AREA, PUT, "config-told-more", "A configuration tells more than is documented.",
       lambda answer: answer.update(updated_at="2026-01-01T00:00:00Z", seed=None))  # fmt: skip


@AREA.result("deployment-told-less", "A deployment tells its id and its status alone.", POST)
def deployment_told_less(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Leave the rest out."""
    return {"id": answer["deployment_id"], "status": "provisioning"}


rejects(AREA, POST, "instance-types-known", "A type of instance that the server does not have is refused.",
        lambda body: body.get("instance_type") == "cpu-small", 400)  # fmt: skip
