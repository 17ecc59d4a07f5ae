"""Lists of models that are malformed, and models that cannot be retrieved as they are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import internal_error, model_not_found, unknown_url
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("models")

LIST, ONE = Operation.LIST_MODELS, Operation.RETRIEVE_MODEL
SCHEMA = ("models.list-schema",)


def listed(name: str, description: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault that changes the list."""

    @AREA.result(name, description, LIST, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return change(answer)


def entries(name: str, description: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault that changes every entry of the list."""
    listed(f"entry-{name}", description, lambda a: {**a, "data": [change(entry) for entry in a["data"]]}, *breaks)


def retrieved(name: str, description: str, change: Callable[[JsonObject, Call], Any], *breaks: str) -> None:
    """Register a fault that changes a retrieved model; one that raises refuses it."""

    @AREA.result(name, description, ONE, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> Any:
        return change(answer, call)


def without(field: str) -> Callable[[JsonObject], JsonObject]:
    """The change that leaves a field out."""
    return lambda item: {name: value for name, value in item.items() if name != field}


def instead_of_404(name: str, description: str, status: int, body: Any, *breaks: str) -> None:
    """Register a fault that answers for an unknown model with something else."""

    @AREA.reply(name, description, ONE, breaks=breaks)
    def changed(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status == 404:
            reply.status, reply.body = status, msgspec.json.encode(body)
        return reply


listed("list-object-typo", "`object` of the list is `models`.", lambda a: {**a, "object": "models"}, *SCHEMA)
listed("list-bare", "The list is an array under `models`.", lambda a: {"models": a["data"]}, *SCHEMA)
listed("list-of-ids", "The list holds ids, no objects.", lambda a: {**a, "data": [m["id"] for m in a["data"]]}, *SCHEMA)
listed("list-null", "`data` of the list is null.", lambda a: {**a, "data": None}, *SCHEMA)
listed("list-empty", "The list is empty.", lambda a: {**a, "data": []}, "models.not-empty")
listed(
    "list-doubled", "A model is listed twice.", lambda a: {**a, "data": [*a["data"], a["data"][0]]}, "models.ids-unique"
)
listed(
    "configured-hidden",
    "A model that answers chats is not listed.",
    lambda a: {**a, "data": [m for m in a["data"] if m["id"] != "gpt-4"]},
    "models.configured-listed",
)
entries("without-owner", "Entries have no `owned_by`.", without("owned_by"), *SCHEMA)
entries("without-created", "Entries have no `created`.", without("created"), *SCHEMA)
entries("object-typo", "`object` of the entries is `engine`.", lambda m: {**m, "object": "engine"}, *SCHEMA)
entries("created-text", "`created` of the entries is a text.", lambda m: {**m, "created": str(m["created"])}, *SCHEMA)
entries("owner-null", "`owned_by` of the entries is null.", lambda m: {**m, "owned_by": None}, *SCHEMA)
entries(
    "created-milliseconds",
    "`created` of the models is in milliseconds.",
    lambda m: {**m, "created": m["created"] * 1000},
    "models.created-in-past",
    "models.retrieve-equals-entry",
)


def _refused(answer: JsonObject, call: Call) -> Any:  # noqa: ARG001
    raise model_not_found(call.identifier)


def _refused_with_slash(answer: JsonObject, call: Call) -> Any:
    if "/" in call.identifier:
        raise model_not_found(call.identifier)
    return answer


def _failing_with_colon(answer: JsonObject, call: Call) -> Any:
    if ":" in call.identifier:
        raise internal_error()
    return answer


@AREA.result("not-listed", "Models are not listed.", LIST, breaks=("models.list-answers",))
def not_listed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Know no such path."""
    raise unknown_url()


retrieved("never-retrieved", "No model can be retrieved.", _refused, "models.retrieve-answers")
retrieved("slash-not-routed", "An id with a slash is not found.", _refused_with_slash, "models.odd-ids-retrievable")
retrieved(
    "colon-fails",
    "An id with a colon makes the server fail.",
    _failing_with_colon,
    "models.odd-ids-retrievable",
    "http.no-server-errors",
)
retrieved(
    "first-retrieved",
    "Whatever the id, one model is retrieved.",
    lambda a, _: {**a, "id": "gpt-4"},
    "models.retrieve-id",
)
retrieved(
    "id-shortened",
    "A retrieved id lacks its tag.",
    lambda a, _: {**a, "id": a["id"].partition(":")[0]},
    "models.retrieve-id",
)
retrieved(
    "retrieved-wrapped",
    "A retrieved model is under `data`.",
    lambda a, _: {"data": a},
    "models.retrieve-schema",
    "models.retrieve-id",
)
retrieved(
    "retrieved-bare",
    "A retrieved model has no `created`.",
    lambda a, _: without("created")(a),
    "models.retrieve-schema",
)
retrieved(
    "retrieved-object-typo",
    "`object` of a retrieved model is `list`.",
    lambda a, _: {**a, "object": "list"},
    "models.retrieve-schema",
)
retrieved(
    "retrieved-now",
    "`created` of a retrieved model is another.",
    lambda a, _: {**a, "created": a["created"] + 1},
    "models.retrieve-equals-entry",
)
retrieved(
    "retrieved-owner",
    "`owned_by` of a retrieved model is another.",
    lambda a, _: {**a, "owned_by": "system"},
    "models.retrieve-equals-entry",
)

MADE_UP = {"id": "no-such-model-7f3c", "object": "model", "created": 1_700_000_000, "owned_by": "system"}
instead_of_404("unknown-made-up", "An unknown model is made up.", 200, MADE_UP, "models.unknown-refused")
instead_of_404("unknown-null", "An unknown model is null.", 200, None, "models.unknown-refused")
