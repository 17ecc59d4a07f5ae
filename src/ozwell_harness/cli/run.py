"""``run``: check, then a short load; one report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.carrying_out import Order, carry_out
from ozwell_harness.cli.common import (
    Duration,
    UsageError,
    mistakes_told,
    property_options,
    selection_options,
    settings_from,
    target_options,
    webhook_options,
)
from ozwell_harness.cli.comparing_options import against_option
from ozwell_harness.cli.help import examples
from ozwell_harness.cli.output import Output, output_options, verbose_option
from ozwell_harness.flow import LoadPhase
from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.distribution import Fixed
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, PlanError
from ozwell_harness.load.runner import run_load
from ozwell_harness.load.scenario_file import check_offered, load_scenarios
from ozwell_harness.reporting.console_load import ConsoleLoadObserver
from ozwell_harness.session import Session
from ozwell_harness.target import Timeouts


@click.command(
    name="run",
    epilog=examples(
        "ozwell-harness run",
        "ozwell-harness run http://127.0.0.1:8000/v1 --users 8 --duration 30s",
        "ozwell-harness run http://127.0.0.1:8000/v1 --profile openai --scenario chat_stream",
    ),
)
@target_options
@selection_options
@property_options
@webhook_options
@click.option(
    "--scenario",
    default="mixed",
    show_default=True,
    metavar="NAME",
    help="What the load consists of.",
    shell_complete=completing.scenarios,
)
@click.option("--users", default=4, show_default=True, type=click.IntRange(1, 1000), help="Clients at once.")
@click.option("--duration", default="5s", show_default=True, type=Duration(), help="Measured time of the load.")
@click.option("--warmup", default="1s", show_default=True, type=Duration(), help="Load before the measured time.")
@against_option
@output_options
@verbose_option
def command(url: str | None, config: str | None, **given: Any) -> int:
    """Check an endpoint, then put a short load on it; one report.

    Without URL and OZWELL_BASE_URL, the bundled mock is started, judged, loaded and stopped.
    """
    known = load_scenarios()
    if given["scenario"] not in known:
        raise UsageError(f"There is no scenario {given['scenario']!r}. Scenarios: {', '.join(known)}.")
    try:
        plan = LoadPlan(
            base_url="",
            model="",
            scenario=given.pop("scenario"),
            # Users who never pause measure the client, not the target.
            arrivals=Closed(given.pop("users"), Fixed(0.02)),
            duration_s=given.pop("duration"),
            warmup_s=given.pop("warmup"),
        )
    except PlanError as error:
        raise UsageError(str(error)) from None
    order = Order.take(given)
    settings = settings_from(given, url, config)
    with mistakes_told(PlanError):
        check_offered(plan, settings.profile)
    return carry_out(settings, order, load_by(plan, order.output))


def load_timeouts(timeouts: Timeouts) -> LoadTimeouts:
    """Return how long the load awaits what the check awaited, so that both mean the same by a timeout."""
    return LoadTimeouts(
        connect_s=timeouts.connect_s,
        first_token_s=timeouts.read_s,
        stall_s=timeouts.read_s,
        total_s=timeouts.total_s,
    )


def load_by(plan: LoadPlan, output: Output) -> LoadPhase:
    """Return the load phase of a run: ``plan``, on the target that the run has found."""

    def phase(session: Session, folder: Path) -> Mapping[str, Any]:
        target = session.target
        complete = replace(
            plan,
            base_url=target.base_url,
            model=target.model,
            embedding_model=target.embedding_model,
            profile=session.profile.name,
            seed=session.settings.seed,
            ca_file=str(target.ca_file) if target.ca_file else None,
            timeouts=load_timeouts(target.timeouts),
            max_body_bytes=target.timeouts.max_body_bytes,
        )
        result = run_load(complete, folder, ConsoleLoadObserver(output.progress()), keys=target.keys)
        return result.to_document()

    return phase
