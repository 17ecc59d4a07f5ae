"""The last screen of a run: verdict, score beside coverage, areas, load, what to look at first, where the report is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ozwell_harness.model import Requirement, Run, Status, Verdict
from ozwell_harness.reporting.commands import again
from ozwell_harness.reporting.console import STYLES, is_log
from ozwell_harness.reporting.figures import headline
from ozwell_harness.reporting.summary import (
    LABELS,
    ORDER,
    Cause,
    Pointer,
    area_rows,
    look_first,
    score_words,
    unjudged,
    verdict_sentence,
)
from ozwell_harness.reporting.text import count, one_line, printable, seconds

VERDICT_STYLES = {
    Verdict.CONFORMANT: "bold green",
    Verdict.NONCONFORMANT: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
}
_HEADS: Mapping[Status, str] = {
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.WARNED: "warned",
    Status.NOT_TESTABLE: "not\ntestable",
    Status.NOT_APPLICABLE: "not\nappl.",
    Status.PASSED: "passed",
}
_LONGEST = 200
_LONGEST_NOTE = 500


def last_screen(
    run: Run, folder: Path | None, requirements: Iterable[Requirement] = (), *, encoding: str = "utf-8"
) -> RenderableType:
    """Return the last screen, for a terminal of ``encoding``; ``folder`` is where the report is, if it was written."""
    screen = _Screen(encoding)
    parts: list[RenderableType] = [screen.verdict(run)]
    if run.findings:
        parts += [screen.text(""), screen.areas(run)]
    if run.load is not None:
        parts += [screen.text(""), *(screen.text(line) for line in headline(run.load))]
    pointers = look_first(run, requirements)
    causes = unjudged(run, [pointer.finding.requirement for pointer in pointers])
    if causes:
        parts += [screen.text(""), screen.text("Not judged, and why:", "bold")]
        parts += [screen.cause(cause) for cause in causes]
    if pointers:
        parts += [screen.text(""), screen.text("Look at these first:", "bold")]
        parts += [screen.pointer(number, pointer) for number, pointer in enumerate(pointers, 1)]
        first = again(run, pointers[0].finding.requirement)
        parts += [screen.text(""), screen.text("Judge the first one again:"), screen.copyable(first)]
    if folder is not None:
        parts.append(screen.copyable(f"Report: {folder / 'report.html'}"))
    return Group(*parts)


def print_last_screen(
    console: Console, run: Run, folder: Path | None, requirements: Iterable[Requirement] = ()
) -> None:
    """Print the last screen; where there is no terminal, long lines are left whole."""
    screen = last_screen(run, folder, requirements, encoding=console.encoding)
    console.print(screen, soft_wrap=is_log(console), crop=False)


class _Screen:
    """Builds the parts in one encoding."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def text(self, line: str, style: str = "") -> Text:
        return Text(printable(line, self._encoding), style)

    def copyable(self, line: str) -> Text:
        """Return a line that the terminal is to wrap, not we: a line break would be copied with it."""
        return Text(printable(line, self._encoding), no_wrap=True, overflow="ignore")

    def verdict(self, run: Run) -> Text:
        score = score_words(run)
        tokens = count(run.cost.prompt_tokens + run.cost.completion_tokens, "token")
        spent = f"{count(run.cost.requests, 'request')} in {seconds(round(run.duration_s, 1))}, {tokens}"
        lines = [
            f" {run.target} (profile {run.profile})",
            verdict_sentence(run),
            f"{score[:1].upper()}{score[1:]}.",
            f"Spent: {spent}.",
            *(one_line(note, _LONGEST_NOTE) for note in run.notes),
        ]
        return Text.assemble(self.text(run.verdict.upper(), VERDICT_STYLES[run.verdict]), self.text("\n".join(lines)))

    def areas(self, run: Run) -> Table:
        shown = [s for s in ORDER if run.tally.counts.get(s, 0) or s in {Status.PASSED, Status.FAILED}]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1), show_edge=False)
        table.add_column("area", overflow="fold")
        for status in shown:
            table.add_column(_HEADS[status], justify="right", no_wrap=True)
        for row in area_rows(run):
            cells = [self._cell(status, row.counts[status]) for status in shown]
            table.add_row(self.text(row.area), *cells)
        return table

    @staticmethod
    def _cell(status: Status, amount: int) -> Text:
        return Text(str(amount), STYLES[status]) if amount else Text("-", "dim")

    def cause(self, cause: Cause) -> Text:
        text = self.text(f"{cause.amount:>4} ")
        text.append(LABELS[cause.status], STYLES[cause.status])
        return text.append_text(self.text(f": {one_line(cause.message, _LONGEST)}"))

    def pointer(self, number: int, pointer: Pointer) -> Text:
        finding = pointer.finding
        text = self.text(f"{number}. ")
        text.append(LABELS[finding.status], STYLES[finding.status])
        text.append_text(self.text(f" {finding.requirement}: {one_line(finding.message, _LONGEST)}"))
        if finding.actual:
            text.append_text(self.text(f"\n   actual: {one_line(finding.actual, _LONGEST)}", "dim"))
        if pointer.weight:
            text.append_text(self.text(f"\n   {pointer.weight}"))
        return text
