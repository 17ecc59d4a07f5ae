"""``prove``: the kill matrix."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.progress import Progress

from ozwell_harness.cli.common import USER_ERRORS, UsageError
from ozwell_harness.mock.errors import MockError
from ozwell_harness.mock.faults import find_faults
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.matrix import Trial
from ozwell_harness.prove.runner import prove
from ozwell_harness.prove.telling import matrix_document, matrix_lines, trial_line
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.console import terminal
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.verdict import EXIT_NONCONFORMANT


@click.command(name="prove")
@click.option("--profile", default="ozwell", show_default=True, metavar="NAME", help="Dialect to judge by.")
@click.option("--area", "areas", multiple=True, metavar="AREA", help="Judge by this area only; repeatable.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Try this fault or control only; repeatable.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Trials at a time.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the matrix."
)
def command(
    *, profile: str, areas: tuple[str, ...], faults: tuple[str, ...], workers: int, json_file: Path | None
) -> int:
    """Show that every check can be believed.

    Each fault of the mock must be reported by exactly the requirements that it breaks, each legal variation by none,
    and each requirement must be broken by some fault or be excused in writing.

    \b
    Examples:
      ozwell-harness prove
      ozwell-harness prove --area chat --json matrix.json
      ozwell-harness prove --fault stream.done-missing
    """
    try:
        names = tuple(fault.name for fault in find_faults(faults))
        known = load_profile(profile).select(load_catalogue()).areas
    except (MockError, *USER_ERRORS) as error:
        raise UsageError(str(error)) from None
    for area in areas:
        if area not in known:
            raise UsageError(f"There is no area {area!r}. Areas: {', '.join(known)}.")
    console = terminal(sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("proving", total=None)

        def told(trial: Trial, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if not trial.holds:
                console.print(trial_line(trial))
            elif not console.is_terminal and done % 50 == 0:
                console.print(f"{done} of {total} tried")

        matrix = prove(profile=profile, areas=areas, names=names, workers=workers, told=told)
    if json_file is not None:
        write_text(json_file, json.dumps(matrix_document(matrix), indent=2))
    # A part of the faults or of the areas cannot prove the whole catalogue.
    whole = not (areas or faults)
    for line in matrix_lines(matrix, whole=whole):
        click.echo(line)
    return 0 if (matrix.holds if whole else not matrix.broken) else EXIT_NONCONFORMANT
