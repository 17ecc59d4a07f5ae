"""Compares what HTTP clients cost: plain requests and stream chunks per CPU-second of the client process.

    python benchmarks/client_cost.py --out cost
    python benchmarks/client_cost.py --client aiohttp=/path/to/python    # an interpreter that has aiohttp and uvloop

Every client talks to the same fixture (fixture.py, a process of its own) and does the same work (cost_clients.py). The
clients take turns, several rounds; medians are shown, and ratios to Locust's FastHttpUser of the same round.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
YARDSTICK = "FastHttpUser"
CLIENTS = ("ours", "ours_whole", YARDSTICK, "HttpUser", "httpx_gevent", "httpx_async", "aiohttp")
TITLES = {
    "ours": "ozwell-harness, its client",
    "ours_whole": "ozwell-harness, a whole load test",
    "HttpUser": "Locust HttpUser",
    YARDSTICK: "Locust FastHttpUser",
    "httpx_gevent": "httpx under gevent",
    "httpx_async": "httpx on asyncio",
    "aiohttp": "aiohttp on uvloop",
}
#: Requests at once, by mode.
CONCURRENCY = {"plain": 16, "stream": 100}
CHUNKS, GAP_S = 100, 0.01


@dataclass(frozen=True, slots=True)
class Figure:
    """What one client did in one round: ``count`` requests or chunks in ``cpu_s`` of its own time."""

    client: str
    mode: str
    round: int
    count: int
    cpu_s: float
    wall_s: float
    errors: int

    @property
    def per_cpu_s(self) -> float:
        """Requests or chunks per CPU-second."""
        return self.count / self.cpu_s if self.cpu_s else 0.0


def main() -> int:
    """Run the benchmark, write ``client_cost.json`` and ``client_cost.md``, print the table."""
    options = _options()
    began = datetime.now(tz=UTC)
    pythons = dict.fromkeys(CLIENTS, sys.executable) | dict(options.client)
    chosen = tuple(client for client in CLIENTS if client in (options.only or CLIENTS))
    figures: list[Figure] = []
    with fixture() as port:
        for number in range(options.rounds):
            for mode in CONCURRENCY:
                # Whoever comes first meets another machine than whoever comes last.
                order = chosen[number % len(chosen) :] + chosen[: number % len(chosen)]
                for client in order:
                    figure = run(pythons[client], client, mode, port, options.seconds, number)
                    if figure is not None:
                        figures.append(figure)
                        print(f"{number} {mode} {client}: {figure.per_cpu_s:,.0f}", file=sys.stderr)
    text = table(figures)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "client_cost.md").write_text(text, "utf-8")
    document = {
        "began": began.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()},
        "figures": [asdict(figure) for figure in figures],
    }
    (options.out / "client_cost.json").write_text(json.dumps(document, indent=2), "utf-8")
    print(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare what HTTP clients cost.")
    parser.add_argument("--out", type=Path, default=Path("cost"), metavar="DIR", help="where the results go")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds; default 5")
    parser.add_argument("--seconds", type=float, default=2, metavar="S", help="measured seconds for each; default 2")
    parser.add_argument("--only", action="append", choices=CLIENTS, metavar="NAME", help="this client; repeatable")
    parser.add_argument(
        "--client",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="the interpreter that has this client",
    )
    return parser.parse_args()


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or name not in CLIENTS:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=PYTHON with a NAME of {', '.join(CLIENTS)}")
    return name, path


@contextlib.contextmanager
def fixture() -> Iterator[int]:
    """Run the fixture; give its port."""
    command = [sys.executable, str(HERE / "fixture.py"), "--chunks", str(CHUNKS), "--gap", str(GAP_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the fixture has no pipes")
        yield int(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


def run(python: str, client: str, mode: str, port: int, seconds: float, number: int) -> Figure | None:
    """Run one client once; None when it cannot run here."""
    url = f"http://127.0.0.1:{port}/v1"
    command = [python, str(HERE / "cost_clients.py"), client, mode, url, str(CONCURRENCY[mode]), str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30 + 4 * seconds, check=True)
        figures = json.loads(done.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        print(f"{client} {mode} cannot run: {error.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    except subprocess.TimeoutExpired:
        print(f"{client} {mode} did not end in time", file=sys.stderr)
        return None
    if not figures["count"]:
        print(f"{client} {mode} took nothing in; errors: {figures['errors']}", file=sys.stderr)
        return None
    return Figure(client, mode, number, **figures)


def table(figures: Sequence[Figure]) -> str:
    """Return the table, in Markdown: medians, and the median of the ratios to the yardstick in the same round."""
    lines = [
        "| Client | Requests per CPU-second | ratio | Chunks per CPU-second | ratio | Delivered |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for client in CLIENTS:
        plain = [f for f in figures if (f.client, f.mode) == (client, "plain")]
        stream = [f for f in figures if (f.client, f.mode) == (client, "stream")]
        if not plain and not stream:
            continue
        cells = [TITLES[client], *_cells(plain, figures), *_cells(stream, figures), _delivered(stream)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(own: Sequence[Figure], figures: Sequence[Figure]) -> tuple[str, str]:
    if not own:
        return "-", "-"
    yard = {f.round: f.per_cpu_s for f in figures if f.client == YARDSTICK and f.mode == own[0].mode}
    ratios = [f.per_cpu_s / yard[f.round] for f in own if yard.get(f.round)]
    return f"{median(f.per_cpu_s for f in own):,.0f}", f"{median(ratios):.2f}" if ratios else "-"


def _delivered(stream: Sequence[Figure]) -> str:
    """Return the share of the chunks that an unhindered client would have had in the time."""
    if not stream:
        return "-"
    offered = CONCURRENCY["stream"] / GAP_S
    return f"{median(f.count / f.wall_s / offered for f in stream):.0%}"


if __name__ == "__main__":
    sys.exit(main())
