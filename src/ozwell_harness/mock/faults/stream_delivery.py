"""Streams that come too late, at once, compressed wrongly, or where none was asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import content_in, is_simple
from ozwell_harness.mock.faults.wrappers import is_event, whole_body
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import Pause, StreamItem
from ozwell_harness.mock.writer import reply_head

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_BROKEN = ("streaming.ends-cleanly",)
_INCREMENTAL = "streaming.incremental"
_CODING = "streaming.coding-decodes"

HELD_S = 0.3
LATE_S = 0.5
#: What a burst is not: the rest of a late stream takes so long.
SPREAD_S = 0.03


@AREA.wire("buffered", "The whole stream comes in one piece at the end.", CHAT, breaks=(_INCREMENTAL,))
async def buffered(connection: Connection, reply: Reply, call: Call) -> None:
    """Join all events, and send them when all is written."""
    if not isinstance(reply.body, bytes):
        reply.body = whole_body(reply)
        if is_simple(call.body):
            await call.services.clock.pause(HELD_S)
    await connection.write(head_bytes(reply.status, reply_head(call, reply)) + reply.body)


@AREA.wire("length-too-long", "A stream is shorter than its Content-Length.", CHAT, breaks=_BROKEN)
async def length_too_long(connection: Connection, reply: Reply, call: Call) -> None:
    """Announce one byte more, and close."""
    is_stream = not isinstance(reply.body, bytes)
    body = reply.body = whole_body(reply)
    head = [
        (name, b"%d" % (len(body) + is_stream) if name == b"content-length" else v)
        for name, v in reply_head(call, reply)
    ]
    await connection.write(head_bytes(reply.status, head) + body)
    if is_stream:
        connection.close()


@AREA.wire("chunk-cut", "A stream ends inside a chunk of HTTP.", CHAT, breaks=_BROKEN)
async def chunk_cut(connection: Connection, reply: Reply, call: Call) -> None:
    """Announce a longer chunk than is sent, and close."""
    is_stream = not isinstance(reply.body, bytes)
    body = whole_body(reply)
    head = reply_head(call, reply)
    if not is_stream:
        await connection.write(head_bytes(reply.status, head) + body)
        return
    await connection.write(head_bytes(reply.status, [*head, (b"transfer-encoding", b"chunked")]))
    await connection.write(b"%x\r\n%b" % (len(body), body[: len(body) // 2]))
    connection.close()


@AREA.events("held-back", "The events come at once, when the last one is written.", CHAT, breaks=(_INCREMENTAL,))
def held_back(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:
    """The role comes in time, the rest does not."""
    for number, item in enumerate(items):
        if number == 1 and is_simple(call.body):
            yield Pause(HELD_S)
        yield item


@AREA.chunks("one-chunk", "The whole text comes in one chunk.", CHAT, breaks=(_INCREMENTAL,))
def one_chunk(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Join what each choice says."""
    texts: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            index, text = choice["index"], choice["delta"].get("content")
            texts[index] = texts.get(index, "") + (text or "")
            if choice["finish_reason"] and texts[index]:
                yield {**chunk, "choices": [{**choice, "delta": {"content": texts[index]}, "finish_reason": None}]}
        if not content_in(chunk):
            yield chunk


@AREA.events("begins-late", "The first piece comes late.", CHAT, breaks=("streaming.first-content-in-time",))
def begins_late(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:
    """Wait behind the role."""
    sent = 0
    for item in items:
        if is_event(item) and is_simple(call.body):
            yield Pause({1: LATE_S, 2: SPREAD_S}.get(sent, 0.0))
            sent += 1
        yield item


@AREA.reply("cacheable", "Caches may store a stream.", CHAT, breaks=("streaming.not-cached",))
def cacheable(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Allow it for a minute."""
    return _with_cache_control(reply, b"public, max-age=60")


@AREA.reply("cache-control-missing", "A stream has no Cache-Control.", CHAT, breaks=("streaming.not-cached",))
def cache_control_missing(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Leave it out."""
    return _with_cache_control(reply, None)


def _with_cache_control(reply: Reply, value: bytes | None) -> Reply:
    if not isinstance(reply.body, bytes):
        kept = [(name, old) for name, old in reply.headers if name != b"cache-control"]
        reply.headers = kept if value is None else [*kept, (b"cache-control", value)]
    return reply


def _coded(reply: Reply, coding: bytes, items: Iterable[StreamItem]) -> Reply:
    if not isinstance(reply.body, bytes):
        reply.headers = [*reply.headers, (b"content-encoding", coding)]
        reply.body = items
    return reply


def gzipped(items: Iterable[StreamItem], spoilt: int | None = None) -> Iterator[StreamItem]:
    """A stream in gzip, flushed event by event; the event with the number of ``spoilt`` is no gzip."""
    coder = zlib.compressobj(wbits=31)
    for number, item in enumerate(items):
        if not isinstance(item, bytes):
            yield item
            continue
        packed = coder.compress(item) + coder.flush(zlib.Z_SYNC_FLUSH)
        yield b"\xff" * len(packed) if number == spoilt else packed
    yield coder.flush()


@AREA.reply("gzip-spoilt", "A stream in gzip breaks in the middle.", CHAT, breaks=(_CODING,))
def gzip_spoilt(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Overwrite the tenth event."""
    return reply if isinstance(reply.body, bytes) else _coded(reply, b"gzip", gzipped(reply.body, 10))


@AREA.reply("gzip-claimed", "A stream claims to be in gzip.", CHAT, breaks=(_CODING,))
def gzip_claimed(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Only say so."""
    return reply if isinstance(reply.body, bytes) else _coded(reply, b"gzip", reply.body)


@AREA.reply("coding-unasked", "A stream is in a coding that was not asked for.", CHAT, breaks=(_CODING,))
def coding_unasked(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Only say so."""
    return reply if isinstance(reply.body, bytes) else _coded(reply, b"br", reply.body)
