"""Charts as parts of a page: a document for its script, a table for everyone, and the plotting library."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ozwell_harness.reporting.charts.chart import Axis, Chart, Mark, Series
from ozwell_harness.reporting.text import visible

_DIGITS = 6
#: What the bundle is wrapped in, for loaders that a page has none of (universal module definition): licence, body.
_WRAPPED = re.compile(
    r"\A(/\*\*.{,1000}?\*/\s*)\(\s*function\(root, factory\) \{.{,1000}?\} ?\(typeof self[^,]*, \(\) => \{\n"
    r"(.*\nwindow\.Plotly = Plotly;\n)return Plotly;\n\}\)\);\s*\Z",
    re.DOTALL,
)
#: What could end a script element or start a comment in it (HTML 13.1.2.6), and what old parsers take for line ends.
_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Library:
    """The plotting library, Plotly's own bundle.

    Attributes:
        source: its script, as a browser runs it.
        styles: ids of style sheets that it would add to every page for charts that a report has none of; it leaves
            them out where an element of that id is there, and the content policy would refuse them with noise.
    """

    source: str
    styles: tuple[str, ...]

    @property
    def packed(self) -> str:
        """Compressed by gzip (RFC 1952) and in base64: less than half of what it is in plain."""
        return base64.b64encode(gzip.compress(self.source.encode(), 9, mtime=0)).decode()


def library() -> Library:
    """Read the library from the installed ``plotly`` without importing that.

    Raises:
        OSError: its file cannot be read.
        ModuleNotFoundError: it is not installed.
    """
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed, though this package depends on it: install it again.")
    source = unwrapped((Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text("utf-8"))
    return Library(source, tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', source)))))


def unwrapped(source: str) -> str:
    """Return the bundle without its wrapper, or as it is where that has another form.

    A browser reads a function that is passed on twice, first to find its end: of five megabytes that takes a third of
    the time until the first plot.
    """
    found = _WRAPPED.match(source)
    return "".join(found.groups()) if found else source


def document(charts: Iterable[Chart]) -> str:
    """Return charts as JSON that may stand within a script element whatever their texts hold."""
    drawn = {chart.name: _chart(chart) for chart in charts}
    return json.dumps(drawn, ensure_ascii=True, separators=(",", ":")).translate(_UNSAFE)


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "x": _axis(chart.x),
        "y": _axis(chart.y),
        "series": [_series(series) for series in chart.series],
        "marks": [_mark(mark) for mark in chart.marks],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {
        "title": axis.title,
        "name": axis.name,
        "unit": axis.unit.value,
        "log": axis.log,
        "ticks": axis.ticks,
        "span": axis.span,
    }


def _series(series: Series) -> dict[str, Any]:
    found = {"x": series.x, "y": series.y, "widths": series.widths, "lows": series.lows, "highs": series.highs}
    return {
        "name": visible(series.name),
        "look": series.look.value,
        **{name: _short(values) for name, values in found.items() if len(values)},
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {"axis": mark.axis, "start": mark.start, "end": mark.end, "label": visible(mark.label)}


def _short(values: Sequence[float | None]) -> list[float | int | None]:
    return [None if value is None or not math.isfinite(value) else _rounded(value) for value in values]


def _rounded(value: float) -> float | int:
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short == int(short) else short
