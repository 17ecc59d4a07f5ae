"""Requests for a stream that get something else, and streams for who asked for none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from ozwell_harness.mock.call import EVENT_STREAM_TYPE, JSON_TYPE, Call, Reply
from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream import beginning
from ozwell_harness.mock.faults.wrappers import is_event, whole_body
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import Pause, StreamItem
from ozwell_harness.mock.streaming import DONE

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_ANSWERS = "streaming.answers"
_TYPE = "streaming.content-type"
_FALSE = "streaming.stream-false-plain"
_REFUSED = "streaming.bad-request-refused"
_PLAINLY = "streaming.bad-request-plain"

#: Beyond so many events a client that wants to leave in mid-stream gets so much time for it.
LONG_STREAM = 200
LEAVING_S = 0.1

ERROR = b'data: {"error":{"message":"The model stopped.","type":"server_error","code":"internal_error"}}\n\n'


def _streams(body: JsonObject) -> bool:
    return body.get("stream") is True and isinstance(body.get("messages"), list)


def _ask(name: str, text: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """A fault that reads another request than was sent."""
    AREA.request(name, text, CHAT, breaks=breaks)(lambda body, _call: change(body))


def _send(name: str, text: str, change: Callable[[Reply], Reply], *breaks: str) -> None:
    """A fault that sends another reply where a stream begins."""
    AREA.reply(name, text, CHAT, breaks=breaks)(
        lambda reply, _call: reply if isinstance(reply.body, bytes) else change(reply)
    )


def _refuse(body: JsonObject) -> JsonObject:
    if _streams(body):
        raise invalid_value("stream", "Streaming is not supported.")
    return body


def _fail(body: JsonObject) -> JsonObject:
    if _streams(body):
        raise ApiError(500, "internal_error", "The server failed.")
    return body


def _documents(reply: Reply) -> list[bytes]:
    """The chunks of a stream as JSON."""
    events = whole_body(reply).split(b"\n\n")
    return [event.removeprefix(b"data: ") for event in events if event.startswith(b"data: {")]


def _as(body: Callable[[list[bytes]], bytes], content_type: bytes) -> Callable[[Reply], Reply]:
    """A reply of one body, made of the chunks of the stream."""

    def change(reply: Reply) -> Reply:
        return Reply(200, body(_documents(reply)), content_type, reply.headers)

    return change


def _labelled(content_type: bytes | None) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        reply.content_type = content_type
        return reply

    return change


_ask("refused", "A request for a stream is refused.", _refuse, _ANSWERS)
_ask("fails", "A request for a stream is answered with 500.", _fail, _ANSWERS, "http.no-server-errors")
_ask(
    "ignored",
    "stream true is ignored.",
    lambda body: {**body, "stream": False} if _streams(body) else body,
    _ANSWERS,
)
_send("as-lines", "A stream comes as JSON lines.", _as(b"\n".join, b"application/x-ndjson"), _ANSWERS)
_send("as-array", "A stream comes as one JSON array.", _as(lambda d: b"[" + b",".join(d) + b"]", JSON_TYPE), _ANSWERS)
_send("as-lines-of-events", "JSON lines are labelled as events.", _as(b"\n".join, EVENT_STREAM_TYPE), _ANSWERS)
_send("empty", "A stream ends before its first event.", _as(lambda _: b"", EVENT_STREAM_TYPE), _ANSWERS)
_send("error-only", "A stream holds nothing but an error.", _as(lambda _: ERROR, EVENT_STREAM_TYPE), _ANSWERS)


@AREA.events("error-in-middle", "An error breaks off a stream.", CHAT, breaks=(_ANSWERS,))
def error_in_middle(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Tell of it, and end."""
    yield from beginning(items)
    yield ERROR
    yield DONE


_send("type-missing", "A stream has no Content-Type.", _labelled(None), _TYPE)
_send("type-of-json", "A stream is labelled as JSON.", _labelled(JSON_TYPE), _TYPE, "http.one-json-document")
_send("type-misspelt", "A stream is labelled text/eventstream.", _labelled(b"text/eventstream"), _TYPE)
_send("type-of-bytes", "A stream is labelled as a download.", _labelled(b"application/octet-stream"), _TYPE)

