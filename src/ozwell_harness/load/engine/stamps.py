"""When bytes arrived: by the kernel's stamp on Linux, by our own reading of the clock elsewhere."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from typing import Any, Protocol

READ_SIZE = 64 * 1024
#: asm-generic/socket.h; the ``socket`` module does not name it.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
#: A lag beyond this, or below zero, means that the realtime clock was stepped between arrival and reading.
_PLAUSIBLE_LAG_NS = 5_000_000_000


class Stamper(Protocol):
    """Reads from a socket and says when what it read had arrived."""

    def read(self) -> tuple[int, int, bytes]:
        """Return (arrival in monotonic nanoseconds, receive lag in nanoseconds, bytes); no bytes at the end."""
        ...


class ClockStamper:
    """Takes the time right after each read."""

    def __init__(self, sock: Any) -> None:
        self._recv = sock.recv

    def read(self) -> tuple[int, int, bytes]:
        """Read once; the lag is unknown and given as 0."""
        data = self._recv(READ_SIZE)
        return time.monotonic_ns(), 0, data


class KernelStamper:
    """Takes the kernel's receive stamp (``SO_TIMESTAMPNS``), carried over from its realtime to the monotonic clock."""

    def __init__(self, sock: Any) -> None:
        """Switch stamps on.

        Raises:
            OSError: the kernel has none for this socket.
        """
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._recvmsg = sock.recvmsg

    def read(self) -> tuple[int, int, bytes]:
        """Read once; without a plausible stamp the time of reading stands in."""
        data, ancillary, _, _ = self._recvmsg(READ_SIZE, _ANCILLARY)
        now = time.monotonic_ns()
        for level, kind, value in ancillary:
            if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                seconds, nanoseconds = _TIMESPEC.unpack_from(value)
                lag = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
                if 0 <= lag < _PLAUSIBLE_LAG_NS:
                    return now - lag, lag, data
        return now, 0, data


class StampHold:
    """Keeps the kernel stamping: it stops when no socket asks for stamps, and begins again a moment late."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if kernel_stamps():
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def close(self) -> None:
        """Let go."""
        self._socket.close()


def kernel_stamps() -> bool:
    """Tell whether this platform's kernel stamps arrivals in the form that is read here (64-bit Linux)."""
    return sys.platform == "linux" and sys.maxsize > 2**32 and bool(_ANCILLARY)


def stamper_for(sock: Any) -> Stamper:
    """Return the best stamper for a connected socket."""
    if kernel_stamps():
        try:
            return KernelStamper(sock)
        except OSError:
            pass
    return ClockStamper(sock)
