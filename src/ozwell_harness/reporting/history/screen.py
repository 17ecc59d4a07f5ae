"""Runs over time on a terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ozwell_harness.history.entries import History
from ozwell_harness.model import Verdict
from ozwell_harness.reporting.console import is_log
from ozwell_harness.reporting.history.rows import Row, rows, sentence
from ozwell_harness.reporting.screen import VERDICT_STYLES
from ozwell_harness.reporting.text import one_line, printable

_LONGEST = 300
_HEAD = ("run", "started", "command", "verdict", "score", "failed / warned", "TTFT p50 / p99", "E2E p50 / p99", "req/s")


def print_history(console: Console, history: History, page: Path | None = None) -> None:
    """Print the runs, the oldest first; ``page`` is where their HTML is."""

    def say(line: str, style: str = "") -> None:
        console.print(Text(printable(one_line(line, _LONGEST), console.encoding), style), soft_wrap=is_log(console))

    if history.entries:
        console.print(_table(rows(history), console.encoding), soft_wrap=is_log(console))
    for entry in history.damaged:
        say(f"Left out: {entry.path}: {entry.reason}", "yellow")
    say(sentence(history))
    if page is not None:
        say(f"Report: {page}")


def _table(found: tuple[Row, ...], encoding: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for name in _HEAD:
        table.add_column(name, justify="left" if name in {"started", "command", "verdict"} else "right")
    for row in found:
        cells = (row.score, row.failed, row.ttft, row.e2e, row.throughput)
        table.add_row(
            str(row.number),
            row.started,
            row.command,
            Text(row.verdict, VERDICT_STYLES[Verdict(row.status)]),
            *(Text(printable(cell, encoding)) for cell in cells),
        )
    return table
