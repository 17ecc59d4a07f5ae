"""``capacity``: find the highest rate that still meets an SLO."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ozwell_harness.capacity_flow import CapacityOrder, execute_capacity
from ozwell_harness.cli import completing
from ozwell_harness.cli.common import (
    Duration,
    UsageError,
    endpoint_options,
    file_settings,
    mistakes_told,
    settings_from,
)
from ozwell_harness.cli.help import examples
from ozwell_harness.cli.load_options import client_options, content_options, plan_from
from ozwell_harness.cli.output import Output, output_options
from ozwell_harness.flow import Outcome, with_target
from ozwell_harness.load.arrivals import ArrivalsError, Poisson
from ozwell_harness.load.capacity.goals import goals_of
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.record import RecordError
from ozwell_harness.load.forecast import forecast
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import PromptError
from ozwell_harness.load.runner import LoadError
from ozwell_harness.load.scenario_file import check_offered
from ozwell_harness.load.slo import SloError
from ozwell_harness.reporting.console_capacity import ConsoleSearchObserver
from ozwell_harness.reporting.folder import ReportError, new_folder
from ozwell_harness.reporting.screen_capacity import print_capacity_screen
from ozwell_harness.settings import FileSettings, Settings
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_OK, exit_status

#: What ``plan_from`` wants of a load whose arrivals and times a search decides.
_DECIDED_BY_SEARCH = {"rate": 1.0, "arrivals": None, "users": None, "think": None, "duration": 1.0, "warmup": 0.0}


class Share(click.ParamType[float]):
    """A share such as ``10%`` or ``0.1``, as a part of 1."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share, or fail with a sentence."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", str(value))
        if match is None:
            self.fail(f"{value!r} is not a share; write 10% or 0.1.", param, ctx)
        return float(match[1]) / (100.0 if match[2] else 1.0)


@click.command(
    name="capacity",
    epilog=examples(
        "ozwell-harness capacity http://127.0.0.1:8000/v1 --scenario chat_stream --slo 'ttft_p95<500ms'",
        "ozwell-harness capacity http://127.0.0.1:8000/v1 --slo 'e2e_p99<2s, error_rate<0.1%' --budget 20m --width 5%",
        "ozwell-harness capacity http://127.0.0.1:8000/v1 --slo 'e2e_p90<2s' --max-rate 50 --dry-run",
    ),
)
@endpoint_options
@content_options
@click.option("--slo", required=True, metavar="EXPR", help="What must hold: 'ttft_p99<500ms, error_rate<0.1%'.")
@click.option("--budget", type=Duration(), default="5m", show_default=True, metavar="TIME", help="Time it may take.")
@click.option("--width", type=Share(), default="10%", show_default=True, help="How far apart the bounds may lie.")
@click.option("--confidence", type=Share(), default="95%", show_default=True, help="That the interval is right.")
@click.option("--min-rate", type=float, metavar="R", help="Try nothing below R requests per second.")
@click.option("--max-rate", type=float, metavar="R", help="Try nothing above R requests per second.")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the search in DIR; the same as --out with its folder.",
)
@client_options
@click.option(
    "--baseline", metavar="FILE", help="Known deviations that do not fail the run.", shell_complete=completing.files
)
@click.option("--dry-run", is_flag=True, help="Only tell what it may cost; nothing is sent.")
@output_options
def command(url: str | None, config: str | None, **given: Any) -> int:
    """Find the highest rate that still meets an SLO, as an interval with a confidence.

    Rates are tried one after another with Poisson arrivals until one passes and one fails that lie as near to one
    another as --width says; the lower is confirmed. Each part of a trial is kept as it ends: the same command with the
    same --out goes on where it was interrupted. Without URL and OZWELL_BASE_URL, the bundled mock is tried.

    \b
    Exit status:
      0    an interval was found, or the SLO is met at --max-rate
      1    the SLO is not met at the lowest rate, or answers broke a MUST under load
      2    wrong usage or configuration
      3    INVALID: the client was the limit; or undecided in the time given; or target unreachable
      130  interrupted; the partial report is written
    """
    output = Output.take(given)
    if given["resume"]:
        output = replace(output, folder=given["resume"])
    order = _order(given, file_settings(config))
    settings = settings_from(given, url, config)
    with mistakes_told(PlanError):
        check_offered(order.load, settings.profile)
    if given["dry_run"]:
        return _tell_cost(replace(order, load=replace(order.load, profile=settings.profile)))
    try:
        with output.told(), mistakes_told(PlanError, RecordError, ReportError):
            outcome = _search(settings, order, output)
            run = outcome.run
            output.show(outcome, lambda console: print_capacity_screen(console, run, outcome.folder))
    except LoadError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_INCONCLUSIVE
    output.annotate(outcome)
    return exit_status(run.verdict, interrupted=run.interrupted)


def _order(given: dict[str, Any], file: FileSettings) -> CapacityOrder:
    load = plan_from({**given, **_DECIDED_BY_SEARCH}, file)
    try:
        search = SearchPlan(
            goals=goals_of(load.slo) if load.slo else (),
            budget_s=given["budget"],
            width=given["width"],
            confidence=given["confidence"],
            min_rate=given["min_rate"],
            max_rate=given["max_rate"],
        )
    except (PlanError, SloError) as error:
        raise UsageError(str(error)) from None
    return CapacityOrder(search, load)


def _search(settings: Settings, order: CapacityOrder, output: Output) -> Outcome:
    observer = ConsoleSearchObserver(output.progress())
    with with_target(settings) as complete:
        outcome = execute_capacity(
            complete, order, observer, lambda: output.folder or new_folder(f"{settings.profile}-capacity", time.time())
        )
    output.keep(outcome)
    return outcome


def _tell_cost(order: CapacityOrder) -> int:
    try:
        lines = cost_lines(order.search, order.load)
    except (PlanError, PromptError, ArrivalsError) as error:
        raise UsageError(str(error)) from None
    click.echo("\n".join(lines))
    return EXIT_OK


def cost_lines(search: SearchPlan, load: LoadPlan) -> list[str]:
    """Say what a search may cost, as far as that is known before its target has been seen.

    Raises:
        PlanError, PromptError, ArrivalsError: the load cannot be made.
    """
    rate = search.max_rate or 1.0
    cost = forecast(replace(load, arrivals=Poisson(rate), duration_s=search.budget_s, warmup_s=0.0))
    fewest = search.fewest(rate)
    most = (
        "It sends up to" if search.max_rate else "For each request per second that the target carries, it sends up to"
    )
    tokens = f"{cost.prompt_tokens:,} prompt tokens and at most {cost.completion_tokens:,} completion tokens"
    expression = load.slo.expression if load.slo else ""
    alone = f"No rate can pass on fewer than {fewest:,} requests without a miss: at {rate:g}/s {fewest / rate:,.0f} s"
    lines = [
        f"A search for {load.title} within {expression} takes up to {search.budget_s:g} s.",
        f"{most} {cost.requests:,} requests, about {tokens}.",
        f"{alone}. Near the capacity it takes many times as many.",
    ]
    if cost.unbounded:
        lines.append(f"{cost.unbounded:,} requests set their answers no bound: --answer-tokens does.")
    return lines
