"""What ``check`` and ``run`` do with their settings: judge, write the report, print the last screen."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ozwell_harness.baseline import Baseline, baseline_text, read_baseline, updated
from ozwell_harness.cli.common import UsageError, mistakes_told
from ozwell_harness.cli.comparing_options import Against
from ozwell_harness.cli.output import Output
from ozwell_harness.driver import HarnessError
from ozwell_harness.flow import LoadPhase, Outcome, execute, forecast, with_target
from ozwell_harness.model import Verdict
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.folder import ReportError, new_folder
from ozwell_harness.reporting.results import ResultsError
from ozwell_harness.reporting.screen import print_last_screen
from ozwell_harness.settings import Settings
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_OK, exit_status
from ozwell_harness.webhooks.wiring import with_receiver


@dataclass(frozen=True, slots=True)
class Order:
    """What to do beside judging.

    Attributes:
        output: where the report goes, and how the run is told.
        update: the baseline is to be written from what was found.
        dry: only tell what a run would cost.
        against: an earlier run to compare with.
    """

    output: Output
    update: bool
    dry: bool
    against: Against

    @classmethod
    def take(cls, given: MutableMapping[str, Any]) -> Order:
        """Take out of the command line's values what is not a setting of the run.

        Raises:
            UsageError: a baseline is to be updated, but none is named; or what to compare with is no run.
        """
        order = cls(
            Output.take(given),
            update=given.pop("baseline_update"),
            dry=given.pop("dry_run"),
            against=Against.take(given),
        )
        if order.update and not given["baseline"]:
            raise UsageError("--baseline-update needs --baseline FILE: the file to write.")
        return order


def carry_out(settings: Settings, order: Order, load: LoadPhase | None = None) -> int:
    """Run, write the report, print the last screen; return the exit status.

    Raises:
        UsageError: something is wrong with what was asked, or a file cannot be written.
    """
    output = order.output
    try:
        with output.told(), mistakes_told(ReportError):
            if order.dry:
                return _tell_cost(settings)
            outcome = _judge(settings, order, load)
            run = outcome.run
            output.show(outcome, lambda c: print_last_screen(c, run, outcome.folder, outcome.catalogue))
    except HarnessError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_INCONCLUSIVE
    output.annotate(outcome)
    status = exit_status(run.verdict, interrupted=run.interrupted)
    if order.update and not run.interrupted and run.verdict is not Verdict.INCONCLUSIVE:
        status = EXIT_OK
    with mistakes_told(ResultsError):
        return order.against.settle(order.output, outcome.folder, status)


def _judge(settings: Settings, order: Order, load: LoadPhase | None) -> Outcome:
    path = settings.baseline
    if order.update and path is not None and not path.exists():
        settings = replace(settings, baseline=None)
    with with_receiver(settings) as (awaiting, receiver), with_target(awaiting, receiver) as complete:
        if receiver is not None and not complete.bundled_mock:
            click.echo(f"Webhooks are awaited on {receiver.address}: let the target send to {receiver.url}", err=True)
        outcome = execute(
            complete,
            order.output.observer(),
            lambda: order.output.folder or new_folder(settings.profile, time.time()),
            load,
            receiver,
        )
    order.output.keep(outcome)
    if order.update and path is not None:
        _update(path, read_baseline(path) if settings.baseline else Baseline({}), outcome)
    return outcome


def _update(path: Path, baseline: Baseline, outcome: Outcome) -> None:
    renewed = updated(baseline, outcome.run.findings, datetime.now(tz=UTC).date())
    write_text(path, baseline_text(renewed))
    click.echo(f"The baseline {path} now accepts {len(renewed.entries)} deviations.", err=True)


def _tell_cost(settings: Settings) -> int:
    cost = forecast(settings)
    click.echo(
        f"A run of this selection sends about {cost.requests} requests and costs about {cost.prompt_tokens} prompt and"
        f" {cost.completion_tokens} completion tokens.\n"
        "Measured just now against the bundled mock: a target that deviates costs more requests, a model that is"
        " more talkative more tokens."
    )
    return EXIT_OK
