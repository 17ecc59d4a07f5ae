from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
import sample_load
import sample_run
from hypothesis import given
from hypothesis import strategies as st
from test_report_results import VALIDATOR

from ozwell_harness.reporting.charts.chart import Axis, Chart, Look, Mark, Series, Unit
from ozwell_harness.reporting.charts.load import load_charts
from ozwell_harness.reporting.charts.page import document, library, unwrapped
from ozwell_harness.reporting.charts.scales import log_ticks
from ozwell_harness.reporting.charts.table import MOST_ROWS, table_of
from ozwell_harness.reporting.charts.timeline import MOST_POINTS, Timeline
from ozwell_harness.reporting.results import to_document


def _charts(block: dict[str, Any]) -> dict[str, Chart]:
    charts = load_charts(block)
    named = {chart.name: chart for chart in charts}
    assert len(named) == len(charts)
    return named


@pytest.fixture(scope="module")
def full() -> dict[str, Chart]:
    return _charts(sample_load.full_block())


def _lines(chart: Chart) -> dict[str, Series]:
    return {series.name: series for series in chart.series}


def test_a_full_block_has_every_chart(full: dict[str, Chart]) -> None:
    assert list(full) == [
        "rates", "ttft-over-time", "e2e-over-time", "in-flight", "errors", "lateness", "percentiles",
        "ttft-histogram", "icl-histogram", "e2e-histogram",
    ]  # fmt: skip
    for chart in full.values():
        assert chart.series
        assert not any(series.empty for series in chart.series)
        assert all(len(series.x) == len(series.y) for series in chart.series)
        assert chart.shows.endswith(".")
        assert chart.tells == "" or chart.tells.endswith(".")


def test_the_sample_is_what_a_run_may_write() -> None:
    run = replace(sample_run.green_run(), load=sample_load.full_block())
    assert [error.message for error in VALIDATOR.iter_errors(to_document(run))] == []


def test_what_a_block_lacks_is_not_drawn() -> None:
    assert list(_charts(sample_run.load_block())) == [
        "rates",
        "ttft-over-time",
        "e2e-over-time",
        "errors",
        "percentiles",
    ]
    assert load_charts({"metrics": {}, "per_second": []}) == ()


def test_the_window_and_the_bounds_are_marked(full: dict[str, Chart]) -> None:
    window = Mark("x", 5.0, "measured window", 35.0)
    assert full["rates"].marks == (window, Mark("y", 20.0, "goodput>20/s"))
    assert full["ttft-over-time"].marks == (window, Mark("y", 0.1, "ttft_p99<100ms"))
    assert full["in-flight"].marks == (window,)
    assert full["lateness"].marks == (window, Mark("y", pytest.approx(0.0025), "5% of the tightest bound"))
    assert [(mark.axis, mark.label) for mark in full["ttft-histogram"].marks] == [
        ("x", "p50"), ("x", "p99"), ("x", "ttft_p99<100ms"),
    ]  # fmt: skip


def test_sentences_conclude_from_what_was_measured(full: dict[str, Chart]) -> None:
    assert full["rates"].tells == (
        "In the window, 28 requests/s were offered and 27.1/s of them completed, 24.5/s within the SLO."
        " The SLO: goodput>20/s is kept."
    )
    assert (
        full["ttft-over-time"].tells
        == "Over the whole window: p50 45 ms, p99 117 ms. The SLO: ttft_p99<100ms is broken."
    )
    assert full["lateness"].tells == "Over the whole window: p99 0.400 ms, within 5% of the tightest bound, 2.50 ms."
    assert full["errors"].tells == "Of what was due in the window, 3.56% failed. The SLO: error_rate<0.1% is broken."
    assert "Not drawn, but counted above all others: 30 failures." in full["ttft-histogram"].tells
    assert "Not drawn: 5,000 of at most 1 µs, which arrived in one piece." in full["icl-histogram"].tells


