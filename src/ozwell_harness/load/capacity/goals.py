"""What an SLO asks of each request: shares that must be kept, so that few requests can decide. Pure.

A search judges shares of requests, not percentiles, because a share has confidence bounds that need no assumption about
the shape of latency. The two say the same: a nearest-rank p99 lies below its bound exactly when at least 99 % of the
values do.

==================  ==========================================================  =================================
term                units                                                       share that must be kept
==================  ==========================================================  =================================
``ttft_p99<500ms``  requests that have the metric (failures miss)               99 %
``icl_p99<50ms``    gaps between chunks, pooled                                 99 %
``error_rate<1%``   requests; failures miss                                     99 %
``attainment>95%``  requests; those that break any latency bound miss           95 %
``goodput>20/s``    requests, as for attainment                                 20/s of the rate that is offered
``throughput>20/s`` requests; failures miss                                     20/s of the rate that is offered
==================  ==========================================================  =================================

A mean or a maximum bounds no share: such terms are refused. Rates below the floor that goodput or throughput sets are
never tried. Arrivals that were never sent miss every goal. A request that the harness cut off misses a bound that it
had already outlasted, and tells nothing otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ozwell_harness.load.metrics import meets, values_of
from ozwell_harness.load.reply import ErrorKind
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import LATENCIES, Comparison, Metric, Slo, SloError, StatisticKind, Term

_NS = 1_000_000_000
#: Bounded by gaps or by what comes after the first token: an age says nothing of them.
_AGED = frozenset({Metric.TTFT, Metric.E2E, Metric.SERVICE})


@dataclass(frozen=True, slots=True)
class Goal:
    """One term of an SLO as a share.

    Attributes:
        term: where it comes from.
        share: that must be kept; None where it depends on the rate.
        per_second: units per second that must be kept; None where a share is asked for.
    """

    term: Term
    share: float | None
    per_second: float | None = None

    def target(self, rate: float) -> float:
        """Return the share that must be kept when ``rate`` requests per second are offered; above 1: never."""
        if self.share is not None:
            return self.share
        return (self.per_second or 0.0) / rate


def goals_of(slo: Slo) -> tuple[Goal, ...]:
    """Return the goals of an SLO.

    Raises:
        SloError: a term bounds no share of requests, or asks for all of them.
    """
    return tuple(_goal(term) for term in slo.terms)


def floor_of(goals: tuple[Goal, ...]) -> float:
    """Return the lowest rate at which the goals can be met at all: what goodput and throughput ask for."""
    return max((goal.per_second for goal in goals if goal.per_second is not None), default=0.0)


def severities(sample: Sample, goal: Goal, slo: Slo) -> Iterator[float]:
    """Yield what one request of an open loop contributes to a goal, each as a share of the bound; above 1 is a miss."""
    metric, bound = goal.term.metric, goal.term.bound
    if sample.error == ErrorKind.UNSENT:
        yield math.inf
    elif sample.censored:
        yield from _outlasted(sample, goal, slo)
    elif metric in LATENCIES:
        for value in values_of(sample, metric, from_due=True):
            yield _of_bound(value, bound, goal.term.comparison)
    elif metric in {Metric.ERROR_RATE, Metric.THROUGHPUT}:
        yield math.inf if sample.failed else 0.0
    else:
        yield _worst(sample, slo)


def _goal(term: Term) -> Goal:
    if term.metric in LATENCIES:
        return _of_latency(term)
    if term.metric in {Metric.GOODPUT, Metric.THROUGHPUT}:
        return Goal(term, None, term.bound)
    share = 1 - term.bound if term.metric is Metric.ERROR_RATE else term.bound
    if not 0 < share < 1:
        raise SloError(
            f"The SLO term {term.text!r} cannot be found by a search: no number of requests shows that none will fail,"
            " and one that all may fail asks nothing. Write for example error_rate<0.1%."
        )
    return Goal(term, share)


def _of_latency(term: Term) -> Goal:
    statistic = term.statistic
    if statistic is None or statistic.kind is not StatisticKind.PERCENTILE or statistic.percent is None:
        raise SloError(
            f"The SLO term {term.text!r} cannot be found by a search, which counts the requests that keep a bound:"
            f" write a percentile, for example {term.metric}_p99."
        )
    return Goal(term, statistic.percent / 100)


def _of_bound(value: float, bound: float, comparison: Comparison) -> float:
    """Return a value as a share of its bound: above 1 exactly when it does not keep it."""
    kept = comparison.holds(value, bound)
    share = value / bound if bound > 0 else math.inf
    return min(share, 1.0) if kept else max(share, math.nextafter(1.0, math.inf))


def _worst(sample: Sample, slo: Slo) -> float:
    if sample.failed:
        return math.inf
    worst = 0.0
    for term in slo.latency_terms:
        if not meets(sample, (term,), from_due=True):
            return math.inf
        own = values_of(sample, term.metric, from_due=True)
        worst = max(worst, min(1.0, max(own, default=0.0) / term.bound if term.bound else 0.0))
    return worst


def _outlasted(sample: Sample, goal: Goal, slo: Slo) -> Iterator[float]:
    """Yield infinity for a request that was cut off after it had broken a bound of the goal; else nothing."""
    if sample.sent is None or sample.closed is None:
        return
    age_s = (sample.sent + sample.closed - sample.due) / _NS
    terms = (goal.term,) if goal.term.metric in LATENCIES else slo.latency_terms
    if goal.term.metric in {Metric.ERROR_RATE, Metric.THROUGHPUT}:
        return
    for term in terms:
        waiting = term.metric in _AGED and not (term.metric is Metric.TTFT and (sample.tokens or not sample.streamed))
        if waiting and age_s > term.bound:
            yield math.inf
            return
