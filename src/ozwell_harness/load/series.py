"""The run second by second, warm-up included. Pure."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ozwell_harness.load.metrics import e2e_ns, lateness_ns, percentile, response_ttft_ns, ttft_ns
from ozwell_harness.load.samples import Sample

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """A latency of one second, in seconds; all None when there was none."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return it by nearest rank."""
        ordered = sorted(values)
        if not ordered:
            return cls()
        return cls(percentile(ordered, 50), percentile(ordered, 90), percentile(ordered, 99), ordered[-1])

    def to_document(self, name: str) -> dict[str, float | None]:
        """Return it for ``results.json``, each figure under a key of its own."""
        figures = {"p50": self.p50, "p90": self.p90, "p99": self.p99, "max": self.maximum}
        return {f"{name}_{statistic}_s": value for statistic, value in figures.items()}


@dataclass(frozen=True, slots=True)
class Second:
    """One second since the load began.

    Attributes:
        due: requests that were due in it: the offered load.
        sent: requests that were sent in it, or tried in vain.
        completed, failed: answers that ended well or badly in it, and arrivals of it that were never sent.
        attained: of the completed, those that keep the SLO's latency bounds; None without an SLO.
        in_flight: requests that wait for their answer at its end.
        errors: the failed by kind.
        ttft, e2e: of what completed in it.
        lateness: t_send - t_due of what was due in it, less the time that opening a connection took.
    """

    t: int
    due: int
    sent: int
    completed: int
    failed: int
    attained: int | None
    in_flight: int
    errors: Mapping[str, int]
    ttft: Spread
    e2e: Spread
    lateness: Spread

    @property
    def e2e_p50_s(self) -> float | None:
        """The median of E2E."""
        return self.e2e.p50

    @property
    def ttft_p50_s(self) -> float | None:
        """The median of TTFT."""
        return self.ttft.p50

    def to_document(self) -> dict[str, Any]:
        """Return it for ``results.json``."""
        return {
            "t": self.t,
            "due": self.due,
            "sent": self.sent,
            "completed": self.completed,
            "failed": self.failed,
            **({} if self.attained is None else {"attained": self.attained}),
            "in_flight": self.in_flight,
            **({"errors": dict(self.errors)} if self.errors else {}),
            **self.ttft.to_document("ttft"),
            **self.e2e.to_document("e2e"),
            "lateness_p99_s": self.lateness.p99,
            "lateness_max_s": self.lateness.maximum,
        }


@dataclass(slots=True)
class _Bin:
    due: int = 0
    sent: int = 0
    ended: int = 0
    completed: int = 0
    attained: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    e2e: array[float] = field(default_factory=lambda: array("d"))
    ttft: array[float] = field(default_factory=lambda: array("d"))
    lateness: array[float] = field(default_factory=lambda: array("d"))


class Series:
    """Counts requests in the second they were sent, answers in the second they ended."""

    def __init__(self, zero: int, *, from_due: bool) -> None:
        """``zero``: where seconds count from, monotonic nanoseconds; ``from_due``: TTFT is response TTFT."""
        self._zero = zero
        self._ttft_ns = response_ttft_ns if from_due else ttft_ns
        self._bins: defaultdict[int, _Bin] = defaultdict(_Bin)

    def add(self, sample: Sample, *, attained: bool) -> None:
        """Take a sample; ``attained`` when it keeps the bounds of an SLO."""
        began = sample.due if sample.sent is None else sample.sent
        ended = began + (sample.connect if sample.sent is None else sample.closed or sample.last or 0)
        due, into = self._at(sample.due), self._at(ended)
        due.due += 1
        if sample.attempted:
            self._at(began).sent += 1
            into.ended += 1
        late = lateness_ns(sample)
        if late is not None:
            due.lateness.append(late / _NS)
        if sample.censored:
            return
        if sample.error is not None:
            into.errors[sample.error] += 1
            return
        into.completed += 1
        into.attained += attained
        for values, value in ((into.e2e, e2e_ns(sample)), (into.ttft, self._ttft_ns(sample))):
            if value is not None:
                values.append(value / _NS)

    def seconds(self, *, judged: bool) -> tuple[Second, ...]:
        """Return every second from the first to the last in which anything was, no gap; ``judged`` by an SLO."""
        found, in_flight = [], 0
        for t in range(max(self._bins, default=-1) + 1):
            bin_ = self._bins.get(t) or _Bin()
            in_flight += bin_.sent - bin_.ended
            found.append(_second(t, bin_, in_flight, judged=judged))
        return tuple(found)

    def _at(self, at: int) -> _Bin:
        return self._bins[max(0, (at - self._zero) // _NS)]


def _second(t: int, bin_: _Bin, in_flight: int, *, judged: bool) -> Second:
    return Second(
        t,
        bin_.due,
        bin_.sent,
        bin_.completed,
        bin_.errors.total(),
        bin_.attained if judged else None,
        in_flight,
        dict(sorted(bin_.errors.items())),
        Spread.of(bin_.ttft),
        Spread.of(bin_.e2e),
        Spread.of(bin_.lateness),
    )
