"""What all trials say together: where a curve of misses that never falls as the rate rises crosses the target. Pure.

The curve is the isotonic least-squares fit by pooling adjacent violators (Barlow, Bartholomew, Bremner & Brunk 1972) of
the *excess*, the log-odds of a miss over those that the target allows, so that goals of different strictness compare:
the worst goal of each trial counts, and 0 is the target. Between rates it is interpolated on the logarithm of the rate.
How far the crossing is known is found by a bootstrap of batches, which keeps the order within a batch (Lahiri,
*Resampling Methods for Dependent Data*, 2003): batches of each trial are drawn again, with replacement.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ozwell_harness.load.capacity.evidence import Batch, batches_of, design_effect
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.trials import Trial

REPLICATES = 200
#: Rates further apart than so many times the width asked for say too little of what lies between them.
_WIDEST_GAP = 1.0
#: Places and slopes that ``guess`` tries; slopes from sluggish to a cliff.
_GRID = 120
_SLOPES = tuple(3 * 1.4**step for step in range(10))
#: Within so much of the target, in log-odds, ``guess`` takes the curve as straight; what a point beyond it weighs.
_STRAIGHT = 1.2
_FAR_WEIGHT = 30.0
_MOST_ODDS = 25.0
#: What an overloaded trial counts as: it missed no fewer than this excess says, whatever it had time to show.
_OVERLOADED = 3.0


@dataclass(frozen=True, slots=True)
class Point:
    """The trials of one rate, by the goal that was missed worst.

    Attributes:
        excess: log-odds of a miss over those that the target allows.
        allowed: log-odds that the target allows.
        weight: units that it was seen in; ``effective``: how many independent ones they are worth.
    """

    rate: float
    excess: float
    allowed: float
    weight: float
    effective: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the fit crosses the target, requests per second; ``low`` and ``high`` from the bootstrap, None without."""

    estimate: float
    low: float | None
    high: float | None


def points_of(plan: SearchPlan, trials: Iterable[Trial]) -> tuple[Point, ...]:
    """Return a point for each rate that open-loop trials tell of, rates ascending."""
    return _points(plan, _by_rate(trials), lambda batches: batches)


def guess(points: Sequence[Point]) -> float | None:
    """Return the capacity that points make most probable; None when they lie on one side of the target.

    Where to look next need not be certain, only sensible: the excess is taken as linear in the logarithm of the rate,
    ``slope * log(rate / capacity)``, with a prior that is flat in the logarithms of both, and the median of the
    posterior is taken on a grid. The isotonic fit, which assumes less, jumps about while points are few.
    """
    known = [point for point in points if point.effective > 0]
    if len({point.excess > 0 for point in known}) < 2:
        return None
    low, high = math.log(known[0].rate), math.log(known[-1].rate)
    places = [low + (high - low) * (step + 0.5) / _GRID for step in range(_GRID)]
    weights = [math.fsum(_likelihood(known, place, slope) for slope in _SLOPES) for place in places]
    below = list(itertools.accumulate(weights))
    if not below[-1]:
        return None
    return math.exp(next(place for place, sum_ in zip(places, below, strict=True) if sum_ >= below[-1] / 2))


def _likelihood(points: Sequence[Point], place: float, slope: float) -> float:
    """Return the binomial likelihood of effective counts, relative to that of their own shares."""
    log = 0.0
    for point in points:
        supposed = slope * (math.log(point.rate) - place)
        seen, weight = point.excess, point.effective
        if abs(seen) > _STRAIGHT:
            # So far away a point says on which side it lies and no more: no curve is straight.
            seen, weight = math.copysign(_STRAIGHT, seen), min(weight, _FAR_WEIGHT)
            supposed = max(-_STRAIGHT, min(supposed, _STRAIGHT))
        log -= weight * _divergence(seen + point.allowed, supposed + point.allowed)
    return math.exp(max(log, -700.0))


