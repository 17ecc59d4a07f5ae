"""What a load run amounts to: the ``load`` block of ``results.json``, computed from the record. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ozwell_harness.load.arrivals import kind_of
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.columns import Ordered
from ozwell_harness.load.curves import Distribution, distribution_of
from ozwell_harness.load.judgement import Measured, SloOutcome, Validity, client_limits, judge_slo, validity
from ozwell_harness.load.metrics import Window
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.plan_document import plan_document
from ozwell_harness.load.reckoning import NANOSECONDS, REPORTED, Reckoning
from ozwell_harness.load.reply import ErrorKind
from ozwell_harness.load.series import Second
from ozwell_harness.load.slo import Metric
from ozwell_harness.load.summaries import Counts, Group, Tokens, figure
from ozwell_harness.model import Cost


@dataclass(frozen=True, slots=True)
class Broken:
    """A requirement that answers under load broke: how often, and the first of them."""

    requirement: str
    count: int
    message: str
    example: str | None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A load run, complete.

    Attributes:
        window: None when the run ended before a worker began.
        window_epoch: the window in seconds since 1970.
        distributions: of every latency of ``total``.
        reasons: why it is not valid; empty when it is.
        interrupted: it was cut short; figures are of what was recorded.
        spent: requests sent and tokens used in the whole run, warm-up included.
        due: how many requests were due in the window.
        error_details: what was said of the first failure of each kind.
        files_left: how many files of ours may still be on the target.
        documents_left: how many documents of ours are, which nobody can delete.
        notes: plain sentences about the run as a whole.
    """

    plan: LoadPlan
    window: Window | None
    window_epoch: tuple[float, float] | None
    total: Group
    scenarios: tuple[Group, ...]
    distributions: Mapping[Metric, Distribution]
    errors: tuple[tuple[str, int], ...]
    error_rate: float | None
    tokens: Tokens
    nonconformities: tuple[Broken, ...]
    validity: Validity
    judged: int
    stamps: str
    reasons: tuple[str, ...]
    seconds: tuple[Second, ...]
    slo: SloOutcome | None
    interrupted: bool
    spent: Cost = Cost()
    due: int = 0
    error_details: Mapping[str, str] = field(default_factory=dict)
    files_left: int = 0
    documents_left: int = 0
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """The figures speak of the target and not of the client."""
        return not self.reasons

    @property
    def throughput_rps(self) -> float | None:
        """Completed requests per second of the window."""
        seconds = self.window.seconds if self.window else 0.0
        return self.total.counts.completed / seconds if seconds else None

    @property
    def offered_rps(self) -> float | None:
        """Requests due per second of the window, sent or not."""
        seconds = self.window.seconds if self.window else 0.0
        return self.due / seconds if seconds else None

    def to_document(self) -> dict[str, Any]:
        """Return the ``load`` block of ``results.json``."""
        plan = self.plan
        started, ended = self.window_epoch or (None, None)
        return {
            "scenario": plan.title,
            "arrivals": kind_of(plan.arrivals),
            "shape": str(plan.arrivals),
            **({"rate": plan.rate} if plan.open_loop else {"users": plan.users}),
            "seed": plan.seed,
            "duration_s": plan.duration_s,
            "warmup_s": plan.warmup_s,
            "plan": plan_document(plan),
            "window": {"started": started, "ended": ended},
            "requests": self.total.counts.to_document(),
            "offered_rps": figure(self.offered_rps),
            "throughput_rps": figure(self.throughput_rps),
            "error_rate": self.error_rate,
            "errors": [
                {"kind": kind, "count": count, "example": self.error_details.get(kind, "")}
                for kind, count in self.errors
            ],
            "metrics": self.total.metrics_document(),
            "distributions": {f"{metric}_s": found.to_document() for metric, found in self.distributions.items()},
            "tokens": self._tokens_document(),
            "nonconformities": [
                {"requirement": b.requirement, "count": b.count, "message": b.message, "example": b.example}
                for b in self.nonconformities
            ],
            "valid": self.valid,
            "reasons": list(self.reasons),
            "validity": self._validity_document(),
            "per_second": [second.to_document() for second in self.seconds],
            "scenarios": [
                {"name": g.name, "requests": g.counts.to_document(), "metrics": g.metrics_document()}
                for g in self.scenarios
            ],
            "slo": _slo_document(self.slo),
            "interrupted": self.interrupted,
        }

    def _tokens_document(self) -> dict[str, Any]:
        return {
            "prompt": self.tokens.prompt,
            "completion": self.tokens.completion,
            "completion_per_s": figure(self.tokens.completion_per_s),
            "per_chunk": figure(self.tokens.per_chunk),
            "from_usage": figure(self.tokens.from_usage),
        }

    def _validity_document(self) -> dict[str, Any]:
        found = self.validity
        return {
            "client_cpu_mean": figure(found.cpu_mean),
            "client_cpu_max": figure(found.cpu_max),
            "send_lateness_p99_s": figure(found.send_lateness_p99_s),
            "receive_lag_p99_s": figure(found.receive_lag_p99_s),
            "merged_share": figure(found.merged_share),
            "unsent": found.unsent,
            "answers_judged": self.judged,
            "stamps": self.stamps,
        }


