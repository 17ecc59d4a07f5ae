"""Charts of how latencies are distributed over the measured window. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ozwell_harness.load.slo import Metric
from ozwell_harness.reporting.charts.bounds import bounds, verdicts
from ozwell_harness.reporting.charts.chart import Axis, Chart, Look, Mark, Series, Unit
from ozwell_harness.reporting.charts.scales import log_ticks, values_of
from ozwell_harness.reporting.text import count, number, seconds

#: Metrics with a curve, and the names of their lines.
_CURVES = (
    (Metric.TTFT, "TTFT"),
    (Metric.E2E, "E2E"),
    (Metric.ICL, "between chunks"),
    (Metric.TPOT, "per output token"),
)
_HISTOGRAMS = (
    (
        Metric.TTFT,
        "Time to first token",
        "time to first token",
        "Two hills mean two kinds of work, such as prompts that were cached and prompts that were not.",
    ),
    (
        Metric.ICL,
        "Time between chunks",
        "time between two chunks of a stream",
        "A hill far to the right of the first is what a reader sees as stuttering.",
    ),
    (
        Metric.E2E,
        "Time to the end of the answer",
        "end-to-end time",
        "It is as wide as answers are long: compare only runs with the same prompts.",
    ),
)
#: A first bin that ends so many times below the next is of its own kind.
_FAR = 10
_MARKED = ("p50", "p99")
#: Percentiles of a summary, where a document holds no curve.
_SUMMARY = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}
_LIMITS = " A bound on a p99 is kept where the line of its latency lies below it at p99."
_TICKS = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


def spread(load: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Return the charts of distributions for which the ``load`` block of ``results.json`` has figures."""
    histograms = (_histogram(load, *of) for of in _HISTOGRAMS)
    return tuple(chart for chart in (_curves(load), *histograms) if chart is not None)


def _curves(load: Mapping[str, Any]) -> Chart | None:
    lines = [(name, metric, _points(load, metric)) for metric, name in _CURVES]
    drawn = [(name, metric, points) for name, metric, points in lines if points]
    if not drawn:
        return None
    series = tuple(Series(name, [_rarity(p) for p, _ in points], [y for _, y in points]) for name, _, points in drawn)
    furthest = max(x for line in series for x in line.x)
    across = ((1.0, "0"), *((_rarity(p), f"p{p:g}") for p in _TICKS if _rarity(p) <= furthest * 1.5))
    measured = [metric for _, metric, _ in drawn]
    limits = bounds(load, *measured)
    up = log_ticks([*values_of(series), *(limit.start for limit in limits)])
    return Chart(
        "percentiles",
        "Percentiles of latency",
        "What all but the slowest tenth (p90), hundredth (p99), thousandth (p99.9) of requests kept to. A line that"
        " turns steeply upwards has a tail that a mean hides; it ends where percentiles lie among failed requests."
        + (_LIMITS if limits else ""),
        verdicts(load, *measured),
        Axis("percentile of requests (for chunks: of gaps)", "percentile", Unit.PERCENTILE, log=True, ticks=across),
        Axis("latency", "latency", Unit.SECONDS, log=True, ticks=up),
        series,
        limits,
    )


def _rarity(percent: float) -> float:
    """Return one of how many lies above a percentile: 50 → 2, 99 → 100. On a logarithmic axis, tails get room."""
    return round(100 / (100 - percent), 9)


def _points(load: Mapping[str, Any], metric: Metric) -> Sequence[tuple[float, float | None]]:
    distribution = (load.get("distributions") or {}).get(f"{metric}_s")
    summary = (load.get("metrics") or {}).get(f"{metric}_s") or {}
    if not distribution:
        return [(percent, summary[name]) for name, percent in _SUMMARY.items() if name in summary]
    inner = [(float(percent), value) for percent, value in distribution["curve"] if percent < 100]
    largest = distribution["curve"][-1][1]
    # The largest of n values stands for all percentiles above 100 - 100/n: there its point is.
    amount = sum(bin_[2] for bin_ in distribution["bins"]) + distribution.get("infinite", 0)
    last = 100 - 100 / amount if amount > 1 else 0.0
    return [*[point for point in inner if point[0] < last], (last, largest)]


def _histogram(load: Mapping[str, Any], metric: Metric, title: str, words: str, hint: str) -> Chart | None:
    distribution = (load.get("distributions") or {}).get(f"{metric}_s")
    if not distribution or not distribution.get("bins"):
        return None
    at_once, bins = _drawn(distribution["bins"])
    low = [_above_zero(start, end) for start, end, _ in bins]
    widths = [end - start for start, (_, end, _) in zip(low, bins, strict=True)]
    marks = (*_statistics(load, metric), *_limits(load, metric))
    bars = Series("samples", low, [float(amount) for *_, amount in bins], Look.BARS, widths)
    return Chart(
        f"{metric}-histogram",
        f"{title}: distribution",
        f"How many had which {words}; on the logarithmic axis each bar spans the same ratio. {hint}",
        " ".join(filter(None, (_histogram_told(load, metric, distribution), _at_once(at_once)))),
        Axis(
            words,
            words,
            Unit.SECONDS,
            log=True,
            ticks=log_ticks([low[0], bins[-1][1], *(mark.start for mark in marks)]),
        ),
        Axis("samples", "samples", Unit.COUNT),
        (bars,),
        marks,
    )


_Bins = Sequence[Sequence[float]]


def _drawn(bins: _Bins) -> tuple[Sequence[float] | None, _Bins]:
    """Return the first bin by itself where it begins at 0 and lies far from the others, and the bins to draw."""
    first, rest = bins[0], [bin_ for bin_ in bins[1:] if bin_[2]]
    if first[0] > 0 or not rest or rest[0][0] < _FAR * first[1]:
        return None, bins
    return first, bins[bins.index(rest[0]) :]


def _at_once(first: Sequence[float] | None) -> str:
    return f"Not drawn: {int(first[2]):,} of at most {seconds(first[1])}, which arrived in one piece." if first else ""


def _above_zero(start: float, end: float) -> float:
    """Return the lower edge of a bin; the first reaches down to 0, which a logarithmic axis does not."""
    return start if start > 0 else end / 2


def _statistics(load: Mapping[str, Any], metric: Metric) -> tuple[Mark, ...]:
    summary = (load.get("metrics") or {}).get(f"{metric}_s") or {}
    return tuple(Mark("x", summary[name], name) for name in _MARKED if summary.get(name))


def _limits(load: Mapping[str, Any], metric: Metric) -> tuple[Mark, ...]:
    return tuple(Mark("x", bound.start, bound.label) for bound in bounds(load, metric) if bound.start > 0)


def _histogram_told(load: Mapping[str, Any], metric: Metric, distribution: Mapping[str, Any]) -> str:
    summary = (load.get("metrics") or {}).get(f"{metric}_s") or {}
    said = []
    p50, p99 = summary.get("p50"), summary.get("p99")
    if p50 and p99:
        said.append(f"The p99 of {seconds(p99)} is {number(p99 / p50)} times the p50 of {seconds(p50)}.")
    infinite = distribution.get("infinite", 0)
    if infinite:
        said.append(f"Not drawn, but counted above all others: {count(infinite, 'failure')}.")
    said.append(verdicts(load, metric))
    return " ".join(filter(None, said))
