"""``mock``: serve the reference mock."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import UsageError
from ozwell_harness.cli.help import examples
from ozwell_harness.mock.delays import parse_delay, parse_duration
from ozwell_harness.mock.dialects import PROFILES
from ozwell_harness.mock.errors import MockError
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, serve
from ozwell_harness.mock.settings import Latency, MockSettings
from ozwell_harness.mock.webhooks.options import webhook_settings

_PLANS = click.Choice([plan.value for plan in PlanName], case_sensitive=False)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    name="mock",
    epilog=examples(
        "ozwell-harness mock --port 8000",
        "ozwell-harness mock --port 0 --env-file mock.env",
        "ozwell-harness mock --fault chat.usage-total-off-by-one --ttft 200ms --itl 20ms",
        "ozwell-harness mock --profile openwebui --plan hourly",
        'ozwell-harness mock --ttft "exponential(100ms)" --slots 8 --truth-log truth.jsonl',
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option(
    "--profile",
    default=PROFILES[0],
    show_default=True,
    type=click.Choice(PROFILES),
    help="Tell the base URL of this one; all are served.",
)
@click.option("--plan", default=PlanName.ENTERPRISE.value, show_default=True, type=_PLANS, help="Plan of the main key.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Break this one thing; repeatable.",
    shell_complete=completing.faults,
)
@click.option("--list-faults", is_flag=True, help="Name every fault and legal variation, and stop.")
@click.option("--ttft", default="0", metavar="DELAY", help="Time to the first token; see below.")
@click.option("--itl", default="0", metavar="DELAY", help="Time between tokens.")
@click.option("--prefill", default="0", metavar="TIME", help="Added to the first token for each prompt token.")
@click.option("--slots", type=click.IntRange(min=1), metavar="N", help="Generations at once; more wait in a queue.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of the durations that are drawn.")
@click.option("--workers", default=1, show_default=True, metavar="N", help="Processes; several need --state redis://…")
@click.option(
    "--state",
    default="memory",
    show_default=True,
    metavar="WHERE",
    envvar="OZWELL_MOCK_STATE",
    show_envvar=True,
    help="Where state is kept: memory, or redis://HOST:PORT/DATABASE?prefix=NAME.",
)
@click.option("--stock", default=0, show_default=True, metavar="N", help="Files that are there from the start.")
@click.option(
    "--truth-log", type=_FILE, metavar="FILE", help="Write down when each request came and each event was written."
)
@click.option("--webhook-endpoint", metavar="URL", help="Tell this address of completed chats and processed documents.")
@click.option("--webhook-secret-env", metavar="NAME", help="Variable with the secret that signs what is told.")
@click.option("--webhook-event", "webhook_events", multiple=True, metavar="EVENT", help="Only this event; repeatable.")
@click.option("--webhook-headers", metavar="ID,TIME,SIGNATURE", help="Names of the headers, as svix-id,…")
@click.option("--webhook-retries", metavar="TIMES", help="Waits between attempts; default 2s,4s,8s,16s.")
@click.option("--webhook-remote", is_flag=True, help="The endpoint may be on another machine.")
@click.option("--env-file", type=_FILE, metavar="FILE", help="Write OZWELL_* here.")
def command(
    *,
    list_faults: bool,
    ttft: str,
    itl: str,
    prefill: str,
    slots: int | None,
    seed: int,
    plan: str,
    **given: Any,
) -> int:
    """Serve the reference mock: every documented operation, strictly correct, or with a chosen fault.

    \b
    A DELAY is one of
      200ms, 0.2s, 0.2           always the same
      exponential(MEAN)          exponential(200ms)
      normal(MEAN, DEVIATION)    normal(200ms, 20ms), cut at zero
      lognormal(MEDIAN, SIGMA)   lognormal(200ms, 0.5)
      recorded(FILE)             drawn from the file's durations, one a line

    With --slots N a mock carries exactly N / (mean time of an answer) answers per second: a slot is free again when its
    answer was due to end, however late the machine ran. In the truth log every request is a JSON line: `received`, then
    nanoseconds from there to when its generation `began`, each event was written (`events`) and it `ended`.

    State in Redis (limits, files, chats, documents) is shared by all workers and outlives the mock. It belongs to the
    prefix: mocks with the same one share it. A password is safer in OZWELL_MOCK_STATE than on a command line.
    """
    if list_faults:
        return _list_faults()
    try:
        latency = Latency(
            ttft=parse_delay(ttft), itl=parse_delay(itl), prefill_s=parse_duration(prefill), slots=slots, seed=seed
        )
        webhooks = webhook_settings(
            {name: given.pop(name) for name in list(given) if name.startswith("webhook_")}, os.environ
        )
        settings = MockSettings(plan=PlanName(plan), latency=latency, webhooks=webhooks, **given)
        serve(settings, on_ready=_tell)
    except MockError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"The mock cannot start: {error.strerror}: {error.filename}.") from None
    return 0


def _tell(handle: MockHandle) -> None:
    click.echo(f"The mock listens on {handle.base_url}")
    if handle.settings.env_file is not None:
        click.echo(f"Its variables are in {handle.settings.env_file}: set -a; . {handle.settings.env_file}; set +a")
    else:
        click.echo(f"Its key: {handle.env['OZWELL_API_KEY']} (worthless anywhere else)")
    click.echo("Stop it with Ctrl-C.")


def _list_faults() -> int:
    from ozwell_harness.mock.faults import catalogue

    for fault in catalogue().values():
        click.echo(f"{fault.kind:<8} {fault.name}: {fault.description}")
    return 0
