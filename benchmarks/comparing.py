"""How often a comparison of two runs is right where the truth is known: the bundled mock, over sockets.

    python benchmarks/comparing.py --out comparing                    # 20 pairs of every set-up, over half an hour
    python benchmarks/comparing.py --out comparing --setup steady --pairs 5

Each pair of loads goes to mocks that are the same: any regression is a false one. A third load goes to a mock that is
10 % slower, which must be called a regression against the first. During every second pair, two neighbours use up the
processor while the second and third load run, as on a machine that others work on. Checks are compared, too: of the
correct mock with itself, and with a mock that breaks one thing. Results are added to those in ``comparing.jsonl``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mock_process import mock_process

from ozwell_harness.mock.faults import Kind, catalogue
from ozwell_harness.model import Level
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.breaks import breaks_in, touches
from ozwell_harness.requirements import load_catalogue

NEIGHBOURS = 2
#: No neighbour outlives its pair by more than this, whatever becomes of the benchmark.
_LONGEST_NEIGHBOUR_S = 120
_SLOWER = 1.1


@dataclass(frozen=True, slots=True)
class Setup:
    """A mock and the load on it; without a time to the first token, it answers as fast as it can."""

    name: str
    ttft: str
    itl_ms: float
    load: tuple[str, ...]
    words: str

    def mock(self, factor: float) -> tuple[str, ...]:
        """Return the mock's options, its times multiplied by ``factor``."""
        if not self.ttft:
            return ()
        middle = 100.0 * factor
        return ("--ttft", self.ttft.format(f"{middle:g}ms"), "--itl", f"{self.itl_ms * factor:g}ms")


_CHATS = ("--scenario", "chat_stream", "--answer-tokens", "20", "--warmup", "1s")
SETUPS = {
    setup.name: setup
    for setup in (
        Setup(
            "steady", "{}", 10.0, (*_CHATS, "--rate", "20", "--duration", "10s"), "TTFT 100 ms, ITL 10 ms, 20/s, 10 s"
        ),
        Setup(
            "drawn",
            "lognormal({}, 0.2)",
            5.0,
            (*_CHATS, "--rate", "40", "--duration", "25s"),
            "TTFT lognormal (median 100 ms, sigma 0.2), ITL 5 ms, 40/s, 25 s",
        ),
        Setup(
            "bare",
            "",
            0.0,
            ("--scenario", "mixed", "--users", "4", "--think", "20ms", "--duration", "5s", "--warmup", "1s"),
            "no delays, all scenarios, 4 users, 5 s",
        ),
        Setup("checks", "", 0.0, (), "checks without generated requests"),
    )
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What became of one pair.

    Attributes:
        noisy: neighbours were busy during the second and third run.
        alike: exit status of comparing two runs of the same mock; 0 is right.
        worse: exit status of comparing with a mock that is slower or broken; 1 is right; None where there was none.
        without_samples: as ``alike`` and ``worse``, from results.json alone.
        told: the first line of each comparison.
    """

    setup: str
    noisy: bool
    alike: int
    worse: int | None
    without_samples: tuple[int | None, int | None]
    told: tuple[str, str]


def main() -> int:
    """Run the pairs, add them to those that there are, print the table of all."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    record = options.out / "comparing.jsonl"
    for name in options.setup or SETUPS:
        for number in range(options.first, options.first + options.pairs):
            measure = _checks if name == "checks" else _loads
            pair = measure(SETUPS[name], number, options.keep)
            with record.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(pair)) + "\n")
            print(pair, flush=True)
    print(table([json.loads(line) for line in record.read_text("utf-8").splitlines()]))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Count how often a comparison of two runs is right.")
    parser.add_argument("--out", type=Path, default=Path("comparing"), metavar="DIR", help="where the results go")
    parser.add_argument("--setup", action="append", choices=SETUPS, help="this set-up only; repeatable")
    parser.add_argument("--pairs", type=int, default=20, metavar="N", help="pairs of each set-up; default 20")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first; odd ones are noisy")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the runs of loads that were compared wrongly")
    return parser.parse_args()


