"""A bundled mock in a process of its own, so that its work is not the client's."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

PATIENCE_S = 60.0


@contextlib.contextmanager
def mock_process(*options: str) -> Iterator[Mapping[str, str]]:
    """Run ``ozwell-harness mock`` on a free port of the loopback interface; yield the variables of its clients.

    Raises:
        RuntimeError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="ozwell-mock-") as folder:
        env_file = Path(folder, "mock.env")
        command = [sys.executable, "-m", "ozwell_harness", "mock", "--port", "0", "--env-file", str(env_file), *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                yield _variables(process, env_file)
            finally:
                process.terminate()


def _variables(process: subprocess.Popen[bytes], env_file: Path) -> Mapping[str, str]:
    giving_up = time.monotonic() + PATIENCE_S
    while not env_file.exists() or not env_file.read_text().endswith("\n"):
        if process.poll() is not None or time.monotonic() > giving_up:
            process.kill()
            said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
            raise RuntimeError(f"The mock did not start: {said.strip()}")
        time.sleep(0.05)
    lines = [line.partition("=") for line in env_file.read_text().splitlines()]
    return {name: value for name, _, value in lines}
