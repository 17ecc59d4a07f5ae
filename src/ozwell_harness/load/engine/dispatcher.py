"""The open loop: sends each arrival at its time, whatever became of the ones before."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence

import gevent
from gevent.pool import Group

from ozwell_harness.load.engine.alarm import make_alarm
from ozwell_harness.load.engine.worker import Worker
from ozwell_harness.load.timetable import ANY_SIZE, Size


class Dispatcher:
    """Starts one greenlet for each arrival of a schedule. Nothing is dropped: what cannot be sent is recorded."""

    def __init__(self, worker: Worker, max_in_flight: int) -> None:
        self._worker = worker
        self._max_in_flight = max_in_flight
        self._group = Group()

    def run(self, start: int, times: array[int], sizes: Sequence[Size] = ()) -> None:
        """Send the arrivals of ``times`` (nanoseconds from ``start``, ascending); return when the last has begun.

        ``sizes`` is empty, or has one for each.
        When killed, the arrivals under way are killed too.
        """
        alarm = make_alarm()
        try:
            for offset, size in zip(times, sizes or itertools.repeat(ANY_SIZE), strict=False):
                due = start + offset
                alarm.wait_until(due)
                if len(self._group) >= self._max_in_flight:
                    self._worker.unsent(due, f"{self._max_in_flight} requests were open already")
                else:
                    self._group.add(gevent.spawn(self._worker.run, due, size))
        finally:
            alarm.close()

    def finish(self) -> None:
        """Wait for the arrivals under way."""
        self._group.join()

    def kill(self) -> None:
        """End the arrivals under way; each leaves a censored sample."""
        self._group.kill()
