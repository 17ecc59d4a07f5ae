"""A search for the capacity in results.json, in the report and on the last screen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from queues import Queue, Service, SimulatedTarget

from ozwell_harness.load.capacity.goals import goals_of
from ozwell_harness.load.capacity.outcome import capacity_of
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.telling import learned
from ozwell_harness.load.slo import parse_slo
from ozwell_harness.model import Cost, Run, Verdict
from ozwell_harness.reporting import results
from ozwell_harness.reporting.html import html
from ozwell_harness.reporting.screen_capacity import capacity_lines
from ozwell_harness.verdict import tally

PLAN = SearchPlan(goals_of(parse_slo("e2e_p90<200ms")), budget_s=200.0)
HISTORY, FINISHED = SimulatedTarget(Queue(Service.EXPONENTIAL, 8, 0.05), (0.2,)).search(PLAN)


def run_of(parts: int | None = None, *, slo: str = "e2e_p90<200ms") -> Run:
    """The whole search, or what was learned after so many parts when it was interrupted."""
    found = capacity_of(PLAN, HISTORY[:parts], FINISHED if parts is None else None)
    block = {"slo": slo, "scenario": "chat", "interrupted": parts is not None, **found.to_document()}
    return Run(
        target="http://127.0.0.1:9/v1",
        profile="ozwell",
        seed=0,
        started=1.7e9,
        duration_s=200.0,
        verdict=Verdict.CONFORMANT if parts is None else Verdict.INCONCLUSIVE,
        tally=tally(()),
        findings=(),
        cost=Cost(),
        interrupted=parts is not None,
        command="capacity",
        capacity=block,
    )


@pytest.mark.parametrize("parts", [None, 0, 1, 3, len(HISTORY) - 1])
def test_results_hold_the_search_and_are_valid_whenever_it_ends(parts: int | None, tmp_path: Path) -> None:
    run = run_of(parts)
    path = tmp_path / "results.json"
    results.write(run, path)
    document = results.read_document(path)
    assert document["capacity"] == json.loads(json.dumps(run.capacity))
    assert results.read(path).capacity == document["capacity"]
    assert len(document["capacity"]["trials"]) <= len(HISTORY[:parts])


def test_a_broken_capacity_block_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results.write(replace(run_of(), capacity={"slo": "e2e_p90<1s"}), path)
    with pytest.raises(results.ResultsError, match="not valid at capacity"):
        results.read_document(path)


@pytest.mark.parametrize("parts", [None, 0, 3])
def test_the_report_shows_a_real_search_whenever_it_ends(parts: int | None) -> None:
    page = html(run_of(parts))
    assert "Capacity report" in page
    assert ("capacity found" in page) is (parts is None)


def test_what_a_target_might_have_said_is_shown_as_text() -> None:
    page = html(run_of(slo="<script>alert(1)</script>"))
    assert "<script>alert" not in page


def test_each_part_is_told_in_a_line() -> None:
    lines = [learned(PLAN, HISTORY[: count + 1]) for count in range(len(HISTORY))]
    assert lines[0].startswith("Trial 1: 1 user")
    assert all("\n" not in line for line in lines)
    assert "The capacity lies between" in lines[-1]


def test_the_last_screen_says_the_interval_and_how_sure_it_is(tmp_path: Path) -> None:
    lines = capacity_lines(run_of(), tmp_path)
    assert lines[0].startswith("CAPACITY FOUND http://127.0.0.1:9/v1")
    assert "95% confidence" in lines[1]
    assert lines[-1] == f"Report: {tmp_path / 'report.html'}"
