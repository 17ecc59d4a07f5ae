"""Charts of a load run second by second. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ozwell_harness.load.judgement import TOLERATED_ERROR
from ozwell_harness.load.slo import Metric
from ozwell_harness.reporting.charts.bounds import bounds, tightest_latency, verdicts
from ozwell_harness.reporting.charts.chart import Axis, Chart, Mark, Series, Unit
from ozwell_harness.reporting.charts.scales import log_ticks, values_of
from ozwell_harness.reporting.charts.timeline import Timeline
from ozwell_harness.reporting.text import number, rate, seconds, visible

_LATENCY = ("p50", "p90", "p99", "max")
_TAIL = ("p99", "max")
#: Kinds of errors with a series of their own; the rest shares one.
_MOST_KINDS = 7
_LONGEST_KIND = 24
_WORST = "the highest of them"
_MEAN = "their mean"
#: Arrivals whose rate does not change by design.
_STEADY = ("constant", "poisson", "burst")
#: A mean over the last third of the window that is higher by this factor is called a climb.
_CLIMB = 1.5


def over_time(load: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Return the charts over time for which the ``load`` block of ``results.json`` has figures."""
    timeline = Timeline.of(load)
    drawn = (
        _rates(load, timeline),
        _latency(load, timeline, Metric.TTFT, "Time to first token over time", "time to first token"),
        _latency(load, timeline, Metric.E2E, "Time to the end of the answer over time", "end-to-end time"),
        _in_flight(load, timeline),
        _errors(load, timeline),
        _lateness(load, timeline),
    )
    return tuple(chart for chart in drawn if chart is not None)


def _rates(load: Mapping[str, Any], timeline: Timeline) -> Chart | None:
    offered = ("offered (due)", "due") if timeline.has("due") else ("sent", "sent")
    wanted = (offered, ("completed", "completed"), ("goodput (within the SLO)", "attained"))
    series = [timeline.rates(name, key) for name, key in wanted if timeline.has(key)]
    if not series:
        return None
    shows = f"Requests {offered[0]} in each second, and the answers completed in it. {_hint(load)}"
    if timeline.has("attained"):
        shows += " Goodput counts only answers that keep every latency bound of the SLO."
    tells = [_rates_told(load, timeline, offered[1]), verdicts(load, Metric.GOODPUT, Metric.THROUGHPUT)]
    return Chart(
        "rates",
        "Throughput and offered load over time",
        shows + timeline.note(_MEAN),
        " ".join(filter(None, tells)),
        timeline.axis,
        Axis("requests per second", "requests/s", Unit.PER_SECOND),
        tuple(series),
        (*timeline.marks, *bounds(load, Metric.GOODPUT, Metric.THROUGHPUT)),
    )


def _hint(load: Mapping[str, Any]) -> str:
    if load.get("arrivals") == "closed":
        return "In closed loop a user waits for its answer, so a slow target is also offered less."
    return "Where completions stay below the offered load, the target falls behind."


def _rates_told(load: Mapping[str, Any], timeline: Timeline, offered: str) -> str:
    due, throughput = timeline.measured(offered), load.get("throughput_rps")
    mean = load.get("offered_rps") or (math.fsum(due) / len(due) if due else None)
    if mean is None or throughput is None:
        return ""
    goodput, words = (load.get("slo") or {}).get("goodput_rps"), "sent" if offered == "sent" else "offered"
    said = f"In the window, {number(mean)} requests/s were {words} and {number(throughput)}/s of them completed"
    return said + (f", {number(goodput)}/s within the SLO." if goodput is not None else ".")


def _latency(load: Mapping[str, Any], timeline: Timeline, metric: Metric, title: str, words: str) -> Chart | None:
    series, limits = _statistics(timeline, metric, _LATENCY), bounds(load, metric)
    if not series:
        return None
    figures = (load.get("metrics") or {}).get(f"{metric}_s") or {}
    tells = f"Over the whole window: p50 {_or_failed(figures.get('p50'))}, p99 {_or_failed(figures.get('p99'))}."
    shows = (
        f"The {words} of what completed in each second. Level lines mean a steady target; a climb means that work"
        " queues up; lone peaks are stalls."
    )
    return Chart(
        f"{metric}-over-time",
        title,
        shows + timeline.note(_WORST),
        " ".join(filter(None, (tells if figures else "", verdicts(load, metric)))),
        timeline.axis,
        _seconds_axis(words, words, series, limits),
        series,
        (*timeline.marks, *limits),
    )


def _statistics(timeline: Timeline, name: str, statistics: Sequence[str]) -> tuple[Series, ...]:
    """Return a line for each statistic that the seconds hold; one for both where the p99 is always the largest."""
    keys = {statistic: f"{name}_{statistic}_s" for statistic in statistics}
    lines = {key: timeline.worst(key, of) for key, of in keys.items() if timeline.has(of)}
    if {"p99", "max"} <= lines.keys() and lines["p99"].y == lines["max"].y:
        del lines["p99"]
        lines["max"] = replace(lines["max"], name="p99 and max")
    return tuple(lines.values())


