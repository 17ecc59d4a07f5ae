"""The mock's clock. A proof gives it one that moves only when somebody waits."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    async def pause(self, seconds: float) -> None:
        """Let time pass before the answer goes on."""
        await asyncio.sleep(seconds)

    async def rest(self, seconds: float) -> None:
        """Let time pass before work goes on that nobody waits for."""
        await asyncio.sleep(seconds)

    def begin_work(self) -> None:
        """Note that a request, or what follows from one, is being worked on."""

    def end_work(self) -> None:
        """Note that it is done."""
