"""``report.html``: one file that opens offline and is safe whatever the target sent.

Everything from outside passes Jinja's escaping as text; the only script and style are ours, named by hash in a content
security policy (W3C CSP Level 3, section 2.3.1) that forbids everything else, network included.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

import jinja2
from markupsafe import Markup

from ozwell_harness import __version__
from ozwell_harness.content import content_path
from ozwell_harness.model import Level, Requirement, Run
from ozwell_harness.reporting import figures, summary, text
from ozwell_harness.reporting.plots import Plot, plots
from ozwell_harness.reporting.view import views

_TEMPLATE = "report.html.j2"


def html(run: Run, requirements: Iterable[Requirement] = ()) -> str:
    """Return the report as one HTML document."""
    requirements = tuple(requirements)
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            run=run,
            version=__version__,
            policy=_policy(style, script),
            # Markup: our own files, and charts whose every text went through html.escape.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            started=text.instant(run.started)[:19].replace("T", " ") + " UTC",
            sentence=summary.verdict_sentence(run),
            statuses=summary.ORDER,
            labels=summary.LABELS,
            meanings=summary.MEANINGS,
            notable=summary.NOTABLE,
            levels=tuple(Level),
            rows=summary.area_rows(run),
            pointers=summary.look_first(run, requirements),
            again=summary.again(run),
            catalogue_size=len(requirements),
            views=views(run, requirements),
            load=_load(run),
        )
    )


def _load(run: Run) -> dict[str, Any] | None:
    if run.load is None:
        return None
    return {
        "block": run.load,
        "shape": figures.shape(run.load),
        "tiles": figures.tiles(run.load),
        "among_failures": figures.AMONG_FAILURES,
        "outcome": figures.outcome(run.load),
        "invalid": figures.validity(run.load),
        "slo": figures.slo_sentence(run.load),
        "slo_terms": figures.slo_terms(run.load),
        "statistics": figures.STATISTICS,
        "tables": _tables(run),
        "plots": [_with_markup(plot) for plot in plots(run.load)],
    }


def _tables(run: Run) -> list[tuple[str, tuple[figures.MetricRow, ...]]]:
    load = run.load or {}
    tables = [("All requests", figures.metric_rows(load.get("metrics") or {}))]
    scenarios = load.get("scenarios") or ()
    if len(scenarios) > 1:
        tables += [(str(entry["name"]), figures.metric_rows(entry["metrics"])) for entry in scenarios]
    return [table for table in tables if table[1]]


def _with_markup(plot: Plot) -> dict[str, Any]:
    return {"caption": plot.caption, "legend": plot.legend, "svg": Markup(plot.svg)}  # noqa: S704


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(content_path("reports", "templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": text.percent,
        "seconds": text.seconds,
        "number": text.number,
        "visible": text.visible,
    }
    return environment


def _asset(name: str) -> str:
    return content_path("reports", "templates", name).read_text("utf-8").strip()


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
