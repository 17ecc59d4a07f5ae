"""The load phase on a terminal while it goes on: a bar, or a plain line every few seconds of the run."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from ozwell_harness.load.progress import Progress
from ozwell_harness.reporting.text import count, printable, seconds

_EVERY_S = 10.0


class ConsoleLoadObserver:
    """Listens to a load run and shows it. Give it a console on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._told_s = 0.0

    def load_started(self, scenario: str, total_s: float) -> None:
        """Name the scenario; on a terminal, draw the bar."""
        line = f"Loading with scenario {scenario} for {seconds(total_s)}."
        self._console.print(Text(printable(line, self._console.encoding)))
        if self._console.is_interactive:
            column = TextColumn("{task.description}", markup=False)
            self._bar = Bar(
                BarColumn(bar_width=20),
                column,
                console=self._console,
                transient=True,
                expand=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bar.add_task("starting", total=total_s)
            self._bar.start()

    def load_progress(self, progress: Progress) -> None:
        """Show the counts."""
        with self._lock:
            words = _words(progress)
            if self._bar:
                task = self._bar.task_ids[0]
                self._bar.update(task, completed=min(progress.elapsed_s, progress.total_s), description=words)
            elif progress.elapsed_s - self._told_s >= _EVERY_S:
                self._told_s = progress.elapsed_s
                self._console.print(Text(words), soft_wrap=True)

    def load_finished(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._bar:
                self._bar.stop()
                self._bar = None


def _words(progress: Progress) -> str:
    at = f"{progress.elapsed_s:.0f} of {progress.total_s:.0f} s"
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{at}: {count(progress.completed, 'answer')}{failed}, {progress.in_flight} in flight"
