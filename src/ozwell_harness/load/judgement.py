"""Judges a run by its SLO, and says whether the client itself limited it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ozwell_harness.load.columns import Ordered
from ozwell_harness.load.metrics import Window, percentile
from ozwell_harness.load.reckoning import Reckoning
from ozwell_harness.load.samples import Tick
from ozwell_harness.load.slo import Metric, Slo, Statistic, StatisticKind, Term
from ozwell_harness.load.summaries import Counts

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


@dataclass(frozen=True, slots=True)
class Measured:
    """What an SLO is judged by: the requests due in the window, their latencies, how many keep its latency bounds."""

    window: Window
    counts: Counts
    latencies: Mapping[Metric, Ordered]
    attained: int

    @property
    def attainment(self) -> float | None:
        """Requests that meet all SLOs / requests due, censored ones left out; None when there is none."""
        counted = self.counts.completed + self.counts.failed
        return self.attained / counted if counted else None

    @property
    def goodput(self) -> float | None:
        """Attained / window seconds."""
        return self._per_second(self.attained)

    @property
    def throughput(self) -> float | None:
        """Completed / window seconds."""
        return self._per_second(self.counts.completed)

    def _per_second(self, count: int) -> float | None:
        return count / self.window.seconds if self.window.seconds else None


def judge_slo(slo: Slo, measured: Measured) -> SloOutcome:
    """Judge what was due in a window."""
    outcomes = tuple(_term(term, measured) for term in slo.terms)
    met = all(outcome.met for outcome in outcomes)
    return SloOutcome(slo.expression, met, outcomes, measured.attainment, measured.goodput)


def _term(term: Term, measured: Measured) -> TermOutcome:
    value = _value(term, measured)
    return TermOutcome(term.text, value, value is not None and term.comparison.holds(value, term.bound))


def _value(term: Term, measured: Measured) -> float | None:
    if term.statistic is not None:
        return _statistic(measured.latencies.get(term.metric, Ordered()), term.statistic)
    figures = {
        Metric.ERROR_RATE: measured.counts.error_rate,
        Metric.ATTAINMENT: measured.attainment,
        Metric.GOODPUT: measured.goodput,
        Metric.THROUGHPUT: measured.throughput,
    }
    return figures[term.metric]


def _statistic(values: Ordered, wanted: Statistic) -> float | None:
    if not len(values):
        return None
    if wanted.kind is StatisticKind.PERCENTILE:
        return percentile(values, wanted.percent or 0.0)
    if wanted.kind is StatisticKind.MAX:
        return values[-1]
    return math.inf if values.infinite else values.total / values.finite


def validity(found: Reckoning, ticks: Sequence[Tick], window: Window, *, kernel_stamps: bool) -> Validity:
    """Return the client's own figures over the window."""
    loads = [tick.cpu for tick in ticks if window.start < tick.at <= window.end]
    lateness = found.lateness()
    lags = found.lags()
    return Validity(
        cpu_mean=math.fsum(loads) / len(loads) if loads else None,
        cpu_max=max(loads, default=None),
        send_lateness_p99_s=percentile(lateness, 99) if len(lateness) else None,
        receive_lag_p99_s=percentile(lags, 99) / _US if kernel_stamps and len(lags) else None,
        merged_share=found.merged_share,
        unsent=found.unsent,
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
