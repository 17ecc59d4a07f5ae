"""Ticks of logarithmic axes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ozwell_harness.reporting.charts.chart import Series, Unit

#: Multiples of a power of ten that are labelled: the wider the axis, the fewer.
_MEDIUM = (1.0, 2.0, 5.0)
_COARSE = (1.0,)
#: Decades on either side of the values: room for zooming out.
_MARGIN = 1
#: Below so many decades, steps are equal: powers of ten and their halves would leave the axis bare.
_NARROW = 0.7
_STEPS = 5


def log_ticks(values: Iterable[float | None], unit: Unit = Unit.SECONDS) -> tuple[tuple[float, str], ...]:
    """Return (value, label) for round values around ``values``; none when no value is above 0."""
    shown = [value for value in values if value is not None and value > 0]
    if not shown:
        return ()
    low, high = min(shown), max(shown)
    ticks = _equal(low, high) if math.log10(high / low) < _NARROW else _powers(math.log10(low), math.log10(high))
    return tuple((tick, _label(tick, unit)) for tick in ticks)


def _powers(low: float, high: float) -> Sequence[float]:
    factors = _MEDIUM if high - low < 3.5 else _COARSE
    decades = range(math.floor(low) - _MARGIN, math.ceil(high) + _MARGIN + 1)
    return [float(f"{factor * 10.0**decade:.6g}") for decade in decades for factor in factors]


def _equal(low: float, high: float) -> Sequence[float]:
    """Return values in equal round steps, with as many again on either side of those between ``low`` and ``high``."""
    step = _round_up((high - low or high) / _STEPS)
    first, last = math.floor(low / step) - _STEPS, math.ceil(high / step) + _STEPS
    return [float(f"{number * step:.6g}") for number in range(max(1, first), last + 1)]


def _round_up(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)


def _label(tick: float, unit: Unit) -> str:
    if unit is not Unit.SECONDS:
        return f"{tick:,g}"
    for size, name in ((1.0, "s"), (1e-3, "ms")):
        if tick >= size:
            return f"{tick / size:.6g} {name}"
    return f"{tick / 1e-6:.6g} µs"


def values_of(series: Iterable[Series]) -> list[float | None]:
    """Return the values of several series in one list."""
    return [value for line in series for value in line.y]
