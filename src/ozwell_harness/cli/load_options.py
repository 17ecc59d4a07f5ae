"""The options that say what a load is, and what they amount to: a ``LoadPlan`` that still lacks its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ozwell_harness.cli.common import Duration, UsageError
from ozwell_harness.load.arrivals import Arrivals, ArrivalsError, Closed
from ozwell_harness.load.distribution import Fixed
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, PlanError
from ozwell_harness.load.scenario_file import load_scenarios
from ozwell_harness.load.slo import SloError, parse_slo
from ozwell_harness.load.spelling import TIME, parse_arrivals, parse_distribution

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TIMEOUTS = LoadTimeouts()
_PLAN = LoadPlan(base_url="", model="")


def arrival_options(command: _Command) -> _Command:
    """Add the options that say when requests are sent."""
    for decorate in reversed(
        (
            click.option("--rate", type=float, metavar="R", help="Open loop: R requests per second on average."),
            click.option(
                "--arrivals",
                metavar="KIND",
                help="How they arrive: poisson (default) or constant; or without --rate: burst(RATE, SIZE),"
                " ramp(FROM, TO), steps(RATE, RATE, …), spike(BASE, PEAK, 10s), trace(FILE).",
            ),
            click.option("--users", type=int, metavar="N", help="Closed loop: N users, one request each at a time."),
            click.option(
                "--think",
                metavar="TIME",
                help="What users wait between an answer and the next request: 500ms, exponential(2s) …; default 0.",
            ),
            click.option(
                "--duration", type=Duration(), metavar="TIME", help="Measured time; default 30s.", default="30s"
            ),
            click.option("--warmup", type=Duration(), metavar="TIME", help="Load before it; default 5s.", default="5s"),
        )
    ):
        command = decorate(command)
    return command


def client_options(command: _Command) -> _Command:
    """Add the options that say how the client bears the load."""
    for decorate in reversed(
        (
            click.option(
                "--drain",
                type=Duration(),
                default=f"{_PLAN.drain_s:g}s",
                show_default=True,
                metavar="TIME",
                help="How long the last answers are awaited.",
            ),
            click.option(
                "--max-in-flight",
                type=int,
                default=_PLAN.max_in_flight,
                show_default=True,
                metavar="N",
                help="Arrivals beyond N open requests a process are not sent, and fail.",
            ),
            click.option(
                "--processes", type=int, default=1, show_default=True, metavar="N", help="Processes that send."
            ),
            *(_timeout(name, what) for name, what in _TIMEOUT_HELP.items()),
        )
    ):
        command = decorate(command)
    return command


_TIMEOUT_HELP: Mapping[str, str] = {
    "connect": "to open a connection",
    "first-token": "to the first token, or a plain answer's first byte",
    "stall": "between two pieces of an answer",
    "total": "for the whole answer",
}


def _timeout(name: str, what: str) -> Callable[[_Command], _Command]:
    default = getattr(_TIMEOUTS, f"{name.replace('-', '_')}_s")
    return click.option(
        f"--{name}-timeout",
        type=Duration(),
        default=f"{default:g}s",
        show_default=True,
        metavar="TIME",
        help=f"Longest time {what}.",
    )


def plan_from(given: Mapping[str, Any]) -> LoadPlan:
    """Return the plan that the options amount to; ``base_url`` and models are still empty.

    Raises:
        UsageError: they make no sense.
    """
    known = load_scenarios()
    if given["scenario"] not in known:
        raise UsageError(f"There is no scenario {given['scenario']!r}. Scenarios: {', '.join(known)}.")
    try:
        return LoadPlan(
            base_url="",
            model="",
            scenario=given["scenario"],
            arrivals=_arrivals(given),
            duration_s=given["duration"],
            warmup_s=given["warmup"],
            drain_s=given["drain"],
            timeouts=_timeouts(given),
            max_in_flight=given["max_in_flight"],
            processes=given["processes"],
            slo=parse_slo(given["slo"]) if given["slo"] is not None else None,
        )
    except (PlanError, SloError, ArrivalsError) as error:
        raise UsageError(str(error)) from None


def _timeouts(given: Mapping[str, Any]) -> LoadTimeouts:
    return LoadTimeouts(
        connect_s=given["connect_timeout"],
        first_token_s=given["first_token_timeout"],
        stall_s=given["stall_timeout"],
        total_s=given["total_timeout"],
    )


def _arrivals(given: Mapping[str, Any]) -> Arrivals:
    rate, kind, users, think = (given[name] for name in ("rate", "arrivals", "users", "think"))
    if users is not None:
        if rate is not None or kind is not None:
            raise UsageError("Choose one: --users for a closed loop, or --rate or --arrivals for an open one.")
        return Closed(users, _think(think))
    if think is not None:
        raise UsageError("--think is for users: it needs --users.")
    if rate is None and kind is None:
        raise UsageError(
            "Say how much load: --rate 20 sends 20 requests per second whatever becomes of them, --users 8 has 8 users"
            " wait for each answer."
        )
    return parse_arrivals(kind or "poisson", rate)


def _think(text: str | None) -> Any:
    if text is None:
        return Fixed(0.0)
    try:
        return parse_distribution(text, TIME)
    except ValueError as error:
        raise UsageError(str(error)) from None
