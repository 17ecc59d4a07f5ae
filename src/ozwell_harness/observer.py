"""What a run tells while it goes on. Reporters implement it; the run does not know who listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ozwell_harness.model import Finding


class Observer(Protocol):
    """Listens to a run."""

    def started(self, target: str, profile: str, total: int, tests: Mapping[str, int]) -> None:
        """``total`` requirements are about to be judged, by so many ``tests`` in each area."""

    def judged(self, finding: Finding) -> None:
        """One requirement has been judged."""

    def waiting(self, seconds: float) -> None:
        """The target asked to wait this long before the next request."""

    def generated(self, sent: int, most: int) -> None:
        """``sent`` of up to ``most`` generated requests have been answered."""

    def finished(self) -> None:
        """Nothing more will come."""


class Silent:
    """Listens to nothing."""

    def started(self, target: str, profile: str, total: int, tests: Mapping[str, int]) -> None:
        """Ignore."""

    def judged(self, finding: Finding) -> None:
        """Ignore."""

    def waiting(self, seconds: float) -> None:
        """Ignore."""

    def generated(self, sent: int, most: int) -> None:
        """Ignore."""

    def finished(self) -> None:
        """Ignore."""
