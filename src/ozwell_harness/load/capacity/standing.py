"""Where a search stands: which rates are known to pass and to fail. Pure.

In the manner of MLRsearch (IETF draft-ietf-bmwg-mlrsearch): the relevant upper bound is the lowest rate that failed,
the relevant lower bound the highest that passed below it; a PASS above a FAIL counts for nothing, whatever its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ozwell_harness.load.capacity.decision import judge
from ozwell_harness.load.capacity.evidence import design_effect
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.trials import Decision, Judged, Purpose, Step, Trial


@dataclass(frozen=True, slots=True)
class Verdict:
    """A trial and what it decides; scouts decide nothing."""

    trial: Trial
    judged: Judged | None

    @property
    def decision(self) -> Decision | None:
        """PASS, FAIL …; None for a scout."""
        return self.judged.decision if self.judged else None


#: A confirmation that ends so takes the lower bound back.
_SHAKEN = (Decision.FAIL, Decision.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Standing:
    """Rates in requests per second.

    Attributes:
        lower: the highest that passed, was not taken back, and lies below every FAIL; None without one.
        confirmed: it has passed a second time, with fresh seeds.
        upper: the lowest that failed.
        ceiling: the lowest that the client could not offer.
        undecided: those that were left undecided, ascending.
        tried: all of them, ascending.
    """

    lower: float | None
    confirmed: bool
    upper: float | None
    ceiling: float | None
    undecided: tuple[float, ...]
    tried: tuple[float, ...]

    @property
    def width(self) -> float | None:
        """How far the bounds lie apart, as a share of the upper one."""
        return None if self.lower is None or self.upper is None else (self.upper - self.lower) / self.upper


def verdicts(plan: SearchPlan, history: Sequence[Step]) -> tuple[Verdict, ...]:
    """Return what each trial decides, in order of their first part: each by what was known when its last part ended."""
    found: dict[int, Verdict] = {}
    for step in history:
        number = step.ask.number
        trial = Trial((*found[number].trial.steps, step) if number in found else (step,))
        found[number] = Verdict(trial, _judged(plan, trial, [v for n, v in found.items() if n != number]))
    return tuple(found.values())


def _judged(plan: SearchPlan, trial: Trial, others: Sequence[Verdict]) -> Judged | None:
    if trial.ask.rate is None:
        return None
    before = None
    if trial.ask.purpose is Purpose.CONFIRM:
        passed = (v.trial for v in others if v.decision is Decision.PASS and v.trial.rate == trial.rate)
        before = next(passed, None)
    effects = tuple(_effect(goal, trial.rate, others) for goal in range(len(plan.goals)))
    return judge(plan, trial, before, effects)


def _effect(goal: int, rate: float, others: Sequence[Verdict]) -> float:
    """Return the mean design effect of trials at no higher rates, by units: more load makes queues live longer."""
    lower = [v.trial for v in others if v.judged is not None and v.trial.rate <= rate and v.trial.valid]
    parts = [tuple(seen.evidence[goal] for seen in trial.valid) for trial in lower]
    units = [sum(part.units for part in each) for each in parts]
    if not sum(units):
        return 1.0
    return sum(design_effect(each) * weight for each, weight in zip(parts, units, strict=True) if weight) / sum(units)


def standing(found: Sequence[Verdict]) -> Standing:
    """Return where trials leave the search; one that was given up while still open counts as undecided."""
    decided = [(v.trial, v.decision) for v in found if v.decision is not None]
    rates = {wanted: [t.rate for t, decision in decided if decision is wanted] for wanted in Decision}
    upper = min(rates[Decision.FAIL], default=None)
    again = {t.rate: decision for t, decision in decided if t.ask.purpose is Purpose.CONFIRM}
    taken_back = {rate for rate, decision in again.items() if decision in _SHAKEN}
    passed = {rate for rate in rates[Decision.PASS] if upper is None or rate < upper} - taken_back
    lower = max(passed, default=None)
    unclear = {*rates[Decision.UNDECIDED], *rates[Decision.OPEN], *taken_back} - passed
    return Standing(
        lower=lower,
        confirmed=lower is not None and again.get(lower) is Decision.PASS,
        upper=upper,
        ceiling=min(rates[Decision.INVALID], default=None),
        undecided=tuple(sorted(unclear)),
        tried=tuple(sorted({t.rate for t, _ in decided})),
    )
