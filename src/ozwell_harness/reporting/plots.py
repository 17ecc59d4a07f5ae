"""The charts of the load phase, drawn from the load block of ``results.json``. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.reporting.svg import Axis, Point, Series, line_chart
from ozwell_harness.reporting.text import number

#: Points of one line; a chart is 480 units wide, more cannot be told apart.
MOST_POINTS = 1200
_CURVE = ("p50", "p90", "p95", "p99", "max")
_LATENCIES = (("ttft", "TTFT"), ("e2e", "E2E"))


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with its caption and the names of its lines, in the order of their colours."""

    caption: str
    legend: tuple[str, ...]
    svg: str


def plots(load: Mapping[str, Any]) -> tuple[Plot, ...]:
    """Return the charts for which there are figures."""
    ticks = load.get("per_second") or ()
    warm_up = load.get("warmup_s")
    mark = (float(warm_up), "measured from here") if warm_up else None
    time = Axis("seconds since the load began", number, mark=mark)
    drawn = (_throughput(ticks, time), _latency(ticks, time), _percentiles(load.get("metrics") or {}))
    return tuple(plot for plot in drawn if plot is not None and plot.svg)


def _throughput(ticks: Sequence[Mapping[str, Any]], time: Axis) -> Plot | None:
    lines = [_series(label, ticks, key) for key, label in (("completed", "completed"), ("failed", "failed"))]
    return _plot("Answers in each second", lines, time, Axis("per second", number), len(ticks))


def _latency(ticks: Sequence[Mapping[str, Any]], time: Axis) -> Plot | None:
    lines = [_series(f"{label} p50", ticks, f"{key}_p50_s") for key, label in _LATENCIES]
    drawn = [line for line in lines if any(y is not None for _, y in line.points)]
    return _plot("Latency: the median of each second", drawn, time, _duration(drawn), len(ticks))


def _percentiles(metrics: Mapping[str, Mapping[str, Any]]) -> Plot | None:
    lines = [
        Series(label, [(float(place), metrics[f"{key}_s"].get(name)) for place, name in enumerate(_CURVE)])
        for key, label in _LATENCIES
        if f"{key}_s" in metrics
    ]
    across = Axis("percentile", number, tuple((float(place), name) for place, name in enumerate(_CURVE)))
    return _plot("Percentiles of latency", lines, across, _duration(lines), len(_CURVE))


def _duration(lines: Sequence[Series]) -> Axis:
    """Return an axis in one unit throughout: milliseconds while all values are below a second."""
    most = max((y for line in lines for _, y in line.points if y is not None), default=0.0)
    return Axis("latency", _milliseconds if most < 1 else _seconds)


def _milliseconds(value: float) -> str:
    return f"{round(value * 1000, 6):g} ms"


def _seconds(value: float) -> str:
    return f"{round(value, 6):g} s"


def _series(name: str, ticks: Sequence[Mapping[str, Any]], key: str) -> Series:
    points: list[Point] = [(float(tick["t"]), tick.get(key)) for tick in ticks]
    return Series(name, thin(points))


def _plot(caption: str, lines: Sequence[Series], x: Axis, y: Axis, points: int) -> Plot | None:
    if not lines:
        return None
    if points > MOST_POINTS:
        caption += f" (one second in {-(-points // MOST_POINTS)} is drawn)"
    return Plot(caption, tuple(line.name for line in lines), line_chart(caption, lines, x, y))


def thin(points: Sequence[Point]) -> Sequence[Point]:
    """Return every k-th point, so that at most ``MOST_POINTS`` are left: medians must not be averaged."""
    return points[:: -(-len(points) // MOST_POINTS)] if len(points) > MOST_POINTS else points
