"""How long generation takes, and how many may run at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

from ozwell_harness.mock.call import Work
from ozwell_harness.mock.settings import Latency


class Timeline:
    """Absolute deadlines of the tokens of one answer, so that no error adds up. Times are of `time.monotonic`."""

    def __init__(self, latency: Latency, rng: random.Random, prompt_tokens: int) -> None:
        self._latency = latency
        self._rng = rng
        self._first = True
        self._due = time.monotonic() + latency.prefill_s * prompt_tokens

    async def step(self) -> None:
        """Wait until the next token is due."""
        self._advance()
        await self._until_due()

    async def steps(self, count: int) -> None:
        """Wait until a number of tokens are due."""
        for _ in range(count):
            self._advance()
        await self._until_due()

    def _advance(self) -> None:
        delay = self._latency.ttft if self._first else self._latency.itl
        self._first = False
        self._due += delay.sample(self._rng)

    async def _until_due(self) -> None:
        wait = self._due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)


class Engine:
    """Hands out slots in order of arrival and a timeline to each answer."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._rng = random.Random(latency.seed)  # noqa: S311 - durations, not secrets
        self._slots = asyncio.Semaphore(latency.slots) if latency.slots else None
        self.is_instant = latency.is_instant

    @contextlib.asynccontextmanager
    async def generating(self, work: Work) -> AsyncIterator[Timeline]:
        """Hold a slot; its clock starts when it is got."""
        async with self._slots or contextlib.nullcontext():
            yield Timeline(self._latency, self._rng, work.prompt_tokens)
