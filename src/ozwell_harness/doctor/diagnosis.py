"""What was found out about a target, and what it amounts to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.model import Cost, Requirement
from ozwell_harness.requirements import Catalogue
from ozwell_harness.target import Target, how_to_supply
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_OK, EXIT_USAGE


class State(StrEnum):
    """Whether a run can begin."""

    READY = "ready"
    MISCONFIGURED = "misconfigured"
    UNREACHABLE = "unreachable"


EXITS = {State.READY: EXIT_OK, State.MISCONFIGURED: EXIT_USAGE, State.UNREACHABLE: EXIT_INCONCLUSIVE}


class Mark(StrEnum):
    """What a first look at one thing shows; ``unclear``: only a run can tell."""

    OK = "ok"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at: a capability or a key, what it shows, and why in a few words."""

    name: str
    mark: Mark
    said: str


@dataclass(frozen=True, slots=True)
class Gain:
    """Something that was not supplied, how to supply it, and how many requirements that alone would open."""

    need: str
    how: str
    requirements: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost.

    Attributes:
        suites: of the hand-written suites, measured against the bundled mock.
        generated: at most so many generated requests more; 0 when they are left out.
        generated_tokens: at most so many tokens in the answer to each.
    """

    suites: Cost
    generated: int
    generated_tokens: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of a target after a first look.

    Attributes:
        reason: why no run can begin, in a sentence; empty when one can.
        answered: how the target answered the first request, in a few words; empty when it did not.
        doubts: what may go wrong in a run, a sentence each.
        listed: how many models the target lists.
        spent: what the look cost; tokens as far as the target reported them.
        untold: answers that cost tokens and did not say how many.
        estimate: None where no run can begin.
    """

    target: str
    profile: str
    state: State
    reason: str = ""
    answered: str = ""
    doubts: tuple[str, ...] = ()
    model: str = ""
    embedding_model: str = ""
    listed: int = 0
    keys: tuple[Sign, ...] = ()
    capabilities: tuple[Sign, ...] = ()
    gains: tuple[Gain, ...] = ()
    spent: Cost = Cost()
    untold: int = 0
    elapsed_s: float = 0.0
    estimate: Estimate | None = None


def gains(catalogue: Catalogue, wanted: Iterable[str], target: Target) -> tuple[Gain, ...]:
    """Return what is not supplied and would, each by itself, open requirements of ``wanted``; the most first."""
    counts: Counter[str] = Counter()
    for name in wanted:
        requirement = catalogue[name]
        missing = {need for need in _needs(requirement, catalogue) if not target.offers(need)}
        if len(missing) == 1 and requirement.capability not in target.absent:
            counts.update(missing)
    return tuple(Gain(need, how_to_supply(need), amount) for need, amount in counts.most_common())


def _needs(requirement: Requirement, catalogue: Catalogue) -> frozenset[str]:
    """Return what must be supplied for a requirement and everything that it depends on."""
    chain = catalogue.with_prerequisites([requirement.id])
    return frozenset(need for name in chain for need in catalogue[name].needs)
