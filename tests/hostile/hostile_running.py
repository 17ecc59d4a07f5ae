"""Judges hostile servers by the real command line, and says how each run went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile_wire import Served

KEY = "ozw_hostile_0123456789abcdef"
#: Wide, so that a busy machine is not taken for a slow target; what hangs on purpose has ``SHORT``.
TIMEOUTS = {"connect_s": 10.0, "read_s": 20.0, "total_s": 30.0, "give_up_after": 3}
SHORT = {"read_s": 1.5, "total_s": 2.0}
#: Seconds; a run that takes longer hangs.
LONGEST_RUN = 120.0


@dataclass(frozen=True)
class Case:
    """A hostile server, and how it is judged."""

    serve: Callable[[], AbstractContextManager[Served]]
    options: tuple[str, ...] = ()
    timeouts: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: {"OZWELL_API_KEY": KEY, "OZWELL_MODEL": "gpt-4"})


@dataclass(frozen=True)
class Outcome:
    """How a run went: what it said, what it cost, what it left behind."""

    status: int
    rss_mb: float
    cpu_s: float
    stdout: str
    stderr: str
    folder: Path
    served: Served

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def results(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.report / "results.json").read_text("utf-8"))
        return document

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        return {finding["requirement"]: finding for finding in self.results["findings"]}

    @property
    def statuses(self) -> dict[str, str]:
        return {name: finding["status"] for name, finding in self.findings.items()}

    def named(self, *statuses: str) -> set[str]:
        return {name for name, status in self.statuses.items() if status in statuses}

    @property
    def notes(self) -> str:
        return "\n".join(self.results["notes"])


class Nursery:
    """The process that forks the runs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("hostile_nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[dict[str, Any]]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def run(self, argv: list[str], folder: Path, environment: dict[str, str]) -> dict[str, Any]:
        future: Future[dict[str, Any]] = Future()
        job = {"id": str(folder), "argv": argv, "folder": str(folder), "environment": environment}
        with self._lock:
            self._waiting[str(folder)] = future
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        return future.result(timeout=LONGEST_RUN)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            outcome = json.loads(line)
            self._waiting.pop(outcome["id"]).set_result(outcome)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._listener.join(5)
        self._process.stdout.close()


@contextmanager
def nursery() -> Iterator[Nursery]:
    one = Nursery()
    try:
        yield one
    finally:
        one.close()


def judge(case: Case, nursery: Nursery, folder: Path) -> Outcome:
    """Judge a case in ``folder``, which is made."""
    folder.mkdir(parents=True)
    lines = ["[timeouts]", *(f"{name} = {value}" for name, value in (TIMEOUTS | case.timeouts).items())]
    (folder / "harness.toml").write_text("\n".join(lines) + "\n", "utf-8")
    with case.serve() as served:
        argv = ["check", served.url, "--no-property", "--out", "report", *case.options]
        done = nursery.run(argv, folder, plain_environment() | case.environment)
    return Outcome(
        done["status"],
        done["rss_kb"] / 1024,
        done["cpu_s"],
        (folder / "stdout").read_text("utf-8"),
        (folder / "stderr").read_text("utf-8"),
        folder,
        served,
    )


def plain_environment() -> dict[str, str]:
    foreign = ("OZWELL_", "PYTEST_", "SSL_", "COV_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return clean | {"NO_COLOR": "1", "COLUMNS": "120"}
