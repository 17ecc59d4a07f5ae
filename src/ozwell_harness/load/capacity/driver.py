"""Runs a search: asks it what to run, runs that, keeps what was seen, and tells what was learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ozwell_harness.load.capacity.observing import Part, run_part
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.record import Record, RecordError
from ozwell_harness.load.capacity.scouting import scouted
from ozwell_harness.load.capacity.search import Finished, next_step
from ozwell_harness.load.capacity.trials import Ask, Step, trials_of
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.progress import LoadObserver
from ozwell_harness.load.result import Broken
from ozwell_harness.target import KeyName, Secret

#: Runs a part: the ask, the dispersion of service times, and where its samples go.
Runner = Callable[[Ask, float, Path], Part]


class SearchObserver(LoadObserver, Protocol):
    """Listens to a search."""

    def part_begins(self, ask: Ask) -> None:
        """A part is about to be run."""

    def part_ended(self, plan: SearchPlan, history: tuple[Step, ...]) -> None:
        """The last step of ``history`` has just been seen."""

    def resumed(self, parts: int, seconds: float) -> None:
        """So many parts, which took so long, were found in the record."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A search as far as it came; ``finished`` is None when it was interrupted."""

    history: tuple[Step, ...]
    finished: Finished | None
    broken: tuple[Broken, ...]


def run_search(
    plan: SearchPlan,
    load: LoadPlan,
    folder: Path,
    observer: SearchObserver,
    keys: Mapping[KeyName, Secret],
) -> Searched:
    """Search on the target of ``load``, whose arrivals and times are the search's affair.

    Raises:
        RecordError: ``folder`` holds a search that cannot be resumed by this one.
        LoadError, PlanError, OSError: as ``run_load``.
    """

    def run(ask: Ask, dispersion: float, where: Path) -> Part:
        return run_part(load, ask, plan.goals, dispersion, where, observer, keys)

    return conduct(plan, Record(folder), parameters_of(plan, load), run, observer)


def conduct(
    plan: SearchPlan, record: Record, parameters: Mapping[str, str], run: Runner, observer: SearchObserver
) -> Searched:
    """Search by parts that ``run`` runs; what the record holds already is not run again."""
    history = record.begin(parameters)
    if history:
        _check(plan, history, record)
        observer.resumed(len(history), sum(step.seen.elapsed_s for step in history))
    while isinstance(step := next_step(plan, history), Ask):
        observer.part_begins(step)
        try:
            part = run(step, _dispersion(history), record.folder / "trials" / f"{step.number:03}-{step.part}")
        except KeyboardInterrupt:
            return Searched(history, None, _broken(history))
        if part.interrupted:
            return Searched(history, None, _broken(history, part.broken))
        history += (Step(step, part.seen, part.broken),)
        record.add(history[-1])
        observer.part_ended(plan, history)
    return Searched(history, step, _broken(history))


def parameters_of(plan: SearchPlan, load: LoadPlan) -> dict[str, str]:
    """Return everything that a resumed search must have in common with the one that it resumes, by name."""
    return {
        "target": load.base_url,
        "profile": load.profile,
        "model": load.model,
        "embedding model": load.embedding_model or "none",
        "scenario": load.title,
        "workload": str(load.workload),
        "SLO": load.slo.expression if load.slo else "none",
        "budget": f"{plan.budget_s:g} s",
        "width": f"{plan.width:g}",
        "confidence": f"{plan.confidence:g}",
        "lowest rate": "none" if plan.min_rate is None else f"{plan.min_rate:g}",
        "highest rate": "none" if plan.max_rate is None else f"{plan.max_rate:g}",
        "seed": str(plan.seed),
        "processes": str(load.processes),
        "timeouts": str(load.timeouts),
        "limit of open requests": str(load.max_in_flight),
    }


def _check(plan: SearchPlan, history: tuple[Step, ...], record: Record) -> None:
    """Raise ``RecordError`` where this version would have asked for something else."""
    for count, step in enumerate(history):
        if next_step(plan, history[:count]) != step.ask:
            raise RecordError(
                f"The search in {record.folder} took another way than this version would: part {count + 1} differs."
                " Choose another --out to begin anew."
            )


def _dispersion(history: tuple[Step, ...]) -> float:
    known = scouted(tuple(trial for trial in trials_of(history) if trial.ask.rate is None))
    return known.dispersion if known else 0.0


def _broken(history: tuple[Step, ...], further: tuple[Broken, ...] = ()) -> tuple[Broken, ...]:
    """Return what answers broke in all parts: each requirement once, with its first example."""
    found: dict[str, Broken] = {}
    for entry in (*(entry for step in history for entry in step.broken), *further):
        before = found.get(entry.requirement)
        found[entry.requirement] = replace(before, count=before.count + entry.count) if before else entry
    return tuple(found.values())
