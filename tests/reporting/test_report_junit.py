from __future__ import annotations

from xml.etree import ElementTree as ET

import sample_run

from ozwell_harness.model import Finding, Level, Status
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
        assert case.get("classname") == finding.area
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
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "250",
        "failures": "20",
        "errors": "10",
        "skipped": "30",
    }
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
    assert (root.get("errors"), root.get("skipped")) == ("1", "20")
    error = next(iter(root.iter("error")))
    assert error.get("message") == "Nothing could be judged."
    assert "did not answer" in (error.text or "")
    empty = _parsed(junit(sample_run.run_of([])))
    assert empty.get("errors") == "1"


def test_a_conclusive_run_has_no_test_of_its_own() -> None:
    finding = Finding("auth.x", "auth", Level.MUST, Status.PASSED)
    root = _parsed(junit(sample_run.run_of([finding])))
    assert [case.get("name") for case in root.iter("testcase")] == ["auth.x"]
