"""Searches for a capacity that is known, and counts how often the interval contains it.

    python benchmarks/capacity.py --out capacity                      # simulated queues: hundreds of searches
    python benchmarks/capacity.py --out capacity --sockets --searches 5 --max-time 9000   # mocks with slots

Simulated searches run the very same search as the command does, on queues that are played through without a network.
Over sockets, ``ozwell-harness capacity`` itself searches a mock with ``--slots``; a last search there is of a
target that is quicker than any client, and must be called invalid.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from client_cost import fixture
from mock_process import mock_process
from queues import Queue, Service, SimulatedTarget

from ozwell_harness.load.capacity.goals import goals_of
from ozwell_harness.load.capacity.outcome import capacity_of
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.slo import parse_slo


@dataclass(frozen=True, slots=True)
class Case:
    """A queue, an SLO on E2E, and the time a search may take (simulated seconds, or real ones)."""

    queue: Queue
    bound_s: float
    percent: float
    budget_s: float

    @property
    def name(self) -> str:
        """It in Kendall's notation, with its SLO."""
        kind = "D" if self.queue.service is Service.FIXED else "M"
        return f"M/{kind}/{self.queue.servers}, service {self.queue.mean_s * 1e3:g} ms, {self.slo}"

    @property
    def slo(self) -> str:
        """The SLO as the command line takes it."""
        return f"e2e_p{self.percent:g}<{self.bound_s * 1e3:g}ms"

    @property
    def truth(self) -> float:
        """The capacity, exact to a hundred-thousandth of the rate of saturation."""
        return self.queue.capacity(self.bound_s, self.percent / 100)


@dataclass(frozen=True, slots=True)
class Search:
    """What one search found."""

    case: str
    truth: float | None
    seed: int
    status: str
    lower: float | None
    upper: float | None
    reached: bool
    requests: int
    seconds: float

    @property
    def contains(self) -> bool:
        """Its interval contains the truth."""
        known = self.truth is not None and self.lower is not None and self.upper is not None
        return known and self.lower <= self.truth <= self.upper  # type: ignore[operator]


SIMULATED = (
    Case(Queue(Service.FIXED, 1, 0.05), 0.2, 90, 20_000),
    Case(Queue(Service.FIXED, 4, 0.05), 0.1, 90, 7_200),
    Case(Queue(Service.FIXED, 4, 0.05), 0.15, 99, 20_000),
    Case(Queue(Service.EXPONENTIAL, 1, 0.05), 0.3, 90, 40_000),
    Case(Queue(Service.EXPONENTIAL, 4, 0.05), 0.2, 90, 14_400),
    Case(Queue(Service.EXPONENTIAL, 16, 0.05), 0.15, 90, 7_200),
)
#: Bounds far above the service time: what a mock, a client and timers of whole milliseconds add must stay far below it.
SOCKETS = (
    Case(Queue(Service.FIXED, 16, 0.02), 0.04, 90, 600),
    Case(Queue(Service.EXPONENTIAL, 8, 0.01), 0.04, 90, 600),
    Case(Queue(Service.FIXED, 8, 0.01), 0.03, 90, 600),
    Case(Queue(Service.EXPONENTIAL, 16, 0.02), 0.1, 90, 600),
)


