"""The kill matrix as a page: ``matrix.html``, and beside it ``matrix.json``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from ozwell_harness import __version__
from ozwell_harness.model import Requirement
from ozwell_harness.prove.matrix import Kind, Matrix, Trial
from ozwell_harness.prove.telling import departure, matrix_document, trial_line
from ozwell_harness.reporting import text
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.folder import ReportError
from ozwell_harness.reporting.page import asset, environment, policy

_TEMPLATE = "matrix.html.j2"


@dataclass(frozen=True, slots=True)
class Proof:
    """A matrix, and how it came to be: ``requirements`` are the profile's, ``started`` is in epoch seconds."""

    matrix: Matrix
    profile: str
    requirements: tuple[Requirement, ...]
    started: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Faults:
    """The trials of one area of faults, and how many findings they brought out in each area of requirements."""

    area: str
    trials: tuple[Trial, ...]
    findings: Counter[str]

    @property
    def broken(self) -> int:
        return sum(not trial.holds for trial in self.trials)


@dataclass(frozen=True, slots=True)
class _Row:
    """A requirement, the faults that it was seen to report, and why there are none where that is written."""

    requirement: Requirement
    faults: tuple[str, ...]
    excuse: str | None

    @property
    def state(self) -> str:
        if self.faults:
            return "passed"
        return "not_applicable" if self.excuse else "failed"


@dataclass(frozen=True, slots=True)
class _Requirements:
    """The requirements of one area."""

    area: str
    rows: tuple[_Row, ...]

    def count(self, state: str) -> int:
        return sum(row.state == state for row in self.rows)


def write_matrix(proof: Proof, folder: Path) -> Path:
    """Write ``matrix.json`` and ``matrix.html`` into ``folder``, which is made if need be; return the page.

    Raises:
        ReportError: the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "matrix.json", json.dumps(matrix_document(proof.matrix), indent=2))
        write_text(folder / "matrix.html", matrix_page(proof))
    except OSError as error:
        raise ReportError(f"The report cannot be written to {folder}: {error.strerror or error}.") from None
    return folder / "matrix.html"


def matrix_page(proof: Proof) -> str:
    """Return the page as one HTML document."""
    matrix = proof.matrix
    requirements = _by_area(proof)
    kinds = {kind: [trial for trial in matrix.trials if trial.kind is kind] for kind in Kind}
    style = f"{asset('report.css')}\n{asset('matrix.css')}"
    script = asset("matrix.js")
    return (
        environment()
        .get_template(_TEMPLATE)
        .render(
            version=__version__,
            policy=policy([style], [script]),
            # Markup: our own files.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            proof=proof,
            matrix=matrix,
            verdict=_verdict(matrix),
            started=text.instant(proof.started)[:19].replace("T", " ") + " UTC",
            faults=kinds[Kind.FAULT],
            controls=kinds[Kind.CONTROL],
            proved=sum(area.count("passed") for area in requirements),
            requirements=requirements,
            columns=[area.area for area in requirements],
            trials=_trials_by_area(matrix, tuple(area.area for area in requirements)),
            departure=departure,
            trial_line=trial_line,
        )
    )


def _verdict(matrix: Matrix) -> tuple[str, str]:
    """Return the class of the page's head, and the word in it."""
    if not matrix.is_complete:
        return "inconclusive", "interrupted"
    if not matrix.holds:
        return "nonconformant", "not proved"
    return "conformant", "proved in part" if matrix.selective else "proved"


def _by_area(proof: Proof) -> tuple[_Requirements, ...]:
    matrix = proof.matrix
    judged = [r for r in proof.requirements if r.id in matrix.killed]
    rows = [_Row(r, matrix.killed[r.id], matrix.excused.get(r.id)) for r in judged]
    areas = dict.fromkeys(row.requirement.area for row in rows)
    return tuple(_Requirements(area, tuple(row for row in rows if row.requirement.area == area)) for area in areas)


def _trials_by_area(matrix: Matrix, areas: tuple[str, ...]) -> tuple[_Faults, ...]:
    """Group the trials by what their faults are named for, in the order of the areas that report most of them."""
    groups: dict[str, list[Trial]] = {}
    for trial in matrix.trials:
        groups.setdefault(trial.area, []).append(trial)
    found = [_Faults(name, tuple(trials), _findings(trials)) for name, trials in groups.items()]
    return tuple(sorted(found, key=lambda group: _place(group, areas)))


def _place(group: _Faults, areas: tuple[str, ...]) -> int:
    return max(range(len(areas)), key=lambda place: group.findings[areas[place]]) if group.findings else len(areas)


def _findings(trials: Iterable[Trial]) -> Counter[str]:
    return Counter(requirement.partition(".")[0] for trial in trials for requirement in trial.reported)
