"""Streams that are odd but legal: other framing, other chunks, other company for the text."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable

from ozwell_harness.mock.call import EVENT_STREAM_TYPE, Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.faults.base import Area, Kind
from ozwell_harness.mock.faults.stream_delivery import gzipped
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    EventHook,
    on_done,
    on_events,
)
from ozwell_harness.mock.faults.wrappers import on_bytes, whole_body
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import Deafen, StreamItem
from ozwell_harness.mock.streaming import DONE
from ozwell_harness.mock.writer import reply_head

AREA = Area("legal", Kind.LEGAL)
CHAT = Operation.CREATE_CHAT


def _chunks(name: str, text: str, hook: ChunkHook) -> None:
    AREA.chunks(name, text, CHAT)(hook)


def _events(name: str, text: str, hook: EventHook) -> None:
    AREA.events(name, text, CHAT)(hook)


def _bytes(change: Callable[[bytes], bytes]) -> EventHook:
    return lambda items, _call: on_bytes(items, change)


def _over_lines(item: bytes) -> bytes:
    """JSON over several data lines: a line end between its parts means nothing."""
    return item.replace(b',"created"', b',\ndata: "created"').replace(b',"choices"', b',\ndata:"choices"')


def _before_all(*extra: bytes) -> EventHook:
    return lambda items, _call: itertools.chain(extra, items)


def _pretty(item: bytes) -> bytes:
    """White space between the parts of JSON."""
    document = json.loads(item.removeprefix(b"data: "))
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def _escaped(item: bytes) -> bytes:
    text = item.decode()
    return "".join(c if c.isascii() else _escape(c) for c in text).encode()


def _escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


_events("cr-only", "Lines of the stream end with a carriage return.", _bytes(lambda item: item.replace(b"\n", b"\r")))
_events("data-over-lines", "The JSON of an event is spread over data lines.", on_events(_over_lines))
_events("blank-lines", "More blank lines than needed part the events.", _bytes(lambda item: b"\n" + item + b"\n\n"))
_events("stream-bom-first", "The stream begins with a byte order mark.", _before_all(b"\xef\xbb\xbf"))
_events("retry-first", "The stream begins with a retry field and a comment.", _before_all(b"retry: 3000\n:\n\n"))
_events("padding-first", "The stream begins with 2 KiB of padding.", _before_all(b":" + b" " * 2048 + b"\n\n"))
_events("comment-last", "A comment follows [DONE].", on_done(DONE, b": bye\n\n"))
_events("done-with-crlf", "The end marker has other line ends.", on_done(b"data: [DONE]\r\n\r\n"))
_events("stream-json-spaced", "The JSON of events has white space.", on_events(_pretty))
_events("stream-json-escaped", "The JSON of events is ASCII, with escapes.", on_events(_escaped))


@AREA.events("generation-goes-on", "Generation goes on after the client has left.")
def generation_goes_on(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Ignore that the client leaves: a waste, but no client sees it."""
    return itertools.chain([Deafen()], items)


@AREA.reply("stream-in-one-piece", "A quick stream comes in one piece, with its length.", CHAT)
def one_piece(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Join all events."""
    if not isinstance(reply.body, bytes):
        reply.body = whole_body(reply)
    return reply


@AREA.reply("stream-gzip", "A stream is compressed as the client allows.", CHAT)
def gzip(reply: Reply, call: Call) -> Reply:
    """Compress and flush event by event."""
    if not isinstance(reply.body, bytes) and b"gzip" in call.heads.get(b"accept-encoding", b""):
        reply.headers = [*reply.headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        reply.body = gzipped(reply.body)
    return reply


@AREA.reply("stream-type-bare", "The type of a stream has capitals and no charset.", CHAT)
def stream_type_bare(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the case."""
    if reply.content_type == EVENT_STREAM_TYPE:
        reply.content_type = b"Text/Event-Stream"
    return reply


@AREA.reply("stream-no-store", "A stream says no-store.", CHAT)
def stream_no_store(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Another way to keep it out of caches."""
    reply.headers = [(n, b"no-store, no-transform" if n == b"cache-control" else v) for n, v in reply.headers]
    return reply


@AREA.wire("stream-until-close", "A stream ends with its connection.", CHAT)
async def until_close(connection: Connection, reply: Reply, call: Call) -> None:
    """RFC 9112, 6.3: neither a length nor chunks."""
    parts = [reply.body] if isinstance(reply.body, bytes) else [part for part in reply.body if isinstance(part, bytes)]
    await connection.write(head_bytes(reply.status, [*reply_head(call, reply), (b"connection", b"close")]))
    for part in parts:
        await connection.write(part)
    connection.close()


@AREA.wire("stream-chunk-extensions", "The chunks of HTTP have extensions, the body a trailer.", CHAT)
async def chunk_extensions(connection: Connection, reply: Reply, call: Call) -> None:
    """RFC 9112, 7.1.1 and 7.1.2."""
    parts = [reply.body] if isinstance(reply.body, bytes) else [part for part in reply.body if isinstance(part, bytes)]
    head = [(name, value) for name, value in reply_head(call, reply) if name != b"content-length"]
    await connection.write(head_bytes(reply.status, [*head, (b"transfer-encoding", b"chunked")]))
    for part in parts:
        await connection.write(b"%X;part=1\r\n%b\r\n" % (len(part), part))
    await connection.write(b"0;last\r\nx-trailer: 1\r\n\r\n")
