"""The options that say what a load is, and what they amount to: a ``LoadPlan`` that still lacks its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import Duration, UsageError
from ozwell_harness.load.arrivals import Arrivals, ArrivalsError, Closed, Trace
from ozwell_harness.load.distribution import NOTHING
from ozwell_harness.load.forecast import ANSWER_S, Forecast
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, PlanError
from ozwell_harness.load.prompts import PromptError
from ozwell_harness.load.scenario import named
from ozwell_harness.load.scenario_file import load_scenarios
from ozwell_harness.load.slo import SloError, parse_slo
from ozwell_harness.load.spelling import TIME, parse_arrivals, parse_distribution, parse_mix, parse_workload
from ozwell_harness.load.trace import read_trace
from ozwell_harness.load.workload import Workload
from ozwell_harness.settings import FileSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PLAN = LoadPlan(base_url="", model="")
_TIMEOUTS = LoadTimeouts()
_WORKLOAD = Workload()
_DURATION_S = 30.0
_WARMUP_S = 5.0


def content_options(command: _Command) -> _Command:
    """Add the options that say what requests are made, and what they say."""
    for decorate in reversed(
        (
            click.option(
                "--scenario",
                metavar="NAME",
                help=f"What is done: {', '.join(load_scenarios())}. Default {_PLAN.scenario}.",
                shell_complete=completing.scenarios,
            ),
            click.option("--mix", metavar="NAME=N,…", help="Scenarios with weights of your own: chat=3,chat_stream=6."),
            click.option(
                "--prompt-tokens",
                metavar="N",
                help="Made-up prompts of this length: 200, normal(200, 50), lognormal(200, 0.5), uniform(50, 400).",
            ),
            click.option("--answer-tokens", metavar="N", help="Length of answers (max_tokens), likewise."),
            click.option(
                "--prompt-file",
                metavar="FILE",
                shell_complete=completing.files,
                help='Prompts to send: {"text": …, "max_tokens": …} on each line.',
            ),
            click.option(
                "--prefix-tokens",
                type=int,
                metavar="N",
                help="Chats begin with the same N tokens: cache hits. Default 0: no two begin alike.",
            ),
            click.option(
                "--turns", type=int, metavar="N", help=f"Questions of a conversation; default {_WORKLOAD.turns}."
            ),
            click.option("--file-bytes", metavar="N", help="Size of uploaded files; default uniform(1024, 16384)."),
        )
    ):
        command = decorate(command)
    return command


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
                "--duration",
                type=Duration(),
                metavar="TIME",
                help=f"Measured time; default {_DURATION_S:g}s, for a trace its length.",
            ),
            click.option(
                "--warmup",
                type=Duration(),
                metavar="TIME",
                help=f"Load before it; default {_WARMUP_S:g}s, for a trace none.",
            ),
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
                metavar="TIME",
                help=f"How long the last answers are awaited; default {_PLAN.drain_s:g}s.",
            ),
            click.option(
                "--max-in-flight",
                type=int,
                metavar="N",
                help="Arrivals beyond N open requests in a process are not sent, and count as failed;"
                f" default {_PLAN.max_in_flight}.",
            ),
            click.option("--processes", type=int, metavar="N", help="Processes that send; default 1."),
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
        f"--{name}-timeout", type=Duration(), metavar="TIME", help=f"Longest time {what}; default {default:g}s."
    )


def plan_from(options: Mapping[str, Any], file: FileSettings) -> LoadPlan:
    """Return the plan that command line and settings file amount to; ``base_url`` and models are still empty.

    Raises:
        UsageError: they make no sense.
    """
    try:
        return _plan(_Options(options, file))
    except (PlanError, SloError, ArrivalsError, PromptError) as error:
        raise UsageError(str(error)) from None


class _Options:
    """The command line's values, where they lack those of the settings file."""

    def __init__(self, given: Mapping[str, Any], file: FileSettings) -> None:
        chosen = {name: value for name, value in given.items() if value is not None}
        table = file.load.given()
        # Who says on the command line when or what to send does not mean half of what the file says of it.
        for rivals in (_LOOP, _WHAT, _PROMPTS):
            if chosen.keys() & rivals:
                table = {name: value for name, value in table.items() if name not in rivals or name in chosen}
        self.values = table | chosen

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def seconds(self, name: str, default: float) -> float:
        value = self.get(name, default)
        return Duration().convert(value, None, None)


