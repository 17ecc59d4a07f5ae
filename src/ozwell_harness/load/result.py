"""What a load run amounts to: the ``load`` block of ``results.json``, computed from the record. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.load.arrivals import kind_of
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.judgement import SloOutcome, Validity, client_limits, judge_slo, validity
from ozwell_harness.load.metrics import Window, answer_tokens, error_rate
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.series import Second, per_second
from ozwell_harness.load.summaries import Group, Tokens, by_step, figure, group_of, tokens_of
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
        reasons: why it is not valid; empty when it is.
        interrupted: it was cut short; figures are of what was recorded.
        spent: requests sent and tokens used in the whole run, warm-up included.
        due: how many requests were due in the window.
    """

    plan: LoadPlan
    window: Window | None
    window_epoch: tuple[float, float] | None
    total: Group
    scenarios: tuple[Group, ...]
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
            "scenario": plan.scenario,
            "arrivals": kind_of(plan.arrivals),
            "shape": str(plan.arrivals),
            **({"rate": plan.rate} if plan.open_loop else {"users": plan.users}),
            "seed": plan.seed,
            "duration_s": plan.duration_s,
            "warmup_s": plan.warmup_s,
            "window": {"started": started, "ended": ended},
            "requests": self.total.counts.to_document(),
            "offered_rps": figure(self.offered_rps),
            "throughput_rps": figure(self.throughput_rps),
            "error_rate": self.error_rate,
            "errors": [{"kind": kind, "count": count} for kind, count in self.errors],
            "metrics": self.total.metrics_document(),
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
    due = span.due_in(collection.samples)
    found = validity(due, collection.ticks, span, kernel_stamps=collection.stamps == "kernel")
    return LoadResult(
        plan=plan,
        window=window,
        window_epoch=collection.epochs(window),
        total=group_of("all", due, plan),
        scenarios=tuple(group_of(name, part, plan) for name, part in by_step(due).items()),
        errors=tuple(Counter(s.error for s in due if s.failed and s.error).most_common()),
        error_rate=error_rate(due),
        tokens=tokens_of(due, span),
        nonconformities=_broken(collection),
        validity=found,
        judged=sum(s.judged for s in collection.samples),
        stamps=collection.stamps,
        reasons=tuple(_reasons(plan, collection, due, found, interrupted=interrupted)),
        seconds=per_second(collection.samples, collection.zero),
        slo=judge_slo(due, span, plan.slo, from_due=plan.open_loop) if plan.slo else None,
        interrupted=interrupted,
        spent=_spent(collection.samples),
        due=len(due),
    )


def _spent(samples: Iterable[Sample]) -> Cost:
    spent = [s for s in samples if s.attempted]
    return Cost(
        requests=len(spent),
        prompt_tokens=sum(s.prompt_tokens or 0 for s in spent),
        completion_tokens=sum(answer_tokens(s) for s in spent),
    )


def _broken(collection: Collection) -> tuple[Broken, ...]:
    """Count over the whole run: an answer that is wrong in the warm-up is wrong all the same."""
    counts = Counter(requirement for s in collection.samples for requirement in s.broken)
    found = []
    for requirement, count in sorted(counts.items()):
        first = collection.examples.get(requirement)
        found.append(Broken(requirement, count, first.message if first else "", first.example if first else None))
    return tuple(found)


def _reasons(
    plan: LoadPlan, collection: Collection, due: Sequence[Sample], found: Validity, *, interrupted: bool
) -> list[str]:
    reasons = []
    if not interrupted and collection.lost(plan.processes):
        reasons.append(
            f"{collection.lost(plan.processes)} load worker(s) ended before their time; arrivals are missing."
        )
    if not due:
        reasons.append("No request was due in the measured interval.")
    return reasons + client_limits(found, plan.slo)


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
