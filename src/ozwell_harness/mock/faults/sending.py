"""What faults of the wire build on: sending a reply as the server would, and acting only now and then."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.writer import reply_head

CHUNKED = (b"transfer-encoding", b"chunked")


def _unchanged(head: bytes) -> bytes:
    return head


async def send_as_usual(
    connection: Connection, reply: Reply, call: Call, rewrite: Callable[[bytes], bytes] = _unchanged
) -> None:
    """Send a reply as the server would: its length first, or a stream in chunks. ``rewrite`` changes the head."""
    head = reply_head(call, reply)
    if isinstance(reply.body, bytes):
        await connection.write(rewrite(head_bytes(reply.status, head)) + reply.body)
        return
    await connection.write(rewrite(head_bytes(reply.status, [*head, CHUNKED])))
    for item in reply.body:
        if not connection.is_open:
            return
        if isinstance(item, bytes) and item:
            await connection.write(chunk(item))
    await connection.write(chunk(b""))


def chunk(data: bytes) -> bytes:
    """One chunk; an empty one is the end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def its_turn(call: Call, name: str, times: int = 1) -> bool:
    """Whether a fault that acts ``times`` times in all acts on this answer.

    The first answer of a mock's life is spared: a target that fails when it is first looked at is not there.
    """
    acted: int = call.notes.get(name, 0)
    if acted == times or not call.services.metrics.requests:
        return False
    call.notes[name] = acted + 1
    return True
