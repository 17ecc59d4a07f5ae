"""Judges a run by its SLO, and says whether the client itself limited it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ozwell_harness.load.metrics import Window, attained, attainment, error_rate, latencies, percentile, statistic
from ozwell_harness.load.reply import ErrorKind
from ozwell_harness.load.samples import Sample, Tick
from ozwell_harness.load.slo import LATENCIES, Metric, Slo, Term

_NS = 1_000_000_000
_US = 1_000_000
#: Share of the tightest latency bound that the client's own p99 error may reach before the result is INVALID.
TOLERATED_ERROR = 0.05
#: Above this share of its core the client, not the target, sets the pace.
CPU_LIMIT = 0.9


@dataclass(frozen=True, slots=True)
class TermOutcome:
    """One term of an SLO and whether it holds; the value is None when undefined, infinite in the failures' tail."""

    text: str
    value: float | None
    met: bool


@dataclass(frozen=True, slots=True)
class SloOutcome:
    """An SLO and what became of it; ``attainment`` and ``goodput`` are None when nothing was due."""

    expression: str
    met: bool
    terms: tuple[TermOutcome, ...]
    attainment: float | None
    goodput: float | None


@dataclass(frozen=True, slots=True)
class Validity:
    """What the client knows of its own error, over the window.

    Attributes:
        cpu_mean, cpu_max: share of one core per worker process, from its ticks; None without one.
        send_lateness_p99_s: p99 of t_send - t_due, less the time that opening a connection took (that is the target's).
        receive_lag_p99_s: p99 of the receive lag of every read; None where the kernel stamps nothing.
        merged_share: token-bearing events whose stamp is only an upper bound, because they shared a read, of all.
        unsent: arrivals that were due and never sent.
    """

    cpu_mean: float | None
    cpu_max: float | None
    send_lateness_p99_s: float | None
    receive_lag_p99_s: float | None
    merged_share: float | None
    unsent: int


def judge_slo(samples: Sequence[Sample], window: Window, slo: Slo, *, from_due: bool) -> SloOutcome:
    """Judge the samples that were due in ``window``."""
    met = attained(samples, slo, from_due=from_due)
    outcomes = tuple(_term(term, samples, window, slo, from_due=from_due) for term in slo.terms)
    return SloOutcome(
        slo.expression,
        all(outcome.met for outcome in outcomes),
        outcomes,
        attainment(samples, slo, from_due=from_due),
        met / window.seconds if window.seconds else None,
    )


def _term(term: Term, samples: Sequence[Sample], window: Window, slo: Slo, *, from_due: bool) -> TermOutcome:
    value = _value(term, samples, window, slo, from_due=from_due)
    return TermOutcome(term.text, value, value is not None and term.comparison.holds(value, term.bound))


def _value(term: Term, samples: Sequence[Sample], window: Window, slo: Slo, *, from_due: bool) -> float | None:
    if term.metric in LATENCIES:
        ordered = latencies(samples, term.metric, from_due=from_due)
        return statistic(ordered, term.statistic) if ordered and term.statistic else None
    if term.metric is Metric.ERROR_RATE:
        return error_rate(samples)
    if term.metric is Metric.ATTAINMENT:
        return attainment(samples, slo, from_due=from_due)
    if not window.seconds:
        return None
    if term.metric is Metric.GOODPUT:
        return attained(samples, slo, from_due=from_due) / window.seconds
    return sum(sample.completed for sample in samples) / window.seconds


def validity(samples: Sequence[Sample], ticks: Sequence[Tick], window: Window, *, kernel_stamps: bool) -> Validity:
    """Return the client's own figures over the window."""
    loads = [tick.cpu for tick in ticks if window.start < tick.at <= window.end]
    lateness = sorted(max(0, s.sent - s.due - s.connect) / _NS for s in samples if s.sent is not None)
    lags = sorted(lag / _US for s in samples for lag in s.lags) if kernel_stamps else []
    events = sum(len(s.tokens) for s in samples)
    return Validity(
        cpu_mean=math.fsum(loads) / len(loads) if loads else None,
        cpu_max=max(loads, default=None),
        send_lateness_p99_s=percentile(lateness, 99) if lateness else None,
        receive_lag_p99_s=percentile(lags, 99) if lags else None,
        merged_share=sum(s.merged for s in samples) / events if events else None,
        unsent=sum(s.error == ErrorKind.UNSENT for s in samples),
    )


def client_limits(found: Validity, slo: Slo | None) -> list[str]:
    """Return why the result is INVALID (client-limited), one plain sentence each; empty when it is valid."""
    reasons = []
    if found.cpu_mean is not None and found.cpu_mean > CPU_LIMIT:
        reasons.append(
            f"The client used {found.cpu_mean:.0%} of its core: it set the pace, not the target."
            " Ask for less load, let users think, or use more processes."
        )
    tightest = slo.tightest_latency_s if slo else None
    if tightest is None:
        return reasons
    for name, value in (
        ("sent requests later than due", found.send_lateness_p99_s),
        ("read answers later than they came", found.receive_lag_p99_s),
    ):
        if value is not None and value > TOLERATED_ERROR * tightest:
            reasons.append(
                f"The client {name} by {value * 1e3:.3g} ms (p99), more than {TOLERATED_ERROR:.0%} of the tightest"
                f" bound of {tightest * 1e3:g} ms. Ask for less load, or use more processes or a quieter machine."
            )
    return reasons
