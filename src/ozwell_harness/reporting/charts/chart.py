"""A chart as a value: what is drawn, in which units, and what it tells. Knows no plotting library. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.reporting.text import number, rate, seconds


class Unit(StrEnum):
    """What the numbers of an axis are.

    ``PERCENTILE`` is one of how many values lies above: 2 is p50, 100 is p99. On a logarithmic axis, tails get room.
    """

    SECONDS = "s"
    PER_SECOND = "/s"
    COUNT = "count"
    SHARE = "share"
    PERCENTILE = "percentile"

    def words(self, value: float | None) -> str:
        """Return a value as people read it; ``-`` for None."""
        match self:
            case Unit.SECONDS:
                return seconds(value)
            case Unit.PERCENTILE:
                return "-" if value is None else f"p{round(100 - 100 / value, 4):g}"
            case Unit.PER_SECOND:
                return f"{number(value)}/s" if value is not None else "-"
            case Unit.COUNT:
                return number(value)
            case Unit.SHARE:
                return rate(value)


class Look(StrEnum):
    """How a series is drawn.

    ``STEPS`` hold each value until the next x; ``BARS`` stand on [x, x + width); ``STACK`` are bars upon those of the
    series before; ``POINTS`` are not joined.
    """

    LINE = "line"
    STEPS = "steps"
    BARS = "bars"
    STACK = "stack"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Series:
    """A named row of values in the order of x.

    Attributes:
        y: None where there is no value: the line is broken there.
        widths: of bars, in units of x; empty for other looks.
        lows, highs: ends of an interval around each y; empty when there are none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    look: Look = Look.LINE
    widths: Sequence[float] = ()
    lows: Sequence[float | None] = ()
    highs: Sequence[float | None] = ()

    @property
    def empty(self) -> bool:
        """It has no value at all."""
        return all(value is None for value in self.y)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis.

    Attributes:
        name: what a single value of it is called in a table, such as ``second``.
        log: logarithmic; values at or below 0 cannot be shown on it.
        ticks: fixed ones (value, label); none to let the drawing choose.
        span: what is seen at first (from, to); None for all values.
    """

    title: str
    name: str
    unit: Unit
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to mark on an axis.

    Attributes:
        axis: ``x`` or ``y``.
        start: where; a line when ``end`` is None, else a band from here to there.
    """

    axis: str
    start: float
    label: str
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot.

    Attributes:
        name: unique in a report; letters, digits and hyphens.
        shows: one sentence on what is drawn and how to read it.
        tells: what to conclude; empty when nothing can be said.
    """

    name: str
    title: str
    shows: str
    tells: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
