"""Figures over many requests: latencies in a few numbers, counts, tokens. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.load.metrics import Window, answer_tokens, latencies, percentile
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric

_REPORTED = (Metric.TTFT, Metric.E2E, Metric.SERVICE, Metric.TPOT, Metric.ICL)


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
            "max": figure(self.maximum),
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests due in the window. ``completed + failed + censored`` is ``sent`` plus what never left the harness."""

    sent: int
    completed: int
    failed: int
    censored: int

    def to_document(self) -> dict[str, int]:
        """Return it for ``results.json``."""
        return {"sent": self.sent, "completed": self.completed, "failed": self.failed, "censored": self.censored}


@dataclass(frozen=True, slots=True)
class Group:
    """The requests of one scenario, or of all."""

    name: str
    counts: Counts
    metrics: Mapping[Metric, Summary]

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


def summarise(values: Sequence[float]) -> Summary | None:
    """Summarise values in ascending order, infinite ones last; None when none is finite."""
    finite = values[: sum(map(math.isfinite, values))]
    if not finite:
        return None
    p50, p90, p95, p99 = (percentile(values, p) for p in (50, 90, 95, 99))
    return Summary(len(finite), math.fsum(finite) / len(finite), p50, p90, p95, p99, finite[-1])


def group_of(name: str, samples: Sequence[Sample], plan: LoadPlan) -> Group:
    """Return the figures of some samples under one name."""
    metrics = {}
    for metric in _REPORTED:
        summary = summarise(latencies(samples, metric, from_due=plan.open_loop))
        if summary is not None:
            metrics[metric] = summary
    counts = Counts(
        sent=sum(s.attempted for s in samples),
        completed=sum(s.completed for s in samples),
        failed=sum(s.failed for s in samples),
        censored=sum(s.censored for s in samples),
    )
    return Group(name, counts, metrics)


def by_step(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Return the samples of each kind of request, by name."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.step, []).append(sample)
    return dict(sorted(groups.items()))


def tokens_of(samples: Iterable[Sample], window: Window) -> Tokens:
    """Count the tokens of the completed requests."""
    done = [s for s in samples if s.completed]
    completion = sum(answer_tokens(s) for s in done)
    streams = [s for s in done if s.tokens]
    events = sum(len(s.tokens) for s in streams)
    counted = [s for s in done if answer_tokens(s)]
    return Tokens(
        prompt=sum(s.prompt_tokens or 0 for s in done),
        completion=completion,
        completion_per_s=completion / window.seconds if window.seconds else 0.0,
        per_chunk=sum(answer_tokens(s) for s in streams) / events if events else None,
        from_usage=sum(s.completion_tokens is not None for s in counted) / len(counted) if counted else None,
    )


def figure(value: float | None) -> float | None:
    """Return a figure as ``results.json`` holds it: null for what is undefined or infinite."""
    return value if value is not None and math.isfinite(value) else None