def _divergence(seen: float, supposed: float) -> float:
    """Return the Kullback-Leibler divergence of two shares given by their log-odds."""
    supposed = max(-_MOST_ODDS, min(supposed, _MOST_ODDS))
    p, q = 1 / (1 + math.exp(-seen)), 1 / (1 + math.exp(-supposed))
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def estimate(points: Sequence[Point]) -> float | None:
    """Return where the isotonic fit crosses the target; None when it lies on one side throughout."""
    fitted = isotonic(points)
    for (low, below), (high, above) in itertools.pairwise(fitted):
        if below <= 0 < above:
            share = -below / (above - below)
            return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    return None


def isotonic(points: Sequence[Point]) -> tuple[tuple[float, float], ...]:
    """Return (rate, excess) of the best fit that never falls; rates ascending."""
    blocks: list[tuple[float, float, list[float]]] = []
    for point in points:
        value, weight, rates = point.excess, point.weight, [point.rate]
        while blocks and blocks[-1][0] > value:
            before, other, earlier = blocks.pop()
            value = (value * weight + before * other) / (weight + other)
            weight, rates = weight + other, earlier + rates
        blocks.append((value, weight, rates))
    return tuple((rate, value) for value, _, rates in blocks for rate in rates)


def crossing(plan: SearchPlan, trials: Iterable[Trial], replicates: int = REPLICATES) -> Crossing | None:
    """Return the crossing with its bootstrap interval at the plan's confidence.

    None when the fit does not cross, or does so in a gap between rates that is too wide to say where.
    """
    grouped = _by_rate(trials)
    best = estimate(_points(plan, grouped, lambda batches: batches))
    if best is None or _gap_at(best, list(grouped)) > _WIDEST_GAP * plan.width:
        return None
    rng = random.Random(f"{plan.seed}/bootstrap")  # noqa: S311 - resampling is no secret
    drawn = [
        estimate(_points(plan, grouped, lambda batches: rng.choices(batches, k=len(batches))))
        for _ in range(replicates)
    ]
    known = sorted(rate for rate in drawn if rate is not None)
    if len(known) < replicates / 2:
        return Crossing(best, None, None)
    cut = (1 - plan.confidence) / 2
    return Crossing(best, known[int(cut * len(known))], known[min(len(known) - 1, int((1 - cut) * len(known)))])


def _gap_at(rate: float, tried: Sequence[float]) -> float:
    """Return how far the tried rates on either side lie apart, as a share of the upper one."""
    below, above = max(r for r in tried if r <= rate), min(r for r in tried if r >= rate)
    return (above - below) / above


def log_odds(share: float) -> float:
    """Return log(share / (1 - share)), within about +-20."""
    share = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(share / (1 - share))


def missed_share(missed: float, units: float) -> float:
    """Return the share that missed; half a unit stands in for none, and for all but none."""
    return min(max(missed, 0.5), max(units - 0.5, 0.5)) / max(units, 1.0)


def _by_rate(trials: Iterable[Trial]) -> dict[float, list[Trial]]:
    grouped: dict[float, list[Trial]] = {}
    for trial in trials:
        if trial.ask.rate is not None and trial.valid:
            grouped.setdefault(trial.rate, []).append(trial)
    return dict(sorted(grouped.items()))


_Draw = Callable[[list[Batch]], list[Batch]]


def _points(plan: SearchPlan, grouped: dict[float, list[Trial]], draw: _Draw) -> tuple[Point, ...]:
    return tuple(point for rate, trials in grouped.items() if (point := _point(plan, rate, trials, draw)) is not None)


def _point(plan: SearchPlan, rate: float, trials: Sequence[Trial], draw: _Draw) -> Point | None:
    seen = [part for trial in trials for part in trial.valid]
    worst: Point | None = None
    for number, goal in enumerate(plan.goals):
        evidence = tuple(part.evidence[number] for part in seen)
        batches = draw(list(batches_of(evidence)))
        units = sum(batch.units for batch in batches)
        if not units:
            continue
        allowed = log_odds(1 - goal.target(rate))
        excess = log_odds(missed_share(sum(batch.exceeding[0] for batch in batches), units)) - allowed
        if worst is None or excess > worst.excess:
            worst = Point(rate, excess, allowed, units, units / design_effect(evidence))
    if worst is not None and any(part.overload for part in seen):
        return replace(worst, excess=max(worst.excess, _OVERLOADED))
    return worst
