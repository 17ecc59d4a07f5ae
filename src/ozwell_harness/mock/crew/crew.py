"""Starts the workers of a mock, puts others in the place of those that die, asks them, and ends them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable

from ozwell_harness.mock.crew.channel import Ask, Report, Summary
from ozwell_harness.mock.crew.member import Member
from ozwell_harness.mock.listening import bind_for_workers
from ozwell_harness.mock.server import MockHandle, handle_of
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.truth import start_log

LOGGER = logging.getLogger("ozwell_harness.mock.crew")

_REPORT_WITHIN_S = 10.0
_PATIENCE_S = 3.0


class Crew:
    """A mock of several processes; from outside like a `Server`.

    Each worker has a listening socket of its own on the same port, and the system deals out connections. The crew holds
    these sockets, too: while a dead worker is replaced, connections wait for the one that comes.
    """

    def __init__(self, settings: MockSettings) -> None:
        self.settings = settings
        self._sockets = bind_for_workers(settings.host, settings.port, settings.workers)
        self.handle = handle_of(settings, self._sockets[0])
        self._members: list[Member] = []
        self._numbers = itertools.count()
        self._stopping: asyncio.Event | None = None
        self._stops = 0
        self._lost = 0
        self._grace_s = 0.0

    def stop(self) -> None:
        """Ask all workers to end; asking twice ends them at once. Call in the loop's thread."""
        self._stops += 1
        if self._stopping is not None:
            self._stopping.set()
        if self._stops > 1:
            for member in self._members:
                member.stop()

    def release(self) -> None:
        """Give the port back, even if nothing ever ran."""
        for listener in self._sockets:
            listener.close()

    async def run(self, on_ready: Callable[[MockHandle], None], *, grace_s: float) -> None:
        """Serve until `stop` is called.

        Raises:
            MockSettingsError: a worker cannot serve, at first or in the place of another.
            OSError: the truth log cannot be written.
        """
        self._stopping, self._grace_s = asyncio.Event(), grace_s
        if self.settings.truth_log is not None:
            start_log(self.settings.truth_log)
        try:
            for number in range(self.settings.workers):
                self._members.append(await self._start(number))
            for member in self._members:
                await member.ready
            on_ready(self.handle)
            await self._keep_all(self._stopping)
        finally:
            self._stopping.set()
            await self._end()

    async def _start(self, number: int) -> Member:
        return await Member.start(self.settings, self._sockets[number], number, self._grace_s, self._answer)

    async def _keep_all(self, stopping: asyncio.Event) -> None:
        keepers = [asyncio.create_task(self._keep(number, stopping)) for number in range(len(self._members))]
        told = asyncio.create_task(stopping.wait())
        try:
            done, _ = await asyncio.wait((told, *keepers), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            for task in (told, *keepers):
                task.cancel()
            await asyncio.gather(told, *keepers, return_exceptions=True)

    async def _keep(self, number: int, stopping: asyncio.Event) -> None:
        """Put another worker in the place of each that ends before it was asked to."""
        while True:
            dead = self._members[number]
            how = await dead.ended()
            if stopping.is_set():
                return
            self._lost += 1
            LOGGER.warning("Worker %d of the mock ended unasked (%s). Another takes its place.", number + 1, how)
            self._members[number] = await self._start(number)
            await asyncio.shield(dead.dismiss())
            await self._members[number].ready

    async def _answer(self, asker: Member, question: Ask) -> None:
        """Tell a worker what all workers report; one that does not in time is left out."""
        number = next(self._numbers)
        told = (member.report(number, journal=question.journal) for member in self._members)
        asked = [asyncio.ensure_future(report) for report in told]
        await asyncio.wait(asked, timeout=_REPORT_WITHIN_S)
        reports: list[Report] = [task.result() for task in asked if task.done() and not task.cancelled()]
        for task in asked:
            task.cancel()
        asker.send(Summary(question.number, reports, self._lost))

    async def _end(self) -> None:
        self.release()
        for member in self._members:
            member.stop()
        patience = self._grace_s + _PATIENCE_S
        endings = [asyncio.create_task(member.ended()) for member in self._members]
        if endings:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*endings), patience)
        for member in self._members:
            await member.dismiss()
