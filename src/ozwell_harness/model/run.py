"""A run: every finding against one target, and what it amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ozwell_harness.model.exchange import Exchange
from ozwell_harness.model.finding import Cost, Finding, Status


class Verdict(StrEnum):
    """What a run says of its target."""

    CONFORMANT = "conformant"
    NONCONFORMANT = "nonconformant"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of findings, and the two figures that are only ever shown together.

    Attributes:
        score: passed / judged, 0 to 1; None when nothing was judged.
        coverage: judged / applicable, 0 to 1; None when nothing was applicable.
    """

    counts: Mapping[Status, int]
    score: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """A run held against its baseline.

    Attributes:
        expected: ids that deviate as their entry says.
        passing: ids that have an entry and pass.
        expired: ids whose entry is past its date.
    """

    expected: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    expired: frozenset[str] = frozenset()

    @property
    def stale(self) -> bool:
        """An entry is no longer true."""
        return bool(self.passing or self.expired)

    def notes(self) -> tuple[str, ...]:
        """Say in plain sentences what the baseline did."""
        notes = []
        if self.expected:
            notes.append(f"Baseline: known deviations that do not fail the run: {len(self.expected)}.")
        notes += [f"Baseline: {name} passes now; remove its entry." for name in sorted(self.passing)]
        notes += [f"Baseline: the entry for {name} has expired; mend or renew it." for name in sorted(self.expired)]
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one run found out.

    Attributes:
        target: the base URL, without credentials.
        notes: plain sentences about the run as a whole (unreachable target, interrupted, budget spent …).
        interrupted: the run was cut short; what is here is what was found until then.
        undecided: what much depends on was asked, and no answer came that could be judged; so nothing makes it green.
        load: figures of the load phase, as in ``results.schema.json``, or None.
        capacity: what a search for the capacity found, as in ``results.schema.json``, or None.
        command: which command made the run: ``check``, ``run``, ``load`` …
    """

    target: str
    profile: str
    seed: int
    started: float
    duration_s: float
    verdict: Verdict
    tally: Tally
    findings: tuple[Finding, ...]
    cost: Cost = Cost()
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    undecided: bool = False
    load: Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    baseline: BaselineComparison = BaselineComparison()
    command: str = "check"
    capacity: Mapping[str, Any] | None = None