def main() -> int:
    """Run the benchmark, write ``capacity.json`` and ``capacity.md``, print the table."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    found: list[Search] = []
    for search in over_sockets(options) if options.sockets else simulated(options):
        found.append(search)
        _keep(options.out, found)
    print(table(found))
    return 0


def _keep(out: Path, found: Sequence[Search]) -> None:
    """Write what there is so far: hours of searches must not be lost with the last."""
    machine = {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}
    document = {"machine": machine, "searches": [asdict(search) for search in found]}
    (out / "capacity.json").write_text(json.dumps(document, indent=1), "utf-8")
    (out / "capacity.md").write_text(table(found), "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Search for capacities that are known.")
    parser.add_argument("--out", type=Path, default=Path("capacity"), metavar="DIR", help="where the results go")
    parser.add_argument("--searches", type=int, default=50, metavar="N", help="of each case; default 50")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that simulate; default 1")
    parser.add_argument("--max-time", type=float, default=460, metavar="S", help="begin nothing after; default 460 s")
    parser.add_argument("--sockets", action="store_true", help="search mocks over sockets instead")
    return parser.parse_args()


def simulated(options: argparse.Namespace) -> Iterator[Search]:
    """Yield simulated searches, the cases taking turns, so that a limit of time leaves as many of each."""
    end = time.monotonic() + options.max_time
    truths = {case: case.truth for case in SIMULATED}
    with ProcessPoolExecutor(options.workers) as pool:
        for seed in range(options.searches):
            if time.monotonic() > end:
                return
            yield from pool.map(simulate_one, SIMULATED, [seed] * len(truths), truths.values())


def simulate_one(case: Case, seed: int, truth: float) -> Search:
    """Search a simulated queue."""
    plan = SearchPlan(goals_of(parse_slo(case.slo)), budget_s=case.budget_s, seed=seed)
    history, finished = SimulatedTarget(case.queue, (case.bound_s,)).search(plan)
    found = capacity_of(plan, history, finished)
    return Search(
        case.name,
        truth,
        seed,
        finished.status.value,
        found.standing.lower,
        found.standing.upper,
        found.reached,
        sum(step.seen.requests for step in history),
        found.elapsed_s,
    )


def over_sockets(options: argparse.Namespace) -> Iterator[Search]:
    """Yield searches of mocks by the command itself, the cases taking turns; no client can exhaust the last."""
    end = time.monotonic() + options.max_time
    for seed in range(options.searches):
        for case in SOCKETS:
            if time.monotonic() > end:
                return
            delay = f"{case.queue.service}({case.queue.mean_s * 1e3:g}ms)"
            mock = ("--ttft", delay, "--slots", str(case.queue.servers), "--seed", str(seed))
            yield search_mock(mock, case.slo, case.budget_s, options.out, case.name, case.truth, seed)
    with fixture() as port:
        # Quicker than any client: prepared answers, nothing is read but where a request ends.
        env = {"OZWELL_BASE_URL": f"http://127.0.0.1:{port}/v1", "OZWELL_MODEL": "m"}
        name, slo = "prepared answers, quicker than the client, e2e_p90<100ms", "e2e_p90<100ms"
        yield search_target(env, slo, 60.0, options.out / "quicker-than-the-client", name, None, 0)


def search_mock(
    mock: Sequence[str], slo: str, budget_s: float, out: Path, name: str, truth: float, seed: int
) -> Search:
    """Search one mock, in a process of its own."""
    folder = out / f"{''.join(letter if letter.isalnum() else '-' for letter in name)}-{seed}"
    with mock_process(*mock) as env:
        return search_target(env, slo, budget_s, folder, name, truth, seed)


def search_target(
    env: Mapping[str, str], slo: str, budget_s: float, folder: Path, name: str, truth: float | None, seed: int
) -> Search:
    """Search one target; the run folder is kept, and a search whose folder is there is not made again."""
    if not (folder / "results.json").exists():
        command = [sys.executable, "-m", "ozwell_harness", "capacity", "--scenario", "chat", "--seed", str(seed)]
        command += ["--slo", slo, "--budget", f"{budget_s:g}s", "--out", str(folder)]
        subprocess.run(command, env={**os.environ, **env}, check=False)
    document = json.loads((folder / "results.json").read_text("utf-8"))
    block = document["capacity"]
    return Search(
        name,
        truth,
        document["seed"],
        block["status"],
        block["lower_rps"],
        block["upper_rps"],
        block["reached"],
        document["cost"]["requests"],
        document["duration_s"],
    )


def table(found: Sequence[Search]) -> str:
    """Return the table, a row for each case."""
    columns = ("Case", "Truth (1/s)", "Searches", "Interval found", "of these, contains the truth")
    columns += ("as narrow as asked, and confirmed", "Median width", "Median requests")
    lines = [f"| {' | '.join(columns)} |", f"| --- |{' ---: |' * (len(columns) - 1)}"]
    for name in dict.fromkeys(search.case for search in found):
        of_case = [search for search in found if search.case == name]
        lines.append(f"| {name} | {' | '.join(_row(of_case))} |")
    return "\n".join(lines) + "\n"


def _row(searches: Sequence[Search]) -> tuple[str, ...]:
    intervals = [search for search in searches if search.lower is not None and search.upper is not None]
    widths = sorted(1 - search.lower / search.upper for search in intervals if search.lower and search.upper)
    requests = sorted(search.requests for search in searches)
    truth = searches[0].truth
    others = sorted({search.status for search in searches if search not in intervals})
    return (
        f"{truth:.2f}" if truth is not None else "-",
        str(len(searches)),
        f"{len(intervals)}{' (else ' + ', '.join(others) + ')' if others else ''}",
        str(sum(search.contains for search in intervals)),
        str(sum(search.reached for search in intervals)),
        f"{widths[len(widths) // 2]:.1%}" if widths else "-",
        f"{requests[len(requests) // 2]:,}",
    )


if __name__ == "__main__":
    sys.exit(main())
