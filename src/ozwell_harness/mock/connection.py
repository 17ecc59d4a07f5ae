"""The raw connection under a request, for faults that no HTTP server would commit by itself."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from typing import Any, Protocol

from ozwell_harness.mock.call import Headers

SCOPE_KEY = "mock.protocol"


class RawProtocol(Protocol):
    """What is used of uvicorn's HttpToolsProtocol."""

    transport: asyncio.Transport
    cycle: Any


class Connection:
    """Writes bytes past the server. After `finish` the server believes that the answer has been sent."""

    def __init__(self, protocol: RawProtocol) -> None:
        self._transport = protocol.transport
        self._cycle = protocol.cycle

    @property
    def is_open(self) -> bool:
        """Whether the client is still there."""
        return not self._transport.is_closing()

    def write_through(self) -> None:
        """Let each write reach the kernel at once; uvloop otherwise gathers those of one turn of the loop."""
        if self.is_open:
            self._transport.set_write_buffer_limits(high=0)

    def gather_writes(self) -> None:
        """Write as usual again."""
        if self.is_open:
            self._transport.set_write_buffer_limits()

    async def write(self, data: bytes) -> None:
        """Send bytes at once, in a packet of their own as far as the network stack allows."""
        self._transport.write(data)
        await asyncio.sleep(0)

    async def hang(self) -> None:
        """Send nothing until the client leaves."""
        while not self._cycle.disconnected:
            self._cycle.message_event.clear()
            await self._cycle.message_event.wait()

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        """Close in an orderly way after what has been written."""
        self._transport.close()

    def finish(self) -> None:
        """Tell the server that the answer is complete, so that the connection can serve the next request."""
        cycle = self._cycle
        cycle.response_started = True
        if cycle.response_complete:
            return
        cycle.response_complete = True
        cycle.message_event.set()
        if self.is_open:
            if not cycle.keep_alive:
                self.close()
            cycle.on_response()


def head_bytes(status: int, headers: Headers) -> bytes:
    """A status line and headers as they go over the wire."""
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [b"HTTP/1.1 %d %s" % (status, phrase.encode())]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"