@pytest.mark.parametrize(("levels", "words"), [([5.0] * 10 + [50.0] * 20, "it climbed"), ([5.0] * 30, "")])
def test_a_climb_of_requests_in_flight_is_said(levels: list[float], words: str) -> None:
    block = sample_load.full_block(30) | {"warmup_s": 0.0}
    block["per_second"] = [{"t": t, "completed": 1, "failed": 0, "in_flight": level} for t, level in enumerate(levels)]
    told = _charts(block)["in-flight"].tells
    assert ("it climbed" in told) == bool(words)
    # A ramp climbs by design, a closed loop never does.
    assert _charts(block | {"arrivals": "ramp"})["in-flight"].tells == ""


def test_a_late_client_is_told(full: dict[str, Chart]) -> None:
    late = sample_load.full_block() | {"validity": {"send_lateness_p99_s": 0.003}}
    assert "above 5% of the tightest bound" in _charts(late)["lateness"].tells


def test_errors_are_stacked_by_kind_the_commonest_apart(full: dict[str, Chart]) -> None:
    series = full["errors"].series
    assert len(series) == 8
    assert series[-1].name == "other kinds"
    assert {line.look for line in series} == {Look.STACK}
    total = sum(value or 0 for line in series for value in line.y)
    assert total == sum(second["failed"] for second in sample_load.full_block()["per_second"])
    assert all(len(line.name) <= 25 for line in series)


def test_a_second_without_answers_breaks_the_line(full: dict[str, Chart]) -> None:
    line = _lines(full["ttft-over-time"])["p50"]
    assert line.y[11] is None
    assert line.look is Look.STEPS


def test_where_the_p99_is_the_largest_value_one_line_stands_for_both() -> None:
    block = sample_load.full_block()
    block["per_second"] = [s | {"ttft_p99_s": s["ttft_max_s"]} for s in block["per_second"]]
    assert list(_lines(_charts(block)["ttft-over-time"])) == ["p50", "p90", "p99 and max"]


def test_a_long_run_is_folded_without_averaging_a_percentile() -> None:
    seconds = [{"t": t, "completed": t % 2, "failed": 0, "e2e_p99_s": float(t)} for t in range(2 * MOST_POINTS)]
    timeline = Timeline.of({"per_second": seconds})
    assert timeline.step == 2
    rates, worst = timeline.rates("completed", "completed"), timeline.worst("p99", "e2e_p99_s")
    assert len(rates.x) == MOST_POINTS
    assert (rates.x[1], rates.y[1], worst.y[1]) == (2.0, 0.5, 3.0)
    assert "Each point stands for 2 seconds" in load_charts({"per_second": seconds})[0].shows


def test_only_whole_seconds_of_the_window_count() -> None:
    seconds = [{"t": t, "completed": t} for t in range(10)]
    timeline = Timeline.of({"per_second": seconds, "warmup_s": 1.5, "duration_s": 4.0})
    assert timeline.measured("completed") == [2.0, 3.0, 4.0]


def test_percentiles_reach_the_tail_and_break_among_failures() -> None:
    curve = [[0, 0.1], [50, 0.2], [90, 0.5], [99, None], [100, None]]
    block = {"distributions": {"ttft_s": {"infinite": 2, "curve": curve, "bins": [[0.05, 0.6, 98]]}}}
    (line,) = load_charts(block | {"metrics": {}})[0].series
    assert list(zip(line.x, line.y, strict=True)) == [(1.0, 0.1), (2.0, 0.2), (10.0, 0.5), (pytest.approx(100), None)]
    assert [Unit.PERCENTILE.words(x) for x in line.x] == ["p0", "p50", "p90", "p99"]


def test_percentiles_of_a_summary_stand_where_there_is_no_curve() -> None:
    line = _lines(_charts(sample_run.load_block())["percentiles"])["TTFT"]
    assert [Unit.PERCENTILE.words(x) for x in line.x] == ["p50", "p90", "p95", "p99"]


def test_bars_stand_on_their_bins(full: dict[str, Chart]) -> None:
    block = sample_load.full_block()["distributions"]["icl_s"]["bins"]
    (bars,) = full["icl-histogram"].series
    assert (bars.x[0], bars.x[0] + bars.widths[0], bars.y[0]) == (block[2][0], pytest.approx(block[2][1]), block[2][2])
    assert sum(value or 0 for value in bars.y) == 25_000


