"""Envelopes with a member that is missing, of another type, or empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("errors")

Reshape = Callable[[dict[str, Any]], Any]


def _envelope(name: str, description: str, reshape: Reshape, *breaks: str) -> None:
    """Register a fault in what embeddings refuse with 400; ``reshape`` makes a body of the error object."""

    @AREA.error(name, description, Operation.CREATE_EMBEDDING, breaks=breaks)
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == 400:
            refusal.envelope = reshape(refusal.error)
        return refusal


def _member(name: str, member: str, value: Any, words: str, requirement: str) -> None:
    def reshape(error: dict[str, Any]) -> Any:
        return {"error": {**error, member: value}}

    _envelope(name, f"The {member} of an error is {words}.", reshape, requirement)


def _without(member: str, requirement: str) -> None:
    def reshape(error: dict[str, Any]) -> Any:
        return {"error": {key: value for key, value in error.items() if key != member}}

    _envelope(f"{member}-missing", f"An error has no {member}.", reshape, requirement)


_IS_OBJECT = "errors.error-is-object"
_envelope("not-nested", "The members of an error stand at the top.", lambda error: error, _IS_OBJECT)
_envelope("error-null", "`error` is null.", lambda error: {"error": None, **error}, _IS_OBJECT)
_envelope("body-is-text", "The body is the message alone.", lambda error: error["message"], _IS_OBJECT)
_envelope(
    "detail-of-a-framework",
    "The body is that of a web framework's own validation.",
    lambda error: {"detail": [{"loc": ["body", error["param"]], "msg": error["message"], "type": "value_error"}]},
    _IS_OBJECT,
)

_MESSAGE = "errors.message-is-text"
_without("message", _MESSAGE)
_member("message-empty", "message", "", "empty", _MESSAGE)
_member("message-object", "message", {"en": "The input is not valid."}, "an object", _MESSAGE)

_TYPE = "errors.type-is-text"
_without("type", _TYPE)
_member("type-number", "type", 400, "a number", _TYPE)


@AREA.error("code-missing", "An error of bad input has no code.", breaks=("errors.code-present",))
def code_missing(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Leave it out on every operation alike."""
    if refusal.status == 400:
        del refusal.error[refusal.names["code"]]
    return refusal


_member("code-null", "code", None, "null", "errors.code-present")
_CODE = "errors.code-is-text"
_member("code-number", "code", 400, "the status as a number", _CODE)
_member("code-empty", "code", "", "empty", _CODE)

_FITS = "errors.type-fits-status"
_member("type-of-a-server-error", "type", "server_error", "server_error with a 400", _FITS)

_PARAM = "errors.param-is-text"
_member("param-path-array", "param", ["body", "input"], "a path as an array", _PARAM)

_NULL = "errors.null-is-null"
_member("param-none-text", "param", "None", "null as a text of Python", _NULL)
_member("code-null-text", "code", "null", "null as a text", _NULL)
