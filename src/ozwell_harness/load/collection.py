"""Gathers the records of all workers, as they come."""

from __future__ import annotations

from collections.abc import Iterable

from ozwell_harness.load.metrics import Window
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.samples import End, Nonconformity, Record, Sample, Start, Tick

_NS = 1_000_000_000


class Collection:
    """Records by kind. ``add`` them in any order; figures may be asked for at any time."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.ticks: list[Tick] = []
        self.examples: dict[str, Nonconformity] = {}
        self._starts: list[Start] = []
        self._ends: list[End] = []
        self.completed = 0
        self.failed = 0

    def add(self, records: Iterable[Record]) -> None:
        """Take more records."""
        for record in records:
            if isinstance(record, Sample):
                self.samples.append(record)
                self.completed += record.completed
                self.failed += record.failed
            elif isinstance(record, Tick):
                self.ticks.append(record)
            elif isinstance(record, Nonconformity):
                self.examples.setdefault(record.requirement, record)
            elif isinstance(record, Start):
                self._starts.append(record)
            else:
                self._ends.append(record)

    @property
    def zero(self) -> int | None:
        """When the last worker began, monotonic nanoseconds; None before."""
        return max((start.at for start in self._starts), default=None)

    @property
    def stamps(self) -> str:
        """Who stamped arrivals: ``kernel`` only where every worker's kernel did."""
        return "kernel" if self._starts and all(s.stamps == "kernel" for s in self._starts) else "process"

    @property
    def in_flight(self) -> int:
        """Requests that waited for their answer at the last tick."""
        return self.ticks[-1].in_flight if self.ticks else 0

    def lost(self, expected: int) -> int:
        """Return how many of the ``expected`` workers did not finish."""
        return max(0, expected - sum(end.finished for end in self._ends))

    def window(self, plan: LoadPlan) -> Window | None:
        """Return the steady interval, cut where a worker stopped before its time; None when none began."""
        zero = self.zero
        if zero is None:
            return None
        start = zero + round(plan.warmup_s * _NS)
        end = start + round(plan.duration_s * _NS)
        stopped = [e.at for e in self._ends if not e.finished]
        if self.lost(len(self._starts)) > len(stopped):
            stopped.append(self._last_seen())
        return Window(start, max(start, min([end, *stopped])))

    def epochs(self, window: Window | None) -> tuple[float, float] | None:
        """Return a window in seconds since 1970."""
        if window is None or not self._starts:
            return None
        first = self._starts[0]
        return (first.epoch + (window.start - first.at) / _NS, first.epoch + (window.end - first.at) / _NS)

    def _last_seen(self) -> int:
        """Return the last moment that any record tells of; a worker that was killed leaves no end."""
        ends = (s.due if s.sent is None else s.sent + (s.closed or 0) for s in self.samples)
        return max([self.zero or 0, *ends, *(tick.at for tick in self.ticks)])
