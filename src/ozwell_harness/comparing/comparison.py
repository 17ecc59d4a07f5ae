"""Two runs, and what they amount to together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.comparing.changes import Change, Difference, differences
from ozwell_harness.comparing.measuring import Measured
from ozwell_harness.comparing.ratios import Judgement, Rule
from ozwell_harness.comparing.speed import Figure, Load, Speed, compare_capacity, compare_speed
from ozwell_harness.model import Run, Verdict
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_NONCONFORMANT, EXIT_OK


class Outcome(StrEnum):
    """What a comparison says. ``inconclusive``: no regression was seen, but something could not be compared."""

    NO_REGRESSION = "no_regression"
    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_status(self) -> int:
        """The exit status of the command."""
        return {Outcome.NO_REGRESSION: EXIT_OK, Outcome.REGRESSION: EXIT_NONCONFORMANT}.get(self, EXIT_INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        name: where it was read.
        measured: of its load; None where there is none, or nothing is to be compared.
        remarks: what is to be told of how it was read, one sentence each.
    """

    name: str
    run: Run
    version: str = ""
    measured: Measured | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a comparison found.

    Attributes:
        requirements: every requirement that either run knows.
        speed: None when not both runs put a load.
        capacity: None when not both runs searched for the capacity.
        gaps: what keeps it from saying that nothing got worse, one sentence each.
        notes: what else is to be known, one sentence each.
    """

    before: Side
    after: Side
    requirements: tuple[Difference, ...]
    speed: Speed | None
    capacity: Figure | None
    gaps: tuple[str, ...]
    notes: tuple[str, ...]

    def changed(self, *changes: Change) -> tuple[Difference, ...]:
        """Return the requirements of which one of these became."""
        return tuple(entry for entry in self.requirements if entry.change in changes)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure that there is."""
        return (*(self.speed.figures if self.speed else ()), *((self.capacity,) if self.capacity else ()))

    def judged(self, judgement: Judgement) -> tuple[Figure, ...]:
        """Return the figures that were judged so."""
        return tuple(figure for figure in self.figures if figure.change.judgement is judgement)

    @property
    def outcome(self) -> Outcome:
        """What it amounts to."""
        if self.changed(Change.BROKEN) or self.judged(Judgement.WORSE):
            return Outcome.REGRESSION
        return Outcome.INCONCLUSIVE if self.gaps else Outcome.NO_REGRESSION


def compare(before: Side, after: Side, catalogue: Collection[str] = (), rule: Rule | None = None) -> Comparison:
    """Hold two runs against each other; ``catalogue`` are the ids of today's requirements."""
    rule = rule or Rule()
    found = differences(before.run, after.run, catalogue)
    speed = None
    if before.run.load is not None and after.run.load is not None:
        sides = (Load(before.run.load, before.measured), Load(after.run.load, after.measured))
        speed = compare_speed(*sides, rule)
    refused: tuple[str, ...] = ()
    capacity = None
    if before.run.capacity is not None and after.run.capacity is not None:
        refused, capacity = compare_capacity(before.run.capacity, after.run.capacity, rule)
    gaps = [*_partial(before, after), *(speed.refusals if speed else ()), *refused, *_lost(found)]
    if not _compared(before.run, after.run, found, speed, capacity):
        gaps.append("The two runs have nothing in common that could be compared.")
    return Comparison(before, after, found, speed, capacity, tuple(gaps), tuple(_notes(before, after)))


def _partial(before: Side, after: Side) -> Iterator[str]:
    for side, which in ((before, "first"), (after, "second")):
        if side.run.interrupted:
            yield f"The {which} run was interrupted: what it did not reach is not compared."
        elif side.run.verdict is Verdict.INCONCLUSIVE:
            yield f"The {which} run is inconclusive by itself."


def _lost(found: tuple[Difference, ...]) -> Iterator[str]:
    lost = sum(entry.change is Change.LOST for entry in found)
    if lost:
        yield f"{lost} requirement{' was' if lost == 1 else 's were'} judged in the first run, and not in the second."


def _compared(
    before: Run, after: Run, found: tuple[Difference, ...], speed: Speed | None, capacity: Figure | None
) -> bool:
    both = any(entry.before is not None and entry.after is not None for entry in found)
    # Two loads that saw nothing broken have no finding at all, and were compared in it.
    loads = before.load is not None and after.load is not None and not (before.findings or after.findings)
    return both or loads or speed is not None or capacity is not None


def _notes(before: Side, after: Side) -> Iterator[str]:
    one, two = before.run, after.run
    yield from (*before.remarks, *after.remarks)
    if one.target != two.target and not (one.facts.get("bundled_mock") and two.facts.get("bundled_mock")):
        yield f"The targets differ: {one.target} before, {two.target} now."
    for name, words in (("model", "model"), ("embedding_model", "embedding model")):
        first, second = one.facts.get(name), two.facts.get(name)
        if first and second and first != second:
            yield f"The {words} differs: {first} before, {second} now."
    if one.profile != two.profile:
        yield f"The profiles differ: {one.profile} before, {two.profile} now."
    if before.version != after.version:
        yield f"The runs were made by different versions of ozwell-harness: {before.version}, then {after.version}."
    if one.load is not None and two.load is not None:
        if one.seed != two.seed:
            yield f"The seeds differ ({one.seed}, then {two.seed}): the two loads sent different requests."
        yield from _slo(one.load.get("slo"), two.load.get("slo"))
    elif (one.load is None) != (two.load is None):
        yield f"Only the {'second' if one.load is None else 'first'} run put a load, so speed is not compared."


def _slo(before: object, after: object) -> Iterator[str]:
    if not isinstance(before, dict) or not isinstance(after, dict) or before["expression"] != after["expression"]:
        return
    if before["met"] and after["met"] is False:
        yield f"The SLO {after['expression']} was met before and is not met now: see the figures for what changed."
    elif before["met"] is False and after["met"]:
        yield f"The SLO {after['expression']} is met now and was not before."
