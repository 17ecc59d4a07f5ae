"""Charts of a search for capacity: what came of each offered load, and where the answer lies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ozwell_harness.load.slo import Metric
from ozwell_harness.reporting.charts.bounds import bounds
from ozwell_harness.reporting.charts.chart import Axis, Chart, Look, Mark, Series, Unit
from ozwell_harness.reporting.charts.scales import log_ticks, values_of
from ozwell_harness.reporting.charts.search import DECISIONS, Search, Share, Tried
from ozwell_harness.reporting.text import number, seconds

#: So many times the share that may be missed is seen below what is asked for.
_NEIGHBOURHOOD = 5
_NEAR = " Loads at which it was kept far less often lie below what is shown: double-click for all."
_OFFERED = Axis("offered load, requests per second", "offered", Unit.PER_SECOND)


def capacity_charts(block: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Return the charts for which the ``capacity`` block of ``results.json`` has figures."""
    search = Search.of(block)
    terms = dict.fromkeys(term for trial in search.tried for term in trial.goals)
    shares = [_shares(search, term, place) for place, term in enumerate(terms, 1)]
    return tuple(chart for chart in (_flow(search), _latency(search), *shares) if chart is not None)


def _flow(search: Search) -> Chart | None:
    tried = [trial for trial in search.tried if trial.decision is not None]
    found = (
        _line("throughput", tried, lambda trial: trial.throughput),
        _line("goodput (within the SLO)", tried, lambda trial: trial.goodput),
    )
    drawn = tuple(series for series in found if not series.empty)
    if not drawn:
        return None
    return Chart(
        "capacity-flow",
        "Throughput and goodput against offered load",
        "What completed of each load that was offered. Throughput leaves the line of what is offered where the target"
        " saturates; goodput falls where answers become too slow, which is usually earlier.",
        _answer(search),
        _OFFERED,
        Axis("requests per second", "requests/s", Unit.PER_SECOND),
        (*drawn, _line("as much as is offered", tried, lambda trial: trial.rate)),
        _marks(search),
    )


def _latency(search: Search) -> Chart | None:
    tried = [trial for trial in search.tried if trial.decision is not None]
    closed = [trial for trial in search.tried if trial.decision is None]
    found = (
        _line("mean", tried, lambda trial: trial.latency_s),
        _line("p99", tried, lambda trial: trial.latency_p99_s),
        _line("mean in closed loop", closed, lambda trial: trial.latency_s, Look.POINTS),
    )
    drawn = tuple(series for series in found if not series.empty)
    if not drawn:
        return None
    limits = bounds({"slo": {"expression": search.slo}}, Metric.E2E)
    ticks = log_ticks([*values_of(drawn), *(limit.start for limit in limits)])
    return Chart(
        "capacity-latency",
        "Latency against offered load",
        "End-to-end time at each load that was offered. It stays level while there is room, and turns upwards where"
        " work begins to queue: beyond that, more load only makes answers later.",
        _knee(search),
        _OFFERED,
        Axis("end-to-end time", "end-to-end time", Unit.SECONDS, log=True, ticks=ticks),
        drawn,
        (*_marks(search), *limits),
    )


def _shares(search: Search, term: str, place: int) -> Chart:
    judged = [(trial, trial.goals[term]) for trial in search.tried if term in trial.goals]
    found = [
        _decided(name, [(trial.rate, share) for trial, share in judged if trial.decision == decision])
        for decision, name in DECISIONS.items()
    ]
    span = _span([share for _, share in judged])
    asked = Series("asked for", [trial.rate for trial, _ in judged], [share.target for _, share in judged])
    return Chart(
        f"capacity-share-{place}",
        f"Requests that keep {term}",
        "The share that kept this bound at each load, with its confidence interval. A load passes when the whole"
        " interval lies above what is asked for, and breaks the SLO when it lies below, or when another bound does."
        + (_NEAR if span else ""),
        "",
        _OFFERED,
        Axis("share of requests", "within the bound", Unit.SHARE, span=span),
        (*(series for series in found if series.x), asked),
        _marks(search),
    )


def _span(shares: Sequence[Share]) -> tuple[float, float] | None:
    """Return the neighbourhood of what is asked for, where shares outside of it would press it flat; else None."""
    asked = min(share.target for share in shares)
    low = asked - _NEIGHBOURHOOD * (1 - asked)
    if not 0 < asked < 1 or all(share.lower >= low for share in shares):
        return None
    return max(0.0, low), 1 + (1 - asked) / 2


def _decided(name: str, shares: Sequence[tuple[float, Share]]) -> Series:
    return Series(
        name,
        [rate for rate, _ in shares],
        [share.value for _, share in shares],
        Look.POINTS,
        lows=[share.lower for _, share in shares],
        highs=[share.upper for _, share in shares],
    )


def _line(name: str, tried: Sequence[Tried], of: Callable[[Tried], float | None], look: Look = Look.LINE) -> Series:
    """Return a series over the trials; of several at one rate each has its point."""
    return Series(name, [trial.rate for trial in tried], [of(trial) for trial in tried], look)


def _marks(search: Search) -> tuple[Mark, ...]:
    marks = []
    if search.lower is not None:
        label = "capacity" if search.upper is not None else "at least this"
        marks.append(Mark("x", search.lower, label, search.upper))
    elif search.upper is not None:
        marks.append(Mark("x", search.upper, "too much"))
    if search.knee is not None:
        marks.append(Mark("x", search.knee[0], "knee"))
    return tuple(marks)


def _answer(search: Search) -> str:
    lower, upper = search.lower, search.upper
    if lower is None:
        said = "No load was found that keeps the SLO" + (f"; {number(upper)} requests/s break it." if upper else ".")
    elif upper is None:
        said = f"The SLO is kept at {number(lower)} requests/s; no load was found that breaks it."
    else:
        said = f"The capacity lies between {number(lower)} and {number(upper)} requests/s."
    if search.fit is None:
        return said
    estimate, low, high = (number(rate) for rate in search.fit)
    return f"{said} All trials fitted together: {estimate} ({low} to {high})."


def _knee(search: Search) -> str:
    if search.knee is None:
        return ""
    rate, latency = search.knee
    return f"Throughput over latency is best at {number(rate)} requests/s, with {seconds(latency)} on average."
