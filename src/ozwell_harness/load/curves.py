"""How a latency is distributed, small enough for a report: a percentile curve and a histogram. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ozwell_harness.load.columns import Ordered
from ozwell_harness.load.metrics import percentile

#: Closer together where tails are read.
CURVE_PERCENTS = (
    *range(1, 90),
    *(round(90 + step * 0.2, 3) for step in range(45)),
    *(round(99 + step * 0.02, 3) for step in range(45)),
    *(round(99.9 + step * 0.01, 3) for step in range(10)),
)
#: Bins of equal ratio: a bin's upper edge is about 1.12 times its lower one.
BINS_PER_DECADE = 20
#: The lowest edge, in seconds; what is at most so long shares the first bin.
FLOOR_S = 1e-6


@dataclass(frozen=True, slots=True)
class Distribution:
    """A latency over many requests, in seconds.

    Attributes:
        infinite: failures, which lie above every value.
        curve: (percent, value) by nearest rank, ascending, from the smallest (percent 0) to the largest (100), failures
            included; infinite where a percentile lies among them. A percentile that only the largest value stands for
            has no point of its own.
        bins: (above, up to, count) of the finite values, without a gap, in bins of equal ratio.
    """

    infinite: int
    curve: tuple[tuple[float, float], ...]
    bins: tuple[tuple[float, float, int], ...]

    def to_document(self) -> dict[str, Any]:
        """Return it for ``results.json``: null for infinite."""
        return {
            "infinite": self.infinite,
            "curve": [[percent, value if math.isfinite(value) else None] for percent, value in self.curve],
            "bins": [list(bin_) for bin_ in self.bins],
        }


def distribution_of(ordered: Ordered) -> Distribution | None:
    """Return how values are distributed; None when none is finite."""
    if not ordered.finite:
        return None
    return Distribution(ordered.infinite, _curve(ordered), _bins(ordered))


def _curve(ordered: Ordered) -> tuple[tuple[float, float], ...]:
    count = len(ordered)
    inner = [(percent, percentile(ordered, percent)) for percent in CURVE_PERCENTS if percent <= 100 - 100 / count]
    return ((0.0, ordered[0]), *((float(percent), value) for percent, value in inner), (100.0, ordered[-1]))


def _bins(ordered: Ordered) -> tuple[tuple[float, float, int], ...]:
    low, high = _bin_of(ordered[0]), _bin_of(ordered[ordered.finite - 1])
    bins, before = [], 0
    for number in range(low, high + 1):
        # All that is left belongs to the last: an edge's last binary digit must not lose a value.
        up_to = ordered.up_to(_edge(number)) if number < high else ordered.finite
        bins.append((_edge(number - 1) if number > 0 else 0.0, _edge(number), up_to - before))
        before = up_to
    return tuple(bins)


def _bin_of(value: float) -> int:
    """Return the number of the first bin whose upper edge is at least ``value``."""
    return 0 if value <= FLOOR_S else math.ceil(round(math.log10(value / FLOOR_S) * BINS_PER_DECADE, 9))


def _edge(number: int) -> float:
    """Return the upper edge of a bin."""
    return float(f"{FLOOR_S * 10 ** (number / BINS_PER_DECADE):.6g}")
