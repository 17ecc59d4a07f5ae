from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ozwell_harness.baseline import (
    Baseline,
    BaselineError,
    Entry,
    annotate,
    baseline_text,
    compare,
    read_baseline,
    updated,
)
from ozwell_harness.model import BaselineComparison, Finding, Level, Status, Verdict
from ozwell_harness.verdict import decide

TODAY = date(2026, 11, 21)
LATER = date(2027, 1, 31)
EARLIER = date(2026, 11, 20)


def finding(status: Status, name: str = "a.b") -> Finding:
    return Finding(name, "a", Level.MUST, status, "It is off.")


def baseline(expires: date = LATER) -> Baseline:
    return Baseline({"a.b": Entry("a.b", "known since March", expires)})


@pytest.mark.parametrize(
    ("status", "expires", "comparison", "verdict"),
    [
        (Status.FAILED, LATER, BaselineComparison(expected=frozenset({"a.b"})), Verdict.CONFORMANT),
        (Status.FAILED, TODAY, BaselineComparison(expected=frozenset({"a.b"})), Verdict.CONFORMANT),
        (Status.FAILED, EARLIER, BaselineComparison(expired=frozenset({"a.b"})), Verdict.NONCONFORMANT),
        (Status.WARNED, LATER, BaselineComparison(expected=frozenset({"a.b"})), Verdict.CONFORMANT),
        (Status.PASSED, LATER, BaselineComparison(passing=frozenset({"a.b"})), Verdict.NONCONFORMANT),
        (Status.PASSED, EARLIER, BaselineComparison(passing=frozenset({"a.b"})), Verdict.NONCONFORMANT),
        (Status.NOT_TESTABLE, EARLIER, BaselineComparison(), Verdict.INCONCLUSIVE),
        (Status.ERROR, LATER, BaselineComparison(), Verdict.INCONCLUSIVE),
    ],
)
def test_what_an_entry_does(status: Status, expires: date, comparison: BaselineComparison, verdict: Verdict) -> None:
    found = [finding(status)]
    assert compare(found, baseline(expires), TODAY) == comparison
    assert decide(found, comparison) is verdict


def test_failure_without_an_entry_still_fails() -> None:
    found = [finding(Status.FAILED), finding(Status.FAILED, "a.c")]
    assert decide(found, compare(found, baseline(), TODAY)) is Verdict.NONCONFORMANT


def test_expected_finding_says_why() -> None:
    found = finding(Status.FAILED)
    told = annotate(found, baseline(), compare([found], baseline(), TODAY))
    assert told.message == "It is off. Known, accepted until 2027-01-31: known since March"
    assert annotate(found, baseline(), BaselineComparison()) == found


def test_update_adds_what_deviates_and_drops_what_passes() -> None:
    before = Baseline({name: Entry(name, "old", LATER) for name in ("a.passes", "a.fails", "a.unjudged")})
    found = [
        finding(Status.PASSED, "a.passes"),
        finding(Status.FAILED, "a.fails"),
        finding(Status.WARNED, "a.new"),
        finding(Status.NOT_TESTABLE, "a.unjudged"),
    ]
    after = updated(before, found, TODAY).entries
    assert set(after) == {"a.fails", "a.new", "a.unjudged"}
    assert after["a.fails"] == before.entries["a.fails"]
    assert after["a.new"].expires == date(2027, 2, 19)
    assert not compare(found, Baseline(after), TODAY).stale


def test_update_renews_what_has_expired() -> None:
    renewed = updated(baseline(EARLIER), [finding(Status.FAILED)], TODAY).entries["a.b"]
    assert (renewed.reason, renewed.expires) == ("known since March", date(2027, 2, 19))


def test_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(baseline_text(baseline()), "utf-8")
    assert read_baseline(path) == baseline()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "baseline: [",
        "baseline: 1",
        "baseline: [{requirement: a.b}]",
        "baseline: [{requirement: a.b, reason: '', expires: 2027-01-01}]",
        "baseline: [{requirement: a.b, reason: x, expires: soon}]",
        "baseline: [{requirement: a.b, reason: x, expires: 2027-02-30}]",
        "baseline: [{requirement: a.b, reason: x, expires: 2027-01-01, why: y}]",
        "baseline: [&a {requirement: a.b, reason: x, expires: 2027-01-01}, *a]",
    ],
)
def test_bad_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BaselineError, match=r"known\.yaml"):
        read_baseline(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be read"):
        read_baseline(tmp_path / "none.yaml")
