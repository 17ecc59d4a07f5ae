"""The options of a comparison, and what is done with one: for ``compare``, and for ``--against`` of other commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ozwell_harness.cli.common import Duration, mistakes_told
from ozwell_harness.cli.output import Output
from ozwell_harness.comparing.comparison import Comparison
from ozwell_harness.comparing.held import compare_runs
from ozwell_harness.comparing.ratios import Rule
from ozwell_harness.comparing.reading import read_side
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.comparison.document import to_json
from ozwell_harness.reporting.comparison.markdown import comparison_markdown
from ozwell_harness.reporting.comparison.page import page
from ozwell_harness.reporting.comparison.screen import print_comparison, print_headline
from ozwell_harness.reporting.comparison.words import sentence
from ozwell_harness.reporting.console import Detail, terminal
from ozwell_harness.reporting.results import ResultsError
from ozwell_harness.verdict import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_NONCONFORMANT, EXIT_OK, EXIT_USAGE

_Command = TypeVar("_Command", bound=Callable[..., Any])
_RULE = Rule()
PAGE = "comparison.html"
DOCUMENT = "comparison.json"
#: The gravest first: what a command ends with that has more than one thing to say.
_GRAVITY = (EXIT_INTERRUPTED, EXIT_USAGE, EXIT_NONCONFORMANT, EXIT_INCONCLUSIVE, EXIT_OK)


class Percent(click.ParamType[float]):
    """A share such as ``5%`` or ``0.05``, greater than 0 and at most ``most``."""

    name = "percent"

    def __init__(self, most: float) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return a share, or fail with a sentence."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{value!r} is not a share; write 5% or 0.05.", param, ctx)
        if not 0 < share <= self._most:
            self.fail(f"{value!r} is out of range: more than 0, and at most {self._most:.4g}.", param, ctx)
        return share


def rule_options(command: _Command) -> _Command:
    """Add the options that say what counts as a difference of speed."""
    for decorate in reversed(
        (
            click.option(
                "--effect",
                type=Percent(10.0),
                default=_RULE.effect,
                show_default="5%",
                metavar="SHARE",
                help="The least change of a latency that matters, in proportion.",
            ),
            click.option(
                "--least",
                type=Duration(),
                default=_RULE.least_s,
                show_default=f"{_RULE.least_s * 1e3:g}ms",
                metavar="TIME",
                help="The least change of a latency that matters, in time; of tokens a tenth, of a p99 four times.",
            ),
            click.option(
                "--confidence",
                type=Percent(0.9999),
                default=1 - _RULE.risk,
                show_default="95%",
                metavar="SHARE",
                help="How sure a difference of speed must be, over all figures together.",
            ),
        )
    ):
        command = decorate(command)
    return command


def against_option(command: _Command) -> _Command:
    """Add the option that compares a run with an earlier one."""
    return click.option(
        "--against",
        type=click.Path(path_type=Path),
        metavar="RUN",
        help="Compare with this earlier run (folder or results.json); a regression makes the exit status 1.",
    )(command)


@dataclass(frozen=True, slots=True)
class Against:
    """An earlier run to compare with; None for none."""

    run: Path | None

    def settle(self, output: Output, folder: Path, status: int) -> int:
        """Compare the run in ``folder``, whose exit status is ``status``, and tell it; return the status that decides.

        Raises:
            ResultsError: there is no run any more to compare with.
            OSError: the comparison cannot be written.
        """
        if self.run is None:
            return status
        comparison = compare_runs(self.run, folder, Rule())
        written = write_comparison(comparison, folder)
        output.add(folder, comparison_markdown(comparison))
        with output.told():
            if output.detail is Detail.QUIET:
                print_headline(terminal(sys.stdout), comparison)
            else:
                click.echo()
                print_comparison(terminal(sys.stdout), comparison, written)
        output.annotate_comparison(comparison.outcome, sentence(comparison))
        return gravest_status(status, comparison.outcome.exit_status)

    @classmethod
    def take(cls, given: MutableMapping[str, Any]) -> Against:
        """Take it out of the command line's values.

        Raises:
            UsageError: it is no run; better to say so before anything is sent.
        """
        path = given.pop("against")
        if path is not None:
            with mistakes_told(ResultsError):
                read_side(path)
        return cls(path)


def gravest_status(*statuses: int) -> int:
    """Return the exit status of several that decides: interrupted, wrong usage, 1, 3, 0."""
    return min(statuses, key=_GRAVITY.index)


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write a comparison as JSON and HTML into a folder, which is made if need be; return where the HTML is.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / DOCUMENT, to_json(comparison))
    write_text(folder / PAGE, page(comparison))
    return folder / PAGE
