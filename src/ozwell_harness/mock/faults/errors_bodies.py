"""Bodies that are no JSON object and are taken, or that a server chokes on."""

from __future__ import annotations

import json
from collections.abc import Callable

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.errors import ApiError, internal_error
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("errors")

VALID = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Say hello."}]}'


def kind_of(body: bytes) -> str:
    """What a body is, by the name that the requirements give it; empty for an object."""
    if not body.strip():
        return "empty-body"
    try:
        value = json.loads(body)
    except RecursionError:
        return ""
    except ValueError:
        return "malformed-json"
    kinds = {list: "array-body", str: "string-body", int: "number-body", float: "number-body", type(None): "null-body"}
    return kinds.get(type(value), "")


def _on(name: str, description: str, kind: str, act: Callable[[], bytes], *breaks: str) -> None:
    @AREA.body(name, description, Operation.CREATE_CHAT, breaks=(f"errors.{kind}-refused", *breaks))
    def change(body: bytes, call: Call) -> bytes:  # noqa: ARG001
        return act() if kind_of(body) == kind else body


def _fail(error: ApiError) -> Callable[[], bytes]:
    def act() -> bytes:
        raise error

    return act


_WORDS = {
    "malformed-json": "A body that is cut off",
    "empty-body": "An empty body",
    "array-body": "A body that is an array",
    "string-body": "A body that is a string",
    "number-body": "A body that is a number",
    "null-body": "A body that is null",
}
for _kind, _words in _WORDS.items():
    _on(f"{_kind}-accepted", f"{_words} is answered as if it were complete.", _kind, lambda: VALID)
for _kind in ("malformed-json", "empty-body", "array-body", "null-body"):
    _on(
        f"{_kind}-fails",
        f"{_WORDS[_kind]} is answered with 500.",
        _kind,
        _fail(internal_error()),
        "errors.bad-input-no-server-error",
    )
_on(
    "empty-body-411",
    "An empty body is answered with 411, although its length was given.",
    "empty-body",
    _fail(ApiError(411, "length_required", "Send the length of the body.")),
)


@AREA.auth(
    "media-type-ignored",
    "JSON is read whatever it is labelled as.",
    Operation.CREATE_CHAT,
    breaks=("errors.wrong-media-type-refused",),
)
def media_type_ignored(admission: Admission, call: Call) -> Admission:
    """Relabel the body before it is read."""
    if b"content-type" in call.heads:
        call.heads[b"content-type"] = b"application/json"
    return admission


def _media_type(status: int, *breaks: str) -> None:
    @AREA.error(
        f"media-type-{status}",
        f"JSON that is labelled as plain text is answered with {status}.",
        Operation.CREATE_CHAT,
        breaks=("errors.wrong-media-type-refused", *breaks),
    )
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.cause.code == "unsupported_media_type":
            refusal.status = status
        return refusal


_media_type(404)
_media_type(500, "errors.bad-input-no-server-error")
