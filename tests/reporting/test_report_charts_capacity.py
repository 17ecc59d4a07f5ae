from __future__ import annotations

from typing import Any

from ozwell_harness.reporting.charts.capacity import capacity_charts
from ozwell_harness.reporting.charts.chart import Chart, Look, Mark
from ozwell_harness.reporting.charts.table import table_of


def _trial(rate: float, decision: str | None, *figures: float | None, share: tuple[float, ...] = ()) -> dict[str, Any]:
    names = ("throughput_rps", "goodput_rps", "latency_s", "latency_p99_s")
    goal = dict(zip(("share", "lower", "upper"), share or (None, None, None), strict=True))
    goals = [goal | {"term": "e2e_p99<3s", "target": 0.99, "units": 1000}] if decision else []
    return dict(zip(names, figures, strict=True)) | {"rate_rps": rate, "decision": decision, "goals": goals}


BLOCK: dict[str, Any] = {
    "slo": "e2e_p99<3s, error_rate<1%",
    "lower_rps": 11.0,
    "upper_rps": 12.5,
    "knee": {"rate_rps": 8.0, "throughput_rps": 8.0, "latency_s": 0.6},
    "fit": {"estimate_rps": 12.1, "low_rps": 11.4, "high_rps": 12.6},
    "trials": [
        _trial(2.0, None, 2.0, 2.0, 0.5, 0.7),
        _trial(16.0, "fail", 12.5, 2.0, 9.0, 20.0, share=(0.16, 0.12, 0.2)),
        _trial(8.0, "pass", 8.0, 8.0, 0.6, 1.5, share=(0.999, 0.995, 1.0)),
        _trial(11.0, "pass", 11.0, 10.9, 0.9, 2.4, share=(0.994, 0.991, 0.997)),
        _trial(12.0, "undecided", 12.0, 11.8, 1.2, 3.1, share=(0.99, 0.98, 0.995)),
        _trial(40.0, "invalid", None, None, None, None),
    ],
}


def _charts(**changes: Any) -> dict[str, Chart]:
    return {chart.name: chart for chart in capacity_charts(BLOCK | changes)}


def test_figures_are_drawn_over_the_offered_load_in_its_order() -> None:
    charts = _charts()
    assert list(charts) == ["capacity-flow", "capacity-latency", "capacity-share-1"]
    throughput, goodput, ideal = charts["capacity-flow"].series
    assert throughput.x == goodput.x == ideal.x == ideal.y == [8.0, 11.0, 12.0, 16.0]
    assert throughput.y == [8.0, 11.0, 12.0, 12.5]
    assert goodput.y == [8.0, 10.9, 11.8, 2.0]
    mean, tail, closed = charts["capacity-latency"].series
    assert (mean.y, tail.y) == ([0.6, 0.9, 1.2, 9.0], [1.5, 2.4, 3.1, 20.0])
    assert (closed.x, closed.y, closed.look) == ([2.0], [0.5], Look.POINTS)


def test_the_interval_the_knee_and_the_bounds_are_marked() -> None:
    charts = _charts()
    band, knee = Mark("x", 11.0, "capacity", 12.5), Mark("x", 8.0, "knee")
    assert charts["capacity-flow"].marks == charts["capacity-share-1"].marks == (band, knee)
    assert charts["capacity-latency"].marks == (band, knee, Mark("y", 3.0, "e2e_p99<3s"))
    assert charts["capacity-flow"].tells == (
        "The capacity lies between 11 and 12.5 requests/s. All trials fitted together: 12.1 (11.4 to 12.6)."
    )
    assert (
        charts["capacity-latency"].tells == "Throughput over latency is best at 8 requests/s, with 600 ms on average."
    )


def test_shares_are_told_apart_by_what_they_decided() -> None:
    chart = _charts()["capacity-share-1"]
    assert chart.title == "Requests that keep e2e_p99<3s"
    assert [(series.name, series.x) for series in chart.series] == [
        ("keeps the SLO", [8.0, 11.0]), ("breaks the SLO", [16.0]), ("undecided", [12.0]),
        ("asked for", [8.0, 11.0, 12.0, 16.0]),
    ]  # fmt: skip
    first = chart.series[0]
    assert (first.look, first.lows, first.highs) == (Look.POINTS, [0.995, 0.991], [1.0, 0.997])
    assert table_of(chart).rows[0] == ("8/s", "99.9%", "", "", "99%")


def test_what_the_client_limited_is_not_drawn() -> None:
    assert all(40.0 not in series.x for chart in _charts().values() for series in chart.series)
    assert _charts(trials=BLOCK["trials"][-1:]) == {}


def test_an_answer_without_an_end_is_said_so() -> None:
    at_least = _charts(upper_rps=None, knee=None, fit=None)["capacity-flow"]
    assert at_least.tells == "The SLO is kept at 11 requests/s; no load was found that breaks it."
    assert at_least.marks == (Mark("x", 11.0, "at least this"),)
    below = _charts(lower_rps=None, knee=None, fit=None)["capacity-flow"]
    assert below.tells == "No load was found that keeps the SLO; 12.5 requests/s break it."
    assert below.marks == (Mark("x", 12.5, "too much"),)
