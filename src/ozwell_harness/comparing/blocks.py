"""How well a figure of one run is known, by the block bootstrap. Pure.

Requests that follow one another share a queue, a cache and a machine's mood, so a bootstrap that draws requests one by
one would make far too narrow an interval. Instead the measured interval is cut into a fixed, small number of blocks of
equal time, and whole blocks are drawn (Künsch, *Annals of Statistics* 17, 1989; Politis & Romano, *JASA* 89, 1994). The
deviation of the figure over the draws is its standard error, on the logarithm, since what is asked of two runs is a
ratio. Two corrections make up for the few blocks: k / (k - 1), as in batch means (Law & Kelton, *Simulation Modeling
and Analysis*, ch. 9), and the correlation of neighbouring blocks, as in a first-order autoregressive series (Fishman
1978): a mood that outlasts a block makes a run less certain than its blocks look.
"""

from __future__ import annotations

import itertools
import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from statistics import fmean, stdev

#: Blocks that the measured interval is cut into.
BLOCKS = 20
#: Draws of the bootstrap: the standard error is then known to about 4 %.
DRAWS = 300
#: Fewer blocks with a value than this tell nothing of how they differ.
LEAST_BLOCKS = 8
#: A percentile is judged where at least so many values lie beyond it.
LEAST_BEYOND = 10
#: No latency is taken for shorter, in seconds: it has to have a logarithm.
FLOOR_S = 1e-6
#: Blocks that hang together more closely than this are too short to say how closely.
_MOST_CORRELATION = 0.8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of one run, and how well it is known.

    Attributes:
        value: seconds, or requests per second; greater than 0.
        calm: the same in the calmest of its blocks: what it is while nothing disturbs.
        error: the standard error of its natural logarithm.
        degrees: degrees of freedom of ``error``.
        client: what the client itself may have added, in the unit of ``value``.
        units: how many values it rests on.
    """

    value: float
    calm: float
    error: float
    degrees: float
    client: float = 0.0
    units: int = 0


@dataclass(frozen=True, slots=True)
class Blocks:
    """The values of one latency, block by block, sorted into cells that are a thousandth of their value wide.

    Attributes:
        cells: the value that stands for each cell, in seconds, ascending.
        up_to: for each cell, how many values of each block lie in it or below.
        infinite: failures of each block, which lie above every value.
    """

    cells: tuple[float, ...]
    up_to: tuple[tuple[int, ...], ...]
    infinite: tuple[int, ...]

    @classmethod
    def of(cls, counted: Sequence[Mapping[float, int]], infinite: Sequence[int]) -> Blocks:
        """Put in order what each block counted (seconds to how often); blocks without any value are left out."""
        filled = [(_floored(cells), failed) for cells, failed in zip(counted, infinite, strict=True) if cells or failed]
        ordered = sorted(set().union(*(cells for cells, _ in filled)))
        columns = [list(itertools.accumulate(cells.get(cell, 0) for cell in ordered)) for cells, _ in filled]
        return cls(tuple(ordered), tuple(zip(*columns, strict=True)), tuple(failed for _, failed in filled))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each block has, failures included."""
        finite = self.up_to[-1] if self.up_to else (0,) * len(self.infinite)
        return tuple(map(sum, zip(finite, self.infinite, strict=True)))

    def percentile(self, percent: float, weights: Sequence[int] | None = None) -> float:
        """Return the nearest-rank percentile, each block counted as often as ``weights`` say; infinite among failures.

        Raises:
            ValueError: there is no value.
        """
        weights = weights or (1,) * len(self.infinite)
        total = sum(map(mul, weights, self.sizes))
        if not total:
            raise ValueError("no values have no percentile")
        rank = max(1, math.ceil(round(percent / 100 * total, 9)))
        place = bisect_left(self.up_to, rank, key=lambda counts: sum(map(mul, weights, counts)))
        return self.cells[place] if place < len(self.cells) else math.inf

    def estimate(self, percent: float, client: float = 0.0) -> Estimate | None:
        """Return a percentile and how well it is known; None where there are too few values or blocks, or failures."""
        sizes = self.sizes
        if len(sizes) < LEAST_BLOCKS or sum(sizes) * (1 - percent / 100) < LEAST_BEYOND:
            return None
        value = self.percentile(percent)
        drawn = [self.percentile(percent, weights) for weights in draws(len(sizes))]
        if not all(map(math.isfinite, (value, *drawn))):
            return None
        beyond = [size - counts for size, counts in zip(sizes, self.up_to[bisect_left(self.cells, value)], strict=True)]
        share = sum(beyond) / sum(sizes)
        off = [above - share * size for above, size in zip(beyond, sizes, strict=True)]
        error = stdev(map(math.log, drawn)) * widening(off)
        return Estimate(value, self._calm(percent), error, len(sizes) - 1, client, sum(sizes))

    def _calm(self, percent: float) -> float:
        """Return the percentile in the calmest of the blocks."""
        blocks = len(self.infinite)
        alone = ([int(block == other) for other in range(blocks)] for block in range(blocks))
        return min(self.percentile(percent, weights) for weights in alone)


def _floored(counted: Mapping[float, int]) -> Counter[float]:
    cells: Counter[float] = Counter()
    for value, count in counted.items():
        cells[max(value, FLOOR_S)] += count
    return cells


def mean_estimate(
    values: Sequence[float],
    value: float | None = None,
    client: float = 0.0,
    calm: Callable[[Sequence[float]], float] = min,
) -> Estimate | None:
    """Return the mean of one positive value a block, or ``value`` in its place, and how well it is known.

    None where there are too few, or the mean is not above 0. ``calm`` picks the calmest: of a rate, the highest.
    """
    if len(values) < LEAST_BLOCKS or fmean(values) <= 0:
        return None
    middle = fmean(values)
    drawn = [sum(map(mul, weights, values)) / len(values) for weights in draws(len(values))]
    error = stdev(drawn) / middle * widening([entry - middle for entry in values])
    return Estimate(middle if value is None else value, calm(values), error, len(values) - 1, client, len(values))


def draws(blocks: int) -> Iterable[tuple[int, ...]]:
    """Yield how often each block is drawn, for each of the ``DRAWS``; the same for the same number of blocks."""
    rng = random.Random(blocks)  # noqa: S311 - resampling, no secret
    for _ in range(DRAWS):
        chosen = Counter(rng.choices(range(blocks), k=blocks))
        yield tuple(chosen[block] for block in range(blocks))


def widening(off: Sequence[float]) -> float:
    """Return the factor by which a standard error grows for few blocks that hang together.

    ``off`` is by how much each block is off the mean, in the order of time.
    """
    blocks = len(off)
    spread = math.fsum(value * value for value in off)
    together = math.fsum(one * two for one, two in itertools.pairwise(off))
    correlation = together / spread + 1 / blocks if spread else 0.0
    held = min(max(correlation, 0.0), _MOST_CORRELATION)
    return math.sqrt(blocks / (blocks - 1) * (1 + held) / (1 - held))