def _loads(setup: Setup, number: int, keep: Path | None) -> Pair:
    noisy = number % 2 == 1
    with tempfile.TemporaryDirectory(prefix="ozwell-comparing-") as scratch:
        folder = Path(scratch)
        _load(setup, folder / "before", number, 1.0)
        with _neighbours(NEIGHBOURS if noisy else 0):
            _load(setup, folder / "again", number, 1.0)
            if setup.ttft:
                _load(setup, folder / "slower", number, _SLOWER)
        alike = _compare(folder / "before", folder / "again")
        worse = _compare(folder / "before", folder / "slower") if setup.ttft else None
        if keep is not None and (alike[0] != 0 or (worse and worse[0] != 1)):
            shutil.copytree(folder, keep / f"{setup.name}-{number}", dirs_exist_ok=True)
        for samples in folder.glob("*/samples"):
            samples.unlink()
        bare = _compare(folder / "before", folder / "again")
        bare_worse = _compare(folder / "before", folder / "slower") if setup.ttft else None
    statuses = (bare[0], bare_worse[0] if bare_worse else None)
    told = (alike[1], worse[1] if worse else "")
    return Pair(setup.name, noisy, alike[0], worse[0] if worse else None, statuses, told)


def _load(setup: Setup, folder: Path, seed: int, factor: float) -> None:
    with mock_process(*setup.mock(factor)) as variables:
        _harness(variables, "load", *setup.load, "--seed", str(seed), "--out", str(folder))


def _checks(setup: Setup, number: int, _keep: Path | None) -> Pair:
    """Compare two checks of the correct mock, and one of a mock with a fault that breaks a MUST."""
    rng = random.Random(number)
    owed = load_profile("ozwell").select(load_catalogue())
    musts = {entry.id for entry in owed if entry.level is Level.MUST}
    acting = [f for f in catalogue().values() if f.kind is Kind.FAULT and touches(f, "ozwell", owed)]
    broken = [f.name for f in acting if musts.intersection(breaks_in(f, "ozwell"))]
    fault = rng.choice(broken)
    with tempfile.TemporaryDirectory(prefix="ozwell-comparing-") as scratch:
        folder = Path(scratch)
        for name, options in (("before", ()), ("again", ()), ("broken", ("--fault", fault))):
            with mock_process(*options) as variables:
                _harness(variables, "check", "--no-property", "--timeout", "10s", "--out", str(folder / name))
        alike, worse = _compare(folder / "before", folder / "again"), _compare(folder / "before", folder / "broken")
    statuses = (alike[0], worse[0])
    told = (alike[1], f"{fault}: {worse[1]}")
    return Pair(setup.name, noisy=False, alike=alike[0], worse=worse[0], without_samples=statuses, told=told)


def _harness(variables: Mapping[str, str], *arguments: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OZWELL_")}
    command = [sys.executable, "-m", "ozwell_harness", *arguments]
    done = subprocess.run(command, env=kept | dict(variables), capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")


def _compare(before: Path, after: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "ozwell_harness", "compare", str(before), str(after)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.partition("\n")[0] or done.stderr.strip()


@contextlib.contextmanager
def _neighbours(count: int) -> Iterator[None]:
    """Use up the processor from so many processes."""
    end = time.time() + _LONGEST_NEIGHBOUR_S
    code = f"import time\nwhile time.time() < {end}: sum(range(1000))"
    busy = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.terminate()
            process.wait()


def table(pairs: list[Mapping[str, object]]) -> str:
    """Return the table of all pairs in Markdown."""
    lines = [
        "| Set-up | Neighbours | Pairs | Equal | Worse one found | Equal, no samples | Found, no samples |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, setup in SETUPS.items():
        for noisy in (False, True):
            found = [pair for pair in pairs if pair["setup"] == name and pair["noisy"] == noisy]
            if found:
                lines.append(_row(setup.words, noisy, found))
    return "\n".join(lines)


def _row(words: str, noisy: bool, found: list[Mapping[str, object]]) -> str:  # noqa: FBT001 - a column of the table
    counts = [
        _count([pair["alike"] for pair in found], 0),
        _count([pair["worse"] for pair in found], 1),
        *(_count([pair["without_samples"][place] for pair in found], place) for place in (0, 1)),
    ]
    return f"| {words} | {'busy' if noisy else 'none'} | {len(found)} | {' | '.join(counts)} |"


def _count(statuses: list[int | None], right: int) -> str:
    known = [status for status in statuses if status is not None]
    return f"{sum(status == right for status in known)} of {len(known)}" if known else "-"


if __name__ == "__main__":
    sys.exit(main())
