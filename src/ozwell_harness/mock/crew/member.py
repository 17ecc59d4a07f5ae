"""A worker, as its crew sees it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

from ozwell_harness.mock.crew.channel import (
    Ask,
    Channel,
    Failed,
    FromWorker,
    Message,
    Ready,
    Report,
    Stop,
    Tell,
    open_channel,
)
from ozwell_harness.mock.crew.worker import work
from ozwell_harness.mock.listening import MockStartError
from ozwell_harness.mock.settings import MockSettings

# Not forked: a mock may run in a thread, beside others.
_CONTEXT = multiprocessing.get_context("spawn")

Answer = Callable[["Member", Ask], Awaitable[None]]


class Member:
    """A process that serves, and the way to speak with it. `ready` is done when it serves, or cannot."""

    def __init__(self, process: multiprocessing.process.BaseProcess, channel: Channel[FromWorker]) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._process = process
        self._channel = channel
        self._reports: dict[int, asyncio.Future[Report]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, settings: MockSettings, listener: socket.socket, number: int, grace_s: float, answer: Answer
    ) -> Member:
        """Start a worker behind a listening socket; `answer` is called with what it asks."""
        ours, theirs = socket.socketpair()
        process = _CONTEXT.Process(target=work, args=(settings, listener, theirs, number, grace_s), daemon=True)
        with theirs, _deaf_to_interrupts():
            process.start()
        member = cls(process, await open_channel(ours, FromWorker))
        member._listening = asyncio.create_task(member._listen(answer))
        return member

    def send(self, message: Message) -> None:
        """Tell the worker something."""
        self._channel.send(message)

    def stop(self) -> None:
        """Ask the worker to end; asked twice it does so at once."""
        self._channel.send(Stop())

    async def report(self, number: int, *, journal: bool) -> Report:
        """What the worker counted or noted."""
        waiting: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._reports[number] = waiting
        self._channel.send(Tell(number, journal))
        try:
            return await waiting
        finally:
            del self._reports[number]

    async def ended(self) -> str:
        """Wait until the worker has ended, and say how."""
        if self._listening is not None:
            await asyncio.shield(self._listening)
        await asyncio.to_thread(self._process.join)
        code = self._process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    async def dismiss(self) -> None:
        """End the worker, whatever it does, and give back what it held."""
        if self._process.is_alive():
            self._process.kill()
        await self.ended()
        self._channel.close()
        self._process.close()

    async def _listen(self, answer: Answer) -> None:
        while (message := await self._channel.receive()) is not None:
            if isinstance(message, Report):
                waiting = self._reports.get(message.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            elif isinstance(message, Ask):
                task = asyncio.create_task(_awaited(answer(self, message)))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            elif isinstance(message, Failed):
                self._settle(MockStartError(message.reason))
            elif isinstance(message, Ready):
                self._settle(None)
        self._settle(MockStartError("A worker of the mock ended before it could serve."))
        for waiting in self._reports.values():
            waiting.cancel()

    def _settle(self, error: MockStartError | None) -> None:
        if self.ready.done():
            return
        if error is None:
            self.ready.set_result(None)
        else:
            self.ready.set_exception(error)
            # Where several fail, only the first is told.
            self.ready.exception()


async def _awaited(answer: Awaitable[None]) -> None:
    await answer


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches all processes of a terminal; the first one decides. What is started here never sees it."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
