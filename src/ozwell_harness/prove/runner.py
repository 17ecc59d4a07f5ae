"""Runs all trials, and holds them against the catalogue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from ozwell_harness.contract.plan import AREA as GENERATED
from ozwell_harness.mock.faults import Hook, catalogue
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.prove.excuses import excuses
from ozwell_harness.prove.matrix import CLEAN, Matrix, Trial
from ozwell_harness.prove.workers import trials_in_workers
from ozwell_harness.requirements import load_catalogue

#: Faults that may hang or pause act here.
_SLOW = frozenset({Hook.WIRE, Hook.EVENTS})


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
    """Run the trials and return the matrix; of one that is interrupted (Ctrl-C), what there is of it.

    Args:
        profile: whose requirements judge.
        areas: judge by these areas only; none means all.
        names: faults and controls to try; none means all.
        workers: processes.
        told: called with each finished trial, how many are finished, and how many there are.

    Raises:
        HarnessError: the suites cannot be run.
    """
    wanted = tuple(names)
    chosen = wanted or tuple(catalogue())
    made: list[Trial] = []
    trials = trials_in_workers(
        [(), *((name,) for name in slow_first(chosen))], profile=profile, areas=areas, workers=workers
    )
    with contextlib.closing(trials), contextlib.suppress(KeyboardInterrupt):
        for trial in trials:
            made.append(trial)
            told(trial, sum(one.name != CLEAN for one in made), len(chosen))
    return _matrix(made, chosen, profile, areas, selective=bool(wanted or areas))


def slow_first(names: Iterable[str]) -> list[str]:
    """Order trials so that no long one is left over at the end, when all workers but one are idle."""
    return sorted(names, key=lambda name: catalogue()[name].hook not in _SLOW)


def _matrix(
    made: Iterable[Trial], chosen: tuple[str, ...], profile: str, areas: tuple[str, ...], *, selective: bool
) -> Matrix:
    found = {trial.name: trial for trial in made}
    clean = found.pop(CLEAN, None)
    judged = clean.judged if clean else frozenset()
    dialect = load_profile(profile)
    owed = dialect.select(load_catalogue())
    requirements = tuple(r.id for r in owed if (r.area in areas if areas else r.area not in untried(dialect)))
    return Matrix(
        trials=tuple(
            replace(found[name], dependants=found[name].dependants & judged) for name in chosen if name in found
        ),
        requirements=requirements,
        excused={name: why for name, why in excuses().items() if name in owed and (not areas or name in requirements)},
        clean=clean,
        planned=len(chosen),
        selective=selective,
    )
