"""``run``: check, then a short load; one report."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ozwell_harness.cli.carrying_out import Order, carry_out
from ozwell_harness.cli.common import (
    Duration,
    UsageError,
    output_options,
    selection_options,
    settings_from,
    target_options,
)
from ozwell_harness.flow import LoadPhase
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.runner import run_load
from ozwell_harness.load.scenario_file import load_scenarios
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.console_load import ConsoleLoadObserver
from ozwell_harness.session import Session


@click.command(name="run")
@target_options
@selection_options
@click.option("--scenario", default="mixed", show_default=True, metavar="NAME", help="What the load consists of.")
@click.option("--users", default=4, show_default=True, type=click.IntRange(1, 1000), help="Clients at once.")
@click.option("--duration", default="5s", show_default=True, type=Duration(), help="Measured time of the load.")
@click.option("--warmup", default="1s", show_default=True, type=Duration(), help="Load before the measured time.")
@output_options
def command(url: str | None, config: str | None, out: Path | None, json_file: Path | None, **given: Any) -> int:
    """Check an endpoint, then put a short load on it; one report.

    Without URL and OZWELL_BASE_URL, the bundled mock is started, judged, loaded and stopped.

    \b
    Examples:
      ozwell-harness run
      ozwell-harness run http://127.0.0.1:8000/v1 --users 8 --duration 30s
      ozwell-harness run http://127.0.0.1:8000/v1 --profile openai --scenario chat_stream
    """
    known = load_scenarios()
    if given["scenario"] not in known:
        raise UsageError(f"There is no scenario {given['scenario']!r}. Scenarios: {', '.join(known)}.")
    load = {name: given.pop(name) for name in ("scenario", "users", "duration", "warmup")}
    order = Order.take(given, out, json_file)
    return carry_out(settings_from(given, url, config), order, closed_loop(**load))


def closed_loop(*, scenario: str, users: int, duration: float, warmup: float) -> LoadPhase:
    """Return the load phase of a run: so many users, each sending its next request after the last answer."""

    def phase(session: Session, folder: Path) -> Mapping[str, Any]:
        target = session.target
        plan = LoadPlan(
            base_url=target.base_url,
            model=target.model,
            embedding_model=target.embedding_model,
            scenario=scenario,
            profile=session.profile.name,
            users=users,
            duration_s=duration,
            warmup_s=warmup,
            seed=session.settings.seed,
            ca_file=str(target.ca_file) if target.ca_file else None,
        )
        result = run_load(plan, folder, ConsoleLoadObserver(terminal(sys.stderr)), keys=target.keys)
        return result.to_document()

    return phase
