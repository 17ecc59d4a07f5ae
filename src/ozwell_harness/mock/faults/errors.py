"""Errors in another shape, status or format than promised."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("errors")

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"


@AREA.error("flat", "`error` is a text, not an object.")
def flat(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Flatten the envelope."""
    refusal.envelope = {"error": refusal.envelope["error"]["message"]}
    return refusal


@AREA.error("status-422", "Invalid input is answered with 422 in place of 400.")
def status_422(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status of a 400."""
    if refusal.status == 400:
        refusal.status = 422
    return refusal


@AREA.error("status-500", "Refusals of bad input are answered with 500.")
def status_500(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status of a 400 or 404."""
    if refusal.status in (400, 404):
        refusal.status = 500
        refusal.envelope["error"] |= {"type": "server_error", "code": "internal_error"}
    return refusal


@AREA.reply("inside-200", "Errors come with status 200.")
def inside_200(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the status of every error."""
    if reply.status >= 400:
        reply.status = 200
    return reply


@AREA.reply("html", "Errors come as an HTML page.")
def html(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Replace the envelope by a page."""
    if reply.status >= 400:
        reply.body, reply.content_type = HTML, b"text/html"
    return reply


@AREA.request("unknown-model-accepted", "A model that does not exist is silently replaced.", Operation.CREATE_CHAT)
def unknown_model_accepted(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Answer with some other model."""
    return {**body, "model": "gpt-4"} if isinstance(body.get("model"), str) else body
