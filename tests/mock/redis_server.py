"""A Redis of the tests' own: started on a free port, killed, started anew, and stopped."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

#: Set where a missing Redis must fail the tests rather than skip them.
REQUIRED = "OZWELL_TESTS_REQUIRE_REDIS"

_PATIENCE_S = 60.0
_NUMBERS = itertools.count(1)


def redis_path() -> str:
    """Return where the server is; without one, skip, or fail where it is required."""
    found = shutil.which("redis-server")
    if found is None:
        missing = "No Redis server is installed, so shared state cannot be tested: apt-get install redis-server."
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(missing)
    return str(found)


class RedisServer:
    """One server process; `port` stays the same when it is started anew."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._path = redis_path()
        self._folder = folder
        self._options = options
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, *, password: str = "", **options: Any) -> str:
        """The place in it; each call gives a namespace of its own unless one is named."""
        options = {"prefix": f"test{next(_NUMBERS)}"} | options
        secret = f":{password}@" if password else ""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"redis://{secret}127.0.0.1:{self.port}/0?{query}"

    @property
    def client(self) -> Redis:
        """A client for what a test wants to see for itself."""
        return Redis(port=self.port, protocol=2, decode_responses=True, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        """Start it and wait until it answers, whatever the answer."""
        settings = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "")
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([self._path, *settings, *self._options], stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "redis.log").read_text()
            assert time.monotonic() < deadline, "Redis does not answer."

    def _answers(self) -> bool:
        try:
            with self.client as client:
                client.ping()
        except RedisError as error:
            return "NOAUTH" in str(error) or "Authentication" in str(error)
        return True

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def freeze(self) -> None:
        """Let it hang: connections are taken, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a server for the length of a `with` block."""
    server = RedisServer(folder, *options)
    try:
        yield server
    finally:
        server.thaw()
        server.kill()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
