"""Runs over time as one HTML file that opens offline and is safe whatever a target sent: see ``reporting.html``."""

from __future__ import annotations

from ozwell_harness.history.entries import History
from ozwell_harness.reporting.charts.history import history_charts
from ozwell_harness.reporting.charts.table import table_of
from ozwell_harness.reporting.framing import frame
from ozwell_harness.reporting.history.rows import rows, sentence
from ozwell_harness.reporting.page import environment
from ozwell_harness.reporting.summary import stamp

#: The looks that the style sheet has for statuses, by verdict.
LOOKS = {"conformant": "passed", "nonconformant": "failed", "inconclusive": "warned"}


def page(history: History) -> str:
    """Return the history as one HTML document."""
    charts = history_charts(history)
    last = history.entries[-1].run if history.entries else None
    return (
        environment()
        .get_template("history.html.j2")
        .render(
            **frame(charts),
            history=history,
            stamp=stamp(last) if last else "no runs",
            look=last.verdict.value if last else "inconclusive",
            sentence=sentence(history),
            rows=tuple(reversed(rows(history))),
            looks=LOOKS,
            plots=[(chart, table_of(chart)) for chart in charts],
        )
    )
