"""Locust by hand, and waiting for what must happen."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import httpx

from ozwell_harness.content import content_path
from ozwell_harness.mock import MockHandle

_ANSWERED = re.compile(r"^mock_requests_total\{[^}]*Chat[^}]*\} (\d+)$", re.MULTILINE)
LOCUSTFILE = content_path("loadtests", "locustfile.py")


@contextlib.contextmanager
def by_hand(
    mock: MockHandle, *options: str, stderr: IO[str] | int = subprocess.PIPE, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """Run Locust on the scenarios, its output as text; it does not outlive the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "OZWELL_"))}
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--host", mock.base_url, *options]
    environment = kept | {"OZWELL_API_KEY": mock.env["OZWELL_API_KEY"]} | more
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr
    ) as process:
        try:
            yield process
        finally:
            # Asked first: it has children of its own to end.
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def answered(mock: MockHandle, count: int) -> None:
    """Assert that the mock has answered so many chat completions."""
    told = httpx.get(mock.base_url.removesuffix("/v1") + "/metrics").text
    assert sum(map(int, _ANSWERED.findall(told))) >= count


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def until(attempt: Callable[[], Any], patience_s: float = 120.0) -> Any:
    """Try until it works; the patience is for what hangs, not for a slow machine."""
    giving_up = time.monotonic() + patience_s
    while True:
        try:
            return attempt()
        except (httpx.TransportError, AssertionError, KeyError):
            if time.monotonic() > giving_up:
                raise
            time.sleep(0.05)
