"""A comparison on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ozwell_harness.comparing.comparison import Comparison, Outcome
from ozwell_harness.comparing.ratios import Judgement
from ozwell_harness.reporting.comparison import words
from ozwell_harness.reporting.console import is_log
from ozwell_harness.reporting.text import count, one_line, printable

_STYLES = {
    Outcome.NO_REGRESSION: "bold green",
    Outcome.REGRESSION: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
}
_JUDGED = {Judgement.WORSE: "bold red", Judgement.BETTER: "green"}
_LONGEST = 600
_MOST = 20


def print_comparison(console: Console, comparison: Comparison, page: Path | None = None) -> None:
    """Print a comparison; ``page`` is where its HTML is. Where there is no terminal, long lines are left whole."""
    screen = Group(*_Screen(console.encoding).parts(comparison, page))
    console.print(screen, soft_wrap=is_log(console))


def print_headline(console: Console, comparison: Comparison) -> None:
    """Print what a comparison amounts to in one line."""
    console.print(_Screen(console.encoding).headline(comparison), soft_wrap=is_log(console))


class _Screen:
    """Builds the parts in one encoding."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def parts(self, comparison: Comparison, page: Path | None) -> Iterator[RenderableType]:
        yield self.headline(comparison)
        yield self._text(f"Before: {words.side_words(comparison.before)}")
        yield self._text(f"Now:    {words.side_words(comparison.after)}")
        yield from (self._text(gap, "yellow") for gap in comparison.gaps)
        yield from (self._text(note) for note in comparison.notes)
        if comparison.requirements:
            yield self._text("")
            yield self._text(f"{words.tally(comparison)}.")
            for section in words.sections(comparison):
                yield from self._section(section)
        if comparison.figures:
            yield self._text("")
            yield self._figures(comparison)
        yield from (self._text(line, "dim") for line in words.unjudged(comparison))
        if comparison.speed and comparison.speed.source:
            yield self._text(words.basis(comparison.speed), "dim")
        if page is not None:
            yield self._text(f"Report: {page}")

    def headline(self, comparison: Comparison) -> Text:
        stamp = self._text(words.STAMPS[comparison.outcome].upper(), _STYLES[comparison.outcome])
        return stamp.append_text(self._text(f" {words.sentence(comparison)}"))

    def _section(self, section: words.Section) -> Iterator[Text]:
        if section.change in words.QUIET:
            names = ", ".join(entry.requirement for entry in section.entries[:3])
            more = len(section.entries) - 3
            yield self._text(f"{section.title}: {len(section.entries)} ({names}{', …' if more > 0 else ''})")
            return
        yield self._text(f"{section.title}: {len(section.entries)}", "bold")
        for entry in section.entries[:_MOST]:
            yield self._text(f"  {entry.requirement} ({entry.level}): {words.statuses(entry)}")
            if entry.message:
                yield self._text(f"    {entry.message}")
        if len(section.entries) > _MOST:
            yield self._text(f"  and {count(len(section.entries) - _MOST, 'more requirement')}")

    def _figures(self, comparison: Comparison) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 1), show_edge=False)
        table.add_column("figure")
        for name in ("before", "now", "change", "interval"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("judged")
        for row in words.rows(comparison):
            if row.judgement is Judgement.NOT_COMPARED:
                continue
            cells = [self._text(cell) for cell in (row.name, row.before, row.after, row.change, row.interval)]
            table.add_row(*cells, self._text(row.words, _JUDGED.get(row.judgement, "")))
        return table

    def _text(self, line: str, style: str = "") -> Text:
        # On one line, so that what a target sent cannot look like a line of ours.
        indent = " " * (len(line) - len(line.lstrip(" ")))
        return Text(printable(indent + one_line(line, _LONGEST), self._encoding), style)
