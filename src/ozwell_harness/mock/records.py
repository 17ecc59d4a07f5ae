"""What a mock counted and noted, for the pages about itself."""

from __future__ import annotations

from ozwell_harness.mock.journal import Entry, Journal
from ozwell_harness.mock.metrics import Metrics


class Records:
    """The metrics and the journal of this process, which is the whole mock unless it is one of several workers."""

    def __init__(self, journal_length: int) -> None:
        self.metrics = Metrics()
        self.journal = Journal(journal_length)

    async def all_metrics(self) -> Metrics:
        """The metrics of the whole mock."""
        return self.metrics

    async def all_entries(self) -> list[Entry]:
        """The latest requests of the whole mock, oldest first."""
        return self.journal.entries()
