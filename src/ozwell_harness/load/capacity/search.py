"""The search itself: a function of its plan and of what has happened, that says what to run next. Pure.

It holds no state, so that a search can be taken up again from its record, tried on simulated queues thousands of times,
and explained afterwards. The method:

1. Parts that are invalid (limited by the client) are repeated, and never count for or against the target.
2. Closed loops scout the base latency and, by Little's law, where the target saturates (``scouting``).
3. Open loops with Poisson arrivals, warmed at the rate, bracket the capacity in geometric steps (``proposing``).
4. A target that falls behind is seen early (``overload``), and the part is stopped.
5. Each trial passes, fails, or is prolonged up to a cap (``decision``, ``evidence``).
6. The answer is an interval between a rate that passed and one that failed (``standing``).
7. Its lower end must pass once more with fresh seeds; otherwise it is taken back and the search goes on below.
8. All trials together are fitted, and what does not fit is flagged (``fit``, ``outcome``).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.load.capacity.decision import remaining_s
from ozwell_harness.load.capacity.fit import guess, points_of
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.proposing import (
    bracket_down,
    bracket_up,
    first_rate,
    limits_of,
    narrow,
    same,
    too_near,
)
from ozwell_harness.load.capacity.scouting import Scouted, next_scout, scouted
from ozwell_harness.load.capacity.standing import Standing, standing, verdicts
from ozwell_harness.load.capacity.trials import Ask, Decision, Purpose, Step, Trial, trials_of

_MOST_TRIALS = 60
#: Of a trial's cap, what a confirmation takes at least: a short calm may pass twice, a long one hardly.
_CONFIRM_SHARE = 0.5
#: Bits of a part's seed.
_SEED_BITS = 31


class Status(StrEnum):
    """How a search ended."""

    FOUND = "found"
    AT_LEAST = "at_least"
    BELOW = "below"
    CLIENT_LIMITED = "client_limited"
    UNREACHABLE = "unreachable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finished:
    """The search is over; ``reason`` says why, in one plain sentence."""

    status: Status
    reason: str


def next_step(plan: SearchPlan, history: tuple[Step, ...]) -> Ask | Finished:
    """Return what to run next, or how the search ended."""
    if history and history[-1].seen.unreachable:
        return Finished(Status.UNREACHABLE, history[-1].seen.unreachable)
    spent = sum(step.seen.elapsed_s for step in history)
    trials = trials_of(history)
    scouts = tuple(trial for trial in trials if trial.ask.rate is None)
    if len(scouts) == len(trials):
        ask = next_scout(plan, scouts, spent)
        if ask is not None:
            return ask
    known = scouted(scouts)
    if known is None:
        why = history[-1].seen.trouble or "no answer"
        return Finished(Status.UNREACHABLE, f"Not one request of the first user was answered as it should be ({why}).")
    search = _Search(plan, history, known, plan.budget_s - spent)
    return search.open_trial() or search.decide()


class _Search:
    """One moment of a search."""

    def __init__(self, plan: SearchPlan, history: tuple[Step, ...], known: Scouted, left_s: float) -> None:
        self._plan = plan
        self._history = history
        self._verdicts = verdicts(plan, history)
        self._trials = tuple(verdict.trial for verdict in self._verdicts)
        self._known = known
        self._left_s = left_s
        self._limits = limits_of(plan, known)

    def open_trial(self) -> Ask | Finished | None:
        """Return the next part of a trial that is still open; None when there is none."""
        number = self._history[-1].ask.number
        verdict = next(v for v in self._verdicts if v.trial.ask.number == number)
        last = verdict.trial
        if verdict.decision is not Decision.OPEN or self._hopeless(last):
            return None
        seconds = remaining_s(self._plan, last)
        narrowing = last.ask.purpose is Purpose.NARROW
        enough = self._can_confirm_later(standing(self._verdicts), seconds) if narrowing else self._affordable(seconds)
        if seconds and enough:
            return self._ask(last.ask.number, len(last.steps) + 1, last.ask.purpose, last.rate, seconds)
        # What is left must confirm the lower bound rather than be spent on a narrower interval.
        return None if narrowing else self._out_of_time()

    def decide(self) -> Ask | Finished:
        """Return what follows from the trials that are finished."""
        now = standing(self._verdicts)
        if len(self._trials) >= _MOST_TRIALS:
            return self._end(now, f"After {_MOST_TRIALS} trials the search was ended.")
        if not now.tried:
            return self._try(first_rate(self._limits, self._known), Purpose.BRACKET)
        if now.lower is None:
            return self._down(now)
        if now.upper is None:
            return self._up(now)
        return self._between(now)

    def _down(self, now: Standing) -> Ask | Finished:
        rate = bracket_down(self._limits, now)
        if rate is not None:
            return self._try(rate, Purpose.BRACKET)
        if now.upper is not None:
            return Finished(Status.BELOW, f"The SLO is not met at {now.upper:.4g} requests/s, the lowest rate tried.")
        return self._end(now, "No rate could be decided.")

    def _up(self, now: Standing) -> Ask | Finished:
        rate = bracket_up(self._limits, self._known, now)
        if rate is not None:
            return self._try(rate, Purpose.BRACKET)
        if not now.confirmed and now.lower is not None:
            return self._confirm(now.lower)
        if now.ceiling is not None:
            return self._end(now, self._client_limit(now.ceiling))
        return Finished(Status.AT_LEAST, f"The SLO is met at {now.lower:.4g} requests/s, the highest rate allowed.")

    def _between(self, now: Standing) -> Ask | Finished:
        lower, width = now.lower or 0.0, now.width or 0.0
        if width > self._plan.width:
            narrower = self._narrow(now)
            if narrower is not None:
                return narrower
        if not now.confirmed:
            return self._confirm(lower)
        if width <= self._plan.width:
            return Finished(Status.FOUND, f"The bounds lie {width:.1%} apart and the lower one was confirmed.")
        return self._end(now, f"The budget of {self._plan.budget_s:g} s does not suffice to bring the bounds nearer.")

    def _narrow(self, now: Standing) -> Ask | None:
        """Return a trial between the bounds, or more of an undecided one; None when time lacks for either."""
        best = guess(points_of(self._plan, self._trials))
        rate = narrow(self._plan.width, now, best)
        if rate is None or (now.ceiling is not None and rate >= now.ceiling):
            return None
        begun = [t for t in self._trials if t.rate in now.undecided and t.ask.purpose is not Purpose.CONFIRM]
        near = [t for t in begun if same(t.rate, rate, self._plan.width)]
        if not near:
            seconds = self._plan.first_part_s(rate, self._known.latency_s)
            again = self._can_confirm_later(now, seconds)
            return self._ask(len(self._trials) + 1, 1, Purpose.NARROW, rate, seconds) if again else None
        most = max(near, key=lambda trial: trial.seconds)
        seconds = most.seconds or most.ask.seconds
        again = self._can_confirm_later(now, seconds)
        return self._ask(most.ask.number, len(most.steps) + 1, most.ask.purpose, most.rate, seconds) if again else None

    def _confirm(self, rate: float) -> Ask | Finished:
        return self._begin(rate, Purpose.CONFIRM, self._to_confirm_s(rate))

    def _try(self, rate: float, purpose: Purpose) -> Ask | Finished:
        return self._begin(rate, purpose, self._plan.first_part_s(rate, self._known.latency_s))

    def _begin(self, rate: float, purpose: Purpose, seconds: float) -> Ask | Finished:
        if self._affordable(seconds):
            return self._ask(len(self._trials) + 1, 1, purpose, rate, seconds)
        short = (
            f"What is left of the budget of {self._plan.budget_s:g} s, {max(0.0, self._left_s):.0f} s, does not suffice"
        )
        trial = f"for a trial at {rate:.4g} requests/s, which takes {self._cost_s(seconds):.0f} s."
        return self._end(standing(self._verdicts), f"{short} {trial}")

    def _ask(self, number: int, part: int, purpose: Purpose, rate: float, seconds: float) -> Ask:
        seed = random.Random(f"{self._plan.seed}/{number}/{part}").getrandbits(_SEED_BITS)  # noqa: S311 - no secret
        warmup = self._plan.warmup_s(seconds, self._known.latency_s)
        return Ask(number, part, purpose, None, rate, seconds, warmup, seed)

    def _affordable(self, seconds: float) -> bool:
        return self._cost_s(seconds) <= self._left_s

    def _cost_s(self, seconds: float) -> float:
        """Return what a part of so many measured seconds takes, by what parts have taken so far."""
        beside = [s.seen.elapsed_s - s.seen.seconds - s.ask.warmup_s for s in self._history]
        overhead = sum(beside) / len(beside) if beside else self._plan.overhead_s
        return seconds + self._plan.warmup_s(seconds, self._known.latency_s) + overhead

    def _can_confirm_later(self, now: Standing, seconds: float) -> bool:
        """Tell whether so many seconds leave the time to confirm the lower bound as it stands."""
        confirming = 0.0 if now.confirmed else self._cost_s(self._to_confirm_s(now.lower or 1.0))
        return confirming + self._cost_s(seconds) <= self._left_s

    def _to_confirm_s(self, rate: float) -> float:
        """Return how long a confirmation is measured: no shorter than what it confirms, and never short."""
        took = max((trial.seconds for trial in self._trials if trial.rate == rate), default=0.0)
        return max(took, self._plan.cap_s * _CONFIRM_SHARE)

    def _out_of_time(self) -> Finished:
        return self._end(standing(self._verdicts), f"The budget of {self._plan.budget_s:g} s is spent.")

    def _end(self, now: Standing, reason: str) -> Finished:
        if now.lower is not None and now.upper is not None:
            return Finished(Status.FOUND, reason)
        if now.ceiling is not None:
            limited = self._client_limit(now.ceiling)
            return Finished(Status.CLIENT_LIMITED, limited if reason == limited else f"{limited} {reason}")
        return Finished(Status.UNDECIDED, reason)

    def _client_limit(self, ceiling: float) -> str:
        why = next(
            verdict.judged.reason
            for verdict in self._verdicts
            if verdict.judged and verdict.decision is Decision.INVALID and verdict.trial.rate == ceiling
        )
        return f"The client could not offer {ceiling:.4g} requests/s. {why}"

    def _hopeless(self, trial: Trial) -> bool:
        """Tell whether a trial has turned out to be nearer to the capacity than its time can tell apart."""
        if trial.ask.purpose is not Purpose.NARROW or len(trial.valid) < 2:
            return False
        best = guess(points_of(self._plan, self._trials))
        return best is not None and too_near(trial.rate, best, self._plan.width)
