"""``report.html``: one file that opens offline and is safe whatever the target sent.

Everything from outside passes Jinja's escaping as text, or is JSON in an element that no browser runs. The only scripts
and styles are ours and the plotting library's, named by hash in a content security policy (W3C CSP Level 3, section
2.3.1) that forbids everything else, network included. Only a report with plots carries the library.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ozwell_harness.model import Level, Requirement, Run, Status
from ozwell_harness.reporting import figures, summary, text
from ozwell_harness.reporting.capacity_view import TRIAL_HEADER, capacity_view
from ozwell_harness.reporting.charts.capacity import capacity_charts
from ozwell_harness.reporting.charts.chart import Chart
from ozwell_harness.reporting.charts.load import load_charts
from ozwell_harness.reporting.charts.table import table_of
from ozwell_harness.reporting.commands import again
from ozwell_harness.reporting.framing import frame
from ozwell_harness.reporting.page import environment
from ozwell_harness.reporting.view import views

_TEMPLATE = "report.html.j2"
#: Statuses that are shown even where no requirement has them.
_ALWAYS = (Status.FAILED, Status.PASSED)
_LOADS = ("load", "capacity")
_LONGEST_ACTUAL = 130
#: What a report is called, by the command that made it.
_KINDS = {
    "check": "Conformance report",
    "run": "Conformance and load report",
    "load": "Load report",
    "capacity": "Capacity report",
}


def html(run: Run, requirements: Iterable[Requirement] = ()) -> str:
    """Return the report as one HTML document."""
    requirements = tuple(requirements)
    charts = load_charts(run.load) if run.load is not None else ()
    found = capacity_charts(run.capacity) if run.capacity is not None else ()
    templates = environment()
    templates.filters["brief"] = lambda actual: text.one_line(actual, _LONGEST_ACTUAL)
    return templates.get_template(_TEMPLATE).render(
        **frame((*found, *charts)),
        **_words(run),
        **_overview(run, requirements),
        run=run,
        views=views(run, requirements),
        load=_load(run, charts),
        capacity=_capacity(run, found),
    )


def _words(run: Run) -> dict[str, Any]:
    return {
        "kind": _KINDS.get(run.command, _KINDS["check"]),
        "stamp": summary.stamp(run),
        "sentence": summary.verdict_sentence(run),
        "started": text.instant(run.started)[:19].replace("T", " ") + " UTC",
        "statuses": summary.ORDER,
        "labels": summary.LABELS,
        "meanings": summary.MEANINGS,
        "notable": summary.NOTABLE,
        "levels": tuple(Level),
        "again": again(run),
    }


def _overview(run: Run, requirements: tuple[Requirement, ...]) -> dict[str, Any]:
    pointers = summary.look_first(run, requirements)
    return {
        # A load judges what it meets by the way: a score of that would say nothing.
        "scored": run.command not in _LOADS,
        "judged": bool(run.findings) or (run.load is None and run.capacity is None),
        "columns": [s for s in summary.ORDER if run.tally.counts.get(s, 0) or s in _ALWAYS],
        "rows": summary.area_rows(run),
        "pointers": pointers,
        "causes": summary.unjudged(run, (pointer.finding.requirement for pointer in pointers)),
        "catalogue_size": len(requirements),
    }


def _capacity(run: Run, charts: tuple[Chart, ...]) -> dict[str, Any] | None:
    if run.capacity is None:
        return None
    return {
        "view": capacity_view(run.capacity),
        "header": TRIAL_HEADER,
        "plots": [(chart, table_of(chart)) for chart in charts],
    }


def _load(run: Run, charts: tuple[Chart, ...]) -> dict[str, Any] | None:
    if run.load is None:
        return None
    return {
        "block": run.load,
        "shape": figures.shape(run.load),
        "tiles": figures.tiles(run.load),
        "among_failures": figures.AMONG_FAILURES,
        "flow": figures.flow(run.load),
        "outcome": figures.outcome(run.load),
        "client": figures.client(run.load),
        "invalid": figures.validity(run.load),
        "slo": figures.slo_sentence(run.load),
        "slo_terms": figures.slo_terms(run.load),
        "statistics": figures.STATISTICS,
        "tables": _tables(run),
        "plots": [(chart, table_of(chart)) for chart in charts],
    }


def _tables(run: Run) -> list[tuple[str, tuple[figures.MetricRow, ...]]]:
    load = run.load or {}
    tables = [("All requests", figures.metric_rows(load.get("metrics") or {}))]
    scenarios = load.get("scenarios") or ()
    if len(scenarios) > 1:
        tables += [(str(entry["name"]), figures.metric_rows(entry["metrics"])) for entry in scenarios]
    return [table for table in tables if table[1]]
