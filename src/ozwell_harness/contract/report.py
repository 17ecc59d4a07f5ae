"""What the phase hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ozwell_harness.contract.ledger import Cause, deviation, evidence
from ozwell_harness.model import Deviation, Exchange


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of the phase.

    Attributes:
        judged: how many judgements were made, by requirement.
        causes: what was found; the exchanges that show it are recorded.
        sent: requests sent, files put away apart.
        ended: why the phase ended before it was through, as a clause; empty when it was not.
        interrupted: the user stopped it.
    """

    judged: Mapping[str, int]
    causes: tuple[Cause, ...]
    sent: int
    seed: int
    ended: str = ""
    interrupted: bool = False

    def of(self, requirement: str) -> tuple[Cause, ...]:
        """Return the causes of deviation from one requirement."""
        return tuple(cause for cause in self.causes if cause.found.requirement == requirement)

    def evidence(self, requirement: str) -> tuple[Exchange, ...]:
        """Return the exchanges that show them; the last one is the request to repeat."""
        return evidence(self.of(requirement))

    def deviation(self, requirement: str, text: str) -> Deviation | None:
        """Return what the causes come to; ``text`` is the requirement in words.

        Raises:
            Unjudgeable: nothing was judged.
        """
        return deviation(text, self.of(requirement), self.judged.get(requirement, 0), self.ended)

    @property
    def note(self) -> str:
        """Say how far the phase came, in one sentence."""
        ended = f"; it ended when {self.ended}" if self.ended else ""
        return f"Generated requests: {self.sent}, from seed {self.seed}{ended}."
