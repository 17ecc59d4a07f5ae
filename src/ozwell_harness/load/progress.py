"""What a load run tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run, warm-up included.

    Attributes:
        elapsed_s, total_s: since arrivals began, and how long they will go on.
        sent, completed, failed: requests so far.
        in_flight: requests that wait for their answer, as of the last tick.
    """

    elapsed_s: float
    total_s: float
    sent: int
    completed: int
    failed: int
    in_flight: int


class EnoughError(Exception):
    """Raised by a listener's ``load_progress``: enough has been seen, the run is to end now, in order."""


class LoadObserver(Protocol):
    """Listens to a load run."""

    def load_started(self, scenario: str, total_s: float) -> None:
        """The load generator is being started; it will run ``total_s`` seconds and then await its last answers."""

    def load_progress(self, progress: Progress) -> None:
        """The run goes on; called a few times a second."""

    def load_finished(self) -> None:
        """Nothing more will come."""


class SilentLoad:
    """Listens to nothing."""

    def load_started(self, scenario: str, total_s: float) -> None:
        """Ignore."""

    def load_progress(self, progress: Progress) -> None:
        """Ignore."""

    def load_finished(self) -> None:
        """Ignore."""
