"""``check``: judge an endpoint, requirement by requirement."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import click

from ozwell_harness.cli.common import (
    USER_ERRORS,
    UsageError,
    output_options,
    selection_options,
    settings_from,
    target_options,
)
from ozwell_harness.driver import HarnessError
from ozwell_harness.flow import LoadPhase, execute, with_target
from ozwell_harness.reporting.console import ConsoleObserver, terminal
from ozwell_harness.reporting.folder import ReportError, new_folder, write_report
from ozwell_harness.reporting.screen import print_last_screen
from ozwell_harness.settings import Settings
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, exit_status


@click.command(name="check")
@target_options
@selection_options
@output_options
def command(url: str | None, config: str | None, out: Path | None, json_file: Path | None, **given: Any) -> int:
    """Judge an endpoint, requirement by requirement.

    Without URL and OZWELL_BASE_URL, the bundled mock is judged.

    \b
    Examples:
      ozwell-harness check http://127.0.0.1:8000/v1
      ozwell-harness check http://127.0.0.1:8000/v1 --profile openai --area chat --area streaming
      ozwell-harness check --requirement 'files.*' --level MUST --json result.json
    """
    return judge_and_report(settings_from(given, url, config), out, json_file)


def judge_and_report(
    settings: Settings, out: Path | None, json_file: Path | None, load: LoadPhase | None = None
) -> int:
    """Run, write the report, print the last screen; return the exit status.

    Raises:
        UsageError: something is wrong with what was asked, or the report cannot be written.
    """
    try:
        with with_target(settings) as complete:
            outcome = execute(
                complete,
                ConsoleObserver(terminal(sys.stderr)),
                lambda: out or new_folder(settings.profile, time.time()),
                load,
            )
        write_report(outcome.run, outcome.catalogue, outcome.folder)
        if json_file is not None:
            shutil.copyfile(outcome.folder / "results.json", json_file)
    except (*USER_ERRORS, ReportError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"The report cannot be written: {error.strerror}: {error.filename}.") from None
    except HarnessError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_INCONCLUSIVE
    print_last_screen(terminal(sys.stdout), outcome.run, outcome.folder, outcome.catalogue)
    return exit_status(outcome.run.verdict, interrupted=outcome.run.interrupted)
