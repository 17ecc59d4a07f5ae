"""What the phase may still spend: requests and time."""

from __future__ import annotations

import time
from collections.abc import Callable

from ozwell_harness.contract.plan import PropertyPlan


class HaltError(Exception):
    """Nothing more may be sent. The message says why, as a clause."""


class Allowance:
    """Counts requests, and looks at the clock.

    Args:
        plan: the bounds of the phase.
        spare: requests that the run as a whole, or the rate limit, has left for the phase; None for no bound.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self, plan: PropertyPlan, spare: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._plan = plan
        self._spare = spare
        self._clock = clock
        self._end = clock() + plan.time_s
        self.sent = 0

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        bound = self._plan.requests if self._spare is None else min(self._plan.requests, self._spare)
        return max(0, bound - self.sent)

    @property
    def left_s(self) -> float:
        """Seconds in which requests may still be sent."""
        return self._end - self._clock()

    def check(self) -> None:
        """Let one more request be sent.

        Raises:
            HaltError: there is none left, or no time.
        """
        if self.left_s <= 0:
            raise HaltError(f"the time of {self._plan.time_s:g} s (--property-time) was over")
        if self._spare is not None and self.sent >= self._spare:
            raise HaltError("what the run's budget (--max-requests) and the rate limit leave was spent")
        if self.sent >= self._plan.requests:
            raise HaltError(f"the budget of {self._plan.requests} requests (--property-requests) was spent")

    def spend(self) -> None:
        """Count a request that was sent."""
        self.sent += 1
