"""How long generation takes, and how many may run at once."""

from __future__ import annotations

import asyncio
import random
import time
from types import TracebackType

from ozwell_harness.mock.call import Work
from ozwell_harness.mock.metrics import Metrics
from ozwell_harness.mock.settings import Latency
from ozwell_harness.mock.slots import Slots
from ozwell_harness.mock.trace import Trace

_TICK_S = 0.001


class Timeline:
    """Absolute deadlines of the tokens of one answer, so that no error adds up. Times are of `time.monotonic`."""

    def __init__(self, latency: Latency, rng: random.Random, begin: float, prompt_tokens: int) -> None:
        self._latency = latency
        self._rng = rng
        self._first = True
        self.due = begin + latency.prefill_s * prompt_tokens

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
        self.due += delay.sample(self._rng)

    async def _until_due(self) -> None:
        # The loop's timers are whole milliseconds and may come early; a token must not.
        while (wait := self.due - time.monotonic()) > 0:  # noqa: ASYNC110 - time is all that is awaited
            await asyncio.sleep(max(wait, _TICK_S))


class Engine:
    """Hands out slots in order of arrival and a timeline to each answer."""

    def __init__(self, latency: Latency, metrics: Metrics) -> None:
        self.latency = latency
        self.metrics = metrics
        self.rng = random.Random(latency.seed)  # noqa: S311 - durations, not secrets
        self.slots = Slots(latency.slots) if latency.slots else None

    def generating(self, work: Work | None, trace: Trace) -> Generation:
        """One generation, to be entered; without work to pace it has no timeline."""
        return Generation(self, work, trace)


class Generation:
    """Holds a slot while it is entered; gives the timeline, whose clock starts when the slot is got."""

    def __init__(self, engine: Engine, work: Work | None, trace: Trace) -> None:
        self._engine = engine
        self._work = None if engine.latency.is_instant else work
        self._trace = trace
        self._timeline: Timeline | None = None

    async def __aenter__(self) -> Timeline | None:
        engine, metrics = self._engine, self._engine.metrics
        begin = time.monotonic()
        if engine.slots is not None and self._work is not None:
            metrics.queued += 1
            try:
                begin = await engine.slots.take()
            finally:
                metrics.queued -= 1
        self._trace.began = round(begin * 1e9)
        metrics.generating += 1
        metrics.generations_started += 1
        if self._work is not None:
            self._timeline = Timeline(engine.latency, engine.rng, begin, self._work.prompt_tokens)
        return self._timeline

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        engine, now = self._engine, time.monotonic()
        engine.metrics.generating -= 1
        engine.metrics.generations_abandoned += kind is not None
        if engine.slots is not None and self._timeline is not None:
            # Whoever is next begins when this one was due to end; a generation that broke off ends now.
            engine.slots.give(now if kind else min(now, self._timeline.due))
