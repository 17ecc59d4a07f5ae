"""Whether a figure changed from one run to the other: by more than noise, and by more than does not matter. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from ozwell_harness.comparing.blocks import Estimate
from ozwell_harness.load.capacity.distributions import t_quantile
from ozwell_harness.load.capacity.evidence import Evidence, bounds

#: Error rates that differ by less, as a share of all requests, are no different: a usual error budget.
LEAST_POINTS = 0.001
#: How many times the least change that matters a latency must have to be judged: shorter ones are the machine's.
SHORT = 4
#: Logarithms of ratios beyond this are not told apart: their exponential has to be a number.
_MOST_LOG = 500.0


class Judgement(StrEnum):
    """What two figures amount to.

    ``same``: they differ by less than what matters. ``open``: nothing was shown, but a change that matters is not ruled
    out either. ``not_compared``: one of them is missing.
    """

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    OPEN = "open"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a difference counts.

    Two runs differ by more than either shows by itself: between them a machine becomes busier, and whatever takes a
    millisecond of work then takes several. So a relative change is not enough where latencies are small.

    Attributes:
        effect: the least relative change that matters: 0.05 is 5 %.
        least_s: the least change of a latency that matters, in seconds; what is below ``SHORT`` times that is not
            judged.
        risk: how probable a false alarm may be, over all figures and both directions.
        figures: how many figures are judged together; each gets its part of the risk (Bonferroni).
    """

    effect: float = 0.05
    least_s: float = 0.005
    risk: float = 0.05
    figures: int = 1

    @property
    def each(self) -> float:
        """The risk of one figure, in one direction."""
        return self.risk / max(1, self.figures) / 2


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in both runs.

    Attributes:
        before, after: seconds, requests per second, or a share; None where it is not known.
        change: after / before - 1; for a share after - before.
        low, high: bounds of ``change``; None where it was not compared.
        least: how large a change has to be, in the unit of ``change``, to be told at all.
    """

    judgement: Judgement
    before: float | None
    after: float | None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    least: float | None = None


def ratio(before: Estimate, after: Estimate, rule: Rule, share: float = 1.0) -> Change:
    """Judge a latency, of which less is better; ``share``: of the least change that matters, what matters here.

    Worse only where the whole interval lies beyond the changes that matter, and beyond what the clients added; and
    where the calmest blocks of both runs are as far apart. A target that became slower is so all the time, while a
    machine on which others work is slow in spells, of which one run may have many and another none: no interval tells
    that.
    """
    centre = math.log(after.value / before.value)
    error = math.hypot(before.error, after.error)
    reach = t_quantile(1 - rule.each, _degrees(before, after)) * error
    low, high = max(centre - reach, -_MOST_LOG), min(centre + reach, _MOST_LOG)
    amount = max(rule.least_s * share, before.client, after.client)
    calm = math.log(after.calm / before.calm)
    grown = _beyond(low, before.value, amount, rule) and _beyond(calm, before.calm, amount, rule)
    shrunk = _beyond(-high, after.value, amount, rule) and _beyond(-calm, after.calm, amount, rule)
    least = max(math.log1p(rule.effect), math.log1p(amount / min(before.value, after.value)))
    if grown or shrunk:
        judgement = Judgement.WORSE if grown else Judgement.BETTER
    else:
        judgement = Judgement.SAME if -least <= low and high <= least else Judgement.OPEN
    return Change(
        judgement, before.value, after.value, math.expm1(centre), math.expm1(low), math.expm1(high), math.expm1(least)
    )


def inverse(change: Change, of: float) -> Change:
    """Return a change of a time per request as that of the rate, ``of`` over the time."""
    sizes = (of / change.before if change.before else None, of / change.after if change.after else None)
    turned = [None if value is None else -value / (1 + value) for value in (change.change, change.high, change.low)]
    return replace(change, before=sizes[0], after=sizes[1], change=turned[0], low=turned[1], high=turned[2])


def _beyond(log_growth: float, value: float, amount: float, rule: Rule) -> bool:
    """Tell whether ``value`` grows by more than the effect, and by more than ``amount``."""
    return log_growth > math.log1p(rule.effect) and value * math.expm1(log_growth) > amount


def _degrees(before: Estimate, after: Estimate) -> float:
    """Return the degrees of freedom of the difference of two means (Welch 1947)."""
    total = before.error**2 + after.error**2
    if not total:
        return before.degrees + after.degrees
    parts = before.error**4 / before.degrees + after.error**4 / after.degrees
    return total**2 / parts if parts else before.degrees + after.degrees


def points(before: Evidence, after: Evidence, rule: Rule) -> Change:
    """Judge a share of requests that failed, by the difference in points.

    Each share has Clopper-Pearson bounds on effective requests; the bounds of the difference are recovered from these
    (Newcombe, *Statistics in Medicine* 17, 1998, method 10).
    """
    one, two = (bounds((found,), rule.each, rule.each) for found in (before, after))
    if one is None or two is None:
        return Change(Judgement.NOT_COMPARED, None, None)
    # ``bounds`` tells shares that kept the goal: what failed is the rest.
    first, second = 1 - one.share, 1 - two.share
    change = second - first
    low = change - math.hypot(one.lower - one.share, two.upper - two.share)
    high = change + math.hypot(one.upper - one.share, two.lower - two.share)
    if low > LEAST_POINTS or high < -LEAST_POINTS:
        judgement = Judgement.WORSE if low > 0 else Judgement.BETTER
    else:
        small = max(first, second) == 0 or (low >= -LEAST_POINTS and high <= LEAST_POINTS)
        judgement = Judgement.SAME if small else Judgement.OPEN
    return Change(judgement, first, second, change, low, high, LEAST_POINTS)
