"""Replies that break HTTP itself, or JSON at the level of bytes."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import whole_body
from ozwell_harness.mock.writer import reply_head

AREA = Area("http")


@AREA.reply("bom", "A byte order mark stands before the JSON.")
def bom(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Put a BOM in front."""
    if isinstance(reply.body, bytes):
        reply.body = b"\xef\xbb\xbf" + reply.body
    return reply


@AREA.wire("closed-at-once", "The connection closes without an answer.")
async def closed_at_once(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Close."""
    connection.close()


@AREA.wire("reset-at-once", "The connection is reset without an answer.")
async def reset_at_once(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Reset."""
    connection.reset()


@AREA.wire("hang", "No answer ever comes.")
async def hang(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Say nothing."""
    await connection.hang()


@AREA.wire("duplicate-content-length", "Two different Content-Length headers.")
async def duplicate_content_length(connection: Connection, reply: Reply, call: Call) -> None:
    """Announce one length too many."""
    body = whole_body(reply)
    reply.body = body
    head = [*reply_head(call, reply), (b"content-length", b"%d" % (len(body) + 1))]
    await connection.write(head_bytes(reply.status, head) + body)
    connection.close()


@AREA.wire("body-truncated", "The body is shorter than its Content-Length.")
async def body_truncated(connection: Connection, reply: Reply, call: Call) -> None:
    """Send half of it."""
    body = whole_body(reply)
    reply.body = body
    await connection.write(head_bytes(reply.status, reply_head(call, reply)) + body[: len(body) // 2])
    connection.close()


@AREA.wire("bad-chunk-size", "A chunk announces a size that is no number.")
async def bad_chunk_size(connection: Connection, reply: Reply, call: Call) -> None:
    """Break the chunked coding after the first half."""
    body = whole_body(reply)
    reply.body = [body]
    head = [*reply_head(call, reply), (b"transfer-encoding", b"chunked")]
    half = body[: len(body) // 2]
    await connection.write(head_bytes(reply.status, head) + b"%x\r\n" % len(half) + half + b"\r\n")
    await connection.write(b"zz\r\n" + body[len(half) :] + b"\r\n0\r\n\r\n")
    connection.close()
