"""``prove``: the kill matrix."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import USER_ERRORS, UsageError
from ozwell_harness.cli.help import examples
from ozwell_harness.driver import HarnessError
from ozwell_harness.mock.errors import MockError
from ozwell_harness.mock.faults import find_faults
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.matrix import Trial
from ozwell_harness.prove.runner import prove
from ozwell_harness.prove.telling import matrix_document, matrix_lines, trial_line
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.folder import ReportError
from ozwell_harness.reporting.matrix import Proof, write_matrix
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_NONCONFORMANT, EXIT_OK

#: A mock that hangs leaves its worker idle: with one worker more than cores, none of them waits.
_WORKERS = (os.cpu_count() or 1) + 1
#: Without a bar, a line of progress comes after so many seconds without one.
_QUIET_S = 5.0

Told = Callable[[Trial, int, int], None]


@click.command(
    name="prove",
    epilog=examples(
        "ozwell-harness prove --out matrix",
        "ozwell-harness prove --area chat --json matrix.json",
        "ozwell-harness prove --fault stream.done-missing",
    ),
)
@click.option(
    "--profile",
    default="ozwell",
    show_default=True,
    metavar="NAME",
    help="Dialect to judge by.",
    shell_complete=completing.profiles,
)
@click.option(
    "--area",
    "areas",
    multiple=True,
    metavar="AREA",
    help="Prove this area only; repeatable.",
    shell_complete=completing.areas,
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Try this fault or control only; repeatable.",
    shell_complete=completing.faults,
)
@click.option("--workers", default=_WORKERS, type=click.IntRange(1, 64), help="Trials at a time; default cores + 1.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write the report here.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the matrix."
)
def command(
    *,
    profile: str,
    areas: tuple[str, ...],
    faults: tuple[str, ...],
    workers: int,
    out: Path | None,
    json_file: Path | None,
) -> int:
    """Show that every check can be believed.

    Each fault of the mock must be reported by exactly the requirements that it breaks, each legal variation by none,
    and each requirement must be broken by some fault or be excused in writing.
    """
    names = _checked(profile, areas, faults)
    started = time.time()
    try:
        with _progress() as told:
            matrix = prove(profile=profile, areas=areas, names=names, workers=workers, told=told)
    except HarnessError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_INCONCLUSIVE
    requirements = tuple(load_profile(profile).select(load_catalogue()))
    _write(Proof(matrix, profile, requirements, started, time.time() - started), out, json_file)
    for line in matrix_lines(matrix):
        click.echo(line)
    if not matrix.is_complete:
        return EXIT_INTERRUPTED
    return EXIT_OK if matrix.holds else EXIT_NONCONFORMANT


def _checked(profile: str, areas: tuple[str, ...], faults: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of faults, each once.

    Raises:
        UsageError: one of the names is unknown.
    """
    try:
        names = tuple(dict.fromkeys(fault.name for fault in find_faults(faults)))
        known = load_profile(profile).select(load_catalogue()).areas
    except (MockError, *USER_ERRORS) as error:
        raise UsageError(str(error)) from None
    for area in areas:
        if area not in known:
            raise UsageError(f"There is no area {area!r}. Areas: {', '.join(known)}.")
    return names


@contextmanager
def _progress() -> Iterator[Told]:
    """Show a bar on a terminal, and lines elsewhere; everywhere, at once, what is not as declared."""
    console = terminal(sys.stderr)
    said_at = time.monotonic()
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        task = bar.add_task("proving", total=None)

        def told(trial: Trial, done: int, total: int) -> None:
            nonlocal said_at
            bar.update(task, completed=done, total=total)
            if not trial.holds:
                console.print(trial_line(trial), markup=False, highlight=False)
            if not console.is_interactive and done and (done == total or time.monotonic() - said_at >= _QUIET_S):
                said_at = time.monotonic()
                console.print(f"{done} of {total} tried", highlight=False)

        yield told


def _write(proof: Proof, out: Path | None, json_file: Path | None) -> None:
    try:
        if out is not None:
            click.echo(f"Report: {write_matrix(proof, out)}", err=True)
        if json_file is not None:
            write_text(json_file, json.dumps(matrix_document(proof.matrix), indent=2))
    except ReportError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{json_file} cannot be written: {error.strerror or error}.") from None