def _seconds_axis(title: str, name: str, series: Sequence[Series], limits: Sequence[Mark]) -> Axis:
    values = [*values_of(series), *(limit.start for limit in limits)]
    return Axis(title, name, Unit.SECONDS, log=True, ticks=log_ticks(values))


def _or_failed(value: float | None) -> str:
    return "among the failures" if value is None else seconds(value)


def _in_flight(load: Mapping[str, Any], timeline: Timeline) -> Chart | None:
    if not timeline.has("in_flight"):
        return None
    return Chart(
        "in-flight",
        "Requests in flight",
        "Requests that waited for the end of their answer as each second ended. In open loop, a level line means that"
        " the target keeps up with the offered load, and a climb that it does not." + timeline.note(_WORST),
        _climb(timeline.measured("in_flight")) if load.get("arrivals") in _STEADY else "",
        timeline.axis,
        Axis("requests in flight", "requests in flight", Unit.COUNT),
        (timeline.worst("in flight", "in_flight"),),
        timeline.marks,
    )


def _climb(levels: Sequence[float]) -> str:
    third = len(levels) // 3
    if third < 2:
        return ""
    first, last = (math.fsum(part) / third for part in (levels[:third], levels[-third:]))
    said = f"On average {number(first)} in the first third of the window and {number(last)} in its last"
    return said + (": it climbed." if last > _CLIMB * max(first, 1.0) else ".")


def _errors(load: Mapping[str, Any], timeline: Timeline) -> Chart | None:
    counts: Counter[str] = Counter()
    for second in timeline.seconds:
        counts.update(second.get("errors") or {})
    if not counts:
        return _failures(load, timeline)
    kinds = [kind for kind, _ in counts.most_common()]
    series = [replace(timeline.errors(kind), name=_short(kind)) for kind in kinds[:_MOST_KINDS]]
    if len(kinds) > _MOST_KINDS:
        series.append(_sum("other kinds", [timeline.errors(kind) for kind in kinds[_MOST_KINDS:]]))
    return _errors_chart(load, timeline, tuple(series))


def _short(kind: str) -> str:
    text = visible(kind)
    return text if len(text) <= _LONGEST_KIND else f"{text[:_LONGEST_KIND]}…"


def _failures(load: Mapping[str, Any], timeline: Timeline) -> Chart | None:
    """Return the chart of failures of all kinds, where the seconds do not tell the kinds; None without a failure."""
    if not any(second.get("failed") for second in timeline.seconds):
        return None
    return _errors_chart(load, timeline, (timeline.failures(),))


def _errors_chart(load: Mapping[str, Any], timeline: Timeline, series: tuple[Series, ...]) -> Chart:
    share = load.get("error_rate")
    tells = f"Of what was due in the window, {rate(share)} failed." if share is not None else ""
    return Chart(
        "errors",
        "Errors over time",
        "Requests that failed in each second, by kind, one upon the other." + timeline.note_of_bars(),
        " ".join(filter(None, (tells, verdicts(load, Metric.ERROR_RATE)))),
        timeline.axis,
        Axis("failed requests per second", "failed/s", Unit.PER_SECOND),
        series,
        timeline.marks,
    )


def _sum(name: str, parts: Sequence[Series]) -> Series:
    first = parts[0]
    total = [math.fsum(value or 0 for value in values) for values in zip(*(part.y for part in parts), strict=True)]
    return Series(name, first.x, total, first.look, first.widths)


def _lateness(load: Mapping[str, Any], timeline: Timeline) -> Chart | None:
    series = _statistics(timeline, "lateness", _TAIL)
    if not series:
        return None
    tightest, p99 = tightest_latency(load), (load.get("validity") or {}).get("send_lateness_p99_s")
    allowed = TOLERATED_ERROR * tightest if tightest is not None else None
    limits = () if allowed is None else (Mark("y", allowed, f"{TOLERATED_ERROR:.0%} of the tightest bound"),)
    return Chart(
        "lateness",
        "Lateness of the client",
        "How much later than due the client sent its requests. This is the error of the measurement, not of the target:"
        " it must stay far below the latencies that are judged." + timeline.note(_WORST),
        _lateness_told(p99, allowed),
        timeline.axis,
        _seconds_axis("send time after due time", "lateness", series, limits),
        series,
        (*timeline.marks, *limits),
    )


def _lateness_told(p99: float | None, allowed: float | None) -> str:
    if p99 is None:
        return ""
    said = f"Over the whole window: p99 {seconds(p99)}"
    if allowed is None:
        return said + "."
    share = f"{TOLERATED_ERROR:.0%} of the tightest bound, {seconds(allowed)}"
    return said + (f", within {share}." if p99 <= allowed else f", above {share}: the figures are not valid.")
