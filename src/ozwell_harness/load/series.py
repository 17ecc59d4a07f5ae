"""The run second by second, warm-up included. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ozwell_harness.load.metrics import e2e_ns, percentile, ttft_ns
from ozwell_harness.load.samples import Sample

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Second:
    """One second since the load began; latencies are medians of what completed in it, None when nothing did."""

    t: int
    sent: int
    completed: int
    failed: int
    e2e_p50_s: float | None
    ttft_p50_s: float | None

    def to_document(self) -> dict[str, Any]:
        """Return it for ``results.json``."""
        return {
            "t": self.t,
            "sent": self.sent,
            "completed": self.completed,
            "failed": self.failed,
            "e2e_p50_s": self.e2e_p50_s,
            "ttft_p50_s": self.ttft_p50_s,
        }


@dataclass(slots=True)
class _Bin:
    sent: int = 0
    completed: int = 0
    failed: int = 0
    e2e: list[float] = field(default_factory=list)
    ttft: list[float] = field(default_factory=list)


def per_second(samples: Iterable[Sample], zero: int | None) -> tuple[Second, ...]:
    """Count requests in the second they were sent and answers in the second they ended, from ``zero`` on, no gap."""
    if zero is None:
        return ()
    bins: defaultdict[int, _Bin] = defaultdict(_Bin)
    for sample in samples:
        _count(bins, sample, zero)
    last = max(bins, default=-1)
    return tuple(_second(t, bins[t]) for t in range(last + 1))


def _count(bins: defaultdict[int, _Bin], sample: Sample, zero: int) -> None:
    if sample.attempted:
        bins[_second_of(sample.sent or sample.due, zero)].sent += 1
    if sample.censored:
        return
    ended = sample.due if sample.sent is None else sample.sent + (sample.closed or sample.last or 0)
    into = bins[_second_of(ended, zero)]
    if sample.failed:
        into.failed += 1
        return
    into.completed += 1
    for values, value in ((into.e2e, e2e_ns(sample)), (into.ttft, ttft_ns(sample))):
        if value is not None:
            values.append(value / _NS)


def _second_of(at: int, zero: int) -> int:
    return max(0, (at - zero) // _NS)


def _second(t: int, bin_: _Bin) -> Second:
    return Second(t, bin_.sent, bin_.completed, bin_.failed, _median(bin_.e2e), _median(bin_.ttft))


def _median(values: list[float]) -> float | None:
    return percentile(sorted(values), 50) if values else None
