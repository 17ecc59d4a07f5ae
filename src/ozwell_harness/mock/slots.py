"""Places for generation, handed out in order of arrival, so that a mock's capacity is known.

What comes out is a G/G/c queue with exactly the service times of the latency model: a place is free from the moment at
which its last generation was *due* to end, not from when the event loop got round to it. Otherwise each hand-over would
add to the service time, and c places of S seconds would carry a little less than c/S.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque


class Slots:
    """A number of places. Times are of `time.monotonic`, seconds."""

    def __init__(self, count: int) -> None:
        self._free = [0.0] * count
        self._waiting: deque[asyncio.Future[float]] = deque()

    async def take(self) -> float:
        """Wait for a place; return when the generation in it begins, which may be a moment ago."""
        arrived = time.monotonic()
        if self._free:
            return max(arrived, heapq.heappop(self._free))
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return max(arrived, await turn)
        except asyncio.CancelledError:
            if not turn.cancelled():
                # The place came in the very moment in which nobody wanted it any more.
                self.give(turn.result())
            raise

    def give(self, free_at: float) -> None:
        """Hand a place, free since ``free_at``, to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                turn.set_result(free_at)
                return
        heapq.heappush(self._free, free_at)
