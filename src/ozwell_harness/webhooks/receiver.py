"""Receives webhooks in a thread of its own, records them, and refuses chosen first ones to see what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus

from ozwell_harness.model import Delivery
from ozwell_harness.settings import ConfigurationError
from ozwell_harness.timing import MACHINE, Timing
from ozwell_harness.webhooks.inbound import Answer, Inbound, Line, Unreadable
from ozwell_harness.webhooks.listening import FIRST, REDIRECTED, Listening
from ozwell_harness.webhooks.reading import event_of, is_webhook

#: Connections at once; further ones are closed unread.
LINES_AT_MOST = 64
#: So many webhooks, and bytes of them, are kept; what comes after them is answered and forgotten.
KEPT_AT_MOST = 1000
BYTES_AT_MOST = 16 * 1024 * 1024
#: Where a redirect points to, on the same receiver. Nothing has a reason to come there that does not follow it.
ELSEWHERE = "/moved-on"

#: After a refusal, ask for the next attempt soon: some would wait for minutes otherwise.
_AGAIN_AFTER_S = 1
#: What a sender on this machine says for an address that stands for all of its addresses.
_REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - as it may be given

#: Makes a record of what came and what it was answered with, at an epoch second.
Record = Callable[[Inbound, Answer, float], Delivery]


class Receiver:
    """A small HTTP server. It listens from the beginning, and answers once it has been started."""

    def __init__(self, listening: Listening, timing: Timing = MACHINE) -> None:
        """Take the port.

        Raises:
            ConfigurationError: the address cannot be listened on.
        """
        self.listening = listening
        self._timing = timing
        self._socket = _bind(listening.host, listening.port)
        self._port = int(self._socket.getsockname()[1])
        self._arrived = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._bytes = 0
        self._refused: set[str] = set()
        self._turned_away: Counter[str] = Counter()
        self._lines: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None
        self._record: Record | None = None
        self._dismissed = False
        self._sealed = False

    @property
    def address(self) -> str:
        """The URL of the receiver itself."""
        host = _REACHED.get(self.listening.host, self.listening.host)
        return f"http://[{host}]:{self._port}/" if ":" in host else f"http://{host}:{self._port}/"

    @property
    def url(self) -> str:
        """The URL that the target is to send to."""
        return self.listening.url or self.address

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """What has been received, in the order of arrival."""
        with self._arrived:
            return tuple(self._deliveries)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was turned away, in a sentence."""
        with self._arrived:
            counts = sorted(self._turned_away.items())
        if not counts:
            return ()
        told = ", ".join(f"{amount} {reason}" for reason, amount in counts)
        return (f"The receiver of webhooks turned requests away or forgot them: {told}.",)

    def start(self, record: Record) -> None:
        """Receive from now on; ``record`` makes and keeps the records.

        Raises:
            ConfigurationError: the address cannot be listened on after all.
        """
        self._record = record
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="ozwell-webhooks", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            raise ConfigurationError(f"Webhooks cannot be received on {self.address}: {self._failure}.")

    def await_(self, done: Callable[[tuple[Delivery, ...]], bool], most_s: float) -> bool:
        """Wait until what has been received is ``done``, ``most_s`` seconds at most; return whether it is."""
        if self._timing.settle is None:
            with self._arrived:
                return self._arrived.wait_for(lambda: done(tuple(self._deliveries)), most_s)
        until = self._timing.now() + most_s
        self._timing.settle(0)
        while not done(self.deliveries) and (left := until - self._timing.now()) > 0:
            self._timing.settle(left)
        return done(self.deliveries)

    def seal(self) -> None:
        """Answer what still comes, and keep none of it: all that is judged has been received."""
        self._sealed = True

    def dismiss(self) -> None:
        """Answer 410 from now on, which ends what a sender was told to send (Standard Webhooks).

        For senders that belong to the run only: it would end the subscription of any other.
        """
        self._dismissed = True

    def close(self) -> None:
        """Stop receiving, at once."""
        self._stopping.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._cancel)
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except OSError as error:
            self._failure = error
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        server = await asyncio.start_server(self._take_line, sock=self._socket)
        ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            if not self._stopping.is_set():
                await asyncio.Event().wait()
        server.close()
        for task in list(self._lines):
            task.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def _cancel(self) -> None:
        if self._main is not None:
            self._main.cancel()

    async def _take_line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._lines) >= LINES_AT_MOST:
            self._note("beyond so many connections at once")
            writer.close()
            return
        self._lines.add(task)
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await self._converse(Line(reader, writer))
        finally:
            self._lines.discard(task)
            writer.close()

    async def _converse(self, line: Line) -> None:
        while True:
            try:
                inbound = await line.read()
            except Unreadable as error:
                self._note(error.reason)
                with contextlib.suppress(Exception):
                    await line.answer(Answer(error.status))
                return
            if inbound is None or not await line.answer(self._answer(inbound)):
                return

    def _answer(self, inbound: Inbound) -> Answer:
        """Record a request and say how it is answered: whoever sees the answer finds the record there."""
        if not is_webhook(inbound, self.listening.names):
            self._note("no webhook")
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        if self._dismissed:
            return Answer(HTTPStatus.GONE)
        if self._sealed:
            return Answer(HTTPStatus.OK)
        answer = self._chosen(inbound)
        with self._arrived:
            size = len(inbound.body) + sum(len(name) + len(value) for name, value in inbound.headers)
            if self._record is None or len(self._deliveries) >= KEPT_AT_MOST or self._bytes + size > BYTES_AT_MOST:
                self._turned_away["more than are kept"] += 1
                return answer
            self._bytes += size
            self._deliveries.append(self._record(inbound, answer, self._timing.now()))
            self._arrived.notify_all()
        return answer

    def _chosen(self, inbound: Inbound) -> Answer:
        event = event_of(inbound.body)
        status = FIRST.get(event or "")
        if event is None or status is None or event in self._refused:
            return Answer(HTTPStatus.OK)
        self._refused.add(event)
        if status == REDIRECTED:
            return Answer(status, location=self.url.rstrip("/") + ELSEWHERE)
        return Answer(status, retry_after_s=_AGAIN_AFTER_S)

    def _note(self, reason: str) -> None:
        with self._arrived:
            self._turned_away[reason] += 1


@contextlib.contextmanager
def receiving(listening: Listening | None, timing: Timing = MACHINE) -> Iterator[Receiver | None]:
    """Hold a receiver for the length of a ``with`` block; none where nothing is awaited.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    if listening is None:
        yield None
        return
    receiver = Receiver(listening, timing)
    try:
        yield receiver
    finally:
        receiver.close()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, number)
    except OSError as error:
        raise ConfigurationError(f"Webhooks cannot be received on {host}: {error.strerror or error}.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(LINES_AT_MOST)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"Webhooks cannot be received on {host} port {port}: {error.strerror}.") from None
    return listener
