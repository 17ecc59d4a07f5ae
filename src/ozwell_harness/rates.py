"""Rate limits as a dialect has them: how long a window is, and what ``X-RateLimit-Reset`` counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Fewer seconds than this are counted from now, more since 1970: no window lasts thirty years.
_EARLIEST_EPOCH = 10**9


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate limits of a dialect.

    Attributes:
        window_s: the length of a window, in seconds.
        reset_may_count_down: the reset may be in seconds from now, too, not only in seconds since 1970.
        served: statuses of the cheap request by which a key is spent, when it is let through.
    """

    window_s: float = 60.0
    reset_may_count_down: bool = False
    served: frozenset[int] = frozenset({200})

    def ends(self, reset: int, clocks: Iterable[float]) -> tuple[float, ...]:
        """Return when a window ends whose ``reset`` was told: once for each of ``clocks`` where it counts from now."""
        if self.reset_may_count_down and 0 <= reset < _EARLIEST_EPOCH:
            return tuple(clock + reset for clock in clocks)
        return (float(reset),)

    @property
    def reset_words(self) -> str:
        """What the reset counts, for a person to read."""
        return "seconds since 1970 or from now" if self.reset_may_count_down else "epoch seconds"


#: Ozwell's: requests and tokens by the minute.
PER_MINUTE = Rates()
