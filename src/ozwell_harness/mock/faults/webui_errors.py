"""Errors of the Open WebUI dialect with a member that is missing, of another type, or untrue."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.replies import decode, encode
from ozwell_harness.mock.routing import Operation

ERRORS, HTTP, SECURITY = Area("errors"), Area("http"), Area("security")
AREAS = (ERRORS, HTTP, SECURITY)

Spoil = Callable[[JsonObject], object]


def _flat(name: str, description: str, spoil: Spoil, *breaks: str) -> None:
    """Register a fault in the body of what queries refuse with 400."""

    @ERRORS.reply(f"flat-{name}", description, Operation.QUERY_DOCUMENTS, breaks=breaks)
    def change(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status == 400 and isinstance(reply.body, bytes):
            reply.body = encode(spoil(decode(reply.body)))
        return reply


def _without(member: str) -> Spoil:
    return lambda error: {name: value for name, value in error.items() if name != member}


def _with(**members: object) -> Spoil:
    return lambda error: error | members


_OBJECT = "errors.error-is-object"
_flat("wrapped", "An error is wrapped as OpenAI does it.", lambda error: {"error": error}, _OBJECT)
_flat("detail", "An error is that of a web framework.", lambda error: {"detail": error["message"]}, _OBJECT)
_flat("text", "An error is its message alone.", lambda error: error["message"], _OBJECT)
_flat("array", "An error comes in an array.", lambda error: [error], _OBJECT)

_MESSAGE = "errors.message-is-text"
_flat("message-missing", "An error has no message.", _without("message"), _MESSAGE)
_flat("message-empty", "The message of an error is empty.", _with(message=""), _MESSAGE)
_flat("message-null", "The message of an error is null.", _with(message=None), _MESSAGE)

_flat("code-missing", "An error has no code.", _without("error"), "errors.code-present")
_flat("code-null", "The code of an error is null.", _with(error=None), "errors.code-present")
_flat("code-number", "The code of an error is the status.", _with(error=400), "errors.code-is-text")
_flat("code-empty", "The code of an error is empty.", _with(error=""), "errors.code-is-text")

_FITS = "errors.code-fits-status"
_flat("code-of-another-status", "A bad request has the code of a failure.", _with(error="internal_error"), _FITS)
_flat("code-of-its-own", "A bad request has a code that is not documented.", _with(error="missing_field"), _FITS)
_flat(
    "code-is-the-message",
    "The code of an error is a sentence.",
    lambda error: error | {"error": error["message"]},
    _FITS,
)

_REPEATED = "errors.status-repeated"
_flat("status-missing", "An error does not repeat its status.", _without("status_code"), _REPEATED)
_flat("status-untrue", "An error repeats another status than its own.", _with(status_code=500), _REPEATED)
_flat("status-text", "An error repeats its status as a text.", _with(status_code="400"), _REPEATED)

_flat(
    "message-none-text",
    "The message of an error is null turned into text.",
    _with(message="None"),
    "errors.null-is-null",
)


@ERRORS.result(
    "error-beside-results",
    "Results come with an error beside them, and status 200.",
    Operation.QUERY_DOCUMENTS,
    breaks=("errors.no-error-in-success",),
)
def error_beside_results(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Swallow a failure half-way."""
    return {**answer, "error": "internal_error"}


@HTTP.reply(
    "code-twice",
    "An error of a query has its code twice.",
    Operation.QUERY_DOCUMENTS,
    breaks=("http.json-names-unique",),
)
def code_twice(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Write it once more in front."""
    if reply.status == 400 and isinstance(reply.body, bytes):
        reply.body = reply.body.replace(b'{"error"', b'{"error":"invalid_input","error"', 1)
    return reply


def _climbing(name: str, words: str, status: int, *breaks: str) -> None:
    @SECURITY.error(
        f"history-{name}",
        f"A chat_id that climbs out of its folder is {words}.",
        Operation.RETRIEVE_HISTORY,
        breaks=("security.traversal-harmless", "history.odd-id-refused", *breaks),
    )
    def change(refusal: Refusal, call: Call) -> Refusal:
        if b"..%2F" in call.scope["query_string"] and refusal.status == 404:
            refusal.status = status
        return refusal


_climbing("read", "answered with 200", 200)
_climbing("fails", "answered with 500", 500, "http.no-server-errors")
