"""The last screen of a load: verdict, what was offered, what came of it, latencies, SLO, errors, the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ozwell_harness.model import Run
from ozwell_harness.reporting import figures
from ozwell_harness.reporting.console import is_log
from ozwell_harness.reporting.screen import VERDICT_STYLES
from ozwell_harness.reporting.summary import stamp, verdict_sentence
from ozwell_harness.reporting.text import count, one_line, printable

_LONGEST = 300
_SHOWN = ("p50", "p90", "p99", "max")
_MARKS = {True: ("met", "green"), False: ("NOT MET", "bold red"), None: ("undecided", "yellow")}


def load_screen(run: Run, folder: Path | None, *, encoding: str = "utf-8") -> RenderableType:
    """Return the last screen of a run that is nothing but a load, for a terminal of ``encoding``."""
    screen = _Screen(encoding)
    parts: list[RenderableType] = [screen.verdict(run)]
    if run.load is not None:
        parts += [screen.text(""), *screen.load(run.load)]
    if folder is not None:
        parts.append(screen.copyable(f"Report: {folder / 'report.html'}"))
    return Group(*parts)


def print_load_screen(console: Console, run: Run, folder: Path | None) -> None:
    """Print the last screen; where there is no terminal, long lines are left whole."""
    console.print(load_screen(run, folder, encoding=console.encoding), soft_wrap=is_log(console), crop=False)


class _Screen:
    """Builds the parts in one encoding."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def text(self, line: str, style: str = "") -> Text:
        return Text(printable(line, self._encoding), style)

    def copyable(self, line: str) -> Text:
        return Text(printable(line, self._encoding), no_wrap=True, overflow="ignore")

    def verdict(self, run: Run) -> Text:
        lines = [f" {run.target} (profile {run.profile})", verdict_sentence(run)]
        if run.load is not None:
            lines += [str(reason) for reason in run.load["reasons"]]
        lines += [one_line(note, _LONGEST) for note in run.notes]
        head = self.text(stamp(run).upper(), VERDICT_STYLES[run.verdict])
        return Text.assemble(head, self.text("\n".join(lines)))

    def load(self, load: Mapping[str, Any]) -> Iterator[RenderableType]:
        yield self.text(f"{figures.shape(load)}.")
        yield self.text(f"{figures.flow(load)}.")
        yield self.text(f"{figures.counts(load)}.")
        if load["metrics"]:
            yield self._latencies(load)
            if load.get("users") is None:
                yield self.text(
                    "TTFT and E2E count from when a request was due, not from when it could be sent.", "dim"
                )
        if rows := figures.step_rows(load):
            yield self._steps(rows)
        yield from self._slo(load)
        for entry in load["errors"]:
            example = f" ({one_line(entry['example'], _LONGEST)})" if entry.get("example") else ""
            yield self.text(f"Error {entry['kind']}: {count(entry['count'], 'time')}{example}", "bold red")
        for entry in load.get("nonconformities", ()):
            yield self._nonconformity(entry)
        yield self.text(figures.client(load))

    def _latencies(self, load: Mapping[str, Any]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 1), show_edge=False)
        table.add_column("latency")
        for name in _SHOWN:
            table.add_column(name, justify="right", no_wrap=True)
        for row in figures.metric_rows(load["metrics"]):
            cells = dict(zip(figures.STATISTICS, row.cells, strict=True))
            table.add_row(self.text(row.name), *(self.text(cells[name]) for name in _SHOWN))
        return table

    def _steps(self, rows: tuple[figures.StepRow, ...]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 1), show_edge=False)
        table.add_column("request")
        for name in ("completed", "failed", "TTFT p50 / p99", "E2E p50 / p99"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in rows:
            cells = (f"{row.completed:,}", f"{row.failed:,}", row.ttft, row.e2e)
            table.add_row(self.text(row.name), *map(self.text, cells))
        return table

    def _slo(self, load: Mapping[str, Any]) -> Iterator[Text]:
        terms = figures.slo_outcomes(load)
        if terms:
            yield self.text("SLO:")
        for row in terms:
            mark, style = _MARKS[row.met]
            yield self.text(f"  {mark:<8}", style).append_text(self.text(f" {row.term} ({row.measured})"))

    def _nonconformity(self, entry: Mapping[str, Any]) -> Text:
        text = self.text("Deviates under load: ", "bold red")
        told = f"{entry['requirement']}, {count(entry['count'], 'answer')}: {entry.get('message', '')}"
        return text.append_text(self.text(one_line(told, _LONGEST)))