_LOOP = frozenset({"rate", "arrivals", "users", "think"})
_WHAT = frozenset({"scenario", "mix"})
_PROMPTS = frozenset({"prompt_file", "prompt_tokens"})


def _plan(options: _Options) -> LoadPlan:
    known = load_scenarios()
    mix = parse_mix(options.get("mix")) if options.get("mix") is not None else ()
    if mix and options.get("scenario") is not None:
        raise UsageError("Choose one: --scenario, or --mix for weights of your own.")
    scenario = options.get("scenario", _PLAN.scenario)
    for name in [name for name, _ in mix] or [scenario]:
        named(known, name)
    arrivals = _arrivals(options)
    warmup = options.seconds("warmup", 0.0 if isinstance(arrivals, Trace) else _WARMUP_S)
    slo = options.get("slo")
    return LoadPlan(
        base_url="",
        model="",
        scenario=scenario,
        mix=mix,
        workload=parse_workload(options.values),
        arrivals=arrivals,
        duration_s=options.seconds("duration", _usual_duration(arrivals, warmup)),
        warmup_s=warmup,
        drain_s=options.seconds("drain", _PLAN.drain_s),
        timeouts=LoadTimeouts(
            connect_s=options.seconds("connect_timeout", _TIMEOUTS.connect_s),
            first_token_s=options.seconds("first_token_timeout", _TIMEOUTS.first_token_s),
            stall_s=options.seconds("stall_timeout", _TIMEOUTS.stall_s),
            total_s=options.seconds("total_timeout", _TIMEOUTS.total_s),
        ),
        max_in_flight=options.get("max_in_flight", _PLAN.max_in_flight),
        processes=options.get("processes", _PLAN.processes),
        slo=parse_slo(slo) if slo is not None else None,
    )


def _usual_duration(arrivals: Arrivals, warmup_s: float) -> float:
    """Return the usual time; a trace is read here, so that its mistakes are told before anything is sent."""
    if not isinstance(arrivals, Trace):
        return _DURATION_S
    last = read_trace(Path(arrivals.path)).times[-1]
    # A moment more, because what is due at the very end is not inside.
    return max(0.0, last / 1e9 - warmup_s) + 0.001


def _arrivals(options: _Options) -> Arrivals:
    rate, kind, users = options.get("rate"), options.get("arrivals"), options.get("users")
    think = options.get("think")
    if users is not None:
        if rate is not None or kind is not None:
            raise UsageError("Choose one: --users for a closed loop, or --rate or --arrivals for an open one.")
        return Closed(users, NOTHING if think is None else parse_distribution(str(think), TIME))
    if think is not None:
        raise UsageError("--think is for users: it needs --users.")
    if rate is None and kind is None:
        raise UsageError(
            "Say how much load: --rate 20 sends 20 requests per second whatever becomes of them, --users 8 has 8 users"
            " wait for each answer."
        )
    return parse_arrivals(kind or "poisson", rate)


def cost_lines(plan: LoadPlan, cost: Forecast) -> list[str]:
    """Say what a load may cost."""
    lasts = f"{plan.total_s:g} s, and up to {plan.drain_s:g} s for the last answers"
    tokens = f"{cost.prompt_tokens:,} prompt tokens and at most {cost.completion_tokens:,} completion tokens"
    lines = [
        f"A load of {plan.title} with {plan.arrivals} lasts {lasts}.",
        f"It sends about {cost.requests:,} requests and costs about {tokens}.",
    ]
    if cost.unbounded:
        lines.append(f"{cost.unbounded:,} requests set their answers no bound: --answer-tokens does.")
    if not plan.open_loop:
        lines.append(f"That is if every answer takes {ANSWER_S:g} s: users send more the faster a target answers.")
    return lines
