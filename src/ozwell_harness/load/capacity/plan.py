"""What a search is told, as one frozen value, and the times and risks that follow from it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ozwell_harness.load.capacity.goals import Goal, floor_of
from ozwell_harness.load.plan import PlanError

#: A first part that is shorter tells too little for the second or two that a part costs beside.
_SHORTEST_PART_S = 4.0
#: A part is as long as so many answers: fewer than that one after another say little of a queue.
_ANSWERS_LONG = 100.0
#: Answers one after another that a target gets to settle, and the share of a part that this takes at least.
_ANSWERS_WARM = 10.0
_WARM_SHARE = 0.15
_SHORTEST_WARM_UP_S = 1.0
#: Share of the budget that one trial may take before it is left undecided.
_TRIAL_SHARE = 0.2
#: The lowest rate that is tried, as a share of what one user in a closed loop makes.
_LOWEST_SHARE = 0.02
_LEAST_WIDTH, _MOST_WIDTH = 0.01, 1.0


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A search for the highest rate that keeps the goals.

    Attributes:
        budget_s: wall-clock time that it may take.
        width: how far apart the bounds may lie, as a share of the upper one (MLRsearch's relative width).
        confidence: that the interval holds the capacity.
        min_rate, max_rate: requests per second outside of which nothing is tried; None: wherever it leads.
        overhead_s: what a part costs beside warm-up and measured time, until that has been observed.

    Raises:
        PlanError: it does not make sense.
    """

    goals: tuple[Goal, ...]
    budget_s: float = 300.0
    width: float = 0.1
    confidence: float = 0.95
    min_rate: float | None = None
    max_rate: float | None = None
    seed: int = 0
    overhead_s: float = 3.0

    def __post_init__(self) -> None:
        if not self.goals:
            raise PlanError("A capacity needs an SLO to be measured by: give one, for example --slo 'e2e_p99<2s'.")
        if not math.isfinite(self.budget_s) or self.budget_s <= 0:
            raise PlanError(f"The budget must be more than 0 seconds, not {self.budget_s:g}.")
        if not _LEAST_WIDTH <= self.width <= _MOST_WIDTH:
            raise PlanError(
                f"The width must lie between {_LEAST_WIDTH:.0%} and {_MOST_WIDTH:.0%}, not {self.width:.3%}."
            )
        if not 0.5 <= self.confidence < 1:
            raise PlanError(f"The confidence must lie between 50% and 100%, not {self.confidence:.3%}.")
        low, high = self.lowest(None), self.max_rate
        if high is not None and not (math.isfinite(high) and high > low):
            raise PlanError(f"The highest rate must be above the lowest: {high:g} is not above {low:g} per second.")

    @property
    def risk_pass(self) -> float:
        """How probable one trial may make a PASS that is wrong.

        Half of the whole risk. Several trials may come near the capacity from above, but a lower bound is confirmed
        with fresh seeds, which a wrong one survives in fewer than half of the cases.
        """
        return (1 - self.confidence) / 2

    @property
    def risk_fail(self) -> float:
        """How probable one trial may make a FAIL that is wrong.

        Half of the whole risk, shared by the few trials that come near the capacity from below.
        """
        return (1 - self.confidence) / 2 / 2

    @property
    def cap_s(self) -> float:
        """Measured time after which a trial is left undecided."""
        return self.budget_s * _TRIAL_SHARE

    def lowest(self, single: float | None) -> float:
        """Return the lowest rate to try; ``single`` is what one user in a closed loop makes."""
        given = self.min_rate if self.min_rate is not None else (single or 0.0) * _LOWEST_SHARE
        return max(given, floor_of(self.goals))

    def first_part_s(self, rate: float, latency_s: float) -> float:
        """Return how long a trial's first part is: long enough to pass, were no request to miss."""
        settled = min(_ANSWERS_LONG * latency_s, self.cap_s / 4)
        return max(_SHORTEST_PART_S, settled, self.fewest(rate) / rate)

    def fewest(self, rate: float) -> int:
        """Return how many requests, none of which may miss, can pass at a first look (zero of n: share ** n = risk)."""
        shares = [min(goal.target(rate), 0.999999) for goal in self.goals]
        # A first look that is an eighth of a trial may take an eighth of its risk.
        return max((math.ceil(math.log(self.risk_pass / 8) / math.log(share)) for share in shares), default=1)

    def warmup_s(self, seconds: float, latency_s: float) -> float:
        """Return how long a part of so many seconds is warmed up at its rate."""
        return max(_SHORTEST_WARM_UP_S, _ANSWERS_WARM * latency_s, _WARM_SHARE * seconds)
