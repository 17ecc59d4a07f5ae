"""Spreads trials over worker processes: each collects the suites once, and then makes one trial after another."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait

from ozwell_harness.driver import HarnessError
from ozwell_harness.model import Finding
from ozwell_harness.prove.bench import Faults, run_trials
from ozwell_harness.prove.matrix import Trial
from ozwell_harness.prove.trial import lost_trial, trial_of

# Not forked: a mock runs in a thread of each worker.
_CONTEXT = multiprocessing.get_context("spawn")
_PATIENCE_S = 5.0


def trials_in_workers(
    trials: Iterable[Faults], *, profile: str, areas: tuple[str, ...], workers: int
) -> Generator[Trial, None, None]:
    """Make all trials, and yield each as it is finished. Whatever ends the iteration ends the workers.

    Raises:
        HarnessError: a worker cannot run the suites at all.
    """
    queue = deque(trials)
    staff = [_Worker(profile, areas) for _ in range(min(workers, len(queue)))]
    try:
        for worker in staff:
            worker.give(queue.popleft())
        while busy := [worker for worker in staff if worker.is_busy]:
            for worker in _reporting(busy):
                yield worker.take()
                place = staff.index(worker)
                if worker.is_lost:
                    staff[place] = _Worker(profile, areas)
                if queue:
                    staff[place].give(queue.popleft())
    finally:
        for worker in staff:
            worker.dismiss()


def _reporting(busy: Sequence[_Worker]) -> list[_Worker]:
    ready = wait([worker.pipe for worker in busy])
    return [worker for worker in busy if worker.pipe in ready]


class _Worker:
    """A process that makes one trial at a time."""

    def __init__(self, profile: str, areas: tuple[str, ...]) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._profile = profile
        self.is_lost = False
        self._delivered = False
        self._task: Faults | None = None
        self._process = _CONTEXT.Process(target=_work, args=(theirs, profile, areas), daemon=True)
        self._process.start()
        # Only the process holds its end now, so that it cannot end unnoticed.
        theirs.close()

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def give(self, faults: Faults) -> None:
        self._task = faults
        # A process that has ended is noticed when its answer is taken.
        with contextlib.suppress(ConnectionError):
            self.pipe.send(faults)

    def take(self) -> Trial:
        """Return the finished trial, or what there is to say of one whose process has ended.

        Raises:
            HarnessError: it ended before it finished any.
        """
        task, self._task = self._task or (), None
        try:
            trial: Trial = self.pipe.recv()
        except (EOFError, ConnectionError):
            self.is_lost = True
            self._process.join()
            if not self._delivered:
                raise HarnessError(f"The suites could not be run: exit status {self._process.exitcode}.") from None
            return lost_trial(task, f"its process ended with exit status {self._process.exitcode}", self._profile)
        self._delivered = True
        return trial

    def dismiss(self) -> None:
        """Let the process go, at once if it is at work."""
        self.pipe.close()
        if self.is_busy:
            self._process.terminate()
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(pipe: Connection, profile: str, areas: tuple[str, ...]) -> None:
    # Ctrl-C reaches all processes of a terminal. The first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def told(faults: Faults, findings: tuple[Finding, ...], seconds: float) -> None:
        pipe.send(trial_of(faults, findings, profile, seconds))

    run_trials(_given(pipe), profile=profile, areas=areas, told=told)


def _given(pipe: Connection) -> Iterator[Faults]:
    while True:
        try:
            yield pipe.recv()
        except (EOFError, ConnectionError):
            return
