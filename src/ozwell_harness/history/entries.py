"""What is told of one run among many: its verdict and its key figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.model import Run, Status


@dataclass(frozen=True, slots=True)
class Entry:
    """One run.

    Attributes:
        path: the file that it was read from, relative to the folder that was searched.
    """

    path: str
    run: Run

    @property
    def failed(self) -> int:
        """Requirements that failed."""
        return self.run.tally.counts.get(Status.FAILED, 0)

    @property
    def warned(self) -> int:
        """Requirements that warned."""
        return self.run.tally.counts.get(Status.WARNED, 0)

    @property
    def scored(self) -> bool:
        """It judged requirements in order; a load judges by the way, and a score of that would say nothing."""
        return self.run.command in {"check", "run"} and self.run.tally.score is not None

    @property
    def load(self) -> Mapping[str, Any] | None:
        """The figures of its load, where there are any that speak of the target."""
        load = self.run.load
        return load if load is not None and load.get("valid", True) and not load.get("interrupted") else None

    def latency(self, metric: str, statistic: str) -> float | None:
        """Return a latency of its load in seconds; None without one, or where it lies among failures."""
        found = (self.load or {}).get("metrics", {}).get(f"{metric}_s", {}).get(statistic)
        return None if found is None else float(found)

    def figure(self, name: str) -> float | None:
        """Return a figure of its load: ``throughput_rps``, ``error_rate``."""
        found = (self.load or {}).get(name)
        return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that should be a run and cannot be read; ``reason`` is one plain sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """All runs below a folder, the oldest first."""

    folder: str
    entries: tuple[Entry, ...]
    damaged: tuple[Damaged, ...]


def plan_of(load: Mapping[str, Any]) -> str:
    """Return what a load was asked to be, in a few words: figures of different plans are no series."""
    loop = f"{load['users']} users" if load.get("users") is not None else str(load.get("shape") or load["arrivals"])
    more = {name: value for name, value in (load.get("plan") or {}).items() if value is not None}
    # Most loads have these as they come; telling them would only hide what differs.
    usual = {"processes": 1, "prefix_tokens": 0, "turns": 3, "file_bytes": "uniform(1024, 16384)"}
    told = [f"{name.replace('_', ' ')} {value}" for name, value in more.items() if usual.get(name) != value]
    return ", ".join([str(load["scenario"]), loop, f"{load['duration_s']:g} s", *told])


def plans(entries: Sequence[Entry], most: int) -> tuple[str, ...]:
    """Return the commonest plans of the runs with a load, in the order of their first run."""
    counts = Counter(plan_of(entry.load) for entry in entries if entry.load is not None)
    kept = {plan for plan, _ in counts.most_common(most)}
    return tuple(plan for plan in counts if plan in kept)
