"""Compares what load generators tell with what the target did: the mock's truth log is the truth.

    python benchmarks/truth.py --out truth --peer guidellm=…/bin/guidellm --peer aiperf=…/bin/aiperf

Each tool keeps so many streams open at a mock of its own, which writes down when it read each request and wrote each
event. Everything stays on the loopback interface.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from mock_process import mock_process
from truth_scoring import Fact, Score, score, table
from truth_tools import MODEL, TOOLS, Tool, Work

from ozwell_harness.mock.truth import FORMAT

TTFT_S, ITL_S, TOKENS = 0.1, 0.02, 64
EACH, WARM_UP = 8, 2


def main() -> int:
    """Run the benchmark, write ``truth.json`` and ``truth.md``, print the table."""
    options = _options()
    began = datetime.now(tz=UTC)
    peers = dict(options.peer)
    scores = []
    for streams in options.streams or [100, 300]:
        for tool in TOOLS:
            if tool is not TOOLS[0] and tool.name not in peers:
                continue
            result = measure(tool, peers.get(tool.name, ""), Work(streams, EACH, TOKENS), options.run_timeout)
            if result is not None:
                scores.append(result)
    text = table(scores)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "truth.md").write_text(text, "utf-8")
    document = {
        "began": began.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()},
        "scores": [asdict(one) for one in scores],
    }
    (options.out / "truth.json").write_text(json.dumps(document, indent=2), "utf-8")
    print(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare what load generators tell with what the target did.")
    parser.add_argument("--out", type=Path, default=Path("truth"), metavar="DIR", help="where the results go")
    parser.add_argument(
        "--streams", type=int, action="append", metavar="N", help="streams at once; repeatable; default 100 and 300"
    )
    parser.add_argument(
        "--peer", type=_pair, action="append", default=[], metavar="NAME=PROGRAM", help="another load generator"
    )
    parser.add_argument("--run-timeout", type=float, default=150, metavar="S", help="seconds for one run; default 150")
    return parser.parse_args()


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or name not in {tool.name for tool in TOOLS[1:]}:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=PROGRAM with guidellm or aiperf for a NAME")
    return name, path


def measure(tool: Tool, program: str, work: Work, timeout: float) -> Score | None:
    """Run one tool against a fresh mock; None when it leaves no report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tool.prepare(folder, work)
        log = folder / "truth.jsonl"
        with mock_process("--truth-log", str(log), "--ttft", str(TTFT_S), "--itl", str(ITL_S)) as variables:
            url, key = variables["OZWELL_BASE_URL"], variables["OZWELL_API_KEY"]
            environment = _environment(variables) | tool.environment(folder)
            status = _run(tool.command(program, url, key, work, folder), folder, environment, timeout)
        try:
            told = list(tool.read(folder))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            print(f"{tool.name} at {work.streams} streams left no report ({status}): {error!r}", file=sys.stderr)
            return None
        truth = read_truth(log, tool.key)
    # Without any loss a stream begins its next request when the last has ended.
    ideal = work.streams / (TTFT_S + (work.tokens - 1) * ITL_S)
    return score(tool.name, work.streams, truth, told, WARM_UP * work.streams, ideal)


def read_truth(path: Path, key: str) -> dict[str, Fact]:
    """Return the complete streams of a truth log by the field ``key``."""
    start, *lines = (json.loads(line) for line in path.read_bytes().splitlines())
    if start["format"] != FORMAT:
        raise ValueError(f"{path} is no truth log")
    return {
        line[key]: Fact(line["received"], tuple(line["received"] + line["events"][step] for step in line["steps"]))
        for line in lines
        if line["complete"] and line["steps"]
    }


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OZWELL_", "OPENAI_"))}
    offline = {"NO_PROXY": "127.0.0.1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return own | variables | offline | {"OZWELL_MODEL": MODEL}


def _run(command: list[str], folder: Path, environment: dict[str, str], timeout: float) -> str:
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            return f"exit status {process.wait(timeout)}"
        except subprocess.TimeoutExpired:
            return f"cut off after {timeout:g} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                # The group is the tool's own: it was started as its leader.
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
