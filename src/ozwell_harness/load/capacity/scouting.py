"""Scouts a target with closed loops of 1, 2, 4 … users before any rate is tried. Pure.

One user alone shows the base latency. By Little's law N users who never pause make N / latency requests per second;
where twice the users make hardly more, the target is saturated, and no rate above that can be sustained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.trials import Ask, Purpose, Trial

_MOST_USERS = 1024
_SHORTEST_S = 1.5
_ANSWERS_LONG = 10.0
_WARM_UP_S = 0.5
#: Share of the budget that one scout may take, and all of them.
_ONE_SHARE, _ALL_SHARE = 0.03, 0.25
#: Twice the users that make less than this much more have saturated the target.
_WORTHWHILE_GAIN = 1.2
#: Scouts with the same number of users, where the client was disturbed.
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Scouted:
    """What scouting has shown.

    Attributes:
        latency_s: mean E2E of one user alone.
        single: requests per second that one user made.
        dispersion: squared coefficient of variation of the service time.
        most: the most requests per second that any number of users made.
        saturated: more users would not make more.
    """

    latency_s: float
    single: float
    dispersion: float
    most: float
    saturated: bool


def scouted(scouts: Sequence[Trial]) -> Scouted | None:
    """Return what scouts have shown; None when nothing completed."""
    first = next((scout for scout in scouts if scout.steps[-1].seen.latency_s), None)
    if first is None:
        return None
    alone = first.steps[-1].seen
    made = {scout.ask.users: scout.steps[-1].seen.throughput for scout in scouts if not scout.steps[-1].seen.invalid}
    *_, before, last = (0.0, 0.0, *made.values())
    saturated = len(made) > 1 and last < _WORTHWHILE_GAIN * before
    return Scouted(alone.latency_s or 0.0, alone.throughput, alone.dispersion or 0.0, _most(scouts), saturated)


def _most(scouts: Sequence[Trial]) -> float:
    return max(scout.steps[-1].seen.throughput for scout in scouts)


def next_scout(plan: SearchPlan, scouts: Sequence[Trial], spent_s: float) -> Ask | None:
    """Return the next scout; None when enough is known."""
    users = 1
    if scouts:
        last = scouts[-1].steps[-1].seen
        known = scouted(scouts)
        disturbed = bool(last.invalid)
        # Once more with as many: a moment's disturbance is not yet the client's limit.
        again = disturbed and sum(scout.ask.users == scouts[-1].ask.users for scout in scouts) < _TRIES
        users = (scouts[-1].ask.users or 1) * (1 if again else 2)
        useless = known is None or known.saturated or (disturbed and not again) or last.failed * 2 > last.requests
        fast = plan.max_rate is not None and last.throughput > plan.max_rate
        if useless or fast or users > _MOST_USERS or spent_s > _ALL_SHARE * plan.budget_s:
            return None
    latency = (scouts[0].steps[0].seen.latency_s or 0.0) if scouts else 0.0
    seconds = min(max(_SHORTEST_S, _ANSWERS_LONG * latency), max(_SHORTEST_S, _ONE_SHARE * plan.budget_s))
    return Ask(
        number=len(scouts) + 1,
        part=1,
        purpose=Purpose.SCOUT,
        users=users,
        rate=None,
        seconds=seconds,
        warmup_s=max(_WARM_UP_S, min(2 * latency, seconds)),
        seed=plan.seed + len(scouts),
    )
