"""Replies that break HTTP itself, now and then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.sending import CHUNKED, chunk, its_turn, send_as_usual
from ozwell_harness.mock.faults.wrappers import whole_body
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.writer import reply_head

AREA = Area("http")

Sending = Callable[[Connection, Reply, Call], Awaitable[None]]


def now_and_then(
    name: str, description: str, *operations: Operation, breaks: tuple[str, ...], times: int = 1
) -> Callable[[Sending], Sending]:
    """Register a fault of the wire that acts ``times`` times in all: one failure must not hide among many successes."""

    def register(break_it: Sending) -> Sending:
        @AREA.wire(name, description, *operations, breaks=breaks)
        async def act(connection: Connection, reply: Reply, call: Call) -> None:
            its_own = its_turn(call, f"http.{name}", times)
            await (break_it if its_own else send_as_usual)(connection, reply, call)

        return break_it

    return register


_ANSWERED, _WHOLE = ("http.requests-answered",), ("http.answers-whole",)


# A client may try once more where a connection that served before is closed, so these two act twice.
@now_and_then("closed-at-once", "The connection closes without an answer.", breaks=_ANSWERED, times=2)
async def closed_at_once(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Close."""
    connection.close()


@now_and_then("reset-at-once", "The connection is reset without an answer.", breaks=_ANSWERED, times=2)
async def reset_at_once(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Reset."""
    connection.reset()


@now_and_then("hang", "No answer ever comes.", breaks=_ANSWERED)
async def hang(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Say nothing."""
    await connection.hang()


@now_and_then("duplicate-content-length", "Two different Content-Length headers.", breaks=_WHOLE)
async def duplicate_content_length(connection: Connection, reply: Reply, call: Call) -> None:
    """Announce one length too many."""
    body = whole_body(reply)
    reply.body = body
    head = [*reply_head(call, reply), (b"content-length", b"%d" % (len(body) + 1))]
    await connection.write(head_bytes(reply.status, head) + body)
    connection.close()


@now_and_then("body-truncated", "The body is shorter than its Content-Length.", breaks=_WHOLE)
async def body_truncated(connection: Connection, reply: Reply, call: Call) -> None:
    """Send half of it."""
    body = whole_body(reply)
    reply.body = body
    await connection.write(head_bytes(reply.status, reply_head(call, reply)) + body[: len(body) // 2])
    connection.close()


@now_and_then("bad-chunk-size", "A chunk announces a size that is no number.", breaks=_WHOLE)
async def bad_chunk_size(connection: Connection, reply: Reply, call: Call) -> None:
    """Break the chunked coding after the first half."""
    body = whole_body(reply)
    reply.body = [body]
    half = body[: len(body) // 2]
    await connection.write(head_bytes(reply.status, [*reply_head(call, reply), CHUNKED]) + chunk(half))
    await connection.write(b"zz\r\n" + body[len(half) :] + b"\r\n0\r\n\r\n")
    connection.close()


@now_and_then("last-chunk-missing", "A body in chunks ends without the last one.", breaks=_WHOLE)
async def last_chunk_missing(connection: Connection, reply: Reply, call: Call) -> None:
    """Close where the end had to be said."""
    body = whole_body(reply)
    reply.body = [body]
    await connection.write(head_bytes(reply.status, [*reply_head(call, reply), CHUNKED]) + chunk(body))
    connection.close()


@now_and_then("status-line-broken", "The status line has no status.", breaks=_WHOLE)
async def status_line_broken(connection: Connection, reply: Reply, call: Call) -> None:  # noqa: ARG001
    """Say only that it is HTTP."""
    await connection.write(b"HTTP/1.1\r\n\r\n" + whole_body(reply))
    connection.close()


@now_and_then("header-without-colon", "A line among the headers is no header.", breaks=_WHOLE)
async def header_without_colon(connection: Connection, reply: Reply, call: Call) -> None:
    """Let a line of a log slip in."""
    head = head_bytes(reply.status, reply_head(call, reply)).removesuffix(b"\r\n")
    await connection.write(head + b"warning handler took long\r\n\r\n" + whole_body(reply))
    connection.close()


@now_and_then("not-compressed", "A body that is labelled as gzip is not compressed.", breaks=_WHOLE)
async def not_compressed(connection: Connection, reply: Reply, call: Call) -> None:
    """Label only."""
    reply.headers = [*reply.headers, (b"content-encoding", b"gzip")]
    await send_as_usual(connection, reply, call)


@now_and_then("coding-not-asked-for", "A body comes in a coding that was not asked for.", breaks=_WHOLE)
async def coding_not_asked_for(connection: Connection, reply: Reply, call: Call) -> None:
    """Compress for someone else."""
    reply.headers = [*reply.headers, (b"content-encoding", b"br")]
    await send_as_usual(connection, reply, call)


@now_and_then("goes-on-after-its-end", "More bytes follow than the Content-Length announces.", breaks=_WHOLE)
async def goes_on_after_its_end(connection: Connection, reply: Reply, call: Call) -> None:
    """Send what was left in a buffer."""
    body = whole_body(reply)
    reply.body = body
    await connection.write(head_bytes(reply.status, reply_head(call, reply)) + body + b'{"object":"list"}')


@AREA.wire(
    "length-told-twice",
    "A list of models, or of the messages of a chat, comes in chunks and with a Content-Length.",
    Operation.LIST_MODELS,
    Operation.RETRIEVE_HISTORY,
    breaks=("http.framing-clear",),
)
async def length_told_twice(connection: Connection, reply: Reply, call: Call) -> None:
    """Let a gateway add chunks and leave the length."""
    body = whole_body(reply)
    head = [*reply_head(call, reply), CHUNKED]
    await connection.write(head_bytes(reply.status, head) + chunk(body) + chunk(b""))


@now_and_then("stalls-in-the-body", "The answer stops in the middle, and the connection stays.", breaks=_WHOLE)
async def stalls_in_the_body(connection: Connection, reply: Reply, call: Call) -> None:
    """Send half of it and nothing more."""
    body = whole_body(reply)
    reply.body = body
    await connection.write(head_bytes(reply.status, reply_head(call, reply)) + body[: len(body) // 2])
    await connection.hang()
