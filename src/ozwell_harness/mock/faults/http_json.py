"""Bodies that are no JSON, or not labelled as what they are; and successes with another status."""

from __future__ import annotations

import json
from collections.abc import Callable

from ozwell_harness.mock.call import JSON_TYPE, Call, Reply
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("http")

_ONE = "http.one-json-document"


@AREA.reply("bom", "A byte order mark stands before the JSON.", breaks=("http.no-byte-order-mark",))
def bom(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Put a BOM in front."""
    if isinstance(reply.body, bytes) and reply.body and reply.content_type == JSON_TYPE:
        reply.body = b"\xef\xbb\xbf" + reply.body
    return reply


def _labelled(name: str, label: bytes | None, words: str, operation: Operation) -> None:
    @AREA.reply(
        f"labelled-{name}", f"{operation} is answered with JSON {words}.", operation, breaks=("http.json-content-type",)
    )
    def label_as(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status == 200 and reply.content_type == JSON_TYPE:
            reply.content_type = label
        return reply


_labelled("plain", b"text/plain; charset=utf-8", "that is labelled as plain text", Operation.CREATE_CHAT)
_labelled("html", b"text/html", "that is labelled as a page", Operation.CREATE_EMBEDDING)
_labelled("octets", b"application/octet-stream", "that is labelled as bytes", Operation.RETRIEVE_FILE)
_labelled("not-at-all", None, "that is not labelled", Operation.LIST_MODELS)


def _spoilt(name: str, words: str, spoil: Callable[[bytes], bytes], requirement: str = _ONE) -> None:
    """Register a fault in the bytes of what embeddings refuse with 400."""

    @AREA.reply(name, f"The body of an error {words}.", Operation.CREATE_EMBEDDING, breaks=(requirement,))
    def change(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status == 400 and isinstance(reply.body, bytes):
            reply.body = spoil(reply.body)
        return reply


def _as_python(body: bytes) -> bytes:
    return repr(json.loads(body)).encode()


_spoilt("error-twice", "comes twice", lambda body: body + body)
_spoilt("text-after-json", "has a line of text after it", lambda body: body + b"\nConnection closed.\n")
_spoilt("json-of-python", "is a dictionary as Python prints it", _as_python)
_spoilt("trailing-comma", "has a comma before its end", lambda body: body[:-1] + b",}")
_spoilt("nan-in-json", "holds a NaN", lambda body: body[:-1] + b',"retry_in":NaN}')
_spoilt("latin-1", "is in Latin-1", lambda body: body[:-1] + ',"hint":"prüfen"}'.encode("latin-1"))
_spoilt("utf-16", "is in UTF-16", lambda body: body.decode().encode("utf-16"))
_spoilt("raw-line-end", "has a line end within a text", lambda body: body.replace(b'"message":"', b'"message":"\n', 1))
_spoilt("json-cut", "ends early, with a length to match", lambda body: body[:-7])
_spoilt("error-empty", "is labelled as JSON and empty", lambda body: b"")  # noqa: ARG005
_spoilt(
    "member-twice",
    "has its code twice",
    lambda body: body.replace(b'{"message"', b'{"code":"bad_request","message"', 1),
    "http.json-names-unique",
)


def _status(name: str, status: int, operation: Operation, *breaks: str) -> None:
    @AREA.reply(name, f"{operation} succeeds with {status}.", operation, breaks=("http.success-is-200", *breaks))
    def change(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status == 200:
            reply.status = status
        return reply


_status("created-201", 201, Operation.CREATE_FILE, "files.upload-answers")
_status("accepted-202", 202, Operation.CREATE_EMBEDDING, "embeddings.answers")
_status("partial-206", 206, Operation.RETRIEVE_MODEL, "models.retrieve-answers")
_status("history-203", 203, Operation.RETRIEVE_HISTORY, "history.answers")
