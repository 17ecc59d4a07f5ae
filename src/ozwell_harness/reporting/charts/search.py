"""A search for capacity as its charts need it, read from the ``capacity`` block of ``results.json``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: How a trial may be decided, and how its points are named.
DECISIONS: Mapping[str, str] = {
    "pass": "keeps the SLO",
    "fail": "breaks the SLO",
    "undecided": "undecided",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A share of requests in [0, 1] that kept a bound, what it may truly be, and what is asked."""

    value: float
    lower: float
    upper: float
    target: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One load, and what came of it.

    Attributes:
        rate: requests per second offered; of a closed loop those that it made.
        decision: a key of ``DECISIONS``; None for a closed loop, which decides nothing.
        throughput, goodput: requests per second completed, and completed within the SLO.
        latency_s, latency_p99_s: mean and 99th percentile of E2E; None where nothing completed.
        goals: for each term of the SLO that single requests keep or break.
    """

    rate: float
    decision: str | None
    throughput: float | None
    goodput: float | None
    latency_s: float | None
    latency_p99_s: float | None
    goals: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Search:
    """A search for capacity; rates are in requests per second.

    Attributes:
        tried: in the order of their rates; without what the client limited, which says nothing of the target.
        lower, upper: the interval that is the answer; None where that end was not found.
        knee: where throughput over latency is best, and the mean latency there in seconds; None without one.
        fit: where a fit of all trials crosses the SLO: estimate, and the bounds of it; None without one.
        slo: as it was asked for.
    """

    tried: tuple[Tried, ...]
    lower: float | None
    upper: float | None
    knee: tuple[float, float] | None
    fit: tuple[float, float, float] | None
    slo: str

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> Search:
        """Read the block."""
        trials = [_tried(entry) for entry in block["trials"] if _of_the_target(entry)]
        knee, fit = block.get("knee"), block.get("fit")
        return cls(
            tried=tuple(sorted(trials, key=lambda trial: trial.rate)),
            lower=block["lower_rps"],
            upper=block["upper_rps"],
            knee=(knee["rate_rps"], knee["latency_s"]) if knee else None,
            fit=(fit["estimate_rps"], fit["low_rps"], fit["high_rps"]) if fit and fit["low_rps"] is not None else None,
            slo=str(block.get("slo", "")),
        )


def _of_the_target(entry: Mapping[str, Any]) -> bool:
    return entry["decision"] in DECISIONS or (entry["decision"] is None and entry["throughput_rps"] is not None)


def _tried(entry: Mapping[str, Any]) -> Tried:
    shares = {
        str(goal["term"]): Share(goal["share"], goal["lower"], goal["upper"], goal["target"])
        for goal in entry["goals"]
        if goal["share"] is not None
    }
    return Tried(
        rate=float(entry["rate_rps"]),
        decision=entry["decision"],
        throughput=entry["throughput_rps"],
        goodput=entry["goodput_rps"],
        latency_s=entry["latency_s"],
        latency_p99_s=entry["latency_p99_s"],
        goals=shares,
    )
