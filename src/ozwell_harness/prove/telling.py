"""The kill matrix in words and as a document."""

from __future__ import annotations

from typing import Any

from ozwell_harness.prove.matrix import Kind, Matrix, Trial

_MOST = 20


def trial_line(trial: Trial) -> str:
    """Say in one line how a trial departed from what it had to say."""
    parts = []
    if trial.missing:
        parts.append(f"not reported by {', '.join(sorted(trial.missing))}")
    if trial.surplus:
        parts.append(f"also reported by {', '.join(sorted(trial.surplus))}")
    if trial.errors:
        parts.append(f"the harness failed: {'; '.join(trial.errors[:3])}")
    if not parts and not trial.holds:
        parts.append("nothing reports it")
    return f"{trial.kind} {trial.name}: {'; '.join(parts) or 'as expected'}"


def matrix_lines(matrix: Matrix, *, whole: bool) -> list[str]:
    """Return the closing lines; ``whole`` adds what only a run of everything can tell."""
    faults = [trial for trial in matrix.trials if trial.kind is Kind.FAULT]
    controls = [trial for trial in matrix.trials if trial.kind is Kind.CONTROL]
    lines = [
        f"Faults: {sum(t.holds for t in faults)} of {len(faults)} reported by exactly what must report them.",
        f"Legal variations: {sum(t.holds for t in controls)} of {len(controls)} reported by nothing.",
    ]
    if whole:
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
        "trials": [
            {
                "name": trial.name,
                "kind": trial.kind.value,
                "holds": trial.holds,
                "expected": sorted(trial.expected),
                "reported": sorted(trial.reported),
                "dependants": sorted(trial.dependants),
                "errors": list(trial.errors),
                "seconds": round(trial.seconds, 3),
            }
            for trial in matrix.trials
        ],
        "requirements": {name: list(faults) for name, faults in matrix.killed.items()},
        "excused": dict(matrix.excused),
        "unproved": list(matrix.unproved),
    }
