"""Trials in worker processes: what they bring back, and how they end."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ozwell_harness.driver import HarnessError
from ozwell_harness.prove.matrix import CLEAN, Kind, Trial
from ozwell_harness.prove.runner import prove, slow_first
from ozwell_harness.prove.workers import trials_in_workers

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
