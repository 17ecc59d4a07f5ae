"""What makes a page act, and the policy that lets nothing else act: our style and scripts, the plotting library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ozwell_harness import __version__
from ozwell_harness.reporting.charts import page as charts_page
from ozwell_harness.reporting.charts.chart import Chart
from ozwell_harness.reporting.page import asset, policy


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What a page with plots carries: their data, our script, and the library that it starts."""

    data: Markup
    script: Markup
    library: charts_page.Library


def frame(charts: tuple[Chart, ...]) -> dict[str, Any]:
    """Return the values that every page's template needs; the library is only in a page with charts."""
    style, script = asset("report.css"), asset("report.js")
    drawing = _drawing(charts) if charts else None
    # Markup: our own files.
    return {
        "version": __version__,
        "policy": _policy(style, script, drawing),
        "style": Markup(style),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "drawing": drawing,
    }


def _drawing(charts: tuple[Chart, ...]) -> _Drawing:
    # Markup: JSON that was made safe to stand in a script element, and our own file.
    data, script = charts_page.document(charts), asset("charts.js")
    return _Drawing(Markup(data), Markup(script), charts_page.library())  # noqa: S704


def _policy(style: str, script: str, drawing: _Drawing | None) -> str:
    styles, scripts = [style], [script]
    if drawing:
        # The library fills an empty style element rule by rule, which only needs leave for the empty one.
        styles, scripts = [style, ""], [script, str(drawing.script), drawing.library.source]
    return policy(styles, scripts)
