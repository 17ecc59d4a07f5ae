"""The figures of a chart as a table: for those who cannot see it, and where scripts do not run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ozwell_harness.reporting.charts.chart import Chart, Series, Unit

#: Rows of one table; of more, every k-th is shown and the last.
MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text.

    Attributes:
        every: one row in so many is shown.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    every: int


def table_of(chart: Chart) -> Table:
    """Return the figures of a chart, one row for each x."""
    values = [dict(zip(series.x, series.y, strict=True)) for series in chart.series]
    ends = _ends(chart.series)
    places = sorted({x for series in chart.series for x in series.x})
    every = -(-len(places) // MOST_ROWS) if places else 1
    shown = places[::every] if not places or (len(places) - 1) % every == 0 else [*places[::every], places[-1]]
    rows = [
        (_place(chart.x.unit, x, ends.get(x)), *(chart.y.unit.words(row[x]) if x in row else "" for row in values))
        for x in shown
    ]
    return Table((chart.x.name, *(series.name for series in chart.series)), tuple(rows), every)


def _ends(series: Sequence[Series]) -> dict[float, float]:
    return {x: x + width for line in series for x, width in zip(line.x, line.widths, strict=False)}


def _place(unit: Unit, start: float, end: float | None) -> str:
    if end is None or unit is not Unit.SECONDS:
        return unit.words(start)
    return f"{unit.words(start)} to {unit.words(end)}"