_ask(
    "false-ignored",
    "stream false is answered with a stream.",
    lambda body: {**body, "stream": True} if body.get("stream") is False else body,
    _FALSE,
)


@AREA.reply("false-as-event", "stream false is answered with an event stream of one object.", CHAT, breaks=(_FALSE,))
def false_as_event(reply: Reply, call: Call) -> Reply:
    """Put the plain answer into an event."""
    if isinstance(reply.body, bytes) and reply.status == 200 and (call.body or {}).get("stream") is False:
        return Reply(200, b"data: " + reply.body + b"\n\n" + DONE, EVENT_STREAM_TYPE, reply.headers)
    return reply


@AREA.reply("false-labelled-as-events", "A plain answer to stream false is labelled as one.", CHAT, breaks=(_FALSE,))
def false_labelled(reply: Reply, call: Call) -> Reply:
    """Change the label alone."""
    if reply.status == 200 and (call.body or {}).get("stream") is False:
        reply.content_type = EVENT_STREAM_TYPE
    return reply


def _mend(body: JsonObject) -> JsonObject:
    messages: Any = body.get("messages")
    if body.get("stream") is True and isinstance(messages, str):
        return {**body, "messages": [{"role": "user", "content": messages}]}
    return body


_ask("bad-request-answered", "A bad request for a stream is answered.", _mend, _REFUSED)


def _on_refusal(name: str, text: str, change: Callable[[Reply], Reply], *breaks: str) -> None:
    """A fault that refuses a bad request for a stream otherwise than it should."""

    def act(reply: Reply, call: Call) -> Reply:
        return change(reply) if reply.status == 400 and (call.body or {}).get("stream") is True else reply

    AREA.reply(name, text, CHAT, breaks=breaks)(act)


def _with(reply: Reply, *, status: int = 400, framed: bool = False, content_type: bytes = JSON_TYPE) -> Reply:
    body = whole_body(reply)
    return Reply(status, b"data: " + body + b"\n\n" if framed else body, content_type, reply.headers)


def _as_text(reply: Reply) -> Reply:
    told = msgspec.json.decode(whole_body(reply))
    message = (told if "message" in told else told["error"])["message"]
    return Reply(400, message.encode(), b"text/plain", reply.headers)


_on_refusal(
    "refusal-in-stream",
    "A bad request for a stream is refused inside a stream of status 200.",
    lambda reply: _with(reply, status=200, framed=True, content_type=EVENT_STREAM_TYPE),
    _REFUSED,
)
_on_refusal(
    "refusal-of-422",
    "A bad request for a stream is refused with 422.",
    lambda reply: _with(reply, status=422),
    _REFUSED,
)
_on_refusal(
    "refusal-of-500",
    "A bad request for a stream is answered with 500.",
    lambda reply: _with(reply, status=500),
    _REFUSED,
    "errors.bad-input-no-server-error",
)
_on_refusal(
    "refusal-as-event",
    "A bad request for a stream is refused with an event.",
    lambda reply: _with(reply, framed=True, content_type=EVENT_STREAM_TYPE),
    _PLAINLY,
)
_on_refusal(
    "refusal-as-text",
    "A bad request for a stream is refused in plain text.",
    _as_text,
    _PLAINLY,
    "errors.json-content-type",
)


@AREA.events(
    "dies-when-left",
    "The first stream after one that a client has left fails.",
    CHAT,
    breaks=("streaming.leaving-survived", "http.no-server-errors"),
)
def dies_when_left(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:
    """Remember streams that began and did not end; a long one waits, so that there is time to leave it."""
    if call.notes.pop("stream-left", None):
        raise ApiError(500, "internal_error", "The server failed.")
    return _noted(items, call)


def _noted(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:
    call.notes["stream-left"] = True
    whole = list(items)
    for number, item in enumerate(whole):
        if number == len(whole) // 2 and sum(map(is_event, whole)) > LONG_STREAM:
            yield Pause(LEAVING_S)
        yield item
    call.notes.pop("stream-left", None)
