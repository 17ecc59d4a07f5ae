"""When bytes reached this machine: the kernel's receive stamps (Linux), for the truth log.

An event loop reads a request some time after the kernel has it, the longer the busier it is. That time is the mock's
own and no client's fault: so where a truth log is kept, connections are read here in place of their transport.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

_READ_SIZE = 64 * 1024
#: asm-generic/socket.h; the ``socket`` module does not name it.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
#: A stamp older than this is not believed: the realtime clock was set meanwhile.
_OLDEST_NS = 5_000_000_000


def kernel_stamps() -> bool:
    """Tell whether this kernel stamps arrivals in the form that is read here (64-bit Linux)."""
    return sys.platform == "linux" and sys.maxsize > 2**32


class StampedReader:
    """Reads a connection for its protocol. At its end, or on trouble, the transport reads on and sees for itself."""

    def __init__(self, transport: Any, feed: Callable[[bytes, int], None]) -> None:
        """Take over from ``transport``; ``feed`` gets bytes and their arrival in monotonic nanoseconds.

        Raises:
            OSError: the kernel has no stamps for this connection.
        """
        self._transport = transport
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        # A descriptor of its own: the loop guards those of transports.
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        try:
            self._socket.setblocking(False)  # noqa: FBT003 - the socket's own signature
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except OSError:
            self._socket.close()
            raise
        transport.pause_reading()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """Stop reading; more than once does no harm."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_READ_SIZE, socket.CMSG_SPACE(_TIMESPEC.size))
        except BlockingIOError:
            return
        except OSError:
            data, ancillary = b"", []
        if data:
            self._feed(data, _arrival(ancillary))
            return
        self.close()
        if not self._transport.is_closing():
            self._transport.resume_reading()


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the stamp in monotonic nanoseconds; without a plausible one the time of reading."""
    now, realtime = time.monotonic_ns(), time.time_ns()
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(value)
            age: int = realtime - (seconds * 1_000_000_000 + nanoseconds)
            if 0 <= age < _OLDEST_NS:
                return now - age
    return now
