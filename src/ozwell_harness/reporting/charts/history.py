"""Charts of runs over time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ozwell_harness.history.entries import Entry, History, plan_of, plans
from ozwell_harness.reporting.charts.chart import Axis, Chart, Look, Series, Unit
from ozwell_harness.reporting.charts.scales import log_ticks, values_of
from ozwell_harness.reporting.text import count, instant, percent, seconds

#: Plans with a line of their own in a chart; more could not be told apart.
_MOST_PLANS = 4
_MOST_TICKS = 8
_Value = Callable[[Entry], float | None]


def history_charts(history: History) -> tuple[Chart, ...]:
    """Return the charts for which the runs have figures; a single run is no history."""
    found = list(enumerate(history.entries, 1))
    if len(found) < 2:
        return ()
    axis = _axis(found)
    drawn = (
        _scores(found, axis),
        _findings(found, axis),
        _latency(found, axis, "ttft", "Time to first token"),
        _latency(found, axis, "e2e", "Time to the end of the answer"),
        _rates(found, axis),
        _capacity(found, axis),
    )
    return tuple(chart for chart in drawn if chart is not None)


def _axis(found: Sequence[tuple[int, Entry]]) -> Axis:
    every = -(-len(found) // _MOST_TICKS)
    begun = [instant(entry.run.started) for _, entry in found]
    # Runs of one day are told apart by their time.
    part = slice(11, 16) if begun[0][:10] == begun[-1][:10] else slice(0, 10)
    ticks = tuple((float(place), begun[place - 1][part]) for place, _ in found[::every])
    return Axis("runs, the oldest first", "run", Unit.COUNT, ticks=ticks)


def _line(name: str, found: Sequence[tuple[int, Entry]], value: _Value, look: Look = Look.LINE) -> Series:
    points = [(float(place), value(entry)) for place, entry in found]
    kept = [(place, y) for place, y in points if y is not None]
    return Series(name, [place for place, _ in kept], [y for _, y in kept], look)


def _scores(found: Sequence[tuple[int, Entry]], axis: Axis) -> Chart | None:
    scored = [(place, entry) for place, entry in found if entry.scored]
    if not scored:
        return None
    last = scored[-1][1].run.tally
    return Chart(
        "history-score",
        "Score and coverage",
        "The share of judged requirements that passed, and of those that apply that were judged.",
        f"The last check has a score of {percent(last.score)}, with a coverage of {percent(last.coverage)}.",
        axis,
        Axis("share", "share", Unit.SHARE, span=(0.0, 1.05)),
        (
            _line("score", scored, lambda entry: entry.run.tally.score),
            _line("coverage", scored, lambda entry: entry.run.tally.coverage),
        ),
    )


def _findings(found: Sequence[tuple[int, Entry]], axis: Axis) -> Chart | None:
    if not any(entry.failed or entry.warned for _, entry in found):
        return None
    lines = (
        _line("failed", found, lambda entry: float(entry.failed)),
        _line("warned", found, lambda entry: float(entry.warned)),
    )
    last = found[-1][1]
    return Chart(
        "history-findings",
        "Requirements that failed or warned",
        "How many requirements each run found broken.",
        f"The last run has {count(last.failed, 'failure')} and {count(last.warned, 'warning')}.",
        axis,
        Axis("requirements", "requirements", Unit.COUNT),
        lines,
    )


def _by_plan(found: Sequence[tuple[int, Entry]]) -> list[tuple[str, list[tuple[int, Entry]]]]:
    """Return the runs of each of the commonest plans."""
    kept = plans([entry for _, entry in found], _MOST_PLANS)
    return [
        (plan, [(place, entry) for place, entry in found if entry.load is not None and plan_of(entry.load) == plan])
        for plan in kept
    ]


def _latency(found: Sequence[tuple[int, Entry]], axis: Axis, metric: str, title: str) -> Chart | None:
    lines = [
        _line(f"{statistic}: {plan}", runs, lambda entry, s=statistic: entry.latency(metric, s))  # type: ignore[misc]
        for plan, runs in _by_plan(found)
        for statistic in ("p50", "p99")
    ]
    drawn = tuple(line for line in lines if line.x)
    if not drawn:
        return None
    last = next(entry for _, entry in reversed(found) if entry.latency(metric, "p50") is not None)
    return Chart(
        f"history-{metric}",
        title,
        "Percentiles of each load; loads that were asked for differently are lines of their own."
        " Whether two differ by more than noise is what compare tells.",
        f"In the last load, half of the answers took up to {seconds(last.latency(metric, 'p50'))}.",
        axis,
        Axis("latency", "latency", Unit.SECONDS, log=True, ticks=log_ticks(values_of(drawn))),
        drawn,
    )


def _rates(found: Sequence[tuple[int, Entry]], axis: Axis) -> Chart | None:
    lines = [_line(plan, runs, lambda entry: entry.figure("throughput_rps")) for plan, runs in _by_plan(found)]
    drawn = tuple(line for line in lines if line.x)
    if not drawn:
        return None
    return Chart(
        "history-throughput",
        "Throughput",
        "Completed requests per second of each load; loads that were asked for differently are lines of their own.",
        "",
        axis,
        Axis("requests per second", "requests/s", Unit.PER_SECOND),
        drawn,
    )


def _capacity(found: Sequence[tuple[int, Entry]], axis: Axis) -> Chart | None:
    searched = [(place, entry.run.capacity) for place, entry in found if entry.run.capacity is not None]
    known = [(float(place), block) for place, block in searched if block["lower_rps"] is not None]
    if not known:
        return None
    lows = [float(block["lower_rps"]) for _, block in known]
    highs = [None if block["upper_rps"] is None else float(block["upper_rps"]) for _, block in known]
    return Chart(
        "history-capacity",
        "Capacity",
        "The highest rate that passed in each search, and the lowest that failed above it.",
        "",
        axis,
        Axis("requests per second", "requests/s", Unit.PER_SECOND),
        (Series("capacity", [place for place, _ in known], lows, Look.POINTS, (), lows, highs),),
    )
