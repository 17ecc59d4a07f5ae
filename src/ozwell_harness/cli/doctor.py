"""``doctor``: can a run begin, what would it cost, and what would open more checks?"""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import Duration, endpoint_options, mistakes_told, settings_from
from ozwell_harness.cli.help import examples
from ozwell_harness.doctor.diagnosis import EXITS, Diagnosis
from ozwell_harness.doctor.examine import PATIENCE_S, estimated, examine
from ozwell_harness.driver import HarnessError
from ozwell_harness.reporting.commands import check_command
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.screen_doctor import diagnosis_document, print_diagnosis, print_estimate
from ozwell_harness.settings import Settings
from ozwell_harness.verdict import EXIT_INCONCLUSIVE


@click.command(
    name="doctor",
    epilog=examples(
        "ozwell-harness doctor http://127.0.0.1:8000/v1",
        "ozwell-harness doctor http://127.0.0.1:8000/v1 --profile openai --timeout 30s",
        "ozwell-harness doctor http://127.0.0.1:8000/v1 --json",
    ),
)
@endpoint_options
@click.option(
    "--without",
    "absent",
    multiple=True,
    metavar="CAPABILITY",
    help="The target lacks it; repeatable.",
    shell_complete=completing.capabilities,
)
@click.option(
    "--timeout",
    "patience_s",
    type=Duration(),
    default=PATIENCE_S,
    metavar="TIME",
    help=f"Time that the target has in all, half of it for the first answer; default {PATIENCE_S:g}s.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def command(url: str | None, config: str | None, *, patience_s: float, as_json: bool, **given: Any) -> int:
    """Tell whether a run can begin: is the target there, is the key accepted, which models and capabilities has it?

    Then what a run would cost, and which keys would open more checks. It sends about ten requests, which cost a few
    hundred tokens at most, and says how many.

    \b
    Exit status:
      0    ready: a run can begin
      2    wrong usage or configuration: no key, a refused key, no model, another URL than that of the API
      3    the target is unreachable
    """
    settings = settings_from(given, url, config)
    with mistakes_told():
        found = examine(settings, patience_s)
        if not as_json:
            print_diagnosis(terminal(sys.stdout), found)
        try:
            found = estimated(settings, found)
        except HarnessError as error:
            click.echo(f"Error: {error}", err=True)
            return EXIT_INCONCLUSIVE
    _tell_rest(found, settings, as_json=as_json)
    return EXITS[found.state]


def _tell_rest(found: Diagnosis, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(diagnosis_document(found), indent=2))
        return
    print_estimate(terminal(sys.stdout), found.estimate, check_command(found.target, settings.profile))
