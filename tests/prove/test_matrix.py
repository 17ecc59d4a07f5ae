"""The kill matrix: its arithmetic, and that it is itself worth believing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ozwell_harness.cli.requirements import breaking
from ozwell_harness.mock.faults import Kind as FaultKind
from ozwell_harness.mock.faults import catalogue as faults
from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.breaks import breaks_in, differing
from ozwell_harness.prove.excuses import excuses
from ozwell_harness.prove.matrix import CLEAN, Kind, Matrix, Trial, errors_in, judged_in, reported_by, unjudged_in
from ozwell_harness.prove.runner import plan_of, untried
from ozwell_harness.prove.telling import matrix_document, matrix_lines, trial_line
from ozwell_harness.requirements import load_catalogue


def trial(expected: str = "", reported: str = "", kind: Kind = Kind.FAULT, **changes: object) -> Trial:
    names = frozenset(expected.split())
    changes = {"name": "x.y", "declared": names} | changes
    return Trial(kind=kind, expected=names, reported=frozenset(reported.split()), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "holds", "words"),
    [
        (trial("a.b", "a.b"), True, "as expected"),
        (trial("a.b", ""), False, "not reported by a.b"),
        (trial("a.b", "a.b a.c"), False, "also reported by a.c"),
        (trial("", ""), False, "nothing reports it"),
        (trial("", "", declared=frozenset({"a.b"})), True, "as expected"),
        (trial("", "", Kind.CONTROL), True, "as expected"),
        (trial("", "a.b", Kind.CONTROL), False, "also reported by a.b"),
        (trial("a.b", "a.b", errors=("a.c: boom",)), False, "the harness failed: a.c: boom"),
    ],
)
def test_trial(case: Trial, *, holds: bool, words: str) -> None:
    assert case.holds is holds
    assert words in trial_line(case)


SILENT = Trial(CLEAN, Kind.CONTROL, frozenset(), frozenset(), judged=frozenset({"a.b", "a.c"}))


def matrix(*trials: Trial, excused: dict[str, str] | None = None, **changes: object) -> Matrix:
    given = {"clean": SILENT, "planned": len(trials)} | changes
    return Matrix(trials, ("a.b", "a.c"), excused or {}, **given)  # type: ignore[arg-type]


def test_every_requirement_is_proved_or_excused() -> None:
    both = trial("a.b a.c", "a.b a.c")
    one = trial("a.b", "a.b")
    assert matrix(both).holds
    assert matrix(one).unproved == ("a.c",)
    assert not matrix(one).holds
    assert matrix(one, excused={"a.c": "cannot be"}).holds
    assert matrix(both, excused={"a.c": "cannot be"}).idle_excuses == ("a.c",)
    assert matrix(both, excused={"a.gone": "cannot be"}).idle_excuses == ("a.gone",)


def test_surplus_report_proves_nothing() -> None:
    assert matrix(trial("a.b", "a.b a.c")).unproved == ("a.c",)


def test_proof_of_a_part_leaves_the_catalogue_out() -> None:
    assert matrix(trial("a.b", "a.b"), selective=True).holds


def test_proof_needs_every_trial_and_a_clean_one_that_finds_nothing() -> None:
    both = trial("a.b a.c", "a.b a.c")
    loud = replace(SILENT, reported=frozenset({"a.b"}))
    assert not matrix(both, planned=2).holds
    assert not matrix(both, clean=None).holds
    assert not matrix(both, clean=loud).holds
    assert "without any fault: also reported by a.b" in trial_line(loud)


def test_fault_that_nothing_reports() -> None:
    silent, elsewhere = trial("a.b", ""), trial("", "", declared=frozenset({"b.c"}))
    assert matrix(silent, elsewhere, trial(kind=Kind.CONTROL)).unfound == (silent,)


def test_findings_to_sets() -> None:
    def finding(name: str, status: Status) -> Finding:
        return Finding(name, "a", Level.MUST, status, "why")

    findings = [
        finding("a.f", Status.FAILED),
        finding("a.w", Status.WARNED),
        finding("a.n", Status.NOT_TESTABLE),
        finding("a.o", Status.NOT_TESTABLE),
        finding("a.e", Status.ERROR),
    ]
    assert reported_by(findings) == {"a.f", "a.w"}
    assert judged_in(findings) == {"a.f", "a.w"}
    assert unjudged_in(findings) == {"a.n", "a.o"}
    assert errors_in(findings) == ("a.e: why",)


def test_closing_lines_and_document() -> None:
    found = matrix(trial("a.b", "a.b"), trial(kind=Kind.CONTROL))
    text = "\n".join(matrix_lines(found))
    assert "Faults: 1 of 1" in text
    assert "Legal variations: 1 of 1" in text
    assert "Never seen to fail:\n  a.c" in text
    assert "Never seen" not in "\n".join(matrix_lines(replace(found, selective=True)))
    assert "Interrupted: 2 of 5" in matrix_lines(replace(found, planned=5))[0]
    document = json.loads(json.dumps(matrix_document(found)))
    assert document["requirements"] == {"a.b": ["x.y"], "a.c": []}
    assert document["holds"] is False


def test_faults_break_what_is_in_the_catalogue() -> None:
    known = load_catalogue()
    for fault in faults().values():
        assert all(name in known for name in fault.breaks), fault.name
        assert bool(fault.breaks) is (fault.kind is FaultKind.FAULT), fault.name


def test_what_differs_between_dialects_names_faults_and_requirements() -> None:
    for name, differences in differing().items():
        owed = load_profile(name).select(load_catalogue())
        for fault, ids in differences.items():
            assert faults()[fault].kind is FaultKind.FAULT or not ids, fault
            assert all(one in owed for one in ids), fault
            assert not ids or set(ids) != {one for one in faults()[fault].breaks if one in owed}, fault


def test_only_faults_that_have_to_do_with_the_dialect_are_tried() -> None:
    tried = {name: plan_of(load_profile(name), (), ()).names for name in ("ozwell", "openai", "openwebui")}
    assert "errors.status-422" in tried["ozwell"]
    assert "errors.status-422" not in tried["openai"]
    assert "responses.answered-201" not in tried["openai"]
    assert "versions.later-missing" in tried["openwebui"]
    assert "versions.later-missing" not in tried["ozwell"]
    assert "chat.usage-missing" not in tried["openwebui"]
    assert breaks_in(faults()["errors.status-422"], "openai") == ()


@pytest.mark.parametrize("name", ["ozwell", "openai", "openwebui"])
def test_every_requirement_has_a_fault_or_an_excuse(name: str) -> None:
    profile = load_profile(name)
    broken = breaking(faults().values(), name)
    owed = [r.id for r in profile.select(load_catalogue()) if r.area not in untried(profile)]
    assert [name for name in owed if name not in broken and name not in excuses()] == []


@pytest.mark.parametrize("profile", ["ozwell", "openai", "openwebui"])
def test_coverage_is_the_matrix_seen_from_the_catalogue(profile: str) -> None:
    """Where each trial is exact, both name the same faults for each requirement."""
    plan = plan_of(load_profile(profile), (), ())
    declared = {f.name: " ".join(breaks_in(f, profile)) for f in faults().values()}
    exact = [trial(ids, ids, name=name) for name, ids in declared.items() if ids]
    proved = Matrix(tuple(exact), plan.requirements, plan.excused, SILENT, len(exact))
    told = breaking(faults().values(), profile)
    assert proved.killed == {name: told.get(name, ()) for name in plan.requirements}
    assert proved.holds


def test_there_are_as_many_as_promised() -> None:
    kinds = [fault.kind for fault in faults().values()]
    assert kinds.count(FaultKind.FAULT) >= 300
    assert kinds.count(FaultKind.LEGAL) >= 30


REMOVED = """
import json, sys
from ozwell_harness.checks import usage
if sys.argv[1] == "removed":
    usage.total_is_sum = lambda *_: None
from ozwell_harness.prove.bench import run_trials
from ozwell_harness.prove.trial import trial_of
said = []
def told(faults, findings, seconds):
    trial = trial_of(faults, findings, "ozwell", seconds)
    said.append([trial.holds, sorted(trial.missing), trial.dependants == trial.expected == frozenset()])
run_trials([(), ("chat.usage-total-off-by-one",), ()], profile="ozwell", areas=("chat", "responses"), told=told)
print(json.dumps(said))
"""


@pytest.mark.parametrize(
    ("state", "missing"), [("kept", []), ("removed", ["chat.usage-total-is-sum", "responses.usage-total-is-sum"])]
)
def test_removing_a_check_breaks_the_proof(tmp_path: Path, state: str, missing: list[str]) -> None:
    """And a fault leaves no trace in the trial after it, although the same tests are run again."""
    done = subprocess.run(
        [sys.executable, "-c", REMOVED, state],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))},
        check=False,
    )
    assert done.stdout, done.stderr
    before, found, after = json.loads(done.stdout)
    assert found == [not missing, missing, False]
    assert before[0] is after[0] is True
