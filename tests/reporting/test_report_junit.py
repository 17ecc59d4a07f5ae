from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
import sample_run

from ozwell_harness.model import BaselineComparison, Finding, Level, Run, Status
from ozwell_harness.reporting.junit import junit


def _parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode("utf-8"))


def test_every_status_becomes_what_ci_understands() -> None:
    run = sample_run.full_run()
    root = _parsed(junit(run, sample_run.requirements()))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases) == 250
    for finding in run.findings:
        case = cases[finding.requirement]
        assert case.get("classname") == f"ozwell.{finding.area}"
        expected = {
            Status.PASSED: [],
            Status.FAILED: ["failure"],
            Status.ERROR: ["error"],
            Status.WARNED: ["system-out"],
            Status.NOT_TESTABLE: ["skipped"],
            Status.NOT_APPLICABLE: ["skipped"],
        }[finding.status]
        assert [child.tag for child in case] == expected


def test_counts_add_up() -> None:
    root = _parsed(junit(sample_run.full_run()))
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["250", "20", "10"]
    assert sum(int(suite.get("skipped", "")) for suite in root) == 30
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("tests", "testcase")):
        assert all(int(suite.get(name, "")) == len(list(suite.iter(tag))) for suite in root)


def test_a_failure_carries_message_and_evidence() -> None:
    root = _parsed(junit(sample_run.full_run(), sample_run.requirements()))
    failure = next(iter(root.iter("failure")))
    assert failure.get("message") == "The answer number 3 is not what it should be."
    lines = (failure.text or "").splitlines()
    assert lines[0] == failure.get("message")
    assert lines[1].startswith("requirement: What is owed here")
    assert "expected: status 400 with type invalid_request_error" in lines
    assert any(line.startswith("reproduce: curl ") for line in lines)


def test_a_warning_passes_and_says_so() -> None:
    root = _parsed(junit(sample_run.full_run()))
    told = next(iter(root.iter("system-out"))).text or ""
    assert told.startswith("WARNING The answer number")


def test_hostile_text_leaves_it_well_formed_and_visible() -> None:
    text = junit(sample_run.full_run(), sample_run.requirements())
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
    assert "<script>" not in text
    _parsed(text)


def test_an_inconclusive_run_is_never_green() -> None:
    root = _parsed(junit(sample_run.unreachable_run()))
    assert (root.get("errors"), len(list(root.iter("skipped")))) == ("1", 20)
    error = next(iter(root.iter("error")))
    assert error.get("message") == "Nothing could be judged."
    assert "did not answer" in (error.text or "")
    empty = _parsed(junit(sample_run.run_of([])))
    assert empty.get("errors") == "1"


def test_a_conclusive_run_has_no_test_of_its_own() -> None:
    finding = Finding("auth.x", "auth", Level.MUST, Status.PASSED)
    root = _parsed(junit(sample_run.run_of([finding])))
    assert [case.get("name") for case in root.iter("testcase")] == ["auth.x"]


#: Element → what may be within it, attributes it must and may have, by junit-10.xsd of Jenkins' xUnit plugin,
#: and of Ant's JUnit.xsd (Windy Road) the attributes that it requires.
_GRAMMAR: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase", "system-out", "system-err"},
        {"id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors", "time"},
        {"skipped"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": ({"skipped", "error", "failure", "system-out"}, {"name", "classname", "time"}, set()),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message"}, set()),
    "system-out": (set(), set(), set()),
}
_RUNS = [
    sample_run.full_run(),
    sample_run.unreachable_run(),
    sample_run.run_of([]),
    sample_run.run_of([], load=sample_run.load_block(), command="load"),
    sample_run.run_of([], baseline=BaselineComparison(passing=frozenset({"a.b"}), expired=frozenset({"a.c"}))),
]


@pytest.mark.parametrize("run", _RUNS, ids=["full", "unreachable", "empty", "load", "stale"])
def test_it_keeps_to_the_schemas_of_jenkins_and_ant(run: Run) -> None:
    root = _parsed(junit(run, sample_run.requirements()))
    assert root.tag == "testsuites"
    for element in root.iter():
        inner, required, optional = _GRAMMAR[element.tag]
        assert {child.tag for child in element} <= inner, element.tag
        assert required <= set(element.keys()), element.tag
        assert set(element.keys()) <= required | optional, element.tag
        assert re.fullmatch(r"[0-9]*(\.[0-9]*)?", element.get("time", ""))
    for suite in root:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))


@pytest.mark.parametrize("run", _RUNS, ids=["full", "unreachable", "empty", "load", "stale"])
def test_no_two_tests_are_one_to_gitlab(run: Run) -> None:
    names = [(case.get("classname"), case.get("name")) for case in _parsed(junit(run)).iter("testcase")]
    assert len(names) == len(set(names))


def test_each_exchange_is_counted_once() -> None:
    run = sample_run.full_run()
    root = _parsed(junit(run))
    judged = {number for finding in run.findings for number in finding.exchanges}
    spent = sum(exchange.elapsed for exchange in run.exchanges if exchange.id in judged)
    assert sum(float(case.get("time", "")) for case in root.iter("testcase")) == pytest.approx(spent, abs=0.01)


def test_a_known_deviation_is_skipped_and_says_why() -> None:
    finding = Finding("a.x", "a", Level.MUST, Status.FAILED, "Wrong.", "a", "b")
    root = _parsed(junit(sample_run.run_of([finding], baseline=BaselineComparison(expected=frozenset({"a.x"})))))
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "known deviation: Wrong."
    assert "actual: b" in (skipped.text or "")
    assert root.get("failures") == "0"


def test_a_stale_baseline_fails() -> None:
    finding = Finding("a.x", "a", Level.MUST, Status.PASSED)
    root = _parsed(junit(sample_run.run_of([finding], baseline=BaselineComparison(passing=frozenset({"a.x"})))))
    (failure,) = root.iter("failure")
    assert failure.get("message") == "a.x: passes now: remove its entry from the baseline"
