"""A run on a terminal while it goes on: a progress bar, or plain lines elsewhere; findings as they come."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
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
_MOST_LINES = 6
_WORTH_TELLING_S = 5


class Detail(StrEnum):
    """How much is told: the verdict alone; what needs attention; every requirement as it is judged."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


def terminal(stream: TextIO, *, width: int | None = None) -> Console:
    """Return a console on ``stream`` that takes text as it is: no markup, no highlighting; NO_COLOR is honoured.

    Where no terminal tells its width, lines are not wrapped at 80 columns but at 120. FORCE_COLOR gives colours, and
    nothing else of a terminal: a bar would fill a log.
    """
    plain = not stream.isatty()
    if width is None and plain and "COLUMNS" not in os.environ:
        width = 120
    forced = os.environ.get("FORCE_COLOR")
    coloured = forced not in {None, "", "0", "false"}
    unknown = os.environ.get("TERM", "") in {"", "dumb", "unknown"}
    return Console(
        file=stream,
        width=width,
        # rich takes a width without a height for no answer on a dumb terminal.
        height=None if width is None else 25,
        force_terminal=None if forced is None else coloured or not plain,
        force_interactive=False if plain else None,
        color_system="standard" if coloured and plain and unknown else "auto",
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )


def is_log(console: Console) -> bool:
    """Tell whether nobody looks at a terminal: lines are then left whole, for whoever reads the file."""
    return not console.file.isatty()


class ConsoleObserver:
    """Listens to a run and shows it; one finding that fails or warns is one block, a passing one only counts.

    Requirements come area by area; a line closes each area when its last test has been judged. Give it a console on
    standard error, so that standard output keeps to the last screen.
    """

    def __init__(
        self, console: Console, clock: Callable[[], float] = time.monotonic, detail: Detail = Detail.NORMAL
    ) -> None:
        self._console = console
        self._clock = clock
        self._told = frozenset(Status if detail is Detail.VERBOSE else NOTABLE)
        self._told_at = clock()
        self._lock = threading.Lock()
        self._total = 0
        self._left: Counter[str] = Counter()
        self._latest: dict[str, Finding] = {}
        self._shown: set[tuple[str, Status, str]] = set()
        self._shown_in_full = 0
        self._told_wait = False
        self._ended = False
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def started(self, target: str, profile: str, total: int, tests: Mapping[str, int]) -> None:
        """Name the target; on a terminal, draw the bar."""
        self._total = total
        self._left.update(tests)
        self._say(Text(f"Judging {target} by profile {profile}: {total} requirements."))
        if self._console.is_interactive:
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
        """Count a finding, show it when it needs attention, and close its area with a line when it was the last."""
        with self._lock:
            new = finding.requirement not in self._latest
            self._latest[finding.requirement] = finding
            self._left[finding.area] -= 1
            self._show(finding)
            if self._progress:
                self._progress.update(self._task, completed=len(self._latest), description=finding.area)
            if self._left[finding.area] == 0:
                self._tell_area(finding.area)
            elif not self._progress and new and self._clock() - self._told_at >= _QUIET_S:
                self._tell_progress()

    def waiting(self, seconds: float) -> None:
        """Say that the target asks to wait."""
        with self._lock:
            if self._progress:
                self._progress.update(self._task, description=f"asked to wait {seconds:.0f} s")
            elif seconds >= _WORTH_TELLING_S or not self._told_wait:
                self._told_wait = True
                self._say(Text(f"The target asks to wait {seconds:.0f} s."))

    def generated(self, sent: int, most: int) -> None:
        """Show how far the generated requests have come; without a bar, say so now and then."""
        with self._lock:
            if self._progress:
                self._progress.update(self._task, description=f"{sent} generated")
            elif sent % _EVERY_GENERATED == 0:
                self._say(Text(f"{sent} generated requests, of up to {most}"))

    def finished(self) -> None:
        """Take the bar away; tell the last count where areas were left open."""
        with self._lock:
            if self._progress:
                self._progress.stop()
                self._progress = None
            if not self._ended and any(amount > 0 for amount in self._left.values()):
                self._tell_progress()
            self._ended = True

    def _tell_area(self, area: str) -> None:
        self._told_at = self._clock()
        counts = Counter(finding.status for finding in self._latest.values() if finding.area == area)
        told = Text(f"{area}: ", "bold").append_text(_counted(counts))
        self._say(told.append(f" ({len(self._latest)} of {self._total})", "dim"))

    def _tell_progress(self) -> None:
        self._told_at = self._clock()
        counts = Counter(finding.status for finding in self._latest.values())
        self._say(Text(f"{len(self._latest)} of {self._total}: ").append_text(_counted(counts)))

    def _show(self, finding: Finding) -> None:
        seen = (finding.requirement, finding.status, finding.message)
        if finding.status not in self._told or seen in self._shown:
            return
        self._shown.add(seen)
        if finding.status not in NOTABLE:
            self._say(finding_text(finding, self._console.encoding, brief=True))
            return
        self._shown_in_full += 1
        brief = self._shown_in_full > _FULL
        self._say(finding_text(finding, self._console.encoding, brief=brief))
        if self._shown_in_full == _FULL:
            self._say(Text(f"{_FULL} findings shown in full; each further one takes a line."))

    def _say(self, text: Text) -> None:
        safe = Text(printable(text.plain, self._console.encoding), spans=text.spans)
        self._console.print(safe, soft_wrap=is_log(self._console))


def _counted(counts: Mapping[Status, int]) -> Text:
    told = []
    for status in reversed(ORDER):
        amount = counts.get(status, 0)
        if amount:
            words = count(amount, "error") if status is Status.ERROR else f"{amount} {LABELS[status]}"
            told.append(Text(words, STYLES[status]))
    return Text(", ").join(told)


def finding_text(finding: Finding, encoding: str, *, brief: bool = False) -> Text:
    """Return a finding as lines for a terminal of ``encoding``: status, id, level, message, expected, actual."""
    text = Text()
    text.append(LABELS[finding.status].upper(), STYLES[finding.status])
    text.append(f" {printable(finding.requirement, encoding)} ({finding.level})")
    # On one line, so that a target cannot write lines that look like ours.
    message = printable(one_line(finding.message, _LONGEST), encoding)
    if brief:
        return text.append(f": {message}" if message else "")
    text.append(f"\n  {message}")
    for name, value in (("expected", finding.expected), ("actual", finding.actual)):
        if value:
            text.append(f"\n  {name + ':':<9} ", "dim")
            # A mark before further lines: some logs obey lines that begin with ::, whatever spaces stand before it.
            text.append("\n          | ".join(_few(printable(clip(value, _LONGEST), encoding).split("\n"))))
    return text


def _few(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are: pages of HTML tell nothing in a log."""
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[: _MOST_LINES - 1], f"... and {len(lines) - _MOST_LINES + 1} more lines"]
