"""The bounds of a load run's SLO, as lines to draw. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.load.slo import Metric, SloError, Term, parse_slo
from ozwell_harness.reporting.charts.chart import Mark


def terms(load: Mapping[str, Any]) -> tuple[Term, ...]:
    """Return the terms of the run's SLO; none when it had none, or one that this version does not know."""
    try:
        return parse_slo(str((load.get("slo") or {}).get("expression", ""))).terms
    except SloError:
        return ()


def bounds(load: Mapping[str, Any], *metrics: Metric) -> tuple[Mark, ...]:
    """Return a line for each term on one of ``metrics``, across the axis of their values."""
    return tuple(Mark("y", term.bound, term.text) for term in terms(load) if term.metric in metrics)


def verdicts(load: Mapping[str, Any], *metrics: Metric) -> str:
    """Say of each term on one of ``metrics`` whether it was kept; empty when there is none."""
    outcomes = {entry["term"]: entry.get("met") for entry in (load.get("slo") or {}).get("terms", ())}
    words = {True: "kept", False: "broken", None: "undecided"}
    found = [f"{term.text} is {words[outcomes.get(term.text)]}" for term in terms(load) if term.metric in metrics]
    return f"The SLO: {', '.join(found)}." if found else ""


def tightest_latency(load: Mapping[str, Any]) -> float | None:
    """Return the smallest latency bound in seconds; None without one."""
    found = [term.bound for term in terms(load) if term.statistic is not None]
    return min(found, default=None)
