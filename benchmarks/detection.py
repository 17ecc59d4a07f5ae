"""Compares what tools find in one and the same broken endpoint.

    python benchmarks/detection.py --out detection

Each fault of a seeded sample is given to each tool as a mock of its own that is broken in this one thing; so are
legal variations, which nobody should report, and the correct mock. A fault counts as found when a tool reports
something that it never reports of the correct mock. Everything stays on the loopback interface.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scoring import Kind, Run, Score, score, table, table_by_area
from tools import REPORT, Tool, available

from ozwell_harness.content import content_path
from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.faults import Kind as FaultKind
from ozwell_harness.mock.faults import catalogue

CLEAN_RUNS = 2
_ANSWERS = re.compile(rb"^mock_requests_total\{[^}]*\} (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Subject:
    """A mock to try the tools on: the fault or control that it has, if any."""

    kind: Kind
    name: str = ""


def main() -> int:
    """Run the benchmark, write ``detection.json`` and ``detection.md``, print the table."""
    options = _options()
    tools = available(content_path("spec", "ozwell.openapi.yaml"), dict(options.tool))
    subjects = chosen(options.faults, options.controls, options.seed)
    began = datetime.now(tz=UTC)
    runs = measure(tools, subjects, options)
    tried = {run.subject for run in runs if run.kind is Kind.FAULT}
    scores = [score(tool.name, runs) for tool in tools]
    text = f"{table(scores)}\n{table_by_area(scores, tried)}"
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "detection.md").write_text(text, "utf-8")
    document = report(tools, runs, scores, began, options)
    (options.out / "detection.json").write_text(json.dumps(document, indent=2, default=sorted), "utf-8")
    print(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare what tools find in one and the same broken endpoint.")
    parser.add_argument("--out", type=Path, default=Path("detection"), metavar="DIR", help="where the results go")
    parser.add_argument("--faults", type=int, default=40, metavar="N", help="how many faults; default 40")
    parser.add_argument("--controls", type=int, default=4, metavar="N", help="how many legal variations; default 4")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the sample; default 0")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="mocks tried at a time; default 2")
    parser.add_argument("--run-timeout", type=float, default=60, metavar="S", help="seconds for one run; default 60")
    parser.add_argument("--max-time", type=float, default=540, metavar="S", help="begin nothing after; default 540 s")
    parser.add_argument(
        "--tool", type=_pair, action="append", default=[], metavar="NAME=PATH", help="a tool that is not on the path"
    )
    return parser.parse_args()


def _pair(text: str) -> tuple[str, str]:
    name, found, path = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError("write NAME=PATH")
    return name, path


def chosen(faults: int, controls: int, seed: int) -> list[Subject]:
    """Return the correct mock a few times, then a sample of faults and controls, shuffled."""
    known = {kind: [name for name, fault in catalogue().items() if fault.kind is kind] for kind in FaultKind}
    draw = random.Random(seed)
    sample = [
        Subject(Kind.FAULT, n) for n in draw.sample(known[FaultKind.FAULT], min(faults, len(known[FaultKind.FAULT])))
    ]
    sample += [
        Subject(Kind.CONTROL, n)
        for n in draw.sample(known[FaultKind.LEGAL], min(controls, len(known[FaultKind.LEGAL])))
    ]
    draw.shuffle(sample)
    return [Subject(Kind.CLEAN)] * CLEAN_RUNS + sample


def measure(tools: Sequence[Tool], subjects: Sequence[Subject], options: argparse.Namespace) -> list[Run]:
    """Run every tool on every subject, several subjects at a time; subjects not begun in time are left out."""
    end = time.monotonic() + options.max_time
    runs: list[Run] = []

    def try_all(number: int, subject: Subject) -> list[Run]:
        if time.monotonic() > end:
            return []
        # Each tool comes first as often as any other.
        turn = number % len(tools)
        return [run_once(tool, subject, options.run_timeout) for tool in (*tools[turn:], *tools[:turn])]

    with ThreadPoolExecutor(max_workers=options.workers) as pool:
        futures = [pool.submit(try_all, number, subject) for number, subject in enumerate(subjects)]
        for done, future in enumerate(as_completed(futures), 1):
            runs += future.result()
            print(f"{done} of {len(subjects)} mocks tried", file=sys.stderr)
    return runs


def run_once(tool: Tool, subject: Subject, timeout: float) -> Run:
    """Run one tool on a fresh mock."""
    settings = MockSettings(faults=(subject.name,) if subject.name else ())
    with running_mock(settings) as mock, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in tool.files.items():
            (folder / file).write_text(text, "utf-8")
        begin = time.perf_counter()
        status = _run(tool.command(mock.base_url, mock.env["OZWELL_MODEL"]), folder, mock, timeout, prints=tool.prints)
        seconds = time.perf_counter() - begin
        requests = answers_of(mock)
        findings = None if status is None else _findings(tool, folder / REPORT, status)
    return Run(
        tool.name,
        subject.kind,
        subject.name,
        findings or frozenset(),
        requests,
        seconds,
        finished=findings is not None,
    )


def _run(command: list[str], folder: Path, mock: MockHandle, timeout: float, *, prints: bool) -> int | None:
    """Return the exit status, or None when the time was up."""
    with _output_to(folder / (REPORT if prints else "output.txt")) as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(mock),
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                # The group is the tool's own: it was started as its leader.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextlib.contextmanager
def _output_to(path: Path) -> Iterator[int]:
    with path.open("wb") as stream:
        yield stream.fileno()


def _environment(mock: MockHandle) -> dict[str, str]:
    key = mock.env["OZWELL_API_KEY"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OZWELL_", "OPENAI_"))}
    return own | mock.env | {"OPENAI_API_KEY": key, "OPENRESPONSES_API_KEY": key, "NO_PROXY": "127.0.0.1"}


def _findings(tool: Tool, path: Path, status: int) -> frozenset[str] | None:
    """Return what the report says, or None when there is no report to read."""
    # 0 and 1 say whether something was found; any other status is something that a user notices.
    odd = frozenset() if status in {0, 1} else frozenset({f"exit status {status}"})
    try:
        return tool.read(json.loads(path.read_text("utf-8"))) | odd
    except (OSError, ValueError, KeyError, TypeError):
        return None


def answers_of(mock: MockHandle) -> int:
    """Return how many requests a mock has answered."""
    with urllib.request.urlopen(f"{mock.origin}/metrics", timeout=10) as page:
        return sum(int(count) for count in _ANSWERS.findall(page.read()))


def report(
    tools: Sequence[Tool], runs: Sequence[Run], scores: Sequence[Score], began: datetime, options: argparse.Namespace
) -> dict[str, object]:
    """Return everything that was measured, as JSON values."""
    return {
        "began": began.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()},
        "versions": {tool.name: tool.version for tool in tools},
        "seed": options.seed,
        "workers": options.workers,
        "scores": [asdict(one) for one in scores],
        "runs": [asdict(run) for run in runs],
    }


if __name__ == "__main__":
    sys.exit(main())
