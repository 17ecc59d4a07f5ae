"""``load``: put a load on an endpoint and judge it by an SLO."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import (
    UsageError,
    endpoint_options,
    file_settings,
    mistakes_told,
    settings_from,
)
from ozwell_harness.cli.comparing_options import Against, against_option
from ozwell_harness.cli.help import examples
from ozwell_harness.cli.load_options import arrival_options, client_options, content_options, cost_lines, plan_from
from ozwell_harness.cli.output import Output, output_options
from ozwell_harness.flow import Outcome, with_target
from ozwell_harness.load.arrivals import ArrivalsError
from ozwell_harness.load.forecast import forecast
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import PromptError
from ozwell_harness.load.runner import LoadError
from ozwell_harness.load.scenario_file import check_offered
from ozwell_harness.load_flow import execute_load
from ozwell_harness.reporting.console_load import ConsoleLoadObserver
from ozwell_harness.reporting.folder import ReportError, new_folder
from ozwell_harness.reporting.results import ResultsError
from ozwell_harness.reporting.screen_load import print_load_screen
from ozwell_harness.settings import Settings
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_OK, exit_status


@click.command(
    name="load",
    epilog=examples(
        "ozwell-harness load --rate 20 --duration 10s",
        "ozwell-harness load http://127.0.0.1:8000/v1 --scenario chat_stream --rate 20 \\",
        "  --slo 'ttft_p99<500ms, icl_p99<50ms, error_rate<0.1%'",
        "ozwell-harness load --users 8 --think 'exponential(200ms)' --duration 10s",
        "ozwell-harness load --arrivals 'ramp(5, 50)' --duration 20s --warmup 2s",
        "ozwell-harness load --rate 5 --prompt-tokens 'lognormal(500, 0.5)' --prefix-tokens 1000 --duration 10s",
        "ozwell-harness load --rate 20 --mix chat=3,files=1 --duration 10s",
    ),
)
@endpoint_options
@content_options
@arrival_options
@click.option("--slo", metavar="EXPR", help="What must hold: 'ttft_p99<500ms, tpot_p95<50ms, error_rate<0.1%'.")
@client_options
@click.option(
    "--baseline", metavar="FILE", help="Known deviations that do not fail the run.", shell_complete=completing.files
)
@click.option("--dry-run", is_flag=True, help="Only tell what the run may cost; nothing is sent.")
@against_option
@output_options
def command(url: str | None, config: str | None, **given: Any) -> int:
    """Put a load on an endpoint, measure it, and judge it by an SLO.

    Every answer passes the cheap checks too: what only concurrency breaks is found here. Without URL and
    OZWELL_BASE_URL, the bundled mock is started, loaded and stopped.

    \b
    Exit status:
      0    within the SLO; or none was asked for, and the figures are valid
      1    SLO not met, or answers broke a MUST under load, or a regression --against an earlier run
      2    wrong usage or configuration
      3    INVALID: the client was the limit, not the target; or target unreachable; or not all could be compared
      130  interrupted; the partial report is written
    """
    output = Output.take(given)
    against = Against.take(given)
    plan = plan_from(given, file_settings(config))
    settings = settings_from(given, url, config)
    with mistakes_told(PlanError):
        check_offered(plan, settings.profile)
    if given["dry_run"]:
        return _tell_cost(replace(plan, profile=settings.profile))
    try:
        with output.told(), mistakes_told(PlanError, ReportError):
            outcome = _load(settings, plan, output)
            run = outcome.run
            output.show(outcome, lambda console: print_load_screen(console, run, outcome.folder))
    except LoadError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_INCONCLUSIVE
    output.annotate(outcome)
    with mistakes_told(ResultsError):
        return against.settle(output, outcome.folder, exit_status(run.verdict, interrupted=run.interrupted))


def _tell_cost(plan: LoadPlan) -> int:
    try:
        cost = forecast(plan)
    except (PlanError, PromptError, ArrivalsError) as error:
        raise UsageError(str(error)) from None
    click.echo("\n".join(cost_lines(plan, cost)))
    return EXIT_OK


def _load(settings: Settings, plan: LoadPlan, output: Output) -> Outcome:
    observer = ConsoleLoadObserver(output.progress())
    with with_target(settings) as complete:
        outcome = execute_load(
            complete, plan, observer, lambda: output.folder or new_folder(f"{settings.profile}-load", time.time())
        )
    output.keep(outcome)
    return outcome
