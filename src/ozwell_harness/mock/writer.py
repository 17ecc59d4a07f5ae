"""Sends replies: whole ones at once, streams item by item, each flushed, at the pace of the latency model."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable

from ozwell_harness.mock.call import Call, Headers, Receive, Reply, Send, Work
from ozwell_harness.mock.connection import SCOPE_KEY, Connection
from ozwell_harness.mock.engine import Engine, Timeline
from ozwell_harness.mock.limits import quota_headers
from ozwell_harness.mock.stream_items import Act, Deafen, Drop, Hang, Pace, Pause, Reset, StreamItem


class ClientGoneError(Exception):
    """The client left before the answer was complete."""


class _Aborted(Exception):  # noqa: N818 - a signal of this module, no error
    """A fault has broken the connection on purpose."""


async def send_reply(call: Call, reply: Reply, send: Send, engine: Engine) -> None:
    """Send a reply and account for it.

    Raises:
        ClientGoneError: the client left while the answer was being generated.
    """
    head = reply_head(call, reply)
    takeover = call.faults.takeover()
    if takeover is not None and SCOPE_KEY in call.scope:
        connection = Connection(call.scope[SCOPE_KEY])
        try:
            await takeover(connection, reply, call)
        finally:
            connection.finish()
        return
    body = reply.body
    if not isinstance(body, bytes):
        await _send_stream(call, reply, body, head, send, engine)
        return
    if reply.work is not None:
        await _generate_whole(call, reply.work, engine)
    await send({"type": "http.response.start", "status": reply.status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def _generate_whole(call: Call, work: Work, engine: Engine) -> None:
    if engine.latency.is_instant:
        async with engine.generating(work, call.trace):
            return
    async with _listening(call.receive) as listener, engine.generating(work, call.trace) as timeline:
        if timeline is not None:
            await timeline.steps(work.steps)
        listener.stop()


def reply_head(call: Call, reply: Reply) -> Headers:
    """All headers of a reply but those of the connection."""
    head: Headers = []
    if reply.content_type is not None:
        head.append((b"content-type", reply.content_type))
    if isinstance(reply.body, bytes) and reply.status != 204:
        head.append((b"content-length", b"%d" % len(reply.body)))
    head.append((b"x-request-id", call.request_id.encode()))
    if call.quota is not None:
        head += quota_headers(call.quota)
    if b"origin" in call.heads:
        head += CORS
    return head + reply.headers if reply.headers else head


CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after",
    ),
]


class _Listener:
    """Waits for the client to leave and then cancels the answer; `deafen` makes it ignore that."""

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self.deaf = False
        self._answer = asyncio.current_task()
        self._receive = receive
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self.deaf and self._answer is not None:
            self.gone = True
            self._answer.cancel()

    def stop(self) -> None:
        self._task.cancel()


@contextlib.asynccontextmanager
async def _listening(receive: Receive) -> AsyncIterator[_Listener]:
    listener = _Listener(receive)
    try:
        yield listener
    except asyncio.CancelledError:
        if not listener.gone:
            raise
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        raise ClientGoneError from None
    finally:
        listener.stop()


async def _send_stream(
    call: Call, reply: Reply, items: Iterable[StreamItem], head: Headers, send: Send, engine: Engine
) -> None:
    async with (
        _listening(call.receive) as listener,
        engine.generating(reply.work, call.trace) as timeline,
        _flushing(call),
    ):
        await _flush_items(call, reply, items, head, send, timeline, listener)


@contextlib.asynccontextmanager
async def _flushing(call: Call) -> AsyncIterator[None]:
    """Let every write go out at once, so that its stamp tells when."""
    if SCOPE_KEY not in call.scope:
        yield
        return
    connection = Connection(call.scope[SCOPE_KEY])
    connection.write_through()
    try:
        yield
    finally:
        connection.gather_writes()


async def _flush_items(
    call: Call,
    reply: Reply,
    items: Iterable[StreamItem],
    head: Headers,
    send: Send,
    timeline: Timeline | None,
    listener: _Listener,
) -> None:
    metrics, trace = call.services.metrics, call.trace
    await send({"type": "http.response.start", "status": reply.status, "headers": head})
    try:
        for item in items:
            if isinstance(item, bytes):
                trace.events.append(time.monotonic_ns())
                await send({"type": "http.response.body", "body": item, "more_body": True})
                metrics.stream_items += 1
                # Other streams have their turn too.
                await asyncio.sleep(0)
            elif isinstance(item, Pace):
                trace.steps.append(len(trace.events))
                if timeline is not None:
                    await timeline.step()
            else:
                await _act(call, item, listener)
    except _Aborted:
        return
    listener.stop()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _act(call: Call, act: Act, listener: _Listener) -> None:
    if isinstance(act, Pause):
        await call.services.clock.pause(act.seconds)
        return
    if isinstance(act, Deafen):
        listener.deaf = True
        return
    if SCOPE_KEY not in call.scope:
        raise _Aborted
    # What has been sent so far must be on its way before the connection breaks.
    await asyncio.sleep(0)
    connection = Connection(call.scope[SCOPE_KEY])
    if isinstance(act, Hang):
        listener.stop()
        await connection.hang()
    elif isinstance(act, Reset):
        connection.reset()
    elif isinstance(act, Drop):
        connection.close()
    connection.finish()
    raise _Aborted
