"""What is known of the speed of one run: from its samples, or from the figures of each second. Pure."""

from __future__ import annotations

import itertools
import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median
from typing import Any, NamedTuple

from ozwell_harness.comparing.blocks import BLOCKS, Blocks, Estimate, mean_estimate
from ozwell_harness.load.capacity.evidence import Evidence, gather
from ozwell_harness.load.histogram import Histogram, middle_of
from ozwell_harness.load.metrics import Window, icl_ns, lateness_ns, spoils, value_ns
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric

_NS = 1e9
_US = 1e6
#: What is judged of each kind of request: what a user waits for.
JUDGED = (Metric.TTFT, Metric.E2E, Metric.TPOT, Metric.ICL)
PERCENTS = (50, 90, 99)
#: Latencies that begin when a request is due, so that a client that is late adds to them.
_FROM_DUE = frozenset({Metric.TTFT, Metric.E2E})
#: A second holds too few requests for a percentile beyond this.
_MOST_PERCENT_OF_A_SECOND = 90
_MIDDLE = 50


class Source(StrEnum):
    """What the figures of speed rest on."""

    SAMPLES = "samples"
    SECONDS = "seconds"


class Name(NamedTuple):
    """A latency: the kind of request (empty: all), the metric, the percentile."""

    step: str
    metric: str
    percent: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The speed of one run.

    Attributes:
        latencies: None where there are too few values to judge one.
        failing: in the order of time, which requests failed; None when none was due.
        throughput: completed requests per second; None where it is not known well enough.
    """

    source: Source
    latencies: Mapping[Name, Estimate | None]
    failing: Evidence | None
    throughput: Estimate | None


def from_samples(samples: Iterable[Sample], window: Window, *, open_loop: bool) -> Measured:
    """Measure what was due in a window, with every percentile of every kind of request."""
    gathered = _Gathered(window, open_loop=open_loop)
    for sample in samples:
        if window.start <= sample.due < window.end:
            gathered.add(sample)
    return gathered.measured()


class _Gathered:
    """Samples, sorted into blocks of equal time."""

    def __init__(self, window: Window, *, open_loop: bool) -> None:
        self._window = window
        self._open_loop = open_loop
        self._histograms: defaultdict[tuple[str, Metric], list[Histogram]] = defaultdict(
            lambda: [Histogram() for _ in range(BLOCKS)]
        )
        self._late, self._lags = Histogram(), Histogram()
        self._dues, self._failures = array("q"), array("b")
        self._completed = [0] * BLOCKS

    def add(self, sample: Sample) -> None:
        block = (sample.due - self._window.start) * BLOCKS // (self._window.end - self._window.start)
        late = lateness_ns(sample)
        if late is not None:
            self._late.extend((late,))
        self._lags.extend(sample.lags)
        if sample.censored:
            return
        self._dues.append(sample.due)
        self._failures.append(sample.failed)
        self._completed[block] += sample.completed
        for metric in JUDGED:
            self._add_value(sample, metric, self._histograms[sample.step, metric][block])

    def _add_value(self, sample: Sample, metric: Metric, histogram: Histogram) -> None:
        if sample.failed:
            histogram.infinite += spoils(sample, metric)
        elif metric is Metric.ICL:
            histogram.extend(icl_ns(sample))
        else:
            value = value_ns(sample, metric, from_due=self._open_loop)
            if value is not None:
                histogram.extend((max(0, round(value)),))

    def measured(self) -> Measured:
        latencies = {}
        for (step, metric), histograms in self._histograms.items():
            if not any(histogram.finite for histogram in histograms):
                continue
            blocks = _blocks(histograms)
            for percent in PERCENTS:
                latencies[Name(step, metric, percent)] = blocks.estimate(percent, self._client(metric, percent))
        order = sorted(range(len(self._dues)), key=self._dues.__getitem__)
        failing = gather([math.inf if self._failures[place] else 0.0 for place in order]) if order else None
        seconds = self._window.seconds / BLOCKS
        throughput = mean_estimate([n / seconds for n in self._completed], calm=max)
        return Measured(Source.SAMPLES, latencies, failing, throughput)

    def _client(self, metric: Metric, percent: int) -> float:
        """Return what the client itself may have added to a percentile: sent late, read late, in seconds."""
        late = _percentile(self._late, percent) / _NS if metric in _FROM_DUE else 0.0
        return late + _percentile(self._lags, percent) / _US


def _percentile(histogram: Histogram, percent: int) -> float:
    return histogram.percentiles((percent,))[0] if histogram.finite else 0.0


def _blocks(histograms: Sequence[Histogram]) -> Blocks:
    counted = [{middle_of(cell) / _NS: count for cell, count in found.cells.items()} for found in histograms]
    return Blocks.of(counted, [found.infinite for found in histograms])


def from_seconds(load: Mapping[str, Any]) -> Measured:
    """Measure by the figures of each second in the ``load`` block of ``results.json``: all requests together.

    Percentiles are those of the whole run; how far they can be trusted is taken from how those of its seconds differ.
    """
    begin, length = float(load["warmup_s"]), float(load["duration_s"])
    seconds = [entry for entry in load.get("per_second") or () if begin <= float(entry["t"]) < begin + length]
    latencies = {
        Name("", metric, percent): _of_seconds(load, seconds, metric, percent)
        for metric in (Metric.TTFT, Metric.E2E)
        for percent in PERCENTS
        if f"{metric}_s" in load["metrics"]
    }
    failing = [
        severity
        for entry in seconds
        for severity in [math.inf] * int(entry["failed"]) + [0.0] * int(entry["completed"])
    ]
    completed = [float(entry["completed"]) for entry in seconds]
    rate = load.get("throughput_rps")
    return Measured(
        Source.SECONDS,
        latencies,
        gather(failing) if failing else None,
        mean_estimate(_grouped(completed), rate, calm=max) if rate else None,
    )


def _of_seconds(
    load: Mapping[str, Any], seconds: Sequence[Mapping[str, Any]], metric: Metric, percent: int
) -> Estimate | None:
    value = load["metrics"][f"{metric}_s"].get(f"p{percent}")
    found = [entry.get(f"{metric}_p{percent}_s") for entry in seconds]
    values = [float(entry) for entry in found if entry]
    if not value or percent > _MOST_PERCENT_OF_A_SECOND:
        return None
    return mean_estimate(_grouped(values), float(value), _client_of_seconds(load, seconds, percent))


def _client_of_seconds(load: Mapping[str, Any], seconds: Sequence[Mapping[str, Any]], percent: int) -> float:
    """Return what the client itself may have added to a percentile, in seconds, or more than that.

    Without the samples, its error at this percentile is not known. Its p99 is more, and for a median so is the p99 of
    the usual second.
    """
    validity = load.get("validity") or {}
    late = float(validity.get("send_lateness_p99_s") or 0.0)
    usual = [float(entry["lateness_p99_s"]) for entry in seconds if entry.get("lateness_p99_s") is not None]
    if percent <= _MIDDLE and usual:
        late = min(late, median(usual))
    return late + float(validity.get("receive_lag_p99_s") or 0.0)


def _grouped(values: Sequence[float]) -> list[float]:
    """Return the means of at most ``BLOCKS`` groups of neighbours."""
    groups = min(BLOCKS, len(values))
    edges = [len(values) * group // groups for group in range(groups + 1)] if groups else []
    return [fmean(values[start:end]) for start, end in itertools.pairwise(edges)]
