"""Ticks of logarithmic axes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ozwell_harness.reporting.charts.chart import Series, Unit

#: Multiples of a power of ten that are labelled: the wider the axis, the fewer.
_FINE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_MEDIUM = (1.0, 2.0, 5.0)
_COARSE = (1.0,)
#: Decades on either side of the values: room for zooming out.
_MARGIN = 1


def log_ticks(values: Iterable[float | None], unit: Unit = Unit.SECONDS) -> tuple[tuple[float, str], ...]:
    """Return (value, label) for round values around ``values``; none when no value is above 0."""
    shown = [value for value in values if value is not None and value > 0]
    if not shown:
        return ()
    low, high = math.log10(min(shown)), math.log10(max(shown))
    factors = _factors(high - low)
    decades = range(math.floor(low) - _MARGIN, math.ceil(high) + _MARGIN + 1)
    ticks = [float(f"{factor * 10.0**decade:.6g}") for decade in decades for factor in factors]
    return tuple((tick, _label(tick, unit)) for tick in ticks)


def _label(tick: float, unit: Unit) -> str:
    if unit is not Unit.SECONDS:
        return f"{tick:,g}"
    for size, name in ((1.0, "s"), (1e-3, "ms")):
        if tick >= size:
            return f"{tick / size:.6g} {name}"
    return f"{tick / 1e-6:.6g} µs"


def _factors(decades: float) -> Sequence[float]:
    if decades < 0.6:
        return _FINE
    return _MEDIUM if decades < 3.5 else _COARSE


def values_of(series: Iterable[Series]) -> list[float | None]:
    """Return the values of several series in one list."""
    return [value for line in series for value in line.y]
