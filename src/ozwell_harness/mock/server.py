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
from email.utils import formatdate
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from ozwell_harness.mock.app import MockApp
from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.dialects import base_path
from ozwell_harness.mock.envfile import client_environment, write_env_file
from ozwell_harness.mock.errors import MockSettingsError
from ozwell_harness.mock.protocol import best_protocol
from ozwell_harness.mock.settings import MockSettings

KEEP_ALIVE_S = 75
BACKLOG = 2048
SERVER_NAME = b"ozwell-mock"


class MockStartError(MockSettingsError):
    """The mock cannot listen on the address asked for."""


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
    server = _Server(settings)
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
    server = _Server(settings or MockSettings())
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


async def _serve_until_signal(server: _Server, on_ready: Callable[[MockHandle], None] | None) -> None:
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


class _DatedState(ServerState):
    """Writes Date for every answer by the mock's own clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._second = 0
        self._dated: list[tuple[bytes, bytes]] = []

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        second = int(self._clock.now())
        if second != self._second:
            self._second = second
            self._dated = [(b"date", formatdate(second, usegmt=True).encode()), (b"server", SERVER_NAME)]
        return self._dated

    @default_headers.setter
    def default_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Nothing else is sent by default."""


class _Server:
    """uvicorn's protocol without uvicorn's server: no ticks, no signal handling, a shutdown that does not linger."""

    def __init__(self, settings: MockSettings) -> None:
        self.settings = settings
        self._app = MockApp(settings)
        self._socket = _bind(settings.host, settings.port)
        self.handle = _handle(settings, self._socket)
        self._state = _DatedState(settings.clock)
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
        """Serve until `stop` is called."""
        self._stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        config = _uvicorn_config(self._app)
        protocol = best_protocol()

        def connect() -> asyncio.Protocol:
            connection: asyncio.Protocol = protocol(config=config, server_state=self._state, app_state={}, _loop=loop)
            return connection

        server = await loop.create_server(connect, sock=self._socket, backlog=BACKLOG)
        flushing = asyncio.create_task(self._keep_flushing())
        try:
            on_ready(self.handle)
            await self._stopping.wait()
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


def _uvicorn_config(app: MockApp) -> Config:
    config = Config(
        app,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    config.load()
    return config


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    except OSError as error:
        listener.close()
        raise MockStartError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from None
    return listener


def _handle(settings: MockSettings, listener: socket.socket) -> MockHandle:
    port = int(listener.getsockname()[1])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - what clients can reach
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    base_url = f"{origin}{base_path(settings.profile)}"
    return MockHandle(origin, base_url, port, client_environment(settings, base_url), settings)
