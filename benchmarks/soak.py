"""Puts a steady load on the bundled mock for half an hour and watches what the harness itself needs.

    python benchmarks/soak.py --out soak                        # 30 minutes at 50 requests a second
    python benchmarks/soak.py --out soak --duration 120

Shown are the resident memory of the generator (Locust) and of the process that commands it, over time and as a slope;
the processor time of each; what the record takes on disk; and how long a browser needs to open the report.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from mock_process import mock_process

_MB = 1024 * 1024
_EVERY_S = 2.0
#: Memory is level only after imports, caches and the first answers: the slope is taken after this share of the run.
_SETTLED = 0.2
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Reading:
    """The two processes at one moment: resident megabytes and processor seconds so far.

    The generator is absent, with 0, before it starts and while the command computes the figures after its end.
    """

    at_s: float
    parent_mb: float
    generator_mb: float
    parent_cpu_s: float
    generator_cpu_s: float


def main() -> int:
    """Run the soak, write ``soak.json``, print the figures."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    with mock_process("--ttft", "20ms", "--itl", "5ms") as variables:
        readings, status = _load(options, variables)
    report = options.out / "run"
    results = json.loads((report / "results.json").read_text("utf-8"))["load"]
    found = {
        "status": status,
        "rate": options.rate,
        "duration_s": options.duration,
        "requests": results["requests"],
        "tokens_per_chunk": results["tokens"]["per_chunk"],
        "chunks": results["metrics"]["icl_s"]["count"],
        "valid": results["valid"],
        "samples_mb": (report / "samples").stat().st_size / _MB,
        "report_mb": (report / "report.html").stat().st_size / _MB,
        "results_mb": (report / "results.json").stat().st_size / _MB,
        "open_report_s": _opening(report / "report.html"),
        "open_blank_s": _opening(None),
        **_memory(readings, options.duration),
        "readings": [asdict(reading) for reading in readings],
    }
    (options.out / "soak.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    for name, value in found.items():
        if name != "readings":
            print(f"{name:>28}  {value:.4g}" if isinstance(value, float) else f"{name:>28}  {value}")
    return status


def _load(options: argparse.Namespace, variables: Mapping[str, str]) -> tuple[list[Reading], int]:
    command = [sys.executable, "-m", "ozwell_harness", "load", "--scenario", options.scenario]
    command += ["--rate", f"{options.rate:g}", "--duration", f"{options.duration:g}s", "--warmup", "5s"]
    command += ["--out", str(options.out / "run")]
    shutil.rmtree(options.out / "run", ignore_errors=True)
    began, readings = time.monotonic(), []
    with subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            reading = _read(watched, time.monotonic() - began)
            if reading is not None:
                readings.append(reading)
            time.sleep(_EVERY_S)
    return readings, process.returncode


def _read(parent: psutil.Process, at_s: float) -> Reading | None:
    """Return a reading; None when a process went away meanwhile."""
    try:
        children = parent.children(recursive=True)
        own, others = parent.cpu_times(), [child.cpu_times() for child in children]
        return Reading(
            at_s,
            parent.memory_info().rss / _MB,
            sum(child.memory_info().rss for child in children) / _MB,
            own.user + own.system,
            sum(times.user + times.system for times in others),
        )
    except psutil.NoSuchProcess:
        return None


def _memory(readings: Sequence[Reading], duration_s: float) -> dict[str, float]:
    level = [r for r in readings if _SETTLED * duration_s <= r.at_s <= duration_s]
    if len(level) < 2:
        return {}
    found = {}
    for name in ("parent", "generator"):
        points = [(r.at_s, getattr(r, f"{name}_mb")) for r in level]
        used = getattr(level[-1], f"{name}_cpu_s") - getattr(level[0], f"{name}_cpu_s")
        found[f"{name}_first_mb"] = points[0][1]
        found[f"{name}_last_mb"] = points[-1][1]
        found[f"{name}_most_mb"] = max(getattr(r, f"{name}_mb") for r in readings)
        found[f"{name}_slope_mb_per_hour"] = _slope(points) * 3600
        found[f"{name}_cpu_share"] = used / (level[-1].at_s - level[0].at_s)
    return found


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def _opening(page: Path | None) -> float | None:
    """Return the seconds that a browser needs from its start to the page drawn; None without a browser."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        return None
    address = page.resolve().as_uri() if page else "about:blank"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", address]
    began = time.monotonic()
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("soak"), help="folder for soak.json and the run")
    parser.add_argument("--duration", type=float, default=1800.0, metavar="S", help="seconds; default 30 minutes")
    parser.add_argument("--rate", type=float, default=50.0, metavar="R", help="requests a second; default 50")
    parser.add_argument("--scenario", default="mixed", help="default mixed, of which half are streams")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
