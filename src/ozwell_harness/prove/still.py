"""A clock that stands still unless somebody waits: how busy the machine is shows in nothing that is timed by it."""

from __future__ import annotations

import asyncio
import threading

from ozwell_harness.mock.clock import Clock
from ozwell_harness.timing import Timing


class StillClock(Clock):
    """Shared by the mock and those who judge it, in one process.

    A wait for a rate limit moves it at once, and costs nothing; a pause of the mock takes its time, so that what was
    sent before is read before the clock moves.
    """

    def __init__(self, start: float) -> None:
        """Begin at ``start``, in epoch seconds."""
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Epoch seconds."""
        return self._now

    async def pause(self, seconds: float) -> None:
        """Let time pass before the answer goes on."""
        await asyncio.sleep(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        with self._lock:
            self._now += seconds

    @property
    def timing(self) -> Timing:
        """The same clock for the run that judges."""
        return Timing(now=self.now, lapse=self.now, sleep=self.advance)
