"""Small line charts as SVG text. Pure.

No plotting library: three line charts of at most a few thousand points do not carry the 1 to 4 MB of script that one
brings into every report, and plain SVG prints, follows the page's colours and needs no script under its content policy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 16, 44
_TICKS = 5

Point = tuple[float, float | None]
Words = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """A named line of (x, y) points in the order of x; a y of None breaks the line."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis.

    Attributes:
        words: how a value on it reads.
        ticks: fixed ones (value, label), or none to choose round ones.
        mark: a place to mark by a line across the chart (value, label), or None.
    """

    title: str
    words: Words
    ticks: tuple[tuple[float, str], ...] = ()
    mark: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


def line_chart(title: str, series: Sequence[Series], x: Axis, y: Axis) -> str:
    """Return a chart as one ``svg`` element; empty text when no series has a point.

    Colours are the page's: lines carry the classes ``line s0``, ``line s1`` …; the y axis starts at 0.
    """
    xs = [point[0] for line in series for point in line.points]
    ys = [value for line in series for _, value in line.points if value is not None]
    if not ys:
        return ""
    y_ticks = y.ticks or tuple((tick, y.words(tick)) for tick in round_ticks(max(ys)))
    x_ticks = x.ticks or tuple((tick, x.words(tick)) for tick in round_ticks(max(xs)))
    across = _Scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT)
    up = _Scale(0.0, max(y_ticks[-1][0], *ys), HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        *_y_axis(y, y_ticks, up),
        *_x_axis(x, [tick for tick in x_ticks if across.low <= tick[0] <= across.high], across),
        *(element for number, line in enumerate(series) for element in _line(line, number, across, up)),
        "</svg>",
    ]
    return "".join(parts)


def _y_axis(axis: Axis, ticks: Sequence[tuple[float, str]], up: _Scale) -> list[str]:
    parts = []
    for value, label in ticks:
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{up(value)}" y2="{up(value)}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{up(value) + 4:g}" text-anchor="end">{escape(label)}</text>')
    middle = (HEIGHT - _BOTTOM + _TOP) / 2
    title = escape(axis.title)
    return [
        *parts,
        f'<text class="title" transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{title}</text>',
    ]


def _x_axis(axis: Axis, ticks: Sequence[tuple[float, str]], across: _Scale) -> list[str]:
    base = HEIGHT - _BOTTOM
    parts = [f'<line class="base" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for value, label in ticks:
        parts.append(f'<text x="{across(value)}" y="{base + 16}" text-anchor="middle">{escape(label)}</text>')
    if axis.mark and across.low < axis.mark[0] < across.high:
        at = across(axis.mark[0])
        parts.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{_TOP}" y2="{base}"/>')
        parts.append(f'<text x="{at + 4}" y="{_TOP - 4}">{escape(axis.mark[1])}</text>')
    middle = (WIDTH - _RIGHT + _LEFT) / 2
    return [
        *parts,
        f'<text class="title" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(axis.title)}</text>',
    ]


def _line(series: Series, number: int, across: _Scale, up: _Scale) -> list[str]:
    parts = []
    for run in _unbroken(series.points):
        if len(run) == 1:
            (x, y), *_ = run
            parts.append(f'<circle class="dot s{number}" cx="{across(x)}" cy="{up(y)}" r="2.5"/>')
        else:
            path = " ".join(f"{across(x)},{up(y)}" for x, y in run)
            parts.append(f'<polyline class="line s{number}" points="{path}"/>')
    return parts


def _unbroken(points: Sequence[Point]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if run]


def round_ticks(most: float) -> tuple[float, ...]:
    """Return up to seven round values from 0 to at least ``most``, in steps of 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return (0.0, 1.0)
    rough = most / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return tuple(round(index * step, 12) for index in range(math.ceil(round(most / step, 9)) + 1))
