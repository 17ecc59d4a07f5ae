"""Measures how punctually arrivals are sent, and whether every one of them is accounted for, to the last.

    python benchmarks/schedule.py --out schedule

Four runs at 2,000 arrivals a second against the cheap fixture: constant spacing; Poisson; Poisson by two workers of
which one is killed half-way; Poisson against a target that stops answering half-way. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import psutil
from client_cost import fixture

from ozwell_harness.load import LoadPlan, SilentLoad, run_load
from ozwell_harness.load.arrivals import Arrivals, Constant, Poisson
from ozwell_harness.load.engine.alarm import make_alarm
from ozwell_harness.load.losses import due_arrivals
from ozwell_harness.load.metrics import percentile
from ozwell_harness.load.progress import Progress
from ozwell_harness.load.samples import Record, Sample, Start, Tail, Tick

RATE = 2000.0
WARM_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """One run. ``trouble`` happens once half the arrivals are answered, to (the fixture's process id, the URL)."""

    name: str
    arrivals: Arrivals
    processes: int = 1
    trouble: Callable[[int, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the arrivals of one run.

    Attributes:
        due: arrivals of the schedule.
        fates: how many were completed, censored, or failed by each kind of error.
        unaccounted: arrivals without exactly one record, and records without an arrival.
        lateness_us: send lateness at the median and the 99th percentile, in microseconds.
        cpu: mean share of a core that a worker used.
        reasons: why the run calls itself invalid.
    """

    name: str
    due: int
    fates: Mapping[str, int]
    unaccounted: int
    lateness_us: tuple[float, float]
    cpu: float
    reasons: tuple[str, ...] = field(default=())


def main() -> int:
    """Run the benchmark, write ``schedule.json`` and ``schedule.md``, print the table."""
    options = _options()
    began = datetime.now(tz=UTC)
    # Before and after: what the machine itself allows just now.
    outcomes = [bare_timer("a bare timer, before", options.seconds)]
    outcomes += [measure(case, options.seconds) for case in CASES]
    outcomes.append(bare_timer("a bare timer, after", options.seconds))
    text = table(outcomes)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "schedule.md").write_text(text, "utf-8")
    document = {
        "began": began.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()},
        "outcomes": [asdict(one) for one in outcomes],
    }
    (options.out / "schedule.json").write_text(json.dumps(document, indent=2), "utf-8")
    print(text)
    return 0 if not any(one.unaccounted for one in outcomes) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how punctually arrivals are sent.")
    parser.add_argument("--out", type=Path, default=Path("schedule"), metavar="DIR", help="where the results go")
    parser.add_argument("--seconds", type=float, default=10, metavar="S", help="seconds for each run; default 10")
    return parser.parse_args()


class Half(SilentLoad):
    """Does something once so many answers have come."""

    def __init__(self, answers: float, then: Callable[[], None]) -> None:
        self._answers = answers
        self._then: Callable[[], None] | None = then

    def load_progress(self, progress: Progress) -> None:
        """Look whether it is time."""
        if self._then is not None and progress.completed >= self._answers:
            then, self._then = self._then, None
            then()


def measure(case: Case, seconds: float) -> Outcome:
    """Make one run and account for its arrivals."""
    with tempfile.TemporaryDirectory() as name, target() as (pid, url):
        plan = LoadPlan(
            url, "m", scenario="models", arrivals=case.arrivals, duration_s=seconds - WARM_UP_S, warmup_s=WARM_UP_S,
            drain_s=3.0, processes=case.processes, seed=1,
        )  # fmt: skip
        trouble = case.trouble
        watching = Half(RATE * seconds / 2, lambda: trouble(pid, url)) if trouble else SilentLoad()
        result = run_load(plan, Path(name), watching)
        records = list(Tail(Path(name) / "samples").read())
    return account(case.name, plan, records, tuple(result.reasons))


def bare_timer(name: str, seconds: float) -> Outcome:
    """Wait for the same moments and do nothing."""
    alarm, start, used = make_alarm(), time.monotonic_ns(), time.process_time()
    late = []
    for index in range(round(RATE * seconds)):
        due = start + round(index * 1e9 / RATE)
        alarm.wait_until(due)
        late.append((time.monotonic_ns() - due) / 1e3)
    cpu = (time.process_time() - used) / ((time.monotonic_ns() - start) / 1e9)
    alarm.close()
    late.sort()
    return Outcome(name, len(late), {"nothing sent": len(late)}, 0, (percentile(late, 50), percentile(late, 99)), cpu)


def account(name: str, plan: LoadPlan, records: list[Record], reasons: tuple[str, ...]) -> Outcome:
    """Hold the records against the schedule."""
    starts = {record.worker: record.at for record in records if isinstance(record, Start)}
    due = Counter(at + offset for worker, at in starts.items() for offset in due_arrivals(plan, worker).times)
    samples = [record for record in records if isinstance(record, Sample)]
    told = Counter(sample.due for sample in samples)
    late = sorted((sample.sent - sample.due) / 1e3 for sample in samples if sample.sent is not None)
    return Outcome(
        name,
        due.total(),
        dict(Counter("censored" if s.censored else s.error or "completed" for s in samples)),
        (due - told).total() + (told - due).total(),
        (percentile(late, 50), percentile(late, 99)),
        fmean(record.cpu for record in records if isinstance(record, Tick)),
        reasons,
    )


@contextlib.contextmanager
def target() -> Iterator[tuple[int, str]]:
    """Run the fixture; give its process id and base URL."""
    before = set(psutil.Process().children())
    with fixture() as port:
        (process,) = set(psutil.Process().children()) - before
        try:
            yield process.pid, f"http://127.0.0.1:{port}/v1"
        finally:
            process.resume()


def kill_a_worker(_pid: int, url: str) -> None:
    """End one of the processes that Locust has forked, without warning."""
    family = [child for child in psutil.Process().children(recursive=True) if url in child.cmdline()]
    parents = {process.pid for process in family}
    worker = next(process for process in family if process.ppid() in parents)
    worker.kill()


def silence(pid: int, _url: str) -> None:
    """Stop the target where it stands: connections are open, and nothing comes."""
    os.kill(pid, signal.SIGSTOP)


CASES = (
    Case("constant", Constant(RATE)),
    Case("Poisson", Poisson(RATE)),
    Case("a worker is killed", Poisson(RATE), 2, kill_a_worker),
    Case("the target falls silent", Poisson(RATE), 1, silence),
)


def table(outcomes: list[Outcome]) -> str:
    """Return the table, in Markdown, and what the runs said of themselves."""
    lines = [
        "| Run | Arrivals | Became | Unaccounted | Lateness p50 / p99 | CPU of a core |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for one in outcomes:
        fates = ", ".join(f"{count:,} {fate}" for fate, count in sorted(one.fates.items()))
        late = f"{one.lateness_us[0]:.0f} / {one.lateness_us[1]:.0f} µs"
        lines.append(f"| {one.name} | {one.due:,} | {fates} | {one.unaccounted} | {late} | {one.cpu:.0%} |")
    said = [f"- {one.name}: {reason}" for one in outcomes for reason in one.reasons]
    return "\n".join([*lines, "", *said]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
