"""Decides one trial: PASS, FAIL, or not yet. Pure.

PASS when for every goal the lower bound of the share that kept it reaches the target; FAIL when for some goal the
upper bound lies below. Every goal must pass, so each may take the whole risk of a wrong PASS (an intersection-union
test); one is enough to fail, so they share the risk of a wrong FAIL (Bonferroni).

A trial is looked at after each of its parts, and looking often finds chance: each look may therefore take only a part
of the risk (a spending function after Lan & DeMets, *Biometrika* 70, 1983). After t seconds t / (t + cap / 2) of it may
be spent, so that a trial may go on for as long as it likes; by the union bound the whole never exceeds the risk,
however the looks hang together.
"""

from __future__ import annotations

from functools import lru_cache

from ozwell_harness.load.capacity.evidence import Shares, bounds
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.trials import Decision, Judged, Observation, Purpose, Trial

#: So many parts that are invalid, and no fewer than valid ones, and the trial is.
_INVALID_PARTS = 3
#: A remainder of the cap that is shorter than this share of what has been measured is not worth another part.
_WORTH_A_PART = 0.2
_NEVER = 1e-12
#: Share of the cap that a bracketing trial may take: where it lies is chance, so it may well not be decidable.
_BRACKET_SHARE = 0.25


@lru_cache(maxsize=1024)
def judge(plan: SearchPlan, trial: Trial, before: Trial | None = None, effects: tuple[float, ...] = ()) -> Judged:
    """Decide a trial of an open loop by all of its valid parts.

    Args:
        plan: what the search is told.
        trial: what is decided.
        before: the trial of the same rate that a confirmation confirms: the fresh one must keep every goal by itself,
            and both together must pass.
        effects: for each goal, the least design effect that other trials make known.
    """
    invalid = [step.seen for step in trial.steps if step.seen.invalid]
    valid = trial.valid
    if len(invalid) >= _INVALID_PARTS and len(invalid) >= len(valid):
        return Judged(Decision.INVALID, (), None, invalid[-1].invalid[0])
    if not valid or trial.steps[-1].seen.invalid:
        return Judged(Decision.OPEN, (), None, f"A part was invalid and is left out: {invalid[-1].invalid[0]}")
    risk = _spent(plan, trial) - _spent(plan, Trial(trial.steps[:-1]))
    shares = _shares(plan, valid, risk, effects)
    overload = next((seen.overload for seen in valid if seen.overload), "")
    if overload:
        return Judged(Decision.FAIL, shares, None, overload)
    if before is not None:
        return _confirmed(plan, trial, shares, _shares(plan, before.valid + valid, 1.0, effects))
    return _by_goals(plan, trial, shares)


def remaining_s(plan: SearchPlan, trial: Trial) -> float:
    """Return how long the next part of an open trial is to be measured; 0 when its cap is reached."""
    done = trial.seconds
    if not done:
        return trial.ask.seconds
    rest = cap_of(plan, trial) - done
    return min(done, rest) if rest >= _WORTH_A_PART * done else 0.0


def cap_of(plan: SearchPlan, trial: Trial) -> float:
    """Return the measured time after which a trial is left undecided; no shorter than its first part."""
    if trial.ask.purpose is Purpose.CONFIRM:
        return trial.ask.seconds
    cap = plan.cap_s * (_BRACKET_SHARE if trial.ask.purpose is Purpose.BRACKET else 1.0)
    return max(cap, trial.ask.seconds)


def _spent(plan: SearchPlan, trial: Trial) -> float:
    """Return the share of the risk that looks up to here may have taken."""
    done = trial.seconds
    return done / (done + cap_of(plan, trial) / 2) if done else 0.0


def _shares(
    plan: SearchPlan, valid: tuple[Observation, ...], part: float, effects: tuple[float, ...]
) -> tuple[Shares | None, ...]:
    low = max(_NEVER, plan.risk_pass * part)
    high = max(_NEVER, plan.risk_fail * part / len(plan.goals))
    least = effects or (1.0,) * len(plan.goals)
    return tuple(
        bounds(tuple(seen.evidence[goal] for seen in valid), low, high, least[goal]) for goal in range(len(plan.goals))
    )


def _by_goals(plan: SearchPlan, trial: Trial, shares: tuple[Shares | None, ...]) -> Judged:
    targets = [goal.target(trial.rate) for goal in plan.goals]
    worst = _nearest(shares, targets)
    if worst is None:
        return Judged(_waiting(plan, trial), shares, None, "no request had what the SLO bounds")
    if _missed(shares, targets):
        return Judged(Decision.FAIL, shares, worst, "the goal is missed too often")
    if all(found is not None and found.lower >= target for found, target in zip(shares, targets, strict=True)):
        return Judged(Decision.PASS, shares, worst, "every goal is kept")
    return Judged(_waiting(plan, trial), shares, worst, "the target share lies between the bounds")


def _confirmed(
    plan: SearchPlan, trial: Trial, fresh: tuple[Shares | None, ...], both: tuple[Shares | None, ...]
) -> Judged:
    targets = [goal.target(trial.rate) for goal in plan.goals]
    worst = _nearest(fresh, targets)
    if _missed(fresh, targets):
        return Judged(Decision.FAIL, fresh, worst, "the goal is missed too often")
    alone = all(found is not None and found.share >= target for found, target in zip(fresh, targets, strict=True))
    together = all(found is not None and found.lower >= target for found, target in zip(both, targets, strict=True))
    if alone and together:
        return Judged(Decision.PASS, both, _nearest(both, targets), "every goal is kept again")
    if trial.seconds < _WORTH_A_PART * trial.ask.seconds:
        return Judged(Decision.OPEN, fresh, worst, "too little was measured")
    return Judged(Decision.UNDECIDED, fresh, worst, "fresh seeds do not confirm it")


def _missed(shares: tuple[Shares | None, ...], targets: list[float]) -> bool:
    return any(found is not None and found.upper < target for found, target in zip(shares, targets, strict=True))


def _nearest(shares: tuple[Shares | None, ...], targets: list[float]) -> int | None:
    """Return the goal that decides: whose share has the least room above its target; None when none was seen."""
    rooms = {n: found.share - targets[n] for n, found in enumerate(shares) if found is not None}
    return min(rooms, key=lambda n: rooms[n], default=None)


def _waiting(plan: SearchPlan, trial: Trial) -> Decision:
    return Decision.OPEN if remaining_s(plan, trial) else Decision.UNDECIDED
