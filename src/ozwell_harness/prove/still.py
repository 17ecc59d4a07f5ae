"""A clock that stands still unless somebody waits: how busy the machine is shows in nothing that is timed by it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass

from ozwell_harness.mock.clock import Clock
from ozwell_harness.timing import Timing

#: Seconds, by the machine's clock, after which work that does not end is no longer waited for.
_PATIENCE_S = 20.0


class StuckError(Exception):
    """What the mock works on does not come to an end."""


@dataclass(frozen=True, slots=True)
class _Resting:
    """Work that goes on when the clock has reached ``due``."""

    due: float
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event


class StillClock(Clock):
    """Shared by the mock and those who judge it, in one process.

    A wait for a rate limit moves it at once, and costs nothing; a pause of the mock takes its time, so that what was
    sent before is read before the clock moves. A rest of the mock does not move it: it ends when somebody who waits
    has moved the clock so far.
    """

    def __init__(self, start: float) -> None:
        """Begin at ``start``, in epoch seconds."""
        self._now = start
        self._calmed = threading.Condition()
        self._working = 0
        self._resting: list[_Resting] = []

    def now(self) -> float:
        """Epoch seconds."""
        return self._now

    async def pause(self, seconds: float) -> None:
        """Let time pass before the answer goes on."""
        await asyncio.sleep(seconds)
        self.advance(seconds)

    async def rest(self, seconds: float) -> None:
        """Let work lie until the clock has been moved on by ``seconds``."""
        rest = _Resting(self._now + seconds, asyncio.get_running_loop(), asyncio.Event())
        with self._calmed:
            self._resting.append(rest)
        self.end_work()
        try:
            await rest.woken.wait()
        finally:
            if self._withdraw(rest):
                self.begin_work()

    def begin_work(self) -> None:
        """Note that a request, or what follows from one, is being worked on."""
        with self._calmed:
            self._working += 1

    def end_work(self) -> None:
        """Note that it is done."""
        with self._calmed:
            self._working -= 1
            self._calmed.notify_all()

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``, and wake the work whose time has come."""
        with self._calmed:
            self._now += seconds
            due = [rest for rest in self._resting if rest.due <= self._now]
            self._resting = [rest for rest in self._resting if rest.due > self._now]
            # They are at work from now on, not from when their loop gets round to them.
            self._working += len(due)
        for rest in due:
            # A mock that has been stopped has no loop any more, and nobody waits for it.
            with contextlib.suppress(RuntimeError):
                rest.loop.call_soon_threadsafe(rest.woken.set)

    def settle(self, most_s: float) -> None:
        """Let all work be done, then move on to the time of what is due next, ``most_s`` seconds at most.

        Raises:
            StuckError: the work does not come to an end.
        """
        self._calm()
        if most_s > 0:
            with self._calmed:
                next_due = min((rest.due for rest in self._resting), default=self._now + most_s)
                seconds = max(0.0, min(most_s, next_due - self._now))
            self.advance(seconds)
            self._calm()

    def _calm(self) -> None:
        with self._calmed:
            if not self._calmed.wait_for(lambda: self._working <= 0, _PATIENCE_S):
                raise StuckError(f"after {_PATIENCE_S:g} s the mock still works on {self._working} things")

    def _withdraw(self, rest: _Resting) -> bool:
        """Take a rest off the list; False if it was not on it any more, because its time had come."""
        with self._calmed:
            known = rest in self._resting
            self._resting = [other for other in self._resting if other is not rest]
        return known

    @property
    def timing(self) -> Timing:
        """The same clock for the run that judges."""
        return Timing(now=self.now, lapse=self.now, sleep=self.advance, settle=self.settle)
