"""Runs one part of a trial and turns what was recorded into an ``Observation``; the samples stay on disk."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ozwell_harness.load.arrivals import Closed, Poisson
from ozwell_harness.load.capacity.evidence import gather
from ozwell_harness.load.capacity.goals import Goal, severities
from ozwell_harness.load.capacity.overload import Flow, outrun
from ozwell_harness.load.capacity.trials import Ask, Observation
from ozwell_harness.load.metrics import Window, service_ns
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.progress import EnoughError, LoadObserver, Progress
from ozwell_harness.load.reply import UNREACHABLE
from ozwell_harness.load.result import Broken, LoadResult
from ozwell_harness.load.runner import SAMPLES, run_load
from ozwell_harness.load.samples import Sample, SampleFile
from ozwell_harness.load.slo import Metric, Slo
from ozwell_harness.target import KeyName, Secret

_NS = 1_000_000_000
#: The flow of requests is looked at about so often: what is in flight is known to the second.
_LOOK_S = 1.0
#: The last answers are awaited for twice the loosest bound, within these limits; then it is known who missed it.
_LEAST_DRAIN_S, _MOST_DRAIN_S = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a trial that has been run: what it shows, what answers broke, and whether the user cut it short."""

    seen: Observation
    broken: tuple[Broken, ...]
    interrupted: bool


def run_part(
    plan: LoadPlan,
    ask: Ask,
    goals: tuple[Goal, ...],
    dispersion: float,
    folder: Path,
    listener: LoadObserver,
    keys: Mapping[KeyName, Secret],
) -> Part:
    """Run what ``ask`` asks for on the target of ``plan``, and leave the samples in ``folder``.

    Raises:
        LoadError, PlanError, OSError: as ``run_load``.
    """
    began = time.monotonic()
    watch = Watch(listener, ask, dispersion)
    result = run_load(plan_for(plan, ask), folder, watch, keys=keys)
    slo = plan.slo or Slo("", ())
    gathered = _gather(SampleFile(folder / SAMPLES), result.window or Window(0, 0), goals, slo)
    seen = _observation(result, gathered, watch.overload, time.monotonic() - began)
    return Part(seen, result.nonconformities, interrupted=result.interrupted and not watch.overload)


def plan_for(plan: LoadPlan, ask: Ask) -> LoadPlan:
    """Return the load that ``ask`` asks for."""
    loosest = max((term.bound for term in plan.slo.latency_terms), default=0.0) if plan.slo else 0.0
    return replace(
        plan,
        arrivals=Poisson(ask.rate) if ask.rate is not None else Closed(ask.users or 1),
        duration_s=ask.seconds,
        warmup_s=ask.warmup_s,
        drain_s=min(max(_LEAST_DRAIN_S, 2 * loosest), _MOST_DRAIN_S),
        seed=ask.seed,
        # One user cannot be shared.
        processes=min(plan.processes, ask.users or plan.processes),
    )


class Watch:
    """Follows a run, and ends it when the target falls behind."""

    def __init__(self, listener: LoadObserver, ask: Ask, dispersion: float) -> None:
        self._listener = listener
        self._ask = ask
        self._dispersion = dispersion
        self._flow: list[Flow] = []
        self.overload = ""

    def load_started(self, scenario: str, total_s: float) -> None:
        """Pass it on."""
        self._listener.load_started(scenario, total_s)

    def load_progress(self, progress: Progress) -> None:
        """Look at the flow about once a second.

        Raises:
            EnoughError: the target falls behind.
        """
        self._listener.load_progress(progress)
        due = self._flow[-1].at_s + _LOOK_S if self._flow else 0.0
        if self._ask.rate is None or not due <= progress.elapsed_s <= progress.total_s:
            return
        ended = progress.completed + progress.failed
        self._flow.append(Flow(progress.elapsed_s, ended + progress.in_flight, ended))
        grown = outrun(self._flow, self._dispersion)
        # What was stopped before anything was measured could not be told from a client that never got going.
        if grown is not None and progress.elapsed_s > self._ask.warmup_s + _LOOK_S:
            self.overload = (
                f"arrivals outran completions: of {grown.arrived:,} in {grown.at_s:.0f} s, {grown.backlog:,} piled up"
            )
            raise EnoughError

    def load_finished(self) -> None:
        """Pass it on."""
        self._listener.load_finished()


class _Gathered:
    """What is kept of the samples: severities in the order they were due, and sums."""

    def __init__(self, goals: int) -> None:
        self.severities = [array("d") for _ in range(goals)]
        self.completed = self.requests = self.failed = 0
        self.service = self.squared = 0.0

    @property
    def dispersion(self) -> float | None:
        """Squared coefficient of variation of the service time."""
        if self.completed < 2 or not self.service:
            return None
        mean = self.service / self.completed
        return max(0.0, self.squared / self.completed - mean * mean) / (mean * mean)


def _gather(samples: Iterable[Sample], window: Window, goals: tuple[Goal, ...], slo: Slo) -> _Gathered:
    """Read the samples once. Of each only its numbers are kept: they are recorded as they end, and judged as due."""
    found = _Gathered(len(goals))
    dues = array("q")
    values: list[array[float]] = [array("d") for _ in goals]
    counts: list[array[int]] = [array("i") for _ in goals]
    for sample in samples:
        if not window.start <= sample.due < window.end:
            continue
        dues.append(sample.due)
        _count(found, sample)
        for number, goal in enumerate(goals):
            before = len(values[number])
            values[number].extend(severities(sample, goal, slo))
            counts[number].append(len(values[number]) - before)
    order = sorted(range(len(dues)), key=dues.__getitem__)
    for number in range(len(goals)):
        found.severities[number] = _reordered(values[number], counts[number], order)
    return found


def _reordered(values: array[float], counts: array[int], order: list[int]) -> array[float]:
    starts, at = array("q"), 0
    for count in counts:
        starts.append(at)
        at += count
    result = array("d")
    for place in order:
        result.extend(values[starts[place] : starts[place] + counts[place]])
    return result


def _count(found: _Gathered, sample: Sample) -> None:
    found.requests += 1
    found.failed += sample.failed
    taken = service_ns(sample)
    if taken is not None:
        found.completed += 1
        found.service += taken / _NS
        found.squared += (taken / _NS) ** 2


def _observation(result: LoadResult, gathered: _Gathered, overload: str, elapsed_s: float) -> Observation:
    e2e = result.total.metrics.get(Metric.E2E)
    p99 = e2e.p99 if e2e else None
    return Observation(
        seconds=result.window.seconds if result.window else 0.0,
        elapsed_s=elapsed_s,
        requests=gathered.requests,
        failed=gathered.failed,
        throughput=result.throughput_rps or 0.0,
        goodput=(result.slo.goodput if result.slo else None) or 0.0,
        latency_s=e2e.mean if e2e else None,
        latency_p99_s=p99 if p99 is not None and math.isfinite(p99) else None,
        dispersion=gathered.dispersion,
        prompt_tokens=result.spent.prompt_tokens,
        completion_tokens=result.spent.completion_tokens,
        sent=result.spent.requests,
        trouble=result.errors[0][0] if result.errors else "",
        invalid=result.reasons,
        overload=overload,
        unreachable=_unreachable(result),
        evidence=tuple(gather(values) for values in gathered.severities),
    )


def _unreachable(result: LoadResult) -> str:
    kinds = {kind for kind, _ in result.errors}
    if result.total.counts.completed or not kinds or not kinds <= UNREACHABLE:
        return ""
    return f"Not one connection to {result.plan.base_url} worked ({', '.join(sorted(kinds))}): is the target running?"
