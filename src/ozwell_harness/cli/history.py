"""``history``: verdicts and key figures of all runs below a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ozwell_harness.cli.common import UsageError, mistakes_told
from ozwell_harness.cli.help import examples
from ozwell_harness.history.entries import History
from ozwell_harness.history.reading import read_history
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.history.badge import badge
from ozwell_harness.reporting.history.page import page
from ozwell_harness.reporting.history.rows import to_json
from ozwell_harness.reporting.history.screen import print_history
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_OK

PAGE = "history.html"
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    name="history",
    epilog=examples(
        "ozwell-harness history reports/runs",
        "ozwell-harness history reports/runs --out history --badge badge.svg",
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=f"Write {PAGE}.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the runs and their figures as JSON.")
@click.option("--badge", "badge_file", type=_FILE, metavar="FILE", help="Write the verdict of the last run as an SVG.")
def command(folder: Path, out: Path | None, json_file: Path | None, badge_file: Path | None) -> int:
    """Show the verdicts and key figures of all runs below DIR over time.

    A run is a results.json, or a copy of one under another name. What is damaged is named and left out.

    \b
    Exit status:
      0    runs were found
      2    wrong usage, or no such folder
      3    no run was found
    """
    try:
        history = read_history(folder)
    except NotADirectoryError as error:
        raise UsageError(str(error)) from None
    with mistakes_told():
        written = _write(history, out, json_file, badge_file)
    print_history(terminal(sys.stdout), history, written)
    return EXIT_OK if history.entries else EXIT_INCONCLUSIVE


def _write(history: History, out: Path | None, json_file: Path | None, badge_file: Path | None) -> Path | None:
    """Write what was asked for; return where the page is.

    Raises:
        OSError: it cannot be written.
    """
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / PAGE, page(history))
    if json_file is not None:
        write_text(json_file, to_json(history))
    if badge_file is not None and history.entries:
        write_text(badge_file, badge(history.entries[-1].run))
    return None if out is None else out / PAGE
