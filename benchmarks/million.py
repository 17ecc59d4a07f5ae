"""Computes the figures of a run of a million streams of 50 chunks, and says what that takes.

    python benchmarks/million.py --samples 1000000

The record is made up (seeded), as the workers of one process would have written it at 1,000 requests a second; it takes
about 0.9 GB. Shown are seconds of processor time and the most memory that the process had of its own; pages of files,
which the system takes back when it needs them, are not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from ozwell_harness.load import Closed, LoadPlan
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.columns import Spill
from ozwell_harness.load.result import result_of
from ozwell_harness.load.samples import End, Lines, Record, Sample, SampleFile, Start, encode, glance

_NS = 1_000_000_000
_PER_SECOND = 1000
_CHUNKS = 50


def main() -> int:
    """Make the record, compute, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="ozwell-million-", dir=options.folder) as folder:
        path = Path(folder, "samples")
        with path.open("wb") as stream:
            stream.writelines(encode([record]) for record in records(options.samples))
        print(f"{'record':>12}  {path.stat().st_size / 1e6:.0f} MB, {options.samples:,} samples of {_CHUNKS} chunks")
        plan = LoadPlan(
            "http://127.0.0.1:9/v1", "m", arrivals=Closed(1), duration_s=options.samples / _PER_SECOND, warmup_s=0.0
        )
        collection = Collection(SampleFile(path), Spill(Path(folder)))
        with _watched("before"):
            pass
        with _watched("counting"):
            collection.add(Lines(path, glance).read())
        with _watched("figures"):
            result = result_of(plan, collection, interrupted=False)
    for metric, summary in result.total.metrics.items():
        print(f"{metric:>12}  {summary.count:,} values, p50 {summary.p50:.9f} s, p99.9 {summary.p999:.9f} s")
    return 0


@contextlib.contextmanager
def _watched(name: str) -> Iterator[None]:
    """Print what a block takes."""
    process, most, over, began = psutil.Process(), [0], threading.Event(), time.process_time()

    def watch() -> None:
        while True:
            memory = process.memory_info()
            most[0] = max(most[0], memory.rss - getattr(memory, "shared", 0))
            if over.wait(0.05):
                return

    watching = threading.Thread(target=watch)
    watching.start()
    yield
    over.set()
    watching.join()
    print(
        f"{name:>12}  {time.process_time() - began:.1f} s of processor time, at most {most[0] / 1e6:.0f} MB", flush=True
    )


def records(count: int, chunks: int = _CHUNKS, per_second: float = _PER_SECOND) -> Iterator[Record]:
    """Return the record of so many made-up streams of ``chunks``; ``per_second`` of them are due in a second."""
    chance = random.Random(1)
    yield Start(0, 0.0, 0, "kernel")
    for number in range(count):
        due = round(number * _NS / per_second)
        at, tokens = round(chance.lognormvariate(17, 0.3)), []
        for _ in range(chunks):
            tokens.append(at)
            at += 10_000_000 + round(chance.lognormvariate(13, 1))
        yield Sample(
            scenario="chat_stream",
            step="chat_stream",
            due=due,
            sent=due + chance.randrange(20_000, 300_000),
            first=tokens[0],
            tokens=tuple(tokens),
            last=tokens[-1],
            closed=tokens[-1],
            streamed=True,
            status=200,
            lags=tuple(chance.randrange(5, 80) for _ in range(chunks + 1)),
            prompt_tokens=20,
            completion_tokens=chunks,
            finish="stop",
        )
    yield End(round((count / per_second + 3) * _NS), finished=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000, metavar="N", help="default one million")
    parser.add_argument("--folder", type=Path, default=None, help="where the record is made; default: the system's")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
