"""Figures over many requests: latencies in a few numbers, counts, tokens. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.load.columns import Ordered
from ozwell_harness.load.metrics import percentile
from ozwell_harness.load.slo import Metric


@dataclass(frozen=True, slots=True)
class Summary:
    """One latency over many requests, in seconds; a percentile that lies among the failures is infinite.

    ``count``, ``mean`` and ``maximum`` are of the finite values.
    """

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    maximum: float

    def to_document(self) -> dict[str, Any]:
        """Return it for ``results.json``: null for infinite."""
        return {
            "count": self.count,
            "mean": figure(self.mean),
            "p50": figure(self.p50),
            "p90": figure(self.p90),
            "p95": figure(self.p95),
            "p99": figure(self.p99),
            "p999": figure(self.p999),
            "max": figure(self.maximum),
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests due in the window. ``completed + failed + censored`` is ``sent`` plus what never left the harness."""

    sent: int
    completed: int
    failed: int
    censored: int

    @property
    def error_rate(self) -> float | None:
        """Failed or unsent / due, censored ones left out; None when there is none."""
        counted = self.completed + self.failed
        return self.failed / counted if counted else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.sent + other.sent,
            self.completed + other.completed,
            self.failed + other.failed,
            self.censored + other.censored,
        )

    def to_document(self) -> dict[str, int]:
        """Return it for ``results.json``."""
        return {"sent": self.sent, "completed": self.completed, "failed": self.failed, "censored": self.censored}


@dataclass(frozen=True, slots=True)
class Group:
    """The requests of one kind, or of all; a metric is absent where it is undefined."""

    name: str
    counts: Counts
    metrics: Mapping[Metric, Summary]

    @classmethod
    def of(cls, name: str, counts: Counts, latencies: Mapping[Metric, Ordered]) -> Group:
        """Summarise latencies in seconds."""
        summaries = {metric: summarise(ordered) for metric, ordered in latencies.items()}
        return cls(name, counts, {metric: summary for metric, summary in summaries.items() if summary})

    def metrics_document(self) -> dict[str, Any]:
        """Return its metrics for ``results.json``; an undefined one is absent."""
        return {f"{metric}_s": summary.to_document() for metric, summary in self.metrics.items()}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of the completed requests.

    Attributes:
        completion_per_s: completion tokens per second of the window.
        per_chunk: completion tokens per token-bearing event of streams; ICL is ITL only where it is 1.
        from_usage: share of the completed requests with tokens whose count is the target's own ``usage``.
    """

    prompt: int
    completion: int
    completion_per_s: float
    per_chunk: float | None
    from_usage: float | None


def summarise(values: Ordered) -> Summary | None:
    """Summarise values; None when none is finite."""
    count = values.finite
    if not count:
        return None
    p50, p90, p95, p99, p999 = (percentile(values, percent) for percent in (50, 90, 95, 99, 99.9))
    return Summary(count, values.total / count, p50, p90, p95, p99, p999, values[count - 1])


def figure(value: float | None) -> float | None:
    """Return a figure as ``results.json`` holds it: null for what is undefined or infinite."""
    return value if value is not None and math.isfinite(value) else None
