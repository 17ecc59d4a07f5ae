"""Measures one and the same load by one process, by two, and by a master with two workers: the figures must agree.

    python benchmarks/distribution.py --out distribution

All load the same mock, whose times to first token are drawn from a known distribution. The set-ups take turns, several
rounds of them; how far the rounds of one set-up lie apart is the noise that the differences are to be seen against.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mock_process import mock_process

from ozwell_harness.content import content_path

Figures = Mapping[str, float]
#: Name in the table → (metric, statistic) in the documents.
_ROWS = {
    f"{metric.upper()} {statistic}": (metric, statistic)
    for metric in ("ttft", "icl", "e2e")
    for statistic in ("mean", "p50", "p90", "p99")
}
_RATE = "requests/s"


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to make the load."""

    name: str
    measure: Callable[[argparse.Namespace, Mapping[str, str], Path], Figures]


def main() -> int:
    """Run the benchmark, write ``distribution.json``, print the table."""
    options = _options()
    setups = (
        Setup("closed loop, 1 process", _processes("--users", 1)),
        Setup("closed loop, 2 processes", _processes("--users", 2)),
        Setup("closed loop, master and 2 workers", _master),
        Setup("open loop, 1 process", _processes("--rate", 1)),
        Setup("open loop, 2 processes", _processes("--rate", 2)),
    )
    found: dict[str, list[Figures]] = {setup.name: [] for setup in setups}
    with mock_process("--ttft", options.ttft, "--itl", options.itl) as variables:
        for turn in range(options.rounds):
            for setup in setups[turn % len(setups) :] + setups[: turn % len(setups)]:
                folder = options.out / f"{turn}-{setup.name.replace(' ', '-').replace(',', '')}"
                folder.mkdir(parents=True, exist_ok=True)
                found[setup.name].append(setup.measure(options, variables, folder))
    (options.out / "distribution.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(_table(found))
    return 0


def _processes(kind: str, processes: int) -> Callable[[argparse.Namespace, Mapping[str, str], Path], Figures]:
    def measure(options: argparse.Namespace, variables: Mapping[str, str], folder: Path) -> Figures:
        asked = ["--rate", f"{options.rate:g}"] if kind == "--rate" else ["--users", str(options.users)]
        asked += [] if kind == "--rate" else ["--think", f"{options.think:g}s"]
        command = [sys.executable, "-m", "ozwell_harness", "load", "--scenario", "chat_stream", *asked]
        command += ["--duration", f"{options.duration:g}s", "--warmup", "2s", "--processes", str(processes)]
        subprocess.run(
            [*command, "--out", str(folder)], env=os.environ | variables, check=True, stdout=subprocess.DEVNULL
        )
        load = json.loads((folder / "results.json").read_text("utf-8"))["load"]
        figures = {name: load["metrics"][f"{metric}_s"][p] for name, (metric, p) in _ROWS.items()}
        return {_RATE: load["throughput_rps"], **figures}

    return measure


def _master(options: argparse.Namespace, variables: Mapping[str, str], folder: Path) -> Figures:
    path, port = folder / "figures.json", _free_port()
    locust = [sys.executable, "-m", "locust", "-f", str(content_path("loadtests", "locustfile.py"))]
    locust += ["--loglevel", "WARNING", "--only-summary"]
    master = [*locust, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--headless"]
    master += ["--host", variables["OZWELL_BASE_URL"], "--scenario", "chat_stream", "--think", f"{options.think:g}"]
    # Figures begin once all users are there, as after a warm-up.
    users = str(options.users)
    master += ["-u", users, "-r", users, "-t", f"{options.duration + 1:g}s", "--reset-stats", "--expect-workers", "2"]
    master += ["--ozwell-json", str(path)]
    worker = [*locust, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    commands = (master, worker, worker)
    environment = os.environ | variables
    nothing = subprocess.DEVNULL
    processes = [subprocess.Popen(c, env=environment, stdout=nothing, stderr=nothing) for c in commands]
    for process in processes:
        if process.wait(options.duration + 120):
            raise RuntimeError(f"Locust ended with status {process.returncode}.")
    document = json.loads(path.read_text("utf-8"))
    found = {entry["metric"]: entry for entry in document["figures"]}
    figures = {name: found[metric][f"{p}_s"] for name, (metric, p) in _ROWS.items()}
    return {_RATE: found["e2e"]["count"] / options.duration, **figures}


def _table(found: Mapping[str, list[Figures]]) -> str:
    lines = ["| ms: median (range of the rounds) | " + " | ".join(found) + " |", "| --- |" + " ---: |" * len(found)]
    for row in (_RATE, *_ROWS):
        cells = [_cell([figures[row] for figures in rounds], 1 if row == _RATE else 1000) for rounds in found.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(values: list[float], factor: int) -> str:
    middle, low, high = (_digits(value * factor) for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low} to {high})"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("distribution"), help="folder for the records and the table")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--duration", type=float, default=15.0, metavar="S", help="seconds of each run; default 15")
    parser.add_argument("--users", type=int, default=16, metavar="N", help="of the closed loops; default 16")
    parser.add_argument("--think", type=float, default=0.1, metavar="S", help="their pause; default 0.1 seconds")
    parser.add_argument("--rate", type=float, default=20.0, metavar="R", help="of the open loops; default 20")
    parser.add_argument("--ttft", default="lognormal(50ms, 0.3)", metavar="TIME", help="the mock's")
    parser.add_argument("--itl", default="5ms", metavar="TIME", help="the mock's")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
