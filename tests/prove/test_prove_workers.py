"""Trials in worker processes: what they bring back, and how they end."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ozwell_harness.driver import HarnessError
from ozwell_harness.mock.faults import catalogue
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.bench import run_trials
from ozwell_harness.prove.breaks import touches
from ozwell_harness.prove.matrix import CLEAN, Kind, Trial
from ozwell_harness.prove.runner import plan_of, prove, slow_first
from ozwell_harness.prove.workers import trials_in_workers
from ozwell_harness.requirements import load_catalogue

FAULTS = ("models.entry-created-text", "legal.json-charset", "models.list-empty")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers start as any program does, away from the settings of this test run; none is left over."""
    monkeypatch.chdir(tmp_path)
    yield
    assert multiprocessing.active_children() == []


def test_matrix_of_a_few() -> None:
    told: list[tuple[str, int, int]] = []
    matrix = prove(
        profile="ozwell",
        areas=("models",),
        names=FAULTS,
        workers=2,
        told=lambda trial, done, total: told.append((trial.name, done, total)),
    )
    assert [trial.name for trial in matrix.trials] == list(FAULTS)
    assert [trial.kind for trial in matrix.trials] == [Kind.FAULT, Kind.CONTROL, Kind.FAULT]
    assert matrix.broken == ()
    assert matrix.holds
    assert matrix.clean is not None
    assert matrix.clean.judged >= {"models.list-answers"}
    assert sorted(name for name, _, _ in told) == sorted((*FAULTS, CLEAN))
    assert [done for name, done, _ in told if name != CLEAN] == [1, 2, 3]


def test_area_is_proved_by_its_own_faults_and_judged_by_all() -> None:
    plan = plan_of(load_profile("ozwell"), ("models",), ())
    assert {name.partition(".")[0] for name in plan.names} >= {"models", "legal", "errors"}
    assert "files.readable-later" not in plan.names
    assert {name.partition(".")[0] for name in plan.requirements} == {"models"}
    assert (plan.judging, plan.selective) == ((), False)


def test_area_on_demand_is_tried_with_every_fault() -> None:
    profile = load_profile("ozwell")
    owed = profile.select(load_catalogue())
    plan = plan_of(profile, ("sdk",), ())
    assert set(plan.names) == {name for name, fault in catalogue().items() if touches(fault, "ozwell", owed)}
    assert {"sdk", "models"} <= set(plan.judging)


def test_interrupt_keeps_what_is_there() -> None:
    def told(trial: Trial, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    matrix = prove(profile="ozwell", areas=("models",), names=FAULTS, workers=1, told=told)
    assert len(matrix.trials) == 1
    assert not matrix.is_complete
    assert not matrix.holds


def test_worker_that_dies_costs_one_trial() -> None:
    made = []
    for trial in trials_in_workers([(), *((name,) for name in FAULTS)], profile="ozwell", areas=("models",), workers=1):
        made.append(trial)
        if trial.name == CLEAN:
            (child,) = multiprocessing.active_children()
            os.kill(child.pid or 0, signal.SIGKILL)
    lost = made[1]
    assert [trial.name for trial in made] == [CLEAN, *FAULTS]
    assert lost.errors == ("its process ended with exit status -9",)
    assert not lost.holds
    assert all(trial.holds for trial in made[2:])


def test_suites_that_cannot_be_run() -> None:
    with pytest.raises(HarnessError, match="exit status 1"):
        list(trials_in_workers([()], profile="no-such-profile", areas=(), workers=1))


def test_long_trials_come_first() -> None:
    assert slow_first(["chat.usage-total-off-by-one", "stream.hang"]) == ["stream.hang", "chat.usage-total-off-by-one"]


def test_trial_that_cannot_be_made_says_why() -> None:
    with pytest.raises(HarnessError, match=r"no fault named 'models\.no-such-fault'"):
        run_trials([("models.no-such-fault",)], profile="ozwell", areas=("models",), told=lambda *_: None)
