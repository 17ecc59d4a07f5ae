"""The last screen of a load by itself, and its suite for continuous integration."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import sample_load
import sample_run

from ozwell_harness.model import Run, Verdict
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.junit import junit
from ozwell_harness.reporting.screen_load import print_load_screen


def loaded(verdict: str = "slo_broken", **more: Any) -> Run:
    block = sample_load.full_block(5) | {"verdict": verdict, "offered_rps": 28.4, "shape": "poisson(28)"}
    block |= {"valid": True, "reasons": [], **more}
    run = replace(sample_run.run_of(()), load=block, command="load", verdict=Verdict.NONCONFORMANT)
    return replace(run, notes=(f"A note {sample_run.HOSTILE}",))


def screen(run: Run) -> str:
    stream = io.StringIO()
    print_load_screen(terminal(stream, width=100), run, Path("there"))
    return stream.getvalue()


def test_it_says_what_was_offered_and_what_came_of_it() -> None:
    shown = screen(loaded())
    assert shown.startswith("SLO NOT MET ")
    assert "28 arrivals/s offered (poisson(28))" in shown
    assert "Offered 28.4 requests/s, throughput " in shown
    assert "goodput 24.5/s (attainment 87.5%)" in shown
    assert "TTFT and E2E count from when a request was due" in shown
    assert "Client valid: 20% of a core" in shown
    assert "Report: there/report.html" in shown


def test_it_marks_every_term_of_the_slo() -> None:
    lines = [line.strip() for line in screen(loaded()).splitlines()]
    assert "NOT MET  ttft_p99<100ms (measured 117 ms)" in lines
    assert "met      e2e_p50<1s (measured 310 ms)" in lines
    assert "undecided icl_p99<50ms (undefined, or among requests that failed)" in lines
    assert "NOT MET  error_rate<0.1% (measured 3.56%)" in lines


def test_it_says_why_a_run_is_invalid_and_what_failed() -> None:
    reason = "The client used 99% of its core. Ask for less load."
    errors = [{"kind": "reset", "count": 3, "example": f"It said {sample_run.HOSTILE}"}]
    shown = screen(loaded("invalid", valid=False, reasons=[reason], errors=errors))
    assert shown.startswith("INVALID ")
    assert reason in shown
    assert "Client INVALID: " in shown
    assert "Error reset: 3 times (It said " in shown


def test_what_a_target_said_cannot_act_on_the_terminal() -> None:
    shown = screen(loaded(nonconformities=[{"requirement": "chat.x", "count": 1, "message": sample_run.HOSTILE}]))
    assert "Deviates under load: chat.x, 1 answer: " in shown
    assert not any(ord(character) < 0x20 and character != "\n" for character in shown)


def test_kinds_of_requests_are_told_apart_where_there_are_several() -> None:
    requests = {"sent": 5, "completed": 4, "failed": 1, "censored": 0}
    metric = {"count": 4, "mean": 0.1, "p50": 0.1, "p90": 0.2, "p95": 0.2, "p99": None, "max": 0.2}
    steps = [
        {"name": "chat_stream", "requests": requests, "metrics": {"ttft_s": metric, "e2e_s": metric}},
        {"name": "models", "requests": requests, "metrics": {"e2e_s": metric}},
    ]
    lines = [line.split() for line in screen(loaded(scenarios=steps)).splitlines()]
    assert ["chat_stream", "4", "1", *["100", "ms", "/", "failed", "100", "ms", "/", "failed"]] in lines
    assert ["models", "4", "1", "-", *["100", "ms", "/", "failed"]] in lines
    assert not any(line[:1] == ["models"] for line in map(str.split, screen(loaded(scenarios=steps[1:])).splitlines()))


def test_a_run_that_could_not_load_says_so() -> None:
    shown = screen(replace(loaded(), load=None, verdict=Verdict.INCONCLUSIVE))
    assert shown.startswith("INCONCLUSIVE ")
    assert "A note " in shown


def test_terms_of_the_slo_are_tests_for_continuous_integration() -> None:
    root = ET.fromstring(junit(loaded()))
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases["ttft_p99<100ms"] == ["failure"]
    assert cases["e2e_p50<1s"] == []
    assert (root.get("tests"), root.get("failures")) == ("5", "3")
