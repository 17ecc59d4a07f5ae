"""A webhook as it arrived, and what it was answered with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.model.exchange import Exchange


class Signing(StrEnum):
    """What the signature of a webhook shows, seen before any key was removed from it."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Delivery(Exchange):
    """A webhook that was received. The request is the target's, the response the harness's own.

    ``started`` is when the whole of it was there; ``path`` of the request is where it was sent to, not below any base.

    Attributes:
        signing: what its signature shows.
        hint: what a wrong signature would be right for, in a few words; empty if for nothing that is known.
        webhook_id, timestamp: from its headers, as they stand there; None where they are missing.
    """

    signing: Signing = Signing.ABSENT
    hint: str = ""
    webhook_id: str | None = None
    timestamp: str | None = None

    @property
    def accepted(self) -> bool:
        """It was answered with a 2xx."""
        return self.status is not None and 200 <= self.status < 300
