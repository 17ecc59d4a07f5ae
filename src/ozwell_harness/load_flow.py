"""A load run by itself, from settings to a ``Run``: look at the target, load it, judge what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ozwell_harness.baseline import Baseline, annotate, compare, read_baseline
from ozwell_harness.exchange import Recorder
from ozwell_harness.flow import Outcome, under_load
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.progress import LoadObserver
from ozwell_harness.load.result import LoadResult
from ozwell_harness.load.runner import run_load
from ozwell_harness.load.scenario_file import load_scenarios, mix_of
from ozwell_harness.load.verdict import decide
from ozwell_harness.model import Cost, Finding, Run, Status, Verdict
from ozwell_harness.preflight import Ready, prepare, target_of
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.requirements import Catalogue, load_catalogue
from ozwell_harness.settings import Settings
from ozwell_harness.target import Target
from ozwell_harness.verdict import tally

COMMAND = "load"


def on_target(plan: LoadPlan, target: Target, profile: Profile, seed: int) -> LoadPlan:
    """Return the plan, aimed at a target whose models are known."""
    return replace(
        plan,
        base_url=target.base_url,
        model=target.model,
        embedding_model=target.embedding_model,
        profile=profile.name,
        seed=seed,
        ca_file=str(target.ca_file) if target.ca_file else None,
    )


def execute_load(
    settings: Settings, plan: LoadPlan, observer: LoadObserver, make_folder: Callable[[], Path]
) -> Outcome:
    """Load the target that ``settings`` name as ``plan`` says.

    The report folder is made only when it is sure that there will be something to report.

    Raises:
        ConfigurationError, ProfileError, CatalogueError, BaselineError, PlanError: something is wrong with what was
            asked.
        LoadError: the load generator did not start.
    """
    scene = Scene.of(settings)
    ready = scene.look()
    if ready.unreachable:
        run = scene.run(Verdict.INCONCLUSIVE, notes=(f"Unreachable: {ready.unreachable}",))
        return Outcome(run, _made(make_folder), scene.catalogue)
    plan = on_target(plan, ready.target, scene.profile, settings.seed)
    mix_of(load_scenarios(), plan)
    folder = _made(make_folder)
    result = run_load(plan, folder, observer, keys=ready.target.keys)
    return Outcome(scene.judged(result, ready), folder, scene.catalogue)


def _made(make_folder: Callable[[], Path]) -> Path:
    folder = make_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Scene:
    """What a load run is judged by, and when it began."""

    settings: Settings
    profile: Profile
    catalogue: Catalogue
    baseline: Baseline
    recorder: Recorder
    started: float
    began: float

    @classmethod
    def of(cls, settings: Settings) -> Scene:
        """Begin: read what the run is judged by.

        Raises:
            ConfigurationError, ProfileError, CatalogueError, BaselineError: something is wrong with the settings.
        """
        profile = load_profile(settings.profile)
        catalogue = profile.select(load_catalogue())
        baseline = read_baseline(settings.baseline) if settings.baseline else Baseline({})
        recorder = Recorder(target_of(settings, profile))
        return cls(settings, profile, catalogue, baseline, recorder, time.time(), time.monotonic())

    def look(self) -> Ready:
        """Look at the target.

        Raises:
            ConfigurationError: it wants something that the settings lack.
        """
        try:
            return prepare(self.settings, self.profile, self.recorder)
        finally:
            self.recorder.close()

    def judged(self, result: LoadResult, ready: Ready) -> Run:
        """Return the run that a load amounts to."""
        findings = tuple(self._findings(result))
        comparison = compare(findings, self.baseline, datetime.now(tz=UTC).date())
        broken = {finding.requirement for finding in findings if finding.status is Status.FAILED}
        verdict = decide(result, broken - comparison.expected)
        notes = [ready.doubt] if ready.doubt else []
        if result.interrupted:
            notes.append("Interrupted: these figures are of what was done until then.")
        run = self.run(
            verdict.verdict,
            findings=tuple(annotate(finding, self.baseline, comparison) for finding in findings),
            notes=(*notes, *result.notes, *comparison.notes()),
            load={**result.to_document(), "verdict": verdict.value},
        )
        target = ready.target
        return replace(
            run,
            interrupted=result.interrupted,
            baseline=comparison,
            cost=_cost(run.cost, result),
            facts={"model": target.model, "embedding_model": target.embedding_model or "", **run.facts},
        )

    def _findings(self, result: LoadResult) -> list[Finding]:
        entries = result.to_document()["nonconformities"]
        by_id = self.catalogue.by_id
        found = [under_load(by_id[e["requirement"]], e) for e in entries if e["requirement"] in by_id]
        return [self.recorder.redactor.clean_finding(finding) for finding in found]

    def run(
        self,
        verdict: Verdict,
        *,
        findings: tuple[Finding, ...] = (),
        notes: tuple[str, ...] = (),
        load: Mapping[str, Any] | None = None,
    ) -> Run:
        """Return a run that ends now."""
        settings = self.settings
        facts = {"bundled_mock": "yes"} if settings.bundled_mock else {}
        return Run(
            target=self.recorder.redactor.clean(settings.base_url or ""),
            profile=self.profile.name,
            seed=settings.seed,
            started=self.started,
            duration_s=time.monotonic() - self.began,
            verdict=verdict,
            tally=tally(findings),
            findings=findings,
            cost=self.recorder.cost,
            exchanges=self.recorder.exchanges,
            notes=notes,
            load=load,
            facts=facts,
            command=COMMAND,
        )


def _cost(before: Cost, result: LoadResult) -> Cost:
    spent = result.spent
    return replace(
        before,
        requests=before.requests + spent.requests,
        prompt_tokens=before.prompt_tokens + spent.prompt_tokens,
        completion_tokens=before.completion_tokens + spent.completion_tokens,
    )
