"""The last screen of a search for the capacity."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from ozwell_harness.load.capacity.telling import answer
from ozwell_harness.model import Run
from ozwell_harness.reporting.console import is_log
from ozwell_harness.reporting.summary import stamp, verdict_sentence
from ozwell_harness.reporting.text import one_line, printable

_LONGEST = 300


def capacity_lines(run: Run, folder: Path | None) -> tuple[str, ...]:
    """Return what the last screen says."""
    lines = [f"{stamp(run).upper()} {run.target} (profile {run.profile})"]
    if run.capacity is None:
        lines.append(verdict_sentence(run))
    else:
        lines += answer(run.capacity)
    lines += [one_line(f"Deviates under load: {f.requirement}: {f.message}", _LONGEST) for f in run.findings]
    lines += [one_line(note, _LONGEST) for note in run.notes]
    return (*lines, *([f"Report: {folder / 'report.html'}"] if folder else []))


def print_capacity_screen(console: Console, run: Run, folder: Path | None) -> None:
    """Print the last screen; where there is no terminal, long lines are left whole."""
    for line in capacity_lines(run, folder):
        console.print(Text(printable(line, console.encoding)), soft_wrap=is_log(console))
