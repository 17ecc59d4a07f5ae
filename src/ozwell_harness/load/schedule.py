"""Arrivals to due times. Pure: a schedule is a function of its arguments alone.

So a run can be repeated, and every worker can compute the same schedule and take its stride of it.
"""

from __future__ import annotations

import itertools
import math
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ozwell_harness.load.arrivals import Burst, Constant, Poisson, Ramp, Schedule, Spacing, Spike, Steps, Trace

_NS = 1_000_000_000
#: How much of the time a spike lasts where nothing else is said.
SPIKE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Segment:
    """A time of ``length_s`` seconds in which the rate goes in a straight line from ``first`` to ``last``."""

    length_s: float
    first: float
    last: float

    @property
    def expected(self) -> float:
        """How many arrivals it holds on average."""
        return (self.first + self.last) / 2 * self.length_s

    def when(self, arrivals: float) -> float:
        """Return after how many seconds ``arrivals`` are to be expected: the rate's integral, inverted."""
        slope = (self.last - self.first) / self.length_s
        root = math.sqrt(max(0.0, self.first * self.first + 2 * slope * arrivals))
        return 2 * arrivals / (self.first + root) if self.first + root else 0.0


def segments(arrivals: Schedule, warmup_s: float, duration_s: float) -> tuple[Segment, ...]:
    """Return the rate over time; during the warm-up it is the one that the shape begins with."""
    match arrivals:
        case Constant(rate=rate) | Poisson(rate=rate) | Burst(rate=rate):
            # One segment, because the second of two would begin with a rounding error.
            return (Segment(warmup_s + duration_s, rate, rate),)
        case Ramp(first=first, last=last):
            parts = [Segment(duration_s, first, last)]
        case Steps(rates=rates):
            parts = [Segment(duration_s / len(rates), rate, rate) for rate in rates]
        case Spike(base=base, peak=peak, length_s=length):
            high = SPIKE_SHARE * duration_s if length is None else length
            low = (duration_s - high) / 2
            parts = [Segment(low, base, base), Segment(high, peak, peak), Segment(low, base, base)]
        case Trace():
            raise ValueError("the rate of a trace is its file's")
    warm = Segment(warmup_s, parts[0].first, parts[0].first)
    return tuple(segment for segment in (warm, *parts) if segment.length_s > 0)


def mean_rate(arrivals: Schedule, duration_s: float) -> float:
    """Return the average rate over the measured interval, per second."""
    return sum(segment.expected for segment in segments(arrivals, 0.0, duration_s)) / duration_s


def schedule(arrivals: Schedule, warmup_s: float, duration_s: float, seed: int) -> array[int]:
    """Return the due times of an open loop in [0, warm-up + duration), ascending, as nanoseconds from the start.

    Raises:
        ValueError: a trace has its due times in its file.
    """
    if isinstance(arrivals, Burst):
        return _bursts(arrivals, warmup_s + duration_s)
    spacing = _spacing(arrivals)
    marks = map(float, itertools.count()) if spacing is Spacing.CONSTANT else _poisson(seed)
    return array("q", _due(segments(arrivals, warmup_s, duration_s), marks))


def start_offset_ns(index: int, count: int, spread_s: float) -> int:
    """Return when user ``index`` of ``count`` starts, so that users start evenly over ``spread_s`` and not at once."""
    return round(index * spread_s * _NS / count) if count > 1 else 0


def _spacing(arrivals: Schedule) -> Spacing:
    match arrivals:
        case Ramp(spacing=spacing) | Steps(spacing=spacing) | Spike(spacing=spacing):
            return spacing
        case Constant():
            return Spacing.CONSTANT
        case _:
            return Spacing.POISSON


def _poisson(seed: int) -> Iterator[float]:
    """Yield the arrivals of a Poisson process of rate 1; other rates, also changing ones, stretch its time."""
    gap = random.Random(seed).expovariate  # noqa: S311 - a schedule is no secret
    return itertools.accumulate(gap(1.0) for _ in itertools.count())


def _due(parts: Sequence[Segment], marks: Iterator[float]) -> Iterator[int]:
    """Yield when each of ``marks``, counts of expected arrivals in ascending order, is reached."""
    total = sum(segment.length_s for segment in parts)
    began = passed = 0.0
    mark = next(marks)
    for segment in parts:
        while mark < passed + segment.expected:
            at = began + segment.when(mark - passed)
            if at >= total:
                # A rounding error away from the end.
                return
            yield round(at * _NS)
            mark = next(marks)
        began += segment.length_s
        passed += segment.expected


def _bursts(arrivals: Burst, length_s: float) -> array[int]:
    times = array("q")
    for number in itertools.count():
        at = number * arrivals.size / arrivals.rate
        if at >= length_s:
            return times
        times.extend([round(at * _NS)] * arrivals.size)
    raise AssertionError("count() does not end")
