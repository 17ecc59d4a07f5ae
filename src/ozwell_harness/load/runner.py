"""Runs Locust in a process of its own and computes the figures from the record that its workers write.

Locust patches the standard library when it is imported, so it is never imported here. The key reaches it by its
environment, never by its command line or a file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ozwell_harness.content import content_path
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.columns import Spill
from ozwell_harness.load.documents import stay
from ozwell_harness.load.losses import lost_arrivals
from ozwell_harness.load.plan import ORDERS_VARIABLE, LoadPlan, Orders, write_orders
from ozwell_harness.load.progress import EnoughError, LoadObserver, Progress, SilentLoad
from ozwell_harness.load.result import LoadResult, result_of
from ozwell_harness.load.samples import Lines, SampleFile, Start, encode, glance
from ozwell_harness.load.scenario_file import load_scenarios, mix_of
from ozwell_harness.load.sweep import sweep
from ozwell_harness.target import KeyName, Secret

#: The record's name in a run folder.
SAMPLES = "samples"
_POLL_S = 0.2
_STOP_PATIENCE_S = 10.0
#: Time that Locust may take to start and to end, beside arrivals and drain.
_OVERHEAD_S = 60.0


class LoadError(Exception):
    """The load generator itself failed. The message is one plain sentence, followed by what it said last."""


def run_load(
    plan: LoadPlan,
    folder: Path,
    observer: LoadObserver | None = None,
    *,
    keys: Mapping[KeyName, Secret] | None = None,
) -> LoadResult:
    """Run a load test and leave its record in ``folder`` as ``samples``.

    Ctrl-C ends it early, and so does a listener that raises ``EnoughError``: the result then holds what was recorded
    until then and says so.

    Raises:
        PlanError: the scenario is unknown or impossible.
        ProfileError: there is no such profile.
        LoadError: the load generator did not start.
        OSError: the folder cannot be written.
    """
    mix_of(load_scenarios(), plan)
    listener = observer or SilentLoad()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ozwell-load-") as scratch:
        run = _Run(plan, folder / SAMPLES, Path(scratch), listener)
        listener.load_started(plan.title, plan.total_s)
        try:
            return run.complete((keys or {}).get(KeyName.MAIN))
        finally:
            listener.load_finished()


class _Run:
    """One run of Locust and the record that grows meanwhile."""

    def __init__(self, plan: LoadPlan, samples: Path, scratch: Path, observer: LoadObserver) -> None:
        self._plan = plan
        self._samples = samples.resolve()  # Locust runs in another directory
        self._scratch = scratch
        self._observer = observer
        self._orders = Orders(plan, str(self._samples), secrets.token_hex(16), os.getpid(), str(scratch))
        self._parts = [self._orders.part(worker) for worker in range(plan.processes)]
        self._log = scratch / "locust.log"
        self._begin_reading()

    def _begin_reading(self) -> None:
        self._tails = [Lines(part, glance) for part in self._parts]
        # While the run goes on records are only counted; figures are computed from the file, once it is whole.
        self._collection = Collection(SampleFile(self._samples), Spill(self._samples.parent))

    def complete(self, key: Secret | None) -> LoadResult:
        """Start Locust, follow it to its end, and return the result."""
        for part in (self._samples, *self._parts):
            part.unlink(missing_ok=True)
        orders = self._scratch / "orders.json"
        write_orders(self._orders, orders)
        interrupted = False
        with self._locust(_environment(orders, key)) as process:
            try:
                self._follow(process)
            except (KeyboardInterrupt, EnoughError):
                interrupted = True
                _stop(process)
                # The interruption may have come between a line's reading and its keeping.
                self._begin_reading()
        self._read()
        if self._collection.zero is None and not interrupted:
            raise LoadError(self._failure(process.returncode, key))
        self._end_parts(interrupted=interrupted)
        self._join()
        result = result_of(self._plan, self._collection, interrupted=interrupted)
        left = sweep(self._plan, self._orders.run, key) if result.files_left > 0 else None
        notes = (left, stay(result.documents_left))
        return replace(result, notes=tuple(note for note in notes if note))

    @contextlib.contextmanager
    def _locust(self, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        with self._log.open("wb") as log:
            # Apart from our terminal: Ctrl-C there is for us, who then stop it in order.
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                self._command(),
                env=environment,
                cwd=self._scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            _stop(process)

    def _command(self) -> list[str]:
        plan = self._plan
        users = plan.processes if plan.open_loop else plan.users or 1
        # Locust's own limit is the last resort: the workers end the run themselves.
        limit = int(plan.total_s + plan.drain_s + _OVERHEAD_S)
        command = [sys.executable, "-m", "locust", "-f", str(content_path("loadtests", "locustfile.py"))]
        command += ["--headless", "--host", plan.base_url, "-u", str(users), "-r", str(users), "-t", f"{limit}s"]
        command += ["--only-summary", "--loglevel", "WARNING", "--exit-code-on-error", "0"]
        if plan.processes > 1:
            port = str(_free_port())
            command += ["--processes", str(plan.processes), "--master-bind-host", "127.0.0.1"]
            command += ["--master-bind-port", port, "--master-port", port]
        return command

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._plan.total_s + self._plan.drain_s + 2 * _OVERHEAD_S
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
                return
            self._read()
            self._observer.load_progress(self._progress())

    def _read(self) -> None:
        for worker, tail in enumerate(self._tails):
            self._collection.add(tail.read(), worker)

    def _progress(self) -> Progress:
        found = self._collection
        elapsed = 0.0 if found.zero is None else (time.monotonic_ns() - found.zero) / 1e9
        return Progress(
            elapsed_s=elapsed,
            total_s=self._plan.total_s,
            sent=found.requests + found.in_flight,
            completed=found.completed,
            failed=found.failed,
            in_flight=found.in_flight,
        )

    def _end_parts(self, *, interrupted: bool) -> None:
        """Take away the half line that a killed worker may have left, and record the arrivals that it took along."""
        for part, tail in zip(self._parts, self._tails, strict=True):
            if part.exists():
                os.truncate(part, tail.offset)
        for worker in () if interrupted else self._collection.vanished(self._plan.processes):
            start = self._collection.starts.get(worker) or Start(self._collection.zero or 0, 0.0, worker)
            recorded = SampleFile(self._parts[worker])
            with self._parts[worker].open("ab") as stream:
                stream.writelines(encode([sample]) for sample in lost_arrivals(self._plan, start, recorded))

    def _join(self) -> None:
        """Make one record of the workers' parts."""
        if self._plan.processes == 1:
            return
        with self._samples.open("wb") as whole:
            for part in self._parts:
                if part.exists():
                    with part.open("rb") as stream:
                        shutil.copyfileobj(stream, whole)
                    part.unlink()

    def _failure(self, status: int | None, key: Secret | None) -> str:
        said = self._log.read_text("utf-8", "replace").strip().splitlines()
        # Locust's lines read "[time] host/LEVEL/logger: message".
        errors = [line.partition(": ")[2] for line in said if "/ERROR/" in line]
        text = (errors or said[-1:] or ["it said nothing"])[0].strip()
        if key is not None:
            text = text.replace(key.reveal(), f"${KeyName.MAIN}")
        return f"The load generator ended with status {status} before it sent anything: {text}"


def _environment(orders: Path, key: Secret | None) -> dict[str, str]:
    """Return the environment of the workers: ours without Locust's settings and without keys that they do not need."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "OZWELL_"))}
    if key is not None:
        kept[KeyName.MAIN.value] = key.reveal()
    return kept | {ORDERS_VARIABLE: str(orders)}


def _free_port() -> int:
    """Return a port for the workers' master: two runs on one machine must not meet on Locust's usual one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End Locust: asked first, so that its record is closed in order; then made to."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_PATIENCE_S)
    # Its forked workers are in its process group; none may outlive the run.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
