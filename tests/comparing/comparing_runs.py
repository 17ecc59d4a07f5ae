"""Runs to compare, in a few words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ozwell_harness.comparing.comparison import Side
from ozwell_harness.comparing.measuring import Measured, from_samples
from ozwell_harness.load.metrics import Window
from ozwell_harness.load.samples import Sample
from ozwell_harness.model import Finding, Level, Run, Status, Verdict
from ozwell_harness.verdict import tally

S = 1_000_000_000
MS = 1_000_000


def run(statuses: Mapping[str, Status] | None = None, load: Mapping[str, Any] | None = None, **more: Any) -> Run:
    """A run in which requirements (all MUST) got these statuses."""
    findings = tuple(
        Finding(name, name.split(".")[0], Level.MUST, status, f"{name} is {status}")
        for name, status in (statuses or {}).items()
    )
    fields = {"verdict": Verdict.CONFORMANT, "command": "run" if load else "check"} | more
    return Run(
        "http://127.0.0.1:1/v1", "ozwell", 0, 0.0, 1.0, tally=tally(findings), findings=findings, load=load, **fields
    )


def side(one: Run, name: str = "a run", measured: Measured | None = None) -> Side:
    return Side(name, one, "1", measured)


def streams(
    ttft_s: Callable[[random.Random, float], float], *, seconds: int = 20, rate: int = 20, seed: int = 0, **more: Any
) -> Iterable[Sample]:
    """Streams of 20 chunks with 10 ms between them, evenly due; ``ttft_s`` is given a generator and the time."""
    rng = random.Random(seed)
    for number in range(seconds * rate):
        at = number / rate
        first = round(ttft_s(rng, at) * S)
        tokens = tuple(first + chunk * 10 * MS for chunk in range(20))
        yield Sample(
            scenario="chat_stream",
            step="chat_stream",
            due=round(at * S),
            **(
                {"sent": round(at * S), "tokens": tokens, "last": tokens[-1], "closed": tokens[-1], "streamed": True}
                | more
            ),
        )


def measured(samples: Iterable[Sample], seconds: int = 20) -> Measured:
    return from_samples(samples, Window(0, seconds * S), open_loop=True)


def block(**more: Any) -> dict[str, Any]:
    """As much of a ``load`` block as a comparison reads."""
    return {
        "scenario": "chat_stream",
        "arrivals": "constant",
        "shape": "constant(20)",
        "rate": 20.0,
        "duration_s": 20.0,
        "warmup_s": 0.0,
        "window": {"started": 0.0, "ended": 20.0},
        "requests": {"sent": 400, "completed": 400, "failed": 0, "censored": 0},
        "metrics": {},
        "valid": True,
        "reasons": [],
    } | more
