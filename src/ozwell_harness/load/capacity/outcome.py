"""What a search amounts to: the ``capacity`` block of ``results.json``. Pure.

Two numbers, not one. The *capacity* is the interval of rates around the highest that keeps the SLO. The *knee* is the
rate at which throughput over latency, the *power* of Kleinrock (*Power and deterministic rules of thumb for
probabilistic problems in computer communications*, 1979), is highest among the trials: more load than that buys latency
rather than throughput, whatever an SLO allows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.load.capacity.evidence import Shares
from ozwell_harness.load.capacity.fit import Crossing, crossing
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.scouting import scouted
from ozwell_harness.load.capacity.search import Finished, Status
from ozwell_harness.load.capacity.standing import Standing, Verdict, standing, verdicts
from ozwell_harness.load.capacity.trials import Decision, Step, Trial

#: Rates no further apart than this, between which the share falls to less than half of its target, make a cliff.
_CLIFF_STEP, _CLIFF_DROP = 1.25, 0.5


@dataclass(frozen=True, slots=True)
class Knee:
    """The trial with the highest throughput over mean latency."""

    rate: float
    throughput: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """A search as far as it came.

    Attributes:
        finished: how it ended; None when it was interrupted.
        fit: where a fit of all trials crosses the SLO; None when it does not.
        flags: what does not fit or wants care, one plain sentence each.
    """

    plan: SearchPlan
    finished: Finished | None
    standing: Standing
    verdicts: tuple[Verdict, ...]
    fit: Crossing | None
    knee: Knee | None
    flags: tuple[str, ...]
    elapsed_s: float

    @property
    def reached(self) -> bool:
        """The interval is as narrow as asked for, and its lower end was confirmed."""
        width = self.standing.width
        return width is not None and width <= self.plan.width and self.standing.confirmed

    def to_document(self) -> dict[str, Any]:
        """Return the ``capacity`` block of ``results.json``, but for what was asked of the load."""
        now, plan = self.standing, self.plan
        return {
            "status": self.finished.status.value if self.finished else "interrupted",
            "reason": self.finished.reason if self.finished else "The search was interrupted.",
            "lower_rps": now.lower,
            "upper_rps": now.upper,
            "confirmed": now.confirmed,
            "confidence": plan.confidence,
            "width": now.width,
            "width_asked": plan.width,
            "reached": self.reached,
            "client_limit_rps": now.ceiling,
            "budget_s": plan.budget_s,
            "elapsed_s": self.elapsed_s,
            "fit": None if self.fit is None else _fit_document(self.fit),
            "knee": None if self.knee is None else _knee_document(self.knee),
            "base": self._base(),
            "flags": list(self.flags),
            "trials": [_trial_document(plan, verdict) for verdict in self.verdicts],
        }

    def _base(self) -> dict[str, Any] | None:
        known = scouted([verdict.trial for verdict in self.verdicts if verdict.judged is None])
        if known is None:
            return None
        return {"latency_s": known.latency_s, "saturation_rps": known.most if known.saturated else None}


def capacity_of(plan: SearchPlan, history: tuple[Step, ...], finished: Finished | None) -> Capacity:
    """Return what a search amounts to."""
    found = verdicts(plan, history)
    open_loop = [verdict for verdict in found if verdict.judged is not None]
    return Capacity(
        plan=plan,
        finished=finished,
        standing=standing(found),
        verdicts=found,
        fit=crossing(plan, [verdict.trial for verdict in open_loop]),
        knee=knee_of([verdict.trial for verdict in found]),
        flags=(*_out_of_order(plan, open_loop), *_cliffs(plan, open_loop), *_invalid(found)),
        elapsed_s=sum(step.seen.elapsed_s for step in history),
    )


def knee_of(trials: Sequence[Trial]) -> Knee | None:
    """Return the trial of the highest power; None when nothing completed."""
    best: Knee | None = None
    for trial in trials:
        throughput, latency = trial.mean("throughput"), trial.mean("latency_s")
        if throughput and latency and (best is None or throughput / latency > best.throughput / best.latency_s):
            best = Knee(trial.rate, throughput, latency)
    return best


def _out_of_order(plan: SearchPlan, found: Sequence[Verdict]) -> list[str]:
    """Name pairs of trials of which the higher rate was surely kept better: load alone does not explain that."""
    flags = []
    ordered = sorted(found, key=lambda verdict: verdict.trial.rate)
    for (low, high), (number, goal) in itertools.product(itertools.combinations(ordered, 2), enumerate(plan.goals)):
        worse, better = _shares(low, number), _shares(high, number)
        if high.trial.rate > low.trial.rate and worse and better and worse.upper < better.lower:
            flags.append(
                f"Not monotonic: {goal.term.text} was kept by {worse.share:.2%} at {low.trial.rate:.4g}/s but by"
                f" {better.share:.2%} at {high.trial.rate:.4g}/s. Something besides the load has changed meanwhile."
            )
    return flags


def _cliffs(plan: SearchPlan, found: Sequence[Verdict]) -> list[str]:
    flags = []
    ordered = sorted(found, key=lambda verdict: verdict.trial.rate)
    for (low, high), (number, goal) in itertools.product(itertools.pairwise(ordered), enumerate(plan.goals)):
        before, after = _shares(low, number), _shares(high, number)
        target = goal.target(low.trial.rate)
        near = low.trial.rate < high.trial.rate <= _CLIFF_STEP * low.trial.rate
        if near and before and after and before.share >= target and after.share < _CLIFF_DROP * target:
            flags.append(
                f"Cliff: {goal.term.text} was kept by {before.share:.2%} at {low.trial.rate:.4g}/s and by only"
                f" {after.share:.2%} at {high.trial.rate:.4g}/s. Stay well below."
            )
    return flags


def _invalid(found: Sequence[Verdict]) -> list[str]:
    left_out = sum(bool(step.seen.invalid) for verdict in found if verdict.judged for step in verdict.trial.steps)
    if not left_out:
        return []
    return [f"{left_out} part(s) were limited by the client and are left out of every judgement."]


def _shares(verdict: Verdict, number: int) -> Shares | None:
    shares = verdict.judged.shares if verdict.judged else ()
    return shares[number] if number < len(shares) else None


def _fit_document(fit: Crossing) -> dict[str, Any]:
    return {"estimate_rps": fit.estimate, "low_rps": fit.low, "high_rps": fit.high}


def _knee_document(knee: Knee) -> dict[str, Any]:
    return {"rate_rps": knee.rate, "throughput_rps": knee.throughput, "latency_s": knee.latency_s}


def _trial_document(plan: SearchPlan, verdict: Verdict) -> dict[str, Any]:
    trial, judged = verdict.trial, verdict.judged
    seen = [step.seen for step in trial.steps]
    return {
        "number": trial.ask.number,
        "purpose": trial.ask.purpose.value,
        "users": trial.ask.users,
        "rate_rps": trial.rate,
        "parts": len(seen),
        "invalid_parts": sum(bool(part.invalid) for part in seen),
        "seconds": trial.seconds,
        "requests": sum(part.requests for part in trial.valid),
        "failed": sum(part.failed for part in trial.valid),
        "throughput_rps": trial.mean("throughput"),
        "goodput_rps": trial.mean("goodput"),
        "latency_s": trial.mean("latency_s"),
        "latency_p99_s": _worst_p99(trial),
        "decision": _decision(judged.decision) if judged else None,
        "reason": judged.reason if judged else "",
        "goals": [_goal_document(plan, number, verdict) for number in range(len(plan.goals))] if judged else [],
    }


def _worst_p99(trial: Trial) -> float | None:
    """Return the highest p99 of any part: percentiles must not be averaged."""
    known = [part.latency_p99_s for part in trial.valid]
    return max((value for value in known if value is not None), default=None) if None not in known else None


def _decision(decision: Decision) -> str:
    """Return the word for a decision; what was given up while open is undecided."""
    return (Decision.UNDECIDED if decision is Decision.OPEN else decision).value


def _goal_document(plan: SearchPlan, number: int, verdict: Verdict) -> dict[str, Any]:
    goal, shares = plan.goals[number], _shares(verdict, number)
    return {
        "term": goal.term.text,
        "target": goal.target(verdict.trial.rate),
        "share": shares.share if shares else None,
        "lower": shares.lower if shares else None,
        "upper": shares.upper if shares else None,
        "units": shares.units if shares else 0,
        "effective": shares.effective if shares else 0.0,
    }


def exit_verdict(finished: Finished | None) -> bool | None:
    """Tell whether a search found what it was for: True an interval or a bound, False the SLO is never met; else None.

    A search that was interrupted, limited by the client, or could not decide says neither.
    """
    if finished is None:
        return None
    return {Status.FOUND: True, Status.AT_LEAST: True, Status.BELOW: False}.get(finished.status)
