from __future__ import annotations

from typing import Any

import pytest
import sample_capacity
import sample_run

from ozwell_harness.reporting.capacity_view import capacity_view
from ozwell_harness.reporting.charts.capacity import capacity_charts
from ozwell_harness.reporting.charts.chart import Chart, Look, Mark
from ozwell_harness.reporting.charts.table import table_of
from ozwell_harness.reporting.html import html

BLOCK = sample_capacity.block()


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


def test_what_is_asked_for_is_seen_closely_where_some_loads_fall_far_below() -> None:
    assert _charts()["capacity-share-1"].y.span == (pytest.approx(0.94), pytest.approx(1.005))
    near = [trial for trial in BLOCK["trials"] if trial["decision"] in {"pass", "undecided"}]
    assert _charts(trials=near)["capacity-share-1"].y.span is None


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


def test_tiles_and_rows_tell_the_search() -> None:
    view = capacity_view(BLOCK)
    assert dict(view.tiles) == {
        "Capacity": "11 to 12.5/s", "Lower end confirmed": "yes", "Confidence": "95.0%", "Knee": "8/s",
        "E2E of one user alone": "500 ms",
    }  # fmt: skip
    assert view.sentences[1] == "6 trials in 3 min 34 s; the bounds lie 12.0% apart."
    assert [row.status for row in view.trials] == ["", "failed", "passed", "passed", "warned", "not_testable"]
    assert view.trials[1].reason.startswith("Because of \\x1b[2J")
    assert view.trials[0].cells == (
        "1 (scout)", "2 users", "20 s", "240", "3", "2/s", "2/s", "500 ms", "700 ms", "",
    )  # fmt: skip
    assert view.trials[5].cells[5:] == ("-", "-", "-", "-", "limited by the client")


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(None, None, "not found"), (None, 3.0, "below 3/s"), (3.0, None, "at least 3/s")],
)
def test_an_interval_without_an_end_says_so(lower: float | None, upper: float | None, words: str) -> None:
    changes = {"lower_rps": lower, "upper_rps": upper, "width": None, "knee": None, "base": None}
    assert capacity_view(BLOCK | changes).tiles[0] == ("Capacity", words)


def test_a_report_of_a_search_speaks_of_the_search_alone() -> None:
    run = sample_run.run_of([], capacity=BLOCK, command="capacity")
    page = html(run, sample_run.requirements())
    for words in ("Capacity report", "11 to 12.5/s", 'data-chart="capacity-flow"', "The bounds lie 12% apart"):
        assert words in page
    for words in ("Score", "Findings", "Nothing was judged", "<script>window.hacked", '<h2 id="load-title">'):
        assert words not in page
