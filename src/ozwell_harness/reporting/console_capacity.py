"""A search for the capacity on a terminal: a line for each part that is begun and for what it showed."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.telling import begins, learned
from ozwell_harness.load.capacity.trials import Ask, Step
from ozwell_harness.load.progress import Progress
from ozwell_harness.reporting.text import count, printable, seconds


class ConsoleSearchObserver:
    """Listens to a search and tells it. Give it a console on standard error.

    A part begun is told on a terminal only, where the next line may be a minute away.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def resumed(self, parts: int, spent_s: float) -> None:
        """Say what was found in the record."""
        self._say(f"Resuming: {count(parts, 'part')} that took {seconds(spent_s)} are in the record already.")

    def part_begins(self, ask: Ask) -> None:
        """Say what is about to be run."""
        if self._console.is_interactive:
            self._say(begins(ask), style="dim")

    def part_ended(self, plan: SearchPlan, history: tuple[Step, ...]) -> None:
        """Say what was learned."""
        self._say(learned(plan, history))

    def load_started(self, scenario: str, total_s: float) -> None:
        """Nothing is told of a part's own course."""

    def load_progress(self, progress: Progress) -> None:
        """Nothing is told of a part's own course."""

    def load_finished(self) -> None:
        """Nothing is told of a part's own course."""

    def _say(self, line: str, style: str = "") -> None:
        self._console.print(Text(printable(line, self._console.encoding), style), soft_wrap=True)
