"""A search for the capacity, from settings to a ``Run``: look at the target, search, judge what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ozwell_harness.baseline import annotate, compare
from ozwell_harness.flow import Outcome, under_load
from ozwell_harness.load.capacity.driver import Searched, SearchObserver, run_search
from ozwell_harness.load.capacity.outcome import capacity_of, exit_verdict
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.scenario_file import load_scenarios, mix_of
from ozwell_harness.load_flow import Scene, on_target
from ozwell_harness.model import Cost, Finding, Run, Status, Verdict
from ozwell_harness.preflight import Ready
from ozwell_harness.settings import Settings

COMMAND = "capacity"


@dataclass(frozen=True, slots=True)
class CapacityOrder:
    """What to search for, and with which load; the load still lacks its target."""

    search: SearchPlan
    load: LoadPlan


def execute_capacity(
    settings: Settings, order: CapacityOrder, observer: SearchObserver, make_folder: Callable[[], Path]
) -> Outcome:
    """Search for the capacity of the target that ``settings`` name.

    Raises:
        ConfigurationError, ProfileError, CatalogueError, BaselineError, PlanError, RecordError: something is wrong with
            what was asked.
        LoadError: the load generator did not start.
    """
    scene = Scene.of(settings)
    ready = scene.look()
    plan = replace(order.search, seed=settings.seed)
    if ready.unreachable:
        run = scene.run(Verdict.INCONCLUSIVE, notes=(f"Unreachable: {ready.unreachable}",))
        return Outcome(replace(run, command=COMMAND), _made(make_folder), scene.catalogue)
    load = on_target(order.load, ready.target, scene.profile, settings.seed)
    mix_of(load_scenarios(), load)
    folder = _made(make_folder)
    searched = run_search(plan, load, folder, observer, ready.target.keys)
    return Outcome(_judged(scene, plan, load, searched, ready), folder, scene.catalogue)


def _made(make_folder: Callable[[], Path]) -> Path:
    folder = make_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _judged(scene: Scene, plan: SearchPlan, load: LoadPlan, searched: Searched, ready: Ready) -> Run:
    findings = tuple(_findings(scene, searched))
    comparison = compare(findings, scene.baseline, datetime.now(tz=UTC).date())
    broken = {finding.requirement for finding in findings if finding.status is Status.FAILED}
    interrupted = searched.finished is None
    notes = [ready.doubt] if ready.doubt else []
    if interrupted:
        notes.append("Interrupted: this is what was learned until then; the same command with this --out resumes it.")
    run = scene.run(
        _verdict(searched, unexpected=bool(broken - comparison.expected)),
        findings=tuple(annotate(finding, scene.baseline, comparison) for finding in findings),
        notes=(*notes, *comparison.notes()),
    )
    return replace(
        run,
        command=COMMAND,
        interrupted=interrupted,
        baseline=comparison,
        cost=_cost(run.cost, searched),
        capacity=_block(plan, load, searched),
    )


def _verdict(searched: Searched, *, unexpected: bool) -> Verdict:
    """Return the verdict: answers that broke a MUST are wrong, however fast they came."""
    if searched.finished is None:
        return Verdict.INCONCLUSIVE
    if unexpected:
        return Verdict.NONCONFORMANT
    found = exit_verdict(searched.finished)
    if found is None:
        return Verdict.INCONCLUSIVE
    return Verdict.CONFORMANT if found else Verdict.NONCONFORMANT


def _block(plan: SearchPlan, load: LoadPlan, searched: Searched) -> Mapping[str, Any]:
    block = capacity_of(plan, searched.history, searched.finished).to_document()
    expression = load.slo.expression if load.slo else ""
    return {"slo": expression, "scenario": load.title, "interrupted": searched.finished is None, **block}


def _findings(scene: Scene, searched: Searched) -> list[Finding]:
    by_id = scene.catalogue.by_id
    found = [
        under_load(by_id[b.requirement], {"count": b.count, "message": b.message, "example": b.example})
        for b in searched.broken
        if b.requirement in by_id
    ]
    return [scene.recorder.redactor.clean_finding(finding) for finding in found]


def _cost(before: Cost, searched: Searched) -> Cost:
    seen = [step.seen for step in searched.history]
    return replace(
        before,
        requests=before.requests + sum(part.sent for part in seen),
        prompt_tokens=before.prompt_tokens + sum(part.prompt_tokens for part in seen),
        completion_tokens=before.completion_tokens + sum(part.completion_tokens for part in seen),
    )
