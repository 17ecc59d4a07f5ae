"""The vocabulary of a search: what is asked for, what was observed, and what was decided. Frozen values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.load.capacity.evidence import Evidence, Shares
from ozwell_harness.load.result import Broken


class Purpose(StrEnum):
    """Why a trial is made."""

    SCOUT = "scout"
    BRACKET = "bracket"
    NARROW = "narrow"
    CONFIRM = "confirm"


class Decision(StrEnum):
    """What a trial says of its rate. ``OPEN``: not yet anything, more of it is needed."""

    OPEN = "open"
    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    UNDECIDED = "undecided"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Ask:
    """One run of the load generator that the search wants next.

    Attributes:
        number: of the trial, from 1; a trial may have several parts.
        part: of the trial, from 1; each has a seed of its own and is warmed up at the rate.
        users: a closed loop of so many; None for an open one.
        rate: Poisson arrivals, requests per second; None for a closed loop.
        seconds: to be measured, after ``warmup_s``.
    """

    number: int
    part: int
    purpose: Purpose
    users: int | None
    rate: float | None
    seconds: float
    warmup_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run has shown.

    Attributes:
        seconds: that were measured; fewer than asked for when it was stopped early.
        elapsed_s: wall-clock time of the whole run, start and end included.
        requests: due in the measured time; ``failed`` of them did, or were never sent.
        throughput, goodput: requests per second that completed, and that kept every bound as well.
        latency_s, latency_p99_s: E2E, mean of what completed, and 99th percentile; None without any.
        dispersion: squared coefficient of variation of the service time; None without any.
        prompt_tokens, completion_tokens: of all answers, warm-up included; ``sent`` are all requests.
        trouble: the commonest kind of failure; empty without any.
        invalid: why it speaks of the client and not of the target; empty when it does not.
        overload: how the target fell behind, one sentence; empty when it did not.
        unreachable: why nothing can be measured at all; empty when something could.
        evidence: for each goal.
    """

    seconds: float
    elapsed_s: float
    requests: int
    failed: int
    throughput: float
    goodput: float
    latency_s: float | None
    latency_p99_s: float | None
    dispersion: float | None
    prompt_tokens: int
    completion_tokens: int
    sent: int
    trouble: str
    invalid: tuple[str, ...]
    overload: str
    unreachable: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An ask and what came of it; ``broken`` are the requirements that answers broke meanwhile."""

    ask: Ask
    seen: Observation
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and what it rests on.

    Attributes:
        shares: for each goal; None where no request had its metric.
        goal: the one that decided a FAIL, or is nearest to it; None where no goal decided.
        reason: in plain words.
    """

    decision: Decision
    shares: tuple[Shares | None, ...]
    goal: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Trial:
    """All parts of one trial, in order."""

    steps: tuple[Step, ...]

    @property
    def ask(self) -> Ask:
        """Its first part."""
        return self.steps[0].ask

    @property
    def rate(self) -> float:
        """Requests per second that were offered; of a closed loop those that it made."""
        return self.ask.rate if self.ask.rate is not None else self.steps[-1].seen.throughput

    @property
    def valid(self) -> tuple[Observation, ...]:
        """The parts that speak of the target."""
        return tuple(step.seen for step in self.steps if not step.seen.invalid)

    @property
    def seconds(self) -> float:
        """Measured in valid parts."""
        return sum(seen.seconds for seen in self.valid)

    def mean(self, name: str) -> float | None:
        """Return the mean of a figure over the valid parts, by their length; None when one of them lacks it."""
        values = [(getattr(seen, name), seen.seconds) for seen in self.valid]
        weight = sum(seconds for _, seconds in values)
        if not weight or any(value is None for value, _ in values):
            return None
        return float(sum(value * seconds for value, seconds in values) / weight)


def trials_of(history: tuple[Step, ...]) -> tuple[Trial, ...]:
    """Group steps into trials, in order of their first part."""
    grouped: dict[int, list[Step]] = {}
    for step in history:
        grouped.setdefault(step.ask.number, []).append(step)
    return tuple(Trial(tuple(steps)) for steps in grouped.values())
