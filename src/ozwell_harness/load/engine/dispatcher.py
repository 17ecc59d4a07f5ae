"""The open loop: sends each arrival at its time, whatever became of the ones before."""

from __future__ import annotations

import itertools
import time
from array import array
from collections.abc import Sequence

import gevent
from gevent.pool import Group

from ozwell_harness.load.engine.alarm import make_alarm
from ozwell_harness.load.engine.worker import Worker
from ozwell_harness.load.timetable import ANY_SIZE, Size

_OVER = "the run ended before it could be sent"


class Dispatcher:
    """Starts one greenlet for each arrival of a schedule. Nothing is dropped: what cannot be sent is recorded."""

    def __init__(self, worker: Worker, max_in_flight: int) -> None:
        self._worker = worker
        self._max_in_flight = max_in_flight
        self._group = Group()
        self._through = False
        # Arrivals whose greenlet has been made and has not had its turn yet.
        self._waiting: dict[int, int] = {}
        self._numbers = itertools.count()

    @property
    def busy(self) -> bool:
        """Arrivals are still to come, or are under way."""
        return not self._through or len(self._group) > 0

    def run(self, start: int, times: array[int], sizes: Sequence[Size] = ()) -> None:
        """Send the arrivals of ``times`` (nanoseconds from ``start``, ascending); return when the last has begun.

        ``sizes`` is empty, or has one for each.
        When killed, the arrivals under way are killed too, and those that are overdue are recorded as unsent.
        """
        alarm = make_alarm()
        begun = 0
        try:
            for offset, size in zip(times, sizes or itertools.repeat(ANY_SIZE), strict=False):
                alarm.wait_until(start + offset)
                self._begin(start + offset, size)
                begun += 1
                # The arrival goes first; the timer for the next one is set while it waits for its answer.
                gevent.sleep(0)
        finally:
            alarm.close()
            self._leave(start, times[begun:])
            self._through = True

    def _begin(self, due: int, size: Size) -> None:
        if len(self._group) >= self._max_in_flight:
            self._worker.unsent(due, f"{self._max_in_flight} requests were open already")
        else:
            number = next(self._numbers)
            self._waiting[number] = due
            self._group.add(gevent.spawn(self._run, number, due, size))

    def _run(self, number: int, due: int, size: Size) -> None:
        del self._waiting[number]
        self._worker.run(due, size)

    def _leave(self, start: int, times: array[int]) -> None:
        """Record what was due and has not begun; what is not due yet is no arrival of this run."""
        now = time.monotonic_ns()
        for offset in itertools.takewhile(lambda offset: start + offset <= now, times):
            self._worker.unsent(start + offset, _OVER)

    def finish(self) -> None:
        """Wait for the arrivals under way."""
        self._group.join()

    def kill(self) -> None:
        """End the arrivals under way; each leaves a censored sample, or an unsent one where it had not begun."""
        self._group.kill()
        for due in self._waiting.values():
            self._worker.unsent(due, _OVER)
        self._waiting.clear()