def test_a_first_bin_near_the_others_is_drawn() -> None:
    found = {"infinite": 0, "curve": [[0, 1e-6], [100, 2e-6]], "bins": [[0.0, 1e-6, 3], [1e-6, 2e-6, 4]]}
    chart = _charts({"metrics": {}, "distributions": {"ttft_s": found}})["ttft-histogram"]
    assert (chart.series[0].x, chart.series[0].y) == ([5e-7, 1e-6], [3.0, 4.0])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.05, 4.0, None], ["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms"]),
        ([1e-6, 1.0], ["0.1 µs", "1 µs", "10 µs", "100 µs", "1 ms"]),
        ([0.9, 1.1], ["650 ms", "700 ms"]),
        ([0.0221, 0.0238], ["19.5 ms", "20 ms", "20.5 ms"]),
        ([0.25], ["50 ms", "100 ms", "150 ms"]),
        ([0.0, None], []),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_round(values: list[float | None], labels: list[str]) -> None:
    ticks = log_ticks(values)
    assert [label for _, label in ticks][: len(labels)] == labels
    assert [value for value, _ in ticks] == sorted(value for value, _ in ticks)
    shown = [value for value in values if value]
    assert not shown or ticks[0][0] < min(shown) <= max(shown) < ticks[-1][0]


@given(low=st.floats(1e-7, 1e4), ratio=st.floats(1.01, 1e6))
def test_an_axis_is_never_bare_nor_crowded(low: float, ratio: float) -> None:
    # The drawing leaves about a twentieth of the axis free on either side.
    margin = ratio**0.05
    seen = [tick for tick, _ in log_ticks([low, low * ratio]) if low / margin <= tick <= low * ratio * margin]
    assert 2 <= len(seen) <= 12


def test_a_table_holds_the_figures(full: dict[str, Chart]) -> None:
    table = table_of(full["ttft-over-time"])
    assert table.header == ("second", "p50", "p90", "p99", "max")
    assert table.rows[0] == ("0", "45 ms", "63 ms", "117 ms", "184 ms")
    assert table.rows[11] == ("11", "-", "-", "-", "-")
    assert table_of(full["ttft-histogram"]).rows[0][0] == "14.2 ms to 16.0 ms"


def test_a_long_table_is_thinned_and_keeps_its_end() -> None:
    xs = [float(x) for x in range(1001)]
    axis = Axis("n", "n", Unit.COUNT)
    table = table_of(Chart("c", "t", "s", "", axis, axis, (Series("a", xs, xs),)))
    assert len(table.rows) <= MOST_ROWS + 1
    assert (table.rows[0][0], table.rows[-1][0], table.every) == ("0", "1,000", 26)


def test_data_in_the_page_cannot_end_its_element() -> None:
    axis = Axis(f"x {sample_run.HOSTILE}", "x", Unit.COUNT)
    series = Series(sample_run.HOSTILE, [1.0, 2.0, 3.0], [1.23456789, None, float("inf")])
    text = document([Chart("c", "t", "s", "", axis, axis, (series,), (Mark("x", 1.0, "</script><!--"),))])
    assert not set(text) & set("<>&\u2028\u2029")
    assert text.isascii()
    chart = json.loads(text)["c"]
    assert "<script>window.hacked=1</script>" in chart["series"][0]["name"]
    assert chart["series"][0]["y"] == [1.23457, None, None]
    assert chart["marks"][0]["label"] == "</script><!--"


def test_the_library_is_taken_out_of_its_wrapper() -> None:
    source = library().source
    assert source.startswith("/**")
    assert "function(root, factory)" not in source
    assert source.endswith("\nwindow.Plotly = Plotly;\n")
    assert len(source) > 1_000_000


@pytest.mark.parametrize("source", ["", "window.Plotly = Plotly;", "/** x */ (() => { return Plotly; })();"])
def test_a_library_of_another_form_is_left_as_it_is(source: str) -> None:
    assert unwrapped(source) == source


def test_the_library_is_packed_whole() -> None:
    found = library()
    assert gzip.decompress(base64.b64decode(found.packed)).decode() == found.source
    assert "Licensed under the MIT license" in found.source[:500]
    assert len(found.packed) < 2_500_000
