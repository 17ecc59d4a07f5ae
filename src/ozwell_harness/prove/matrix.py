"""The kill matrix, pure: what each fault had to bring out, and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ozwell_harness.model import Finding, Status

_REPORTING = frozenset({Status.FAILED, Status.WARNED})

#: The name of the trial in which nothing is changed.
CLEAN = "nothing"


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
        judged: ids that passed, failed or warned.
        dependants: ids that could not be judged, which they are on the clean mock: a reporting one came before them.
        errors: ids on which the harness itself failed, and why.
        seconds: how long the run took.
        description: what was changed, in a sentence.
    """

    name: str
    kind: Kind
    expected: frozenset[str]
    reported: frozenset[str]
    judged: frozenset[str] = frozenset()
    dependants: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0
    declared: frozenset[str] = frozenset()
    description: str = ""

    @property
    def area(self) -> str:
        """What the name begins with."""
        return self.name.partition(".")[0]

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


def judged_in(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the ids that could be judged."""
    return frozenset(f.requirement for f in findings if f.status in _REPORTING | {Status.PASSED})


def unjudged_in(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the ids that could not be judged."""
    unjudged = (Status.NOT_TESTABLE, Status.NOT_APPLICABLE)
    return frozenset(f.requirement for f in findings if f.status in unjudged)


def errors_in(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return each requirement on which the harness failed, with its words."""
    return tuple(f"{f.requirement}: {f.message}" for f in findings if f.status is Status.ERROR)


@dataclass(frozen=True)
class Matrix:
    """All trials, held against the catalogue.

    Attributes:
        trials: without the clean one.
        requirements: ids of the profile that had to be judged.
        excused: requirement → why no fault can break it.
        clean: the trial in which nothing was changed; None if it was not finished.
        planned: how many trials were to be made.
        selective: only some faults were wanted, which cannot prove all requirements.
    """

    trials: tuple[Trial, ...]
    requirements: tuple[str, ...]
    excused: Mapping[str, str]
    clean: Trial | None
    planned: int
    selective: bool = False

    @cached_property
    def killed(self) -> Mapping[str, tuple[str, ...]]:
        """Requirement → the faults that it reported, as expected."""
        found: dict[str, list[str]] = {requirement: [] for requirement in self.requirements}
        for trial in self.trials:
            for requirement in trial.reported & trial.expected & found.keys():
                found[requirement].append(trial.name)
        return {requirement: tuple(names) for requirement, names in found.items()}

    @property
    def is_complete(self) -> bool:
        """Every trial was made."""
        return self.clean is not None and len(self.trials) == self.planned

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
    def unfound(self) -> tuple[Trial, ...]:
        """Faults that nothing reported, although something had to."""
        return tuple(t for t in self.trials if t.kind is Kind.FAULT and not t.reported and not t.holds)

    @property
    def broken(self) -> tuple[Trial, ...]:
        """Trials that did not say exactly what they had to; the clean one, if it is among them, first."""
        return tuple(trial for trial in (self.clean, *self.trials) if trial is not None and not trial.holds)

    @property
    def holds(self) -> bool:
        """Every trial was made and is exact, every requirement is proved or excused, and no excuse is idle.

        Where only some faults were wanted, the catalogue is left out of it.
        """
        gaps = () if self.selective else (*self.unproved, *self.idle_excuses)
        return self.is_complete and not self.broken and not gaps
