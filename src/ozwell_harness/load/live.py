"""Figures of a test by hand: histograms by step, which add up over workers and machines. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ozwell_harness.load.histogram import Histogram
from ozwell_harness.load.metrics import icl_ns, spoils, value_ns
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric

#: The latencies that are kept, in the order in which they are shown.
LIVE = (Metric.TTFT, Metric.ICL, Metric.E2E)
PERCENTS: Mapping[str, float] = {"p50": 50, "p90": 90, "p99": 99, "p999": 99.9}

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_HEADINGS = ("p50", "p90", "p99", "p99.9", "max")


class LiveFigures:
    """Latencies in nanoseconds by step and metric; a test by hand is a closed loop, so TTFT counts from sending."""

    def __init__(self) -> None:
        self._histograms: dict[tuple[str, Metric], Histogram] = {}

    def __bool__(self) -> bool:
        return bool(self._histograms)

    def items(self) -> list[tuple[str, Metric, Histogram]]:
        """Return them by step, and for each step in the order of ``LIVE``."""
        ordered = sorted(self._histograms.items(), key=lambda item: (item[0][0], LIVE.index(item[0][1])))
        return [(step, metric, histogram) for (step, metric), histogram in ordered]

    def add(self, sample: Sample) -> None:
        """Count a sample; a censored one tells nothing."""
        if sample.censored:
            return
        for metric in LIVE:
            if sample.failed:
                if spoils(sample, metric):
                    self._of(sample.step, metric).infinite += 1
                continue
            values = _values(sample, metric)
            if values:
                self._of(sample.step, metric).extend(values)

    def merge(self, other: LiveFigures) -> None:
        """Count all that ``other`` counted."""
        for step, metric, histogram in other.items():
            self._of(step, metric).merge(histogram)

    def take(self) -> LiveFigures:
        """Return what was counted, and forget it."""
        taken = LiveFigures()
        taken._histograms, self._histograms = self._histograms, {}
        return taken

    def to_message(self) -> list[list[Any]]:
        """Return them as plain values, to be sent."""
        return [[step, metric.value, histogram.to_message()] for step, metric, histogram in self.items()]

    @classmethod
    def from_message(cls, message: Iterable[Iterable[Any]]) -> LiveFigures:
        """Read what ``to_message`` returned."""
        found = cls()
        for step, metric, histogram in message:
            found._of(step, Metric(metric)).merge(Histogram.from_message(histogram))
        return found

    def to_document(self) -> list[dict[str, Any]]:
        """Return them for a file of JSON, in seconds: a percentile among the failures is null."""
        return [_document(step, metric, histogram) for step, metric, histogram in self.items()]

    def table(self) -> list[str]:
        """Return them as lines of text, in milliseconds."""
        items = self.items()
        width = max([len("step"), *(len(step) for step, _, _ in items)])
        titles = "".join(f"{title:>10}" for title in _HEADINGS)
        head = f"{'step':<{width}}  {'ms':<4} {'count':>9} {'failed':>7}{titles}"
        return [head, "-" * len(head), *(_row(step, width, metric, histogram) for step, metric, histogram in items)]

    def _of(self, step: str, metric: Metric) -> Histogram:
        return self._histograms.setdefault((step, metric), Histogram())


def _values(sample: Sample, metric: Metric) -> tuple[int, ...]:
    if metric is Metric.ICL:
        return icl_ns(sample)
    value = value_ns(sample, metric, from_due=False)
    return () if value is None else (round(value),)


def _row(step: str, width: int, metric: Metric, histogram: Histogram) -> str:
    values = [*histogram.percentiles(PERCENTS.values()), _largest(histogram)]
    cells = "".join(f"{_milliseconds(value):>10}" for value in values)
    return f"{step:<{width}}  {metric.upper():<4} {histogram.finite:>9} {histogram.infinite:>7}{cells}"


def _milliseconds(value: float) -> str:
    if math.isinf(value):
        return "failed"
    shown = value / _NS_PER_MS
    return f"{shown:.0f}" if shown >= 1000 else f"{shown:.3g}"


def _document(step: str, metric: Metric, histogram: Histogram) -> dict[str, Any]:
    values = zip(PERCENTS, histogram.percentiles(PERCENTS.values()), strict=True)
    return {
        "step": step,
        "metric": metric.value,
        "count": histogram.finite,
        "failed": histogram.infinite,
        "mean_s": None if histogram.mean is None else histogram.mean / _NS,
        **{f"{name}_s": None if math.isinf(value) else value / _NS for name, value in values},
        "max_s": None if histogram.largest is None else histogram.largest / _NS,
    }


def _largest(histogram: Histogram) -> float:
    return math.inf if histogram.infinite or histogram.largest is None else histogram.largest
