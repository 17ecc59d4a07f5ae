"""Sends webhooks beside the answers: nothing waits for them, and what cannot be delivered is given up in the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.metrics import Metrics
from ozwell_harness.mock.webhooks.message import JsonObject, Letter, Message, payload_of
from ozwell_harness.mock.webhooks.settings import WebhookSettings

if TYPE_CHECKING:
    import httpx

LOGGER = logging.getLogger("ozwell_harness.mock.webhooks")

GONE = 410
_REDIRECTS_AT_MOST = 5


class Webhooks:
    """The webhooks of one mock. Without settings it composes none. Use it in the mock's event loop only."""

    def __init__(self, settings: WebhookSettings | None, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(settings.at_once if settings else 1)
        self._gone = False

    @property
    def is_on(self) -> bool:
        """Whether anybody is to be told of anything."""
        return self._settings is not None and not self._gone

    def compose(self, event: str, data: JsonObject) -> list[Message]:
        """What is to be sent of an event: nothing where nobody subscribed to it."""
        settings = self._settings
        if settings is None or self._gone or event not in settings.events:
            return []
        return [Message(new_id("msg_"), payload_of(event, data, self._clock.now()), settings.schedule)]

    def emit(self, event: str, data: JsonObject) -> None:
        """Send what is to be sent of an event, some time; returns at once."""
        self.post(self.compose(event, data))

    def post(self, messages: Iterable[Message]) -> None:
        """Send messages, some time; returns at once. What finds the queue full is dropped, and counted."""
        settings = self._settings
        for message in messages:
            if settings is None or self._gone:
                return
            if len(self._tasks) >= settings.queue:
                self._metrics.webhooks_dropped += 1
                LOGGER.info("the queue of webhooks is full: %s is dropped", message.id)
                continue
            # Counted from here on, not from when its task begins: who sees an answer may ask at once what is to come.
            self._clock.begin_work()
            task = asyncio.create_task(self._deliver(message, settings))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def close(self, grace_s: float) -> None:
        """Give what is on its way ``grace_s`` seconds, and then give it up."""
        if self._tasks and grace_s > 0:
            await asyncio.wait(self._tasks, timeout=grace_s)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._metrics.webhooks_given_up += len(left)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _deliver(self, message: Message, settings: WebhookSettings) -> None:
        begun = self._clock.now()
        if message.delay_s:
            await self._clock.rest(message.delay_s)
        for number, wait in enumerate((*message.schedule, None), 1):
            letter = message.letter(number, self._clock.now(), settings.key, settings.names)
            status, asked = await self._attempt(letter, settings, follows=message.follows)
            if status is not None and message.delivers(status):
                self._metrics.webhooks_delivered += 1
                return
            if status == GONE:
                # The receiver wants no more (Standard Webhooks, Delivery success and failure).
                self._gone = True
                return
            pause = None if wait is None else max(wait, asked)
            if pause is None or self._gone or self._clock.now() + pause - begun > settings.total_s:
                break
            await self._clock.rest(pause)
        self._metrics.webhooks_given_up += 1

    async def _attempt(self, letter: Letter, settings: WebhookSettings, *, follows: bool) -> tuple[int | None, float]:
        """The status of the answer, None where there is none, and the seconds that it asks to wait."""
        import httpx

        client = self._client = self._client or _client(settings)
        self._metrics.webhook_attempts += 1
        request = client.build_request(
            letter.method, settings.endpoint, content=letter.body, headers=httpx.Headers(list(letter.headers))
        )
        try:
            async with self._slots, asyncio.timeout(settings.attempt_s):
                response = await client.send(request, stream=True, follow_redirects=follows)
                # What a receiver has to say beside its status is not read: it may be without end.
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            LOGGER.info("a webhook got no answer: %s", type(error).__name__)
            return None, 0.0
        return response.status_code, _retry_after(response.headers.get("retry-after", ""))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._clock.end_work()
        if not task.cancelled() and (error := task.exception()) is not None:
            LOGGER.error("a webhook could not be sent", exc_info=error)


def _client(settings: WebhookSettings) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        headers={"user-agent": "ozwell-mock", "accept": "*/*"},
        timeout=settings.attempt_s,
        max_redirects=_REDIRECTS_AT_MOST,
        # A proxy from the environment must not get what is meant for this machine.
        trust_env=False,
    )


def _retry_after(text: str) -> float:
    """Seconds that an answer asks to wait; a date is left to the schedule."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
