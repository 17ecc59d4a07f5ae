"""Which rate to try next. Pure.

First a bracket in geometric steps, a rate that passes and one that fails. Then the two ends of an interval of the width
asked for, laid around the best estimate of the capacity: its ends are as far from the capacity as they may be, and so
are decided with the fewest requests, while the capacity itself never is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.scouting import Scouted
from ozwell_harness.load.capacity.standing import Standing

#: Of a saturated closed loop's rate: where to begin, and what surely cannot be sustained.
_BEGIN, _BEYOND = 0.75, 1.1
_STEP = 1.5
#: A client's limit and a PASS this far apart leave no room worth trying.
_NEAR_CEILING = 1.25
#: The interval aimed at is this much narrower than asked for, so that its ends hold.
_AIM = 0.96
#: An end that lies nearer to the estimate than this share of half the width would hardly be decided.
_CLEAR = 0.65
#: Rates nearer to one another than this share of the width are the same.
_SAME = 0.15


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates in requests per second that nothing below or above is tried of; ``high`` is None without a limit."""

    low: float
    high: float | None


def limits_of(plan: SearchPlan, known: Scouted) -> Limits:
    """Return the limits of a search."""
    return Limits(plan.lowest(known.single), plan.max_rate)


def first_rate(limits: Limits, known: Scouted) -> float:
    """Return where to begin."""
    return _within(known.most * _BEGIN, limits)


def bracket_up(limits: Limits, known: Scouted, now: Standing) -> float | None:
    """Return a rate above everything that passed; None when there is none to try."""
    reached = max([now.lower or limits.low, *now.undecided])
    beyond = known.most * _BEYOND
    rate = beyond if known.saturated and reached * 1.05 < beyond else reached * _STEP
    if now.ceiling is not None and rate >= now.ceiling:
        rate = math.sqrt(reached * now.ceiling)
        if now.ceiling / reached < _NEAR_CEILING:
            return None
    rate = _within(rate, limits)
    return rate if rate > reached else None


def bracket_down(limits: Limits, now: Standing) -> float | None:
    """Return a rate below everything that did not pass; None when there is none to try."""
    missed = min(now.tried)
    # One step further each time: a capacity that is far below must not take a step for every factor.
    rate = _within(missed / _STEP ** max(1, len(now.tried)), limits)
    return rate if rate < missed else None


def narrow(width: float, now: Standing, best: float | None) -> float | None:
    """Return a rate between the bounds that brings them nearer; None when they are as near as asked for, or nearly."""
    lower, upper = now.lower or 0.0, now.upper or math.inf
    middle = best if best is not None and lower < best < upper else math.sqrt(lower * upper)
    aim = width * _AIM
    above, below = lower / (1 - aim), upper * (1 - aim)
    low, high = middle * (1 - aim / 2), middle * (1 + aim / 2)
    candidates = (
        above if above > middle and not too_near(above, middle, width) else upper,
        below if below < middle and not too_near(below, middle, width) else lower,
        low,
        high,
    )
    return next((rate for rate in candidates if lower * (1 + _SAME * width) < rate < upper * (1 - _SAME * width)), None)


def same(one: float, other: float, width: float) -> bool:
    """Tell whether two rates are too near to one another to be worth a trial each."""
    return abs(one / other - 1) < _SAME * width


def too_near(rate: float, best: float, width: float) -> bool:
    """Tell whether a rate lies so near to the estimated capacity that it would hardly be decided."""
    return abs(rate / best - 1) < _CLEAR * _AIM * width / 2


def _within(rate: float, limits: Limits) -> float:
    rate = max(rate, limits.low)
    return rate if limits.high is None else min(rate, limits.high)
