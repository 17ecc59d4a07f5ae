"""The command line: parses, calls, returns a status."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from types import FrameType

import click

from ozwell_harness import __version__
from ozwell_harness.cli.completion import PROGRAM, VARIABLE
from ozwell_harness.cli.help import HelpContext, HelpGroup, examples, width
from ozwell_harness.verdict import EXIT_INTERRUPTED, EXIT_USAGE

#: Command → module and help line; a module is imported only when its command is used: Locust and pytest are heavy.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("ozwell_harness.cli.run", "Check, then a short load; one report."),
    "check": ("ozwell_harness.cli.check", "Judge an endpoint, requirement by requirement."),
    "doctor": ("ozwell_harness.cli.doctor", "Tell whether a run can begin, and what it would cost."),
    "load": ("ozwell_harness.cli.load", "Put a load on an endpoint and judge it by an SLO."),
    "capacity": ("ozwell_harness.cli.capacity", "Find the highest rate that still meets an SLO."),
    "mock": ("ozwell_harness.cli.mock", "Serve the reference mock."),
    "prove": ("ozwell_harness.cli.prove", "Show that every check can be believed."),
    "compare": ("ozwell_harness.cli.compare", "Tell regressions, fixes and changes of speed between two runs."),
    "history": ("ozwell_harness.cli.history", "Show verdicts and key figures of all runs below a folder."),
    "requirements": ("ozwell_harness.cli.requirements", "Show what a run judges."),
    "completion": ("ozwell_harness.cli.completion", "Print what makes a shell complete names."),
}


class _Lazy(HelpGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, text = _COMMANDS[cmd_name]
        command: click.Command = import_module(module).command
        command.context_class = HelpContext
        # Shells show it beside the name, where the first sentence would be cut.
        command.short_help = text
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "ozwell-harness run",
        "ozwell-harness doctor http://127.0.0.1:8000/v1",
        "ozwell-harness check http://127.0.0.1:8000/v1 --profile openai",
        "ozwell-harness load http://127.0.0.1:8000/v1 --rate 5 --slo 'e2e_p99<2s'",
    ),
)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Conformance and load testing for Ozwell- and OpenAI-compatible endpoints.

    URL is the base with /v1, as in OPENAI_BASE_URL. Keys come from the environment only: OZWELL_API_KEY, and optional
    ones that open more checks (OZWELL_LIMITED_API_KEY, OZWELL_OTHER_API_KEY, OZWELL_RESTRICTED_API_KEY,
    OZWELL_REVOKED_API_KEY).

    Exit status: 0 conformant, or within the SLO; 1 not; 2 wrong usage; 3 inconclusive; 130 interrupted.
    """


def main() -> None:
    """Run the command line and leave with its status."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = cli.main(prog_name=PROGRAM, complete_var=VARIABLE, standalone_mode=False, terminal_width=width())
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = EXIT_USAGE
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is left to tell, and nobody to tell it to.
        sys.stderr.close()
        status = 0
    sys.exit(status if isinstance(status, int) else 0)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: the partial report is still written."""
    raise KeyboardInterrupt
