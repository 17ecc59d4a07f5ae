"""Starts and stops a mock: blocking for the command line, or beside other work in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ozwell_harness.mock.app import MockApp
from ozwell_harness.mock.dialects import base_path
from ozwell_harness.mock.envfile import client_environment, write_env_file
from ozwell_harness.mock.listening import bind
from ozwell_harness.mock.protocol import best_protocol
from ozwell_harness.mock.records import Records
from ozwell_harness.mock.serving import DatedState, uvicorn_config
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.truth import start_log

if TYPE_CHECKING:
    from ozwell_harness.mock.crew.crew import Crew

BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class MockHandle:
    """A running mock.

    Attributes:
        origin: scheme, host and port.
        base_url: the origin with the path of the profile told, such as /v1, as clients want it.
        port: the port it listens on.
        env: the variables that point a client at it.
        settings: what it was started with.
    """

    origin: str
    base_url: str
    port: int
    env: dict[str, str] = field(repr=False)
    settings: MockSettings


def serve(settings: MockSettings, on_ready: Callable[[MockHandle], None] | None = None) -> None:
    """Run a mock until SIGINT or SIGTERM; call from the main thread.

    Running answers get `settings.grace_s` to finish; a second signal ends them at once.

    Raises:
        MockSettingsError: an address that cannot be bound, a fault that does not exist.
        OSError: the env file cannot be written.
    """
    server = _server(settings)
    loop = new_loop()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_serve_until_signal(server, on_ready))
    finally:
        server.release()


@contextlib.contextmanager
def running_mock(settings: MockSettings | None = None) -> Iterator[MockHandle]:
    """Run a mock in a thread for the length of a `with` block. Stops at once, whatever is still being answered.

    Raises:
        MockSettingsError: an address that cannot be bound, a fault that does not exist.
    """
    server = _server(settings or MockSettings())
    ready: Future[MockHandle] = Future()
    loop = new_loop()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(server.run(ready.set_result, grace_s=0.0))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="ozwell-mock", daemon=True)
    thread.start()
    try:
        yield ready.result()
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(server.stop)
        thread.join()
        server.release()


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop on uvloop, or asyncio's own where uvloop is missing."""
    try:
        import uvloop
    except ImportError:  # pragma: no cover - uvloop is not built for every system
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _server(settings: MockSettings) -> Server | Crew:
    if settings.workers == 1:
        return Server(settings)
    from ozwell_harness.mock.crew.crew import Crew

    return Crew(settings)


async def _serve_until_signal(server: Server | Crew, on_ready: Callable[[MockHandle], None] | None) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, server.stop)

    def ready(handle: MockHandle) -> None:
        if server.settings.env_file is not None:
            write_env_file(server.settings.env_file, handle.env)
        if on_ready is not None:
            on_ready(handle)

    await server.run(ready, grace_s=server.settings.grace_s)


class Server:
    """uvicorn's protocol without uvicorn's server: no ticks, no signal handling, a shutdown that does not linger."""

    def __init__(
        self, settings: MockSettings, listener: socket.socket | None = None, records: Records | None = None
    ) -> None:
        """Take a socket and records that others share in, or make some.

        Raises:
            MockSettingsError: an address that cannot be bound, a fault that does not exist.
            OSError: the truth log cannot be written.
        """
        self.settings = settings
        if settings.truth_log is not None and listener is None:
            start_log(settings.truth_log)
        self._app = MockApp(settings, records)
        self._socket = listener or bind(settings.host, settings.port)
        self.handle = handle_of(settings, self._socket)
        self._state = DatedState(settings.clock)
        self._stopping: asyncio.Event | None = None
        self._stops = 0

    def stop(self) -> None:
        """Ask the server to end; asking twice ends it at once. Call in its loop's thread."""
        self._stops += 1
        if self._stopping is not None:
            self._stopping.set()

    def release(self) -> None:
        """Give the port and files back, even if the server never ran."""
        self._socket.close()
        self._app.close()

    async def run(self, on_ready: Callable[[MockHandle], None], *, grace_s: float) -> None:
        """Serve until `stop` is called.

        Raises:
            MockSettingsError: the state cannot be reached.
        """
        self._stopping = asyncio.Event()
        try:
            await self._app.open()
            await self._serve(self._stopping, on_ready, grace_s)
        finally:
            await self._app.leave()

    async def _serve(self, stopping: asyncio.Event, on_ready: Callable[[MockHandle], None], grace_s: float) -> None:
        loop = asyncio.get_running_loop()
        config = uvicorn_config(self._app)
        protocol = best_protocol()

        def connect() -> asyncio.Protocol:
            connection: asyncio.Protocol = protocol(config=config, server_state=self._state, app_state={}, _loop=loop)
            return connection

        server = await loop.create_server(connect, sock=self._socket, backlog=BACKLOG)
        flushing = asyncio.create_task(self._keep_flushing())
        try:
            on_ready(self.handle)
            await stopping.wait()
        finally:
            flushing.cancel()
            server.close()
            await self._end(grace_s)

    async def _keep_flushing(self) -> None:
        """Write the truth log to its file, once a second."""
        while True:
            self._app.flush()
            await asyncio.sleep(1)

    async def _end(self, grace_s: float) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
        tasks = set(self._state.tasks)
        patience = asyncio.get_running_loop().time() + grace_s
        while tasks and self._stops < 2 and (left := patience - asyncio.get_running_loop().time()) > 0:
            _, tasks = await asyncio.wait(tasks, timeout=min(left, 0.05))
        for connection in list(self._state.connections):
            transport: Any = connection.transport
            transport.abort()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        await self._app.end(max(0.0, patience - asyncio.get_running_loop().time()) if self._stops < 2 else 0.0)


def handle_of(settings: MockSettings, listener: socket.socket) -> MockHandle:
    """What a client needs to know of a mock behind a socket."""
    port = int(listener.getsockname()[1])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - what clients can reach
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    base_url = f"{origin}{base_path(settings.profile)}"
    return MockHandle(origin, base_url, port, client_environment(settings, base_url), settings)
