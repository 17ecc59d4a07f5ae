"""The kill matrix, pure: what each fault had to bring out, and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.model import Finding, Status

_REPORTING = frozenset({Status.FAILED, Status.WARNED})


class Kind(StrEnum):
    """A fault must be reported; a control is a legal variation that must not."""

    FAULT = "fault"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run against the mock with one thing changed.

    Attributes:
        declared: ids that the fault says it breaks, in any profile and area.
        expected: those of them that this run could report, and so must: no more and no fewer.
        reported: ids that failed or warned.
        dependants: ids that could not be judged because a reporting one came before them.
        errors: ids on which the harness itself failed, and why.
        seconds: how long the run took.
    """

    name: str
    kind: Kind
    expected: frozenset[str]
    reported: frozenset[str]
    dependants: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0
    declared: frozenset[str] = frozenset()

    @property
    def missing(self) -> frozenset[str]:
        """Requirements that had to report it and did not."""
        return self.expected - self.reported

    @property
    def surplus(self) -> frozenset[str]:
        """Requirements that reported it and had no reason to."""
        return self.reported - self.expected

    @property
    def holds(self) -> bool:
        """The run said exactly what it had to; a fault that declares to break nothing is no proof."""
        exact = self.expected == self.reported and not self.errors
        return exact and (self.kind is Kind.CONTROL or bool(self.declared))


def reported_by(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the ids that failed or warned."""
    return frozenset(finding.requirement for finding in findings if finding.status in _REPORTING)


def dependants_in(findings: Iterable[Finding], clean: frozenset[str]) -> frozenset[str]:
    """Return the ids that are judged on the clean mock and could not be judged here."""
    unjudged = (Status.NOT_TESTABLE, Status.NOT_APPLICABLE)
    return frozenset(f.requirement for f in findings if f.status in unjudged and f.requirement in clean)


def errors_in(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return each requirement on which the harness failed, with its words."""
    return tuple(f"{f.requirement}: {f.message}" for f in findings if f.status is Status.ERROR)


@dataclass(frozen=True, slots=True)
class Matrix:
    """All trials, held against the catalogue.

    Attributes:
        requirements: ids of the profile.
        excused: requirement → why no fault can break it.
    """

    trials: tuple[Trial, ...]
    requirements: tuple[str, ...]
    excused: Mapping[str, str]

    @property
    def killed(self) -> Mapping[str, tuple[str, ...]]:
        """Requirement → the faults that it reported, as expected."""
        return {
            requirement: tuple(t.name for t in self.trials if requirement in t.reported & t.expected)
            for requirement in self.requirements
        }

    @property
    def unproved(self) -> tuple[str, ...]:
        """Requirements that no fault was seen to break and that nothing excuses."""
        killed = self.killed
        return tuple(name for name in self.requirements if not killed[name] and name not in self.excused)

    @property
    def idle_excuses(self) -> tuple[str, ...]:
        """Excuses for requirements that a fault does break, or that do not exist."""
        killed = self.killed
        return tuple(name for name in self.excused if killed.get(name, ("gone",)))

    @property
    def broken(self) -> tuple[Trial, ...]:
        """Trials that did not say exactly what they had to."""
        return tuple(trial for trial in self.trials if not trial.holds)

    @property
    def holds(self) -> bool:
        """Every trial is exact, every requirement is proved or excused, and no excuse is idle."""
        return not (self.broken or self.unproved or self.idle_excuses)
