"""A run on a terminal while it goes on: a progress bar, or plain lines elsewhere; findings as they come."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from ozwell_harness.model import Finding, Status
from ozwell_harness.reporting.summary import LABELS, NOTABLE, ORDER
from ozwell_harness.reporting.text import clip, count, one_line, printable

STYLES = {
    Status.FAILED: "bold red",
    Status.ERROR: "bold magenta",
    Status.WARNED: "bold yellow",
    Status.NOT_TESTABLE: "cyan",
    Status.NOT_APPLICABLE: "dim",
    Status.PASSED: "green",
}
#: Without a bar, a line of progress comes after so many seconds without one.
_QUIET_S = 2.0
_EVERY_GENERATED = 100
_FULL = 20
_LONGEST = 300
_WORTH_TELLING_S = 5


def terminal(stream: TextIO, *, width: int | None = None) -> Console:
    """Return a console on ``stream`` that takes text as it is: no markup, no highlighting; NO_COLOR is honoured.

    Where no terminal tells its width, lines are not wrapped at 80 columns but at 120.
    """
    plain = not stream.isatty()
    if width is None and plain and "COLUMNS" not in os.environ:
        width = 120
    # rich takes a width without a height for no answer on a dumb terminal.
    height = None if width is None else 25
    return Console(
        file=stream, width=width, height=height, markup=False, highlight=False, emoji=False, legacy_windows=False
    )


class ConsoleObserver:
    """Listens to a run and shows it; one finding that fails or warns is one block, a passing one only counts.

    Give it a console on standard error, so that standard output keeps to the last screen.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._told_at = clock()
        self._lock = threading.Lock()
        self._total = 0
        self._latest: dict[str, Finding] = {}
        self._shown: set[tuple[str, str]] = set()
        self._told_wait = False
        self._ended = False
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def started(self, target: str, profile: str, total: int) -> None:
        """Name the target; on a terminal, draw the bar."""
        self._total = total
        self._say(Text(f"Judging {target} by profile {profile}: {total} requirements."))
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
                expand=True,
                # The suites' own output has its place already.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._progress.add_task("starting", total=total)
            self._progress.start()

    def judged(self, finding: Finding) -> None:
        """Count a finding, and show it when it needs attention."""
        with self._lock:
            new = finding.requirement not in self._latest
            self._latest[finding.requirement] = finding
            self._show(finding)
            if self._progress:
                self._progress.update(self._task, completed=len(self._latest), description=finding.area)
            elif new and self._clock() - self._told_at >= _QUIET_S and len(self._latest) < self._total:
                self._tell_progress()

    def waiting(self, seconds: float) -> None:
        """Say that the target asks to wait."""
        words = f"the target asks to wait {seconds:.0f} s"
        with self._lock:
            if self._progress:
                self._progress.update(self._task, description=words)
            elif seconds >= _WORTH_TELLING_S or not self._told_wait:
                self._told_wait = True
                self._say(Text(words[:1].upper() + words[1:] + "."))

    def generated(self, sent: int, most: int) -> None:
        """Show how far the generated requests have come; without a bar, say so now and then."""
        with self._lock:
            if self._progress:
                self._progress.update(self._task, description=f"generated requests: {sent}")
            elif sent % _EVERY_GENERATED == 0:
                self._say(Text(f"{sent} generated requests, of up to {most}"))

    def finished(self) -> None:
        """Take the bar away, or tell the last count."""
        with self._lock:
            if self._progress:
                self._progress.stop()
                self._progress = None
            elif self._latest and not self._ended:
                self._tell_progress()
            self._ended = True

    def _tell_progress(self) -> None:
        self._told_at = self._clock()
        counts = Counter(finding.status for finding in self._latest.values())
        told = ", ".join(_counted(status, counts[status]) for status in reversed(ORDER) if counts[status])
        self._say(Text(f"{len(self._latest)} of {self._total}: {told}"))

    def _show(self, finding: Finding) -> None:
        seen = (finding.requirement, finding.message)
        if finding.status not in NOTABLE or seen in self._shown:
            return
        self._shown.add(seen)
        brief = len(self._shown) > _FULL
        self._say(finding_text(finding, self._console.encoding, brief=brief))
        if len(self._shown) == _FULL:
            self._say(Text(f"{_FULL} findings shown in full; each further one takes a line."))

    def _say(self, text: Text) -> None:
        safe = Text(printable(text.plain, self._console.encoding), spans=text.spans)
        self._console.print(safe, soft_wrap=not self._console.is_terminal)


def _counted(status: Status, amount: int) -> str:
    return count(amount, "error") if status is Status.ERROR else f"{amount} {LABELS[status]}"


def finding_text(finding: Finding, encoding: str, *, brief: bool = False) -> Text:
    """Return a finding as lines for a terminal of ``encoding``: status, id, level, message, expected, actual."""
    text = Text()
    text.append(LABELS[finding.status].upper(), STYLES[finding.status])
    text.append(f" {printable(finding.requirement, encoding)} ({finding.level})")
    # On one line, so that a target cannot write lines that look like ours.
    message = printable(one_line(finding.message, _LONGEST), encoding)
    if brief:
        return text.append(f": {message}")
    text.append(f"\n  {message}")
    for name, value in (("expected", finding.expected), ("actual", finding.actual)):
        if value:
            text.append(f"\n  {name + ':':<9} ", "dim")
            text.append(printable(clip(value, _LONGEST), encoding).replace("\n", "\n            "))
    return text
