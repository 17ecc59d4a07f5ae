"""What became of each requirement from one run to the other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.model import Finding, Level, Run, Status

#: Commands whose runs list every requirement that they judged; a load lists only what it saw broken.
_COMPLETE = frozenset({"check", "run"})
_UNJUDGED = frozenset({Status.NOT_TESTABLE, Status.NOT_APPLICABLE, Status.ERROR})


class Change(StrEnum):
    """What became of a requirement.

    ``broken``: fails now, and was judged before and did not. ``lost``: was judged, and is not any more. ``warned``:
    warned now, and met before. ``uncovered``: deviates now, and was not judged before, so nobody knows since when.
    ``fixed``: met now, and deviated before. ``eased``: warned now, and failed before. ``gained``: met now, and was not
    judged before. ``still``: fails or warns, as before. ``new``: only the second run knows it. ``gone``: no longer in
    the catalogue. ``left_out``: not a part of the second run, though in the catalogue. ``same``: nothing to tell.
    """

    BROKEN = "broken"
    LOST = "lost"
    WARNED = "warned"
    UNCOVERED = "uncovered"
    FIXED = "fixed"
    EASED = "eased"
    GAINED = "gained"
    STILL = "still"
    NEW = "new"
    GONE = "gone"
    LEFT_OUT = "left_out"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Difference:
    """One requirement in both runs; ``before`` and ``after`` are None where a run does not know it.

    Attributes:
        message: what the run that deviates says of it; of two that do, the second.
    """

    requirement: str
    area: str
    level: Level
    change: Change
    before: Status | None
    after: Status | None
    message: str = ""


def differences(before: Run, after: Run, catalogue: Collection[str]) -> tuple[Difference, ...]:
    """Return every requirement that either run knows, in the order of the second run, then of the first.

    ``catalogue`` are the ids of today's requirements: what has left it is told from what was only left out of a run.
    """
    old = {finding.requirement: finding for finding in before.findings}
    new = {finding.requirement: finding for finding in after.findings}
    names = [*new, *(name for name in old if name not in new)]
    return tuple(_each(names, old, new, _Sides(before.command, after.command, frozenset(catalogue))))


@dataclass(frozen=True, slots=True)
class _Sides:
    before: str
    after: str
    catalogue: frozenset[str]

    @property
    def loads(self) -> bool:
        """Neither lists what it found in order."""
        return self.before not in _COMPLETE and self.after not in _COMPLETE


def _each(
    names: list[str], old: Mapping[str, Finding], new: Mapping[str, Finding], sides: _Sides
) -> Iterator[Difference]:
    for name in names:
        one, two = old.get(name), new.get(name)
        # Of two loads, what one of them does not list it did not see broken.
        before = one.status if one else Status.PASSED if sides.loads else None
        after = two.status if two else Status.PASSED if sides.loads else None
        change = _change(name, before, after, sides)
        known = two or one
        if change is None or known is None:
            continue
        told = one if one and (two is None or after is Status.PASSED) else two
        yield Difference(name, known.area, known.level, change, before, after, told.message if told else "")


def _change(name: str, before: Status | None, after: Status | None, sides: _Sides) -> Change | None:
    """Return what became of a requirement; None where a load only did not see it."""
    if before is None or after is None:
        if (sides.before if before is None else sides.after) not in _COMPLETE:
            return None
        if before is None:
            return Change.NEW
        return Change.LEFT_OUT if name in sides.catalogue else Change.GONE
    return _CHANGES.get((_kind(before), _kind(after)), Change.SAME)


def _kind(status: Status) -> Status:
    """Return the status, all those that say nothing of the target as one."""
    return Status.NOT_TESTABLE if status in _UNJUDGED else status


_CHANGES: Mapping[tuple[Status, Status], Change] = {
    (Status.PASSED, Status.FAILED): Change.BROKEN,
    (Status.WARNED, Status.FAILED): Change.BROKEN,
    (Status.PASSED, Status.NOT_TESTABLE): Change.LOST,
    (Status.WARNED, Status.NOT_TESTABLE): Change.LOST,
    (Status.FAILED, Status.NOT_TESTABLE): Change.LOST,
    (Status.PASSED, Status.WARNED): Change.WARNED,
    (Status.NOT_TESTABLE, Status.FAILED): Change.UNCOVERED,
    (Status.NOT_TESTABLE, Status.WARNED): Change.UNCOVERED,
    (Status.FAILED, Status.PASSED): Change.FIXED,
    (Status.WARNED, Status.PASSED): Change.FIXED,
    (Status.FAILED, Status.WARNED): Change.EASED,
    (Status.NOT_TESTABLE, Status.PASSED): Change.GAINED,
    (Status.FAILED, Status.FAILED): Change.STILL,
    (Status.WARNED, Status.WARNED): Change.STILL,
}
