"""Gathers the records of all workers, as they come; samples are counted and not kept."""

from __future__ import annotations

from collections.abc import Iterable

from ozwell_harness.load.columns import Spill
from ozwell_harness.load.metrics import Window
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.samples import End, Glance, Glimpse, Nonconformity, Record, Sample, Start, Tick

_NS = 1_000_000_000


class Collection:
    """Records by kind. ``add`` them in any order; figures may be asked for at any time.

    Attributes:
        samples: where they can be read, as often as is needed.
        spill: where the columns of figures may be kept; None for memory.
    """

    def __init__(self, samples: Iterable[Sample] = (), spill: Spill | None = None) -> None:
        self.samples = samples
        self.spill = spill
        self.ticks: list[Tick] = []
        self.examples: dict[str, Nonconformity] = {}
        self.starts: dict[int, Start] = {}
        self._ends: dict[int, End] = {}
        self._latest: dict[int, Tick] = {}
        self._last_seen = 0
        self.requests = 0
        self.completed = 0
        self.failed = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> Collection:
        """Return the collection of a few records, all of them kept."""
        records = tuple(records)
        found = cls([record for record in records if isinstance(record, Sample)])
        found.add(records)
        return found

    def add(self, records: Iterable[Glance], worker: int = 0) -> None:
        """Take more records of one worker."""
        for record in records:
            if isinstance(record, Glimpse):
                self._count(record)
            elif isinstance(record, Tick):
                self.ticks.append(record)
                self._latest[worker] = record
                self._last_seen = max(self._last_seen, record.at)
            elif isinstance(record, Nonconformity):
                self.examples.setdefault(record.requirement, record)
            elif isinstance(record, Start):
                self.starts[record.worker] = record
            else:
                self._ends[record.worker] = record

    @property
    def zero(self) -> int | None:
        """When the last worker began, monotonic nanoseconds; None before."""
        return max((start.at for start in self.starts.values()), default=None)

    @property
    def stamps(self) -> str:
        """Who stamped arrivals: ``kernel`` only where every worker's kernel did."""
        return "kernel" if self.starts and all(s.stamps == "kernel" for s in self.starts.values()) else "process"

    @property
    def in_flight(self) -> int:
        """Requests that waited for their answer at the last tick of each worker."""
        return sum(tick.in_flight for tick in self._latest.values())

    def lost(self, expected: int) -> int:
        """Return how many of the ``expected`` workers did not finish."""
        return max(0, expected - sum(end.finished for end in self._ends.values()))

    def vanished(self, expected: int) -> list[int]:
        """Return the numbers of the workers that left no end."""
        return [worker for worker in range(expected) if worker not in self._ends]

    def window(self, plan: LoadPlan) -> Window | None:
        """Return the steady interval, cut where a worker stopped before its time; None when none began."""
        zero = self.zero
        if zero is None:
            return None
        start = zero + round(plan.warmup_s * _NS)
        end = start + round(plan.duration_s * _NS)
        stopped = [e.at for e in self._ends.values() if not e.finished]
        if self.lost(len(self.starts)) > len(stopped):
            # A worker that was killed leaves no end: what any worker told last is the latest that it may have lived.
            stopped.append(max(zero, self._last_seen))
        return Window(start, max(start, min([end, *stopped])))

    def epochs(self, window: Window | None) -> tuple[float, float] | None:
        """Return a window in seconds since 1970."""
        if window is None or not self.starts:
            return None
        first = next(iter(self.starts.values()))
        return (first.epoch + (window.start - first.at) / _NS, first.epoch + (window.end - first.at) / _NS)

    def _count(self, sample: Glimpse) -> None:
        self.requests += 1
        self.completed += sample.completed
        self.failed += sample.failed
        ended = sample.due if sample.sent is None else sample.sent + (sample.closed or 0)
        self._last_seen = max(self._last_seen, ended)
