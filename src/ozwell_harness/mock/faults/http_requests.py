"""Requests that are unusual but possible, or made at the same time, and a server that is not up to them."""

from __future__ import annotations

import re

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.connection import Connection
from ozwell_harness.mock.errors import ApiError, ErrorType
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.sending import send_as_usual
from ozwell_harness.mock.replies import error_reply
from ozwell_harness.mock.routing import Operation

AREA = Area("http")

VALID = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Say hello."}]}'
DEEP_PLACE = "messages[0].content"
_ECHO = re.compile(r"Repeat exactly: (?P<text>[a-z]+-\d{4})\Z")
_NESTED = "http.deep-nesting-refused"


@AREA.body("deep-nesting-accepted", "A deeply nested body is answered.", Operation.CREATE_CHAT, breaks=(_NESTED,))
def deep_nesting_accepted(body: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Read as far as the parser goes, and guess the rest."""
    return VALID if body.count(b"[") > 1000 else body


def _nested(name: str, words: str, status: int, *breaks: str) -> None:
    @AREA.error(
        f"deep-nesting-{name}", f"A deeply nested body is {words}.", Operation.CREATE_CHAT, breaks=(_NESTED, *breaks)
    )
    def change(refusal: Refusal, call: Call) -> Refusal:
        if call.body is None and (refusal.cause.param or "").startswith(DEEP_PLACE):
            refusal.status = status
        return refusal


_nested("fails", "answered with 500", 500, "errors.bad-input-no-server-error")
_nested("conflicts", "refused with 409", 409)


def _refuses_depth(reply: Reply, call: Call) -> bool:
    """Whether a reply refuses a body that no parser here reads to its bottom."""
    return call.body is None and isinstance(reply.body, bytes) and DEEP_PLACE.encode() in reply.body


@AREA.wire(
    "deep-nesting-drops",
    "A deeply nested body ends the connection without an answer.",
    Operation.CREATE_CHAT,
    breaks=(_NESTED, "http.requests-answered"),
)
async def deep_nesting_drops(connection: Connection, reply: Reply, call: Call) -> None:
    """Lose the worker."""
    if _refuses_depth(reply, call):
        connection.close()
    else:
        await send_as_usual(connection, reply, call)


@AREA.reply(
    "out-of-step-after-error",
    "What is left of a refused body is taken for the next request.",
    Operation.CREATE_CHAT,
    breaks=("http.usable-after-error",),
)
def out_of_step_after_error(reply: Reply, call: Call) -> Reply:
    """Refuse the next request whose length is known."""
    if _refuses_depth(reply, call):
        call.notes["http.out-of-step"] = True
    elif b"content-length" in call.heads and call.notes.pop("http.out-of-step", False):
        return error_reply(call, ApiError(400, "bad_request", "Bad request."))
    return reply


def _chunked(name: str, words: str, status: int, code: str) -> None:
    @AREA.auth(name, f"A body that comes in chunks is {words}.", breaks=("http.chunked-body-accepted",))
    def refuse(admission: Admission, call: Call) -> Admission:
        if b"transfer-encoding" in call.heads:
            raise ApiError(status, code, "Send the length of the body.")
        return admission


_chunked("chunks-411", "refused for want of a length", 411, "length_required")
_chunked("chunks-501", "not understood", 501, "not_implemented")


@AREA.body(
    "chunks-lost",
    "A body that comes in chunks is read as empty.",
    Operation.CREATE_CHAT,
    breaks=("http.chunked-body-accepted",),
)
def chunks_lost(body: bytes, call: Call) -> bytes:
    """Go by a Content-Length that is not there."""
    return b"" if b"transfer-encoding" in call.heads else body


def _charset(name: str, status: int, code: str) -> None:
    @AREA.auth(name, f"JSON that names its charset is refused with {status}.", breaks=("http.charset-accepted",))
    def refuse(admission: Admission, call: Call) -> Admission:
        if b"charset" in call.heads.get(b"content-type", b""):
            raise ApiError(status, code, "Send 'Content-Type: application/json'.")
        return admission


_charset("charset-415", 415, "unsupported_media_type")
_charset("charset-400", 400, "invalid_content_type")


def _oversized(name: str, status: int, words: str) -> None:
    @AREA.error(f"oversized-{name}", f"A body beyond the limit is {words}.", breaks=("http.oversized-body-refused",))
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == 413:
            refusal.status = status
        return refusal


_oversized("fails", 500, "answered with 500")
_oversized("404", 404, "answered with 404")


def _echoed(call: Call) -> str | None:
    """The text that a chat is to repeat, and nothing else."""
    messages = call.body.get("messages") if isinstance(call.body, dict) else None
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    found = _ECHO.match(content) if isinstance(content, str) else None
    return found["text"] if found else None


def _say(answer: JsonObject, text: str) -> JsonObject:
    answer["choices"][0]["message"]["content"] = text
    return answer


@AREA.result(
    "answers-mixed",
    "An answer ends with the text of the one before it.",
    Operation.CREATE_CHAT,
    breaks=("http.answers-never-cross",),
)
def answers_mixed(answer: JsonObject, call: Call) -> JsonObject:
    """Keep a buffer that requests share."""
    text = _echoed(call)
    if text is None:
        return answer
    before = call.notes.get("http.answers-mixed", "")
    call.notes["http.answers-mixed"] = text
    return _say(answer, f"{text} {before}")


@AREA.result(
    "answers-late-by-one",
    "Each request gets the answer of the one before it.",
    Operation.CREATE_CHAT,
    breaks=("http.answers-never-cross",),
)
def answers_late_by_one(answer: JsonObject, call: Call) -> JsonObject:
    """Keep a queue of answers with one too many in it."""
    text = _echoed(call)
    if text is None:
        return answer
    before = call.notes.get("http.answers-late", text)
    call.notes["http.answers-late"] = text
    return _say(answer, before)


@AREA.result(
    "answers-lost",
    "Short requests at the same time are answered with nothing in particular.",
    Operation.CREATE_CHAT,
    breaks=("http.answers-hold-their-own",),
)
def answers_lost(answer: JsonObject, call: Call) -> JsonObject:
    """Lose the prompt."""
    return answer if _echoed(call) is None else _say(answer, "How can I help you?")


@AREA.reply(
    "one-of-several-fails",
    "Of several requests at the same time the second is answered with 500.",
    Operation.CREATE_CHAT,
    breaks=("http.no-server-errors",),
)
def one_of_several_fails(reply: Reply, call: Call) -> Reply:
    """Have one connection to a database too few."""
    if _echoed(call) is None:
        return reply
    count: int = call.notes.get("http.several", 0) + 1
    call.notes["http.several"] = count
    error = ApiError(500, "internal_error", "No connection is left.", type=ErrorType.SERVER)
    return error_reply(call, error) if count == 2 else reply
