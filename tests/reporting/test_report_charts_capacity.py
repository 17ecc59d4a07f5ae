from __future__ import annotations

from dataclasses import replace

from ozwell_harness.reporting.charts.capacity import Search, Share, Tried, capacity_charts
from ozwell_harness.reporting.charts.chart import Chart, Look, Mark
from ozwell_harness.reporting.charts.table import table_of

SEARCH = Search(
    tried=(
        Tried(16.0, "fail", 12.5, 2.0, 9.0, 20.0, Share(0.16, 0.12, 0.2)),
        Tried(8.0, "pass", 8.0, 8.0, 0.6, 1.5, Share(0.999, 0.995, 1.0)),
        Tried(11.0, "pass", 11.0, 10.9, 0.9, 2.4, Share(0.994, 0.991, 0.997)),
        Tried(12.0, "undecided", 12.0, 11.8, 1.2, 3.1, Share(0.99, 0.98, 0.995)),
        Tried(40.0, "invalid", 20.0, 1.0, 9.0, 20.0, Share(0.05, 0.0, 0.1)),
    ),
    lower=11.0,
    upper=12.5,
    knee=8.0,
    target=0.99,
    bounds=(("e2e_p99<3s", 3.0),),
)


def _charts(search: Search) -> dict[str, Chart]:
    return {chart.name: chart for chart in capacity_charts(search)}


def test_figures_are_drawn_over_the_offered_load_in_its_order() -> None:
    charts = _charts(SEARCH)
    assert list(charts) == ["capacity-flow", "capacity-shares", "capacity-latency"]
    throughput, goodput, ideal = charts["capacity-flow"].series
    assert throughput.x == goodput.x == ideal.x == ideal.y == [8.0, 11.0, 12.0, 16.0]
    assert throughput.y == [8.0, 11.0, 12.0, 12.5]
    assert goodput.y == [8.0, 10.9, 11.8, 2.0]
    assert [series.y for series in charts["capacity-latency"].series] == [[0.6, 0.9, 1.2, 9.0], [1.5, 2.4, 3.1, 20.0]]


def test_the_interval_the_knee_and_the_bounds_are_marked() -> None:
    charts = _charts(SEARCH)
    band, knee = Mark("x", 11.0, "capacity", 12.5), Mark("x", 8.0, "knee")
    assert charts["capacity-flow"].marks == (band, knee)
    assert charts["capacity-shares"].marks == (band, knee, Mark("y", 0.99, "wanted"))
    assert charts["capacity-latency"].marks == (band, knee, Mark("y", 3.0, "e2e_p99<3s"))
    assert charts["capacity-flow"].tells == "The capacity lies between 11 and 12.5 requests/s."
    assert "is at 8 requests/s, with 600 ms on average" in charts["capacity-latency"].tells


def test_shares_are_told_apart_by_what_they_decided() -> None:
    chart = _charts(SEARCH)["capacity-shares"]
    assert [(series.name, series.x) for series in chart.series] == [
        ("keeps the SLO", [8.0, 11.0]), ("breaks the SLO", [16.0]), ("undecided", [12.0]),
    ]  # fmt: skip
    first = chart.series[0]
    assert (first.look, first.lows, first.highs) == (Look.POINTS, [0.995, 0.991], [1.0, 0.997])
    assert table_of(chart).rows[0] == ("8/s", "99.9%", "", "")


def test_what_the_client_limited_is_not_drawn() -> None:
    charts = _charts(SEARCH)
    assert all(40.0 not in series.x for chart in charts.values() for series in chart.series)
    assert capacity_charts(replace(SEARCH, tried=SEARCH.tried[-1:])) == ()


def test_an_answer_without_an_end_is_said_so() -> None:
    assert _charts(replace(SEARCH, upper=None))["capacity-flow"].tells == (
        "The SLO is kept at 11 requests/s; no load was found that breaks it."
    )
    open_ended = _charts(replace(SEARCH, upper=None, knee=None))["capacity-flow"]
    assert open_ended.marks == (Mark("x", 11.0, "at least this"),)
    none = _charts(replace(SEARCH, lower=None, knee=None))["capacity-flow"]
    assert (none.tells, none.marks) == ("No load was found that keeps the SLO.", ())
