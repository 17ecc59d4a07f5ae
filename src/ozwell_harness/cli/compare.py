"""``compare``: hold a run against an earlier one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ozwell_harness.cli.common import mistakes_told
from ozwell_harness.cli.comparing_options import rule_options, write_comparison
from ozwell_harness.cli.help import examples
from ozwell_harness.comparing.held import compare_runs
from ozwell_harness.comparing.ratios import Rule
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.comparison.document import to_json
from ozwell_harness.reporting.comparison.screen import print_comparison
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.results import ResultsError


@click.command(
    name="compare",
    epilog=examples(
        "ozwell-harness compare reports/runs/before reports/runs/after",
        "ozwell-harness compare before.json after.json --effect 10% --out comparison",
    ),
)
@click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER", type=click.Path(path_type=Path))
@rule_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write comparison.html and comparison.json.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the comparison as JSON to FILE.",
)
def command(
    before: Path,
    after: Path,
    effect: float,
    least: float,
    confidence: float,
    out: Path | None,
    json_file: Path | None,
) -> int:
    """Compare two runs: what newly fails or was fixed, and what became slower or faster beyond noise.

    BEFORE and AFTER are run folders or their results.json. Speed is compared by the samples in the run folders where
    both have them, else by the figures of each second in results.json. Loads with different plans, and partial or
    INVALID ones, are not compared in speed, and it says so.

    \b
    Exit status:
      0    no regression
      1    a requirement newly fails, or a latency, the throughput, the error rate or the capacity got worse
      2    wrong usage, or no such run
      3    no regression was seen, but something could not be compared
    """
    with mistakes_told(ResultsError):
        comparison = compare_runs(before, after, Rule(effect, least, 1 - confidence))
        page = write_comparison(comparison, out) if out is not None else None
        if json_file is not None:
            write_text(json_file, to_json(comparison))
    print_comparison(terminal(sys.stdout), comparison, page)
    return comparison.outcome.exit_status
