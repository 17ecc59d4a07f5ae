"""Runs over time: found, ordered, shown; what is damaged is named."""

from __future__ import annotations

import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import sample_capacity
import sample_load
import sample_run
from browser import Opened, browser
from test_cli import harness

from ozwell_harness.history.entries import Entry, History, plan_of
from ozwell_harness.history.reading import read_history
from ozwell_harness.model import Run, Verdict
from ozwell_harness.reporting.charts.history import history_charts
from ozwell_harness.reporting.charts.table import table_of
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.history.badge import badge
from ozwell_harness.reporting.history.page import page
from ozwell_harness.reporting.history.rows import rows, to_json
from ozwell_harness.reporting.history.screen import print_history
from ozwell_harness.reporting.results import write

ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


def loaded(**more: object) -> Run:
    return replace(
        sample_run.green_run(),
        command="run",
        load=sample_load.full_block() | {"valid": True, "interrupted": False} | more,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four runs, the names not in the order of time; and what is no run, or a damaged one."""
    runs = tmp_path / "runs"
    green = replace(sample_run.green_run(), started=3e8, load=None, command="check")
    for name, run in (
        ("z/results.json", replace(green, started=1e8)),
        ("a/results.json", replace(loaded(), started=4e8)),
        ("copies/kept.json", replace(sample_run.full_run(), started=2e8, load=None, command="check")),
        ("copies/green.json", green),
    ):
        path = runs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(run, path)
    for name, content in (
        ("broken/results.json", "{"),
        ("old/results.json", '{"schema": "urn:ozwell-harness:results:0"}'),
        ("copies/cut.json", (runs / "copies/green.json").read_text("utf-8")[:500]),
        ("other.json", '{"schema": "urn:other"}'),
        ("notes.txt", "urn:ozwell-harness:results"),
    ):
        path = runs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return runs


@pytest.fixture
def history(folder: Path) -> History:
    return read_history(folder)


def test_runs_come_in_the_order_of_time_and_damage_by_name(history: History) -> None:
    assert [entry.path for entry in history.entries] == [
        "z/results.json",
        "copies/kept.json",
        "copies/green.json",
        "a/results.json",
    ]
    assert {entry.path for entry in history.damaged} == {"broken/results.json", "old/results.json", "copies/cut.json"}
    assert "is not JSON" in next(entry.reason for entry in history.damaged if entry.path == "broken/results.json")


def test_rows_show_what_a_run_has(history: History) -> None:
    shown = rows(history)
    assert [row.number for row in shown] == [1, 2, 3, 4]
    assert shown[0].ttft == "-"
    assert shown[3].ttft != "-"
    assert shown[1].verdict == "nonconformant"


def test_figures_of_an_invalid_load_are_not_told() -> None:
    entry = Entry("a", loaded(valid=False))
    assert entry.load is None
    assert entry.latency("ttft", "p50") is None


def test_screen_and_json_name_everything_and_act_on_nothing(history: History) -> None:
    stream = io.StringIO()
    print_history(terminal(stream), history, Path("history.html"))
    text = stream.getvalue()
    for entry in history.damaged:
        assert entry.path in text
    assert "4 runs" in text
    assert not ACTS.search(text)
    document = json.loads(to_json(history))
    assert [run["path"] for run in document["runs"]] == [entry.path for entry in history.entries]
    assert len(document["damaged"]) == 3
    assert document["runs"][3]["load"]["ttft_p50_s"] > 0


def test_charts_have_a_line_for_each_plan(history: History) -> None:
    last = history.entries[-1]
    other = loaded(scenario="another")
    entries = (*history.entries, Entry("b", other), Entry("c", last.run))
    charts = {chart.name: chart for chart in history_charts(replace(history, entries=entries))}
    assert list(charts) == [
        "history-score",
        "history-findings",
        "history-ttft",
        "history-e2e",
        "history-throughput",
    ]
    lines = {series.name: list(series.x) for series in charts["history-throughput"].series}
    assert lines == {plan_of(last.load): [4.0, 6.0], plan_of(other.load): [5.0]}
    for chart in charts.values():
        assert table_of(chart).rows
    assert history_charts(replace(history, entries=history.entries[:1])) == ()


def test_capacity_is_an_interval_over_time() -> None:
    block = sample_capacity.block()
    entries = tuple(Entry(name, replace(sample_run.green_run(), capacity=block, command="capacity")) for name in "ab")
    (chart,) = (c for c in history_charts(History("x", entries, ())) if c.name == "history-capacity")
    assert chart.series[0].lows == [block["lower_rps"]] * 2


@pytest.mark.parametrize("verdict", list(Verdict))
def test_badge_is_an_image_that_tells_the_verdict(verdict: Verdict) -> None:
    root = ET.fromstring(badge(replace(sample_run.green_run(), verdict=verdict)))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert verdict.value in root.attrib["aria-label"]
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "ozwell-harness"
    assert texts[1].startswith(verdict.value)


def test_page_opens_and_nothing_in_it_acts(history: History, tmp_path: Path) -> None:
    hostile = replace(history.entries[-1].run, target=f"http://x/{sample_run.HOSTILE}")
    shown = replace(history, entries=(*history.entries, Entry(sample_run.HOSTILE, hostile)))
    text = page(shown)
    assert not ACTS.search(text)
    path = tmp_path / "history.html"
    path.write_text(text, "utf-8")
    with browser() as running:
        opened = Opened(running, path).drawn()
        assert opened.see("document.documentElement.dataset.plots") == "drawn"
        assert opened.see("window.hacked") is None
        assert opened.see("window.refused") == []
        assert opened.console == []
        assert opened.requested == [path.as_uri()]


def test_command_writes_page_json_and_badge(folder: Path, tmp_path: Path) -> None:
    done = harness(tmp_path, "history", str(folder), "--out", "seen", "--json", "h.json", "--badge", "badge.svg")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "broken/results.json" in done.stdout
    assert (tmp_path / "seen" / "history.html").is_file()
    assert json.loads((tmp_path / "h.json").read_text("utf-8"))["schema"] == "urn:ozwell-harness:history:1"
    assert (tmp_path / "badge.svg").read_text("utf-8").startswith("<svg")


def test_command_without_runs_or_folder(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "copies")
    empty = harness(tmp_path, "history", str(folder / "broken"), "--badge", "badge.svg")
    assert empty.returncode == 3
    assert "No run was found" in empty.stdout
    assert not (tmp_path / "badge.svg").exists()
    missing = harness(tmp_path, "history", "none")
    assert missing.returncode == 2
    assert "none is not a folder" in missing.stderr
