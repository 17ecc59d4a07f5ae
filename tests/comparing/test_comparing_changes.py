"""What became of requirements from one run to the other."""

from __future__ import annotations

import pytest
from comparing_runs import run, side
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.comparing.changes import Change, differences
from ozwell_harness.comparing.comparison import Outcome, compare
from ozwell_harness.model import Status, Verdict

NAMES = tuple(f"chat.{letter}" for letter in "abcdefgh")
FINDINGS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(Status)))
#: What a change is called when the runs change places.
MIRROR = {
    Change.BROKEN: {Change.FIXED, Change.EASED},
    Change.FIXED: {Change.BROKEN, Change.WARNED},
    Change.WARNED: {Change.FIXED},
    Change.EASED: {Change.BROKEN},
    Change.LOST: {Change.GAINED, Change.UNCOVERED},
    Change.GAINED: {Change.LOST},
    Change.UNCOVERED: {Change.LOST},
    Change.NEW: {Change.LEFT_OUT},
    Change.LEFT_OUT: {Change.NEW},
    Change.STILL: {Change.STILL},
    Change.SAME: {Change.SAME},
}


@given(FINDINGS)
def test_a_run_is_equal_to_itself(statuses: dict[str, Status]) -> None:
    changes = {entry.change for entry in differences(run(statuses), run(statuses), NAMES)}
    assert changes <= {Change.SAME, Change.STILL}


@given(FINDINGS, FINDINGS)
def test_every_requirement_is_told_once_and_mirrored(first: dict[str, Status], second: dict[str, Status]) -> None:
    there = {entry.requirement: entry for entry in differences(run(first), run(second), NAMES)}
    back = {entry.requirement: entry for entry in differences(run(second), run(first), NAMES)}
    assert there.keys() == back.keys() == first.keys() | second.keys()
    for name, entry in there.items():
        assert back[name].change in MIRROR[entry.change]
        assert (entry.before, entry.after) == (first.get(name), second.get(name))
        assert (back[name].before, back[name].after) == (entry.after, entry.before)


@pytest.mark.parametrize(
    ("before", "after", "change", "outcome"),
    [
        (Status.PASSED, Status.FAILED, Change.BROKEN, Outcome.REGRESSION),
        (Status.WARNED, Status.FAILED, Change.BROKEN, Outcome.REGRESSION),
        (Status.PASSED, Status.WARNED, Change.WARNED, Outcome.NO_REGRESSION),
        (Status.FAILED, Status.PASSED, Change.FIXED, Outcome.NO_REGRESSION),
        (Status.FAILED, Status.WARNED, Change.EASED, Outcome.NO_REGRESSION),
        (Status.FAILED, Status.FAILED, Change.STILL, Outcome.NO_REGRESSION),
        (Status.PASSED, Status.NOT_TESTABLE, Change.LOST, Outcome.INCONCLUSIVE),
        (Status.FAILED, Status.ERROR, Change.LOST, Outcome.INCONCLUSIVE),
        (Status.NOT_TESTABLE, Status.FAILED, Change.UNCOVERED, Outcome.NO_REGRESSION),
        (Status.NOT_TESTABLE, Status.PASSED, Change.GAINED, Outcome.NO_REGRESSION),
        (Status.NOT_TESTABLE, Status.NOT_APPLICABLE, Change.SAME, Outcome.NO_REGRESSION),
    ],
)
def test_changes_and_what_they_amount_to(before: Status, after: Status, change: Change, outcome: Outcome) -> None:
    found = compare(side(run({"chat.a": before})), side(run({"chat.a": after})), NAMES)
    assert [entry.change for entry in found.requirements] == [change]
    assert found.outcome is outcome
    assert found.outcome.exit_status == {"regression": 1, "no_regression": 0, "inconclusive": 3}[outcome]


def test_what_left_the_catalogue_is_told_from_what_was_left_out() -> None:
    before = run({"chat.a": Status.PASSED, "chat.old": Status.PASSED, "chat.b": Status.PASSED})
    found = {e.requirement: e.change for e in differences(before, run({"chat.a": Status.PASSED}), NAMES)}
    assert found == {"chat.a": Change.SAME, "chat.old": Change.GONE, "chat.b": Change.LEFT_OUT}


def test_new_requirement_that_fails_is_told_and_no_regression() -> None:
    found = compare(
        side(run({"chat.a": Status.PASSED})), side(run({"chat.a": Status.PASSED, "chat.b": Status.FAILED})), NAMES
    )
    (new,) = found.changed(Change.NEW)
    assert (new.before, new.after, new.message) == (None, Status.FAILED, "chat.b is failed")
    assert found.outcome is Outcome.NO_REGRESSION


def test_a_load_lists_only_what_it_saw_broken() -> None:
    clean, broken = run(command="load"), run({"chat.a": Status.FAILED}, command="load")
    assert [e.change for e in differences(clean, broken, NAMES)] == [Change.BROKEN]
    assert [e.change for e in differences(broken, clean, NAMES)] == [Change.FIXED]
    # Beside a check, what a load does not list says nothing.
    check = run({"chat.a": Status.PASSED, "chat.b": Status.FAILED})
    assert [e.change for e in differences(check, broken, NAMES)] == [Change.BROKEN]
    assert differences(clean, check, NAMES) == ()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"verdict": Verdict.INCONCLUSIVE, "interrupted": True}, "was interrupted"),
        ({"verdict": Verdict.INCONCLUSIVE}, "is inconclusive by itself"),
    ],
)
def test_partial_runs_are_told_and_never_green(which: int, state: dict, words: str) -> None:
    sides = [side(run({"chat.a": Status.PASSED}, **(state if place == which else {}))) for place in (0, 1)]
    found = compare(*sides, NAMES)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert words in found.gaps[0]
    assert ("first", "second")[which] in found.gaps[0]


def test_nothing_in_common_is_not_green() -> None:
    found = compare(side(run({"chat.a": Status.PASSED})), side(run({"chat.b": Status.PASSED})), NAMES)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "nothing in common" in found.gaps[-1]
