"""Charts of a search for capacity: what came of each offered load, and where the answer lies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ozwell_harness.reporting.charts.chart import Axis, Chart, Look, Mark, Series, Unit
from ozwell_harness.reporting.charts.scales import log_ticks, values_of
from ozwell_harness.reporting.text import number, seconds

#: How a trial may be decided, and how its points are named; what decided nothing is not drawn beside these.
DECISIONS: Mapping[str, str] = {
    "pass": "keeps the SLO",
    "fail": "breaks the SLO",
    "undecided": "undecided",
}
_INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Share:
    """A share of requests in [0, 1], with the bounds of what it may truly be."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One offered load, and what came of it.

    Attributes:
        rate: requests per second offered.
        decision: a key of ``DECISIONS``, or ``invalid``: limited by the client.
        throughput, goodput: requests per second completed, and completed within the SLO.
        latency_s, latency_p99_s: mean and 99th percentile of E2E; None where nothing completed.
        within: requests that keep the goal which decides; None where that is not known.
    """

    rate: float
    decision: str
    throughput: float | None
    goodput: float | None
    latency_s: float | None
    latency_p99_s: float | None
    within: Share | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search for capacity.

    Attributes:
        lower, upper: the interval that is the answer, requests per second; None where that end was not found.
        knee: the rate of the best ratio of throughput to latency; None where there is none.
        target: share of requests that must keep the goal which decides; None when it is not known.
        bounds: of E2E latency, as written in the SLO, with their values in seconds.
    """

    tried: tuple[Tried, ...]
    lower: float | None
    upper: float | None
    knee: float | None = None
    target: float | None = None
    bounds: tuple[tuple[str, float], ...] = ()


_OFFERED = Axis("offered load, requests per second", "offered", Unit.PER_SECOND)


def capacity_charts(search: Search) -> tuple[Chart, ...]:
    """Return the charts for which the search has figures. Trials that the client limited say nothing of the target."""
    tried = sorted((trial for trial in search.tried if trial.decision != _INVALID), key=lambda trial: trial.rate)
    drawn = (_flow(search, tried), _shares(search, tried), _latency(search, tried))
    return tuple(chart for chart in drawn if chart is not None)


def _flow(search: Search, tried: Sequence[Tried]) -> Chart | None:
    found = (
        _line("throughput", tried, lambda trial: trial.throughput),
        _line("goodput (within the SLO)", tried, lambda trial: trial.goodput),
    )
    drawn = tuple(series for series in found if not series.empty)
    if not drawn:
        return None
    ideal = Series("as much as is offered", [trial.rate for trial in tried], [trial.rate for trial in tried])
    return Chart(
        "capacity-flow",
        "Throughput and goodput against offered load",
        "What completed of each load that was offered. Throughput leaves the line of what is offered where the target"
        " saturates; goodput falls where answers become too slow, which is usually earlier.",
        _answer(search),
        _OFFERED,
        Axis("requests per second", "requests/s", Unit.PER_SECOND),
        (*drawn, ideal),
        _marks(search),
    )


def _shares(search: Search, tried: Sequence[Tried]) -> Chart | None:
    judged = [(trial, trial.within) for trial in tried if trial.within is not None]
    series = []
    for decision, name in DECISIONS.items():
        of = [(trial.rate, within) for trial, within in judged if trial.decision == decision]
        if of:
            series.append(
                Series(
                    name,
                    [rate for rate, _ in of],
                    [within.value for _, within in of],
                    Look.POINTS,
                    lows=[within.lower for _, within in of],
                    highs=[within.upper for _, within in of],
                )
            )
    if not series:
        return None
    target = (Mark("y", search.target, "wanted"),) if search.target is not None else ()
    return Chart(
        "capacity-shares",
        "Requests within the SLO against offered load",
        "The share that kept the bound which decided, with its confidence interval. A load is decided when the whole"
        " interval lies on one side of the line that is wanted.",
        _answer(search),
        _OFFERED,
        Axis("share of requests", "within the SLO", Unit.SHARE),
        tuple(series),
        (*_marks(search), *target),
    )


def _latency(search: Search, tried: Sequence[Tried]) -> Chart | None:
    found = (
        _line("mean", tried, lambda trial: trial.latency_s),
        _line("p99", tried, lambda trial: trial.latency_p99_s),
    )
    drawn = tuple(series for series in found if not series.empty)
    if not drawn:
        return None
    limits = tuple(Mark("y", value, text) for text, value in search.bounds)
    ticks = log_ticks([*values_of(drawn), *(limit.start for limit in limits)])
    return Chart(
        "capacity-latency",
        "Latency against offered load",
        "End-to-end time at each load that was offered. It stays level while there is room, and turns upwards where"
        " work begins to queue: beyond that, more load only makes answers later.",
        _knee(search, tried),
        _OFFERED,
        Axis("end-to-end time", "end-to-end time", Unit.SECONDS, log=True, ticks=ticks),
        drawn,
        (*_marks(search), *limits),
    )


def _line(name: str, tried: Sequence[Tried], of: Callable[[Tried], float | None]) -> Series:
    """Return a line over the trials; of several at one rate each has its point."""
    return Series(name, [trial.rate for trial in tried], [of(trial) for trial in tried])


def _marks(search: Search) -> tuple[Mark, ...]:
    marks = []
    if search.lower is not None:
        label = "capacity" if search.upper is not None else "at least this"
        marks.append(Mark("x", search.lower, label, search.upper))
    if search.knee is not None:
        marks.append(Mark("x", search.knee, "knee"))
    return tuple(marks)


def _answer(search: Search) -> str:
    if search.lower is None:
        return "No load was found that keeps the SLO."
    if search.upper is None:
        return f"The SLO is kept at {number(search.lower)} requests/s; no load was found that breaks it."
    return f"The capacity lies between {number(search.lower)} and {number(search.upper)} requests/s."


def _knee(search: Search, tried: Sequence[Tried]) -> str:
    at = next((trial.latency_s for trial in tried if trial.rate == search.knee), None)
    if search.knee is None or at is None:
        return ""
    found = f"{number(search.knee)} requests/s, with {seconds(at)} on average"
    return f"The best ratio of throughput to latency is at {found}."
