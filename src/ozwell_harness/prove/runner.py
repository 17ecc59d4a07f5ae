"""Runs all trials, and holds them against the catalogue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ozwell_harness.contract.plan import AREA as GENERATED
from ozwell_harness.mock.faults import Hook, Kind, catalogue
from ozwell_harness.model import Level
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.prove.breaks import breaks_in, touches
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
        areas: try only the faults that break something in them, and the legal variations; none means all.
        names: faults and controls to try; none means all that have to do with the profile.
        workers: processes.
        told: called with each finished trial, how many are finished, and how many there are.

    Raises:
        HarnessError: the suites cannot be run.
    """
    plan = plan_of(load_profile(profile), areas, tuple(names))
    made: list[Trial] = []
    trials = trials_in_workers(
        [(), *((name,) for name in slow_first(plan.names))], profile=profile, areas=plan.judging, workers=workers
    )
    with contextlib.closing(trials), contextlib.suppress(KeyboardInterrupt):
        for trial in trials:
            made.append(trial)
            told(trial, sum(one.name != CLEAN for one in made), len(plan.names))
    return _matrix(made, plan)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried, who judges, and what is proved by it.

    Attributes:
        names: faults and controls to try.
        judging: areas that judge; none means all but those on demand.
        requirements: ids that must be seen to fail.
        selective: only some faults are tried, which cannot prove all requirements.
    """

    names: tuple[str, ...]
    judging: tuple[str, ...]
    requirements: tuple[str, ...]
    excused: Mapping[str, str]
    selective: bool


def plan_of(profile: Profile, areas: tuple[str, ...], names: tuple[str, ...]) -> Plan:
    """Choose what to try: the named faults, else those that break something owed, in ``areas`` if these are given."""
    owed = profile.select(load_catalogue())
    wanted = areas or tuple(area for area in owed.areas if area not in untried(profile))
    # A MAY that is not kept is no finding.
    requirements = tuple(r.id for r in owed if r.area in wanted and r.level is not Level.MAY)
    on_demand = profile.opt_in.intersection(areas)
    # All of a run's requests are made in any case: a fault that acts on some of them only must find the same ones.
    judging = tuple(a for a in owed.areas if a not in untried(profile) or a in on_demand) if on_demand else ()
    touching = [f for f in catalogue().values() if touches(f, profile.name, owed)]
    judged = set(requirements) if areas else owed.by_id.keys()
    breaking = [f.name for f in touching if f.kind is Kind.LEGAL or judged & set(breaks_in(f, profile.name))]
    return Plan(
        # What is judged on demand only, no fault declares to break: any may.
        names=names or tuple((f.name for f in touching) if on_demand else breaking),
        judging=judging,
        requirements=requirements,
        excused={name: why for name, why in excuses().items() if name in (requirements if areas else owed)},
        selective=bool(names),
    )


def slow_first(names: Iterable[str]) -> list[str]:
    """Order trials so that no long one is left over at the end, when all workers but one are idle."""
    return sorted(names, key=lambda name: catalogue()[name].hook not in _SLOW)


def _matrix(made: Iterable[Trial], plan: Plan) -> Matrix:
    found = {trial.name: trial for trial in made}
    clean = found.pop(CLEAN, None)
    judged = clean.judged if clean else frozenset()
    trials = [found[name] for name in plan.names if name in found]
    return Matrix(
        trials=tuple(replace(trial, dependants=trial.dependants & judged) for trial in trials),
        requirements=plan.requirements,
        excused=plan.excused,
        clean=clean,
        planned=len(plan.names),
        selective=plan.selective,
    )
