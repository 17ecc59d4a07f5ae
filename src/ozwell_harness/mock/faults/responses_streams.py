"""Streamed responses that break off, are framed wrongly, or are made of something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.wrappers import is_event, on_bytes
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import Drop, StreamItem

AREA = Area("responses")

RESPOND = Operation.CREATE_RESPONSE
DONE = b"data: [DONE]\n\n"


def _chunks(name: str, description: str, alter: Callable[[JsonObject, int], Any], *breaks: str) -> None:
    """Register a fault that changes each chunk in place; ``alter`` gets it and its number from 0."""

    @AREA.chunks(name, description, RESPOND, breaks=breaks)
    def change(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        for number, chunk in enumerate(chunks):
            alter(chunk, number)
            yield chunk


def _bytes(name: str, description: str, change: Callable[[bytes], bytes], *breaks: str) -> None:
    """Register a fault that changes each flushed piece."""

    @AREA.events(name, description, RESPOND, breaks=breaks)
    def alter(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
        return on_bytes(items, change)


def _as_chat(chunk: JsonObject) -> None:
    delta, finish = chunk.pop("delta"), chunk.pop("finish_reason")
    chunk.update(object="chat.completion.chunk", choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


_chunks("stream-object-chat", "The chunks of a streamed response are called those of a chat.",
        lambda c, _: c.update(object="chat.completion.chunk"), "responses.stream-chunks")  # fmt: skip
_chunks("stream-chat-chunks", "A streamed response is made of chunks of a chat.", lambda c, _: _as_chat(c),
        "responses.stream-chunks")  # fmt: skip
_chunks("stream-model-missing", "The chunks of a streamed response name no model.", lambda c, _: c.pop("model"),
        "responses.stream-chunks")  # fmt: skip
_chunks("stream-id-per-chunk", "Every chunk of a streamed response has an id of its own.",
        lambda c, n: c.update(id=f"resp-{n}"), "responses.stream-one-id")  # fmt: skip
_chunks("stream-silent", "A streamed response has no content.",
        lambda c, _: c.update(delta={k: v for k, v in c["delta"].items() if k != "content"}),
        "responses.stream-says-something")  # fmt: skip
_bytes("stream-done-missing", "A streamed response ends without [DONE].", lambda b: b"" if b == DONE else b,
       "responses.stream-done")  # fmt: skip
_bytes("stream-done-twice", "A streamed response ends with [DONE] twice.", lambda b: b + b if b == DONE else b,
       "responses.stream-done")  # fmt: skip
_bytes("stream-done-lower", "A streamed response ends with [done].", lambda b: b.lower() if b == DONE else b,
       "responses.stream-done", "responses.stream-data-is-json")  # fmt: skip
_bytes("stream-field-unknown", "Events of a streamed response carry a field that no grammar knows.",
       lambda b: b"error: none\n" + b if b.startswith(b"data: {") else b, "responses.stream-well-formed")  # fmt: skip
_bytes("stream-not-json", "Events of a streamed response are Python, not JSON.",
       lambda b: b.replace(b"null", b"None") if b.startswith(b"data: {") else b,
       "responses.stream-data-is-json", "responses.stream-says-something")  # fmt: skip


@AREA.events("stream-dropped", "The connection of a streamed response is cut after three events.", RESPOND,
             breaks=("responses.stream-ends-cleanly",))  # fmt: skip
def stream_dropped(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Cut it."""
    left = 3
    for item in items:
        yield item
        left -= is_event(item)
        if not left:
            yield Drop()


@AREA.reply("stream-as-text", "A streamed response is declared as text/plain.", RESPOND,
            breaks=("responses.stream-content-type",))  # fmt: skip
def stream_as_text(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Rename the type."""
    if not isinstance(reply.body, bytes):
        reply.content_type = b"text/plain; charset=utf-8"
    return reply


@AREA.request("stream-ignored", "stream is ignored: a plain response comes.", RESPOND,
              breaks=("responses.stream-answers",))  # fmt: skip
def stream_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop it."""
    return {**body, "stream": False} if body.get("stream") is True else body
