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
#: A lag beyond this, or below zero, is no lag: the stamp is of a clock that was set since.
_PLAUSIBLE_LAG_NS = 5_000_000_000
#: The two clocks apart by so much more or less than before: one was stepped, or we were suspended between reading them.
_STEP_NS = 50_000
_READINGS = 5


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
    """Takes the kernel's receive stamp (``SO_TIMESTAMPNS``), carried over from its realtime to the monotonic clock.

    How far the clocks are apart is known from before. So neither a realtime clock that is stepped between arrival and
    reading nor a pause of ours between two looks at the clocks moves a stamp.
    """

    def __init__(self, sock: Any) -> None:
        """Switch stamps on for a gevent socket; its timeout is honoured.

        Raises:
            OSError: the kernel has none for this socket.
        """
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # gevent's own recvmsg would ask the kernel before it waits, and nearly always in vain.
        self._wait, self._readable = sock._wait, sock._read_event  # noqa: SLF001
        self._recvmsg = sock._sock.recvmsg  # noqa: SLF001
        self._apart = clocks_apart()

    def read(self) -> tuple[int, int, bytes]:
        """Read once; without a plausible stamp the time of reading stands in."""
        while True:
            self._wait(self._readable)
            try:
                data, ancillary, _, _ = self._recvmsg(READ_SIZE, _ANCILLARY)
                break
            except BlockingIOError:
                continue
        now = time.monotonic_ns()
        apart = time.time_ns() - now
        for level, kind, value in ancillary:
            if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                if not -_STEP_NS < apart - self._apart < _STEP_NS and self._stepped():
                    break
                seconds, nanoseconds = _TIMESPEC.unpack_from(value)
                lag = now + self._apart - (seconds * 1_000_000_000 + nanoseconds)
                if 0 <= lag < _PLAUSIBLE_LAG_NS:
                    return now - lag, lag, data
        return now, 0, data

    def _stepped(self) -> bool:
        """Compare the clocks anew; tell whether one was stepped since the last time."""
        before, self._apart = self._apart, clocks_apart()
        return abs(self._apart - before) >= _STEP_NS


def clocks_apart() -> int:
    """Return by how many nanoseconds the realtime clock is ahead of the monotonic one, as near as can be told."""
    readings = [-time.monotonic_ns() + time.time_ns() for _ in range(_READINGS)]
    # Whatever delays us between the two can only make one reading larger.
    return min(readings)


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
