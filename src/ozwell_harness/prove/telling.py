"""The kill matrix in words and as a document."""

from __future__ import annotations

from typing import Any

from ozwell_harness.prove.matrix import CLEAN, Kind, Matrix, Trial

_MOST = 20


def trial_line(trial: Trial) -> str:
    """Say in one line how a trial departed from what it had to say."""
    what = "the mock without any fault" if trial.name == CLEAN else f"{trial.kind} {trial.name}"
    return f"{what}: {departure(trial) or 'as expected'}"


def departure(trial: Trial) -> str:
    """Say how a trial departed from what it had to say; empty if it did not."""
    parts = []
    if trial.missing:
        parts.append(f"not reported by {', '.join(sorted(trial.missing))}")
    if trial.surplus:
        parts.append(f"also reported by {', '.join(sorted(trial.surplus))}")
    if trial.errors:
        parts.append(f"the harness failed: {'; '.join(trial.errors[:3])}")
    if not parts and not trial.holds:
        parts.append("nothing reports it")
    return "; ".join(parts)


def matrix_lines(matrix: Matrix) -> list[str]:
    """Return the closing lines."""
    faults = [trial for trial in matrix.trials if trial.kind is Kind.FAULT]
    controls = [trial for trial in matrix.trials if trial.kind is Kind.CONTROL]
    lines = [] if matrix.is_complete else [f"Interrupted: {len(matrix.trials)} of {matrix.planned} trials were made."]
    lines += [
        f"Faults: {sum(t.holds for t in faults)} of {len(faults)} reported by exactly what must report them.",
        f"Legal variations: {sum(t.holds for t in controls)} of {len(controls)} reported by nothing.",
    ]
    if matrix.selective or not matrix.is_complete:
        return lines
    proved = sum(bool(names) for names in matrix.killed.values())
    lines.append(
        f"Requirements: {proved} of {len(matrix.requirements)} seen to fail,"
        f" {len(matrix.excused)} excused in writing, {len(matrix.unproved)} neither."
    )
    lines += _listed("Never seen to fail", matrix.unproved)
    lines += _listed("Excused without need", matrix.idle_excuses)
    return lines


def _listed(title: str, names: tuple[str, ...]) -> list[str]:
    more = [f"  … and {len(names) - _MOST} more"] if len(names) > _MOST else []
    return [f"{title}:", *(f"  {name}" for name in names[:_MOST]), *more] if names else []


def matrix_document(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix as JSON values."""
    return {
        "schema": "urn:ozwell-harness:matrix:1",
        "holds": matrix.holds,
        "complete": matrix.is_complete,
        "selective": matrix.selective,
        "planned": matrix.planned,
        "clean": _trial(matrix.clean) if matrix.clean else None,
        "trials": [_trial(trial) for trial in matrix.trials],
        "requirements": {name: list(faults) for name, faults in matrix.killed.items()},
        "excused": dict(matrix.excused),
        "unproved": list(matrix.unproved),
        "unfound": [trial.name for trial in matrix.unfound],
        "idle_excuses": list(matrix.idle_excuses),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "name": trial.name,
        "kind": trial.kind.value,
        "description": trial.description,
        "holds": trial.holds,
        "expected": sorted(trial.expected),
        "reported": sorted(trial.reported),
        "dependants": sorted(trial.dependants),
        "errors": list(trial.errors),
        "seconds": round(trial.seconds, 3),
    }
