"""Waits until a moment, precisely: a timerfd on gevent's hub; a plain sleep where there is none."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from typing import Protocol

import gevent
from gevent import get_hub

_NS = 1_000_000_000
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
#: The kernel takes about so long to wake a process: the timer is set earlier by it, and what is left is spun away.
_LEAD_NS = 30_000


class Alarm(Protocol):
    """Waits on the monotonic clock."""

    def wait_until(self, at: int) -> None:
        """Return at ``at`` monotonic nanoseconds or just after; at once when that is past."""

    def close(self) -> None:
        """Give back what it holds."""


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class TimerAlarm:
    """A timerfd (Linux). The hub's own timers are milliseconds coarse."""

    def __init__(self) -> None:
        """Make the timer.

        Raises:
            OSError: the platform has none.
        """
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "timerfd_create"):
            raise OSError("no timerfd here")
        self._fd: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        loop = get_hub().loop
        # Before anything else that has become ready in the same moment.
        self._watcher = loop.io(self._fd, 1, priority=loop.MAXPRI)
        self._spec = _TimerSpec()
        self._pointer, self._value = ctypes.byref(self._spec), self._spec.value

    def wait_until(self, at: int) -> None:
        """Arm the timer and yield to the hub until it fires."""
        early = at - _LEAD_NS
        if early > time.monotonic_ns():
            self._value.seconds, self._value.nanoseconds = divmod(early, _NS)
            # Arming it also forgets that it has fired before: it need not be read.
            if self._libc.timerfd_settime(self._fd, _ABSOLUTE, self._pointer, None) != 0:
                raise OSError(ctypes.get_errno(), "timerfd_settime failed")
            get_hub().wait(self._watcher)
        while time.monotonic_ns() < at:
            pass

    def close(self) -> None:
        """Close the timer."""
        self._watcher.stop()
        self._watcher.close()
        os.close(self._fd)


class SleepAlarm:
    """gevent's sleep: about half a millisecond late on average."""

    def wait_until(self, at: int) -> None:
        """Sleep."""
        left = at - time.monotonic_ns()
        if left > 0:
            gevent.sleep(left / _NS)

    def close(self) -> None:
        """Nothing is held."""


def make_alarm() -> Alarm:
    """Return the most precise alarm that this platform has."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return TimerAlarm()
    return SleepAlarm()
