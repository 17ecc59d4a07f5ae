"""One worker: a whole mock behind a port that it shares, which asks its crew what the others counted."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import socket
import sys
from dataclasses import replace

from ozwell_harness.mock.crew.channel import (
    Ask,
    Channel,
    Failed,
    FromCrew,
    Ready,
    Report,
    Stop,
    Summary,
    Tell,
    open_channel,
)
from ozwell_harness.mock.errors import MockSettingsError, internal_error
from ozwell_harness.mock.journal import Entry
from ozwell_harness.mock.metrics import Metrics, added_up
from ozwell_harness.mock.records import Records
from ozwell_harness.mock.server import Server, new_loop
from ozwell_harness.mock.settings import MockSettings

#: Longer than the crew waits for a worker that does not report.
_PATIENCE_S = 15.0


class Colleagues(Records):
    """The records of this worker, and through the crew those of all."""

    def __init__(self, journal_length: int, channel: Channel[FromCrew]) -> None:
        super().__init__(journal_length)
        self._length = journal_length
        self._channel = channel
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Summary]] = {}

    async def all_metrics(self) -> Metrics:
        """The metrics of the whole mock.

        Raises:
            ApiError: 500, the crew does not answer.
        """
        summary = await self._ask(journal=False)
        return added_up((report.metrics for report in summary.reports if report.metrics), summary.lost)

    async def all_entries(self) -> list[Entry]:
        """The latest requests of the whole mock, oldest first.

        Raises:
            ApiError: 500, the crew does not answer.
        """
        summary = await self._ask(journal=True)
        entries = sorted(entry for report in summary.reports for entry in report.entries)
        return entries[-self._length :]

    def tell(self, question: Tell) -> None:
        """Report to the crew."""
        report = (
            Report(question.number, entries=self.journal.entries())
            if question.journal
            else Report(question.number, self.metrics)
        )
        self._channel.send(report)

    def take(self, summary: Summary) -> None:
        """Hand an answer to whoever asked."""
        waiting = self._asked.get(summary.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(summary)

    async def _ask(self, *, journal: bool) -> Summary:
        number = next(self._numbers)
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        self._channel.send(Ask(number, journal))
        try:
            return await asyncio.wait_for(waiting, _PATIENCE_S)
        except TimeoutError:
            raise internal_error() from None
        finally:
            del self._asked[number]


def work(settings: MockSettings, listener: socket.socket, end: socket.socket, number: int, grace_s: float) -> None:
    """Serve until the crew says stop or is gone; the main function of a worker's process."""
    # Each worker draws durations of its own.
    latency = replace(settings.latency, seed=settings.latency.seed + number)
    loop = new_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        sys.exit(runner.run(_work(replace(settings, latency=latency), listener, end, grace_s)))


async def _work(settings: MockSettings, listener: socket.socket, end: socket.socket, grace_s: float) -> int:
    channel: Channel[FromCrew] = await open_channel(end, FromCrew)
    records = Colleagues(settings.bounds.journal, channel)
    try:
        server = Server(settings, listener, records)
    except OSError as error:
        channel.send(Failed(f"The truth log cannot be written: {error.strerror}: {error.filename}."))
        return 1
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    listening = asyncio.create_task(_listen(channel, server, records))
    try:
        await server.run(lambda _: channel.send(Ready()), grace_s=grace_s)
    except MockSettingsError as error:
        channel.send(Failed(str(error)))
        return 1
    finally:
        listening.cancel()
        server.release()
        channel.close()
    return 0


async def _listen(channel: Channel[FromCrew], server: Server, records: Colleagues) -> None:
    while (message := await channel.receive()) is not None:
        if isinstance(message, Stop):
            server.stop()
        elif isinstance(message, Tell):
            records.tell(message)
        else:
            records.take(message)
    # Nobody is left to say stop.
    server.stop()