def result_of(plan: LoadPlan, collection: Collection, *, interrupted: bool) -> LoadResult:
    """Compute everything from the record."""
    window = collection.window(plan)
    span = window or Window(0, 0)
    reckoned = Reckoning(plan, span, collection.zero or 0, collection.spill)
    reckoned.add(collection.samples)
    steps = {name: (step.counts, step.latencies()) for name, step in sorted(reckoned.steps.items())}
    whole = _whole(steps, span, reckoned.attained)
    found = validity(reckoned, collection.ticks, span, kernel_stamps=collection.stamps == "kernel")
    distributions = {metric: distribution_of(ordered) for metric, ordered in whole.latencies.items()}
    return LoadResult(
        plan=plan,
        window=window,
        window_epoch=collection.epochs(window),
        total=Group.of("all", whole.counts, whole.latencies),
        scenarios=tuple(Group.of(name, counts, latencies) for name, (counts, latencies) in steps.items()),
        distributions={metric: found for metric, found in distributions.items() if found},
        errors=tuple(reckoned.errors.most_common()),
        error_details=reckoned.details,
        error_rate=whole.counts.error_rate,
        tokens=reckoned.tokens.tokens(span),
        nonconformities=_broken(reckoned, collection),
        validity=found,
        judged=reckoned.judged,
        stamps=collection.stamps,
        reasons=tuple(_reasons(plan, collection, reckoned, found, interrupted=interrupted)),
        seconds=reckoned.series.seconds(judged=plan.slo is not None) if collection.zero is not None else (),
        slo=judge_slo(plan.slo, whole) if plan.slo else None,
        interrupted=interrupted,
        spent=reckoned.spent,
        due=reckoned.due,
        files_left=reckoned.files_left,
        documents_left=reckoned.documents_left,
    )


def _whole(steps: Mapping[str, tuple[Counts, Mapping[Metric, Ordered]]], window: Window, attained: int) -> Measured:
    counts = sum((counts for counts, _ in steps.values()), Counts(0, 0, 0, 0))
    latencies = {
        metric: Ordered.union((of_step[metric] for _, of_step in steps.values()), NANOSECONDS) for metric in REPORTED
    }
    return Measured(window, counts, latencies, attained)


def _broken(reckoned: Reckoning, collection: Collection) -> tuple[Broken, ...]:
    """Count over the whole run: an answer that is wrong in the warm-up is wrong all the same."""
    found = []
    for requirement, count in sorted(reckoned.broken.items()):
        first = collection.examples.get(requirement)
        found.append(Broken(requirement, count, first.message if first else "", first.example if first else None))
    return tuple(found)


def _reasons(
    plan: LoadPlan, collection: Collection, reckoned: Reckoning, found: Validity, *, interrupted: bool
) -> list[str]:
    reasons = []
    lost = collection.lost(plan.processes)
    if lost and not interrupted:
        reasons.append(_lost_workers(lost, plan, reckoned.errors[ErrorKind.WORKER_LOST]))
    if not reckoned.due:
        reasons.append("No request was due in the measured interval.")
    return reasons + client_limits(found, plan.slo)


def _lost_workers(lost: int, plan: LoadPlan, arrivals: int) -> str:
    told = f"{lost} of {plan.processes} load workers ended before their time"
    if not plan.open_loop:
        return f"{told}: their users were missing from then on. What the others measured is kept."
    missing = f"{arrivals:,} arrivals of the measured interval were lost with them, and count as failed"
    return f"{told}: {missing}. What the others measured is kept."


def _slo_document(outcome: SloOutcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    terms = [{"term": t.text, "value": figure(t.value), "met": t.met} for t in outcome.terms]
    return {
        "expression": outcome.expression,
        "met": outcome.met,
        "attainment": figure(outcome.attainment),
        "goodput_rps": figure(outcome.goodput),
        "terms": terms,
    }
