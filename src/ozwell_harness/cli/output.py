"""How a run is told: on a screen, to GitHub Actions, and in files; the options that say so."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.text import Text

from ozwell_harness.cli.common import mistakes_told
from ozwell_harness.comparing import comparison as comparing
from ozwell_harness.driver import HarnessError
from ozwell_harness.flow import Outcome
from ozwell_harness.load.runner import LoadError
from ozwell_harness.model import Run
from ozwell_harness.observer import Observer
from ozwell_harness.reporting import markdown, results, sarif
from ozwell_harness.reporting.console import ConsoleObserver, Detail, is_log, terminal
from ozwell_harness.reporting.folder import write_report
from ozwell_harness.reporting.github import command as workflow_command
from ozwell_harness.reporting.github import workflow_commands
from ozwell_harness.reporting.summary import stamp, verdict_sentence
from ozwell_harness.reporting.text import printable

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False, path_type=Path)
_SUMMARY = "GITHUB_STEP_SUMMARY"


_COMPARED = {
    comparing.Outcome.REGRESSION: ("error", "Worse than before"),
    comparing.Outcome.INCONCLUSIVE: ("error", "Not to be compared with before"),
    comparing.Outcome.NO_REGRESSION: ("notice", "Not worse than before"),
}


class Form(StrEnum):
    """For whom standard output is: somebody who reads it, or GitHub Actions."""

    CONSOLE = "console"
    GITHUB = "github"


def output_options(command: _Command) -> _Command:
    """Add the options that say where the report goes and how the run is told."""
    forms = click.Choice([form.value for form in Form], case_sensitive=False)
    for decorate in reversed(
        (
            click.option(
                "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Report folder."
            ),
            click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Copy results.json to FILE."),
            click.option("--sarif", "sarif_file", type=_FILE, metavar="FILE", help="Copy results.sarif to FILE."),
            click.option("--markdown", "markdown_file", type=_FILE, metavar="FILE", help="Copy summary.md to FILE."),
            click.option(
                "--format",
                "form",
                type=forms,
                default=Form.CONSOLE.value,
                show_default=True,
                help=f"github adds annotations, and a summary in ${_SUMMARY}.",
            ),
            click.option(
                "--quiet",
                "-q",
                "detail",
                flag_value=Detail.QUIET.value,
                help="Tell the verdict and where the report is, nothing else.",
            ),
        )
    ):
        command = decorate(command)
    return command


#: Tell of every requirement: for commands that judge requirements one by one.
verbose_option = click.option(
    "--verbose", "-v", "detail", flag_value=Detail.VERBOSE.value, help="Tell of every requirement as it is judged."
)


@dataclass(frozen=True, slots=True)
class Output:
    """Where the report goes, and how the run is told.

    Attributes:
        folder: where the report goes; None for a new folder.
        json_file, sarif_file, markdown_file: where copies of results.json, results.sarif and summary.md go.
    """

    folder: Path | None
    json_file: Path | None
    sarif_file: Path | None
    markdown_file: Path | None
    form: Form
    detail: Detail

    @classmethod
    def take(cls, given: MutableMapping[str, Any]) -> Output:
        """Take out of the command line's values what ``output_options`` and ``verbose_option`` put there."""
        return cls(
            folder=given.pop("out"),
            json_file=given.pop("json_file"),
            sarif_file=given.pop("sarif_file"),
            markdown_file=given.pop("markdown_file"),
            form=Form(given.pop("form")),
            detail=Detail(given.pop("detail") or Detail.NORMAL),
        )

    def progress(self) -> Console:
        """Return the console for what is told while the run goes on: standard error, as a rule.

        GitHub reads two streams in no certain order, so there it is standard output.
        """
        console = terminal(sys.stdout if self.form is Form.GITHUB else sys.stderr)
        console.quiet = self.detail is Detail.QUIET
        return console

    def observer(self) -> Observer:
        """Return who listens to a check."""
        return ConsoleObserver(self.progress(), detail=self.detail)

    def show(self, outcome: Outcome, screen: Callable[[Console], None]) -> None:
        """Draw the last ``screen`` of a run; if it is to be quiet, its verdict and place alone."""
        console = terminal(sys.stdout)
        if self.detail is not Detail.QUIET:
            screen(console)
            return
        for line in _verdict_lines(outcome.run, outcome.folder):
            console.print(Text(printable(line, console.encoding)), soft_wrap=is_log(console))

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Keep GitHub from obeying what is printed within the block: a target could write commands of its own.

        What stops a run before it has a verdict is annotated.
        """
        if self.form is not Form.GITHUB:
            yield
            return
        token = secrets.token_hex(16)
        click.echo(f"::stop-commands::{token}")
        failure = ""
        try:
            yield
        except (click.ClickException, HarnessError, LoadError) as error:
            failure = str(error)
            raise
        finally:
            click.echo(f"::{token}::")
            if failure:
                click.echo(workflow_command("error", "ozwell-harness", failure))

    def annotate(self, outcome: Outcome) -> None:
        """Write annotations to standard output and the summary of the job; nothing unless GitHub reads.

        Raises:
            UsageError: the summary cannot be written.
        """
        if self.form is not Form.GITHUB:
            return
        for line in workflow_commands(outcome.run, outcome.catalogue):
            click.echo(printable(line, sys.stdout.encoding or "utf-8"))
        summary = os.environ.get(_SUMMARY)
        if summary:
            with mistakes_told():
                _append(Path(summary), markdown.markdown_of(outcome.run))

    def annotate_comparison(self, outcome: comparing.Outcome, sentence: str) -> None:
        """Write an annotation of how the run compares with an earlier one; nothing unless GitHub reads."""
        if self.form is Form.GITHUB:
            kind, title = _COMPARED[outcome]
            line = workflow_command(kind, title, sentence)
            click.echo(printable(line, sys.stdout.encoding or "utf-8"))

    def add(self, folder: Path, section: str) -> None:
        """Add a section to the summary in ``folder``, and wherever else it was written.

        Raises:
            OSError: one of them cannot be written.
        """
        job = os.environ.get(_SUMMARY) if self.form is Form.GITHUB else None
        for place in (folder / markdown.FILE_NAME, self.markdown_file, Path(job) if job else None):
            if place is not None:
                _append(place, section)

    def keep(self, outcome: Outcome) -> None:
        """Write the report, and copies of its files where they are wanted.

        Raises:
            ReportError: the report cannot be written.
            OSError: a copy cannot.
        """
        write_report(outcome.run, outcome.catalogue, outcome.folder)
        copies = {
            results.FILE_NAME: self.json_file,
            sarif.FILE_NAME: self.sarif_file,
            markdown.FILE_NAME: self.markdown_file,
        }
        for name, copy in copies.items():
            if copy is not None:
                shutil.copyfile(outcome.folder / name, copy)


def _append(path: Path, section: str) -> None:
    with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(f"\n{section}")


def _verdict_lines(run: Run, folder: Path) -> tuple[str, ...]:
    head = f"{stamp(run).upper()} {run.target} (profile {run.profile}): {verdict_sentence(run)}"
    return (head, f"Report: {folder / 'report.html'}")
