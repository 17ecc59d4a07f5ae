"""Runs all trials, several at a time, each in a worker process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed

from ozwell_harness.contract.plan import AREA as GENERATED
from ozwell_harness.mock.faults import catalogue
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.prove.excuses import excuses
from ozwell_harness.prove.matrix import Matrix, Trial
from ozwell_harness.prove.trial import judged_when_clean, run_trial
from ozwell_harness.requirements import load_catalogue


def untried(profile: Profile) -> frozenset[str]:
    """Return the areas that trials leave out: those on demand, and generated requests."""
    return frozenset({*profile.opt_in, GENERATED})


def prove(
    *,
    profile: str,
    areas: tuple[str, ...] = (),
    names: Iterable[str] = (),
    workers: int,
    told: Callable[[Trial, int, int], None],
) -> Matrix:
    """Run the trials and return the matrix.

    Args:
        profile: whose requirements judge.
        areas: judge by these areas only; none means all.
        names: faults and controls to try; none means all.
        workers: processes; a trial spends part of its time waiting for rate limits, so more than cores is right.
        told: called with each finished trial, how many are finished, and how many there are.
    """
    chosen = tuple(names) or tuple(catalogue())
    trials: list[Trial] = []
    # Not forked: a mock runs in a thread of each worker.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        clean = pool.submit(judged_when_clean, profile, areas).result()
        futures = [pool.submit(run_trial, name, profile, areas, clean) for name in chosen]
        try:
            for future in as_completed(futures):
                trials.append(future.result())
                told(trials[-1], len(trials), len(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    order = {name: number for number, name in enumerate(chosen)}
    dialect = load_profile(profile)
    judged = dialect.select(load_catalogue())
    requirements = tuple(r.id for r in judged if (r.area in areas if areas else r.area not in untried(dialect)))
    excused = {name: why for name, why in excuses().items() if name in judged and (not areas or name in requirements)}
    return Matrix(tuple(sorted(trials, key=lambda trial: order[trial.name])), requirements, excused)
