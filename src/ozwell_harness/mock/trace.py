"""When one request came and its answer went."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Where the protocol leaves the moment at which a request's first bytes came, in the ASGI scope.
RECEIVED_KEY = "mock.received"


@dataclass(slots=True)
class Trace:
    """Moments of one request, monotonic nanoseconds.

    Attributes:
        received: its first bytes came: by the kernel's stamp where a truth log is kept and the kernel stamps, else when
            they were read from the socket.
        began: generation began: the slot was got. 0 when it never did.
        events: each piece of a stream, just before its bytes were given to the kernel.
        steps: positions in ``events`` of those that opened a decode step; with one choice of plain text these are the
            token-bearing ones.
        digest: names the request's body (``truth.digest_of``); empty unless a truth log is kept.
    """

    received: int
    began: int = 0
    events: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    digest: str = ""

    @property
    def first_step(self) -> int | None:
        """When the first decode step was written; None before."""
        return self.events[self.steps[0]] if self.steps and self.steps[0] < len(self.events) else None
