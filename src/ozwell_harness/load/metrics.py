"""The figures of a load run, by definition. Pure: samples in, numbers out.

All times are from one monotonic clock, in nanoseconds. ``t_due`` scheduled send; ``t_send`` just before the first byte
is written; ``r_i`` arrival of the i-th token-bearing event; ``N`` the answer's ``usage.completion_tokens``, else the
number of token-bearing events.

- **Token-bearing event**: non-empty content, reasoning, refusal or tool-argument delta. Role-only, usage-only, comment
  and ``[DONE]`` never count.
- **TTFT** = r_1 - t_send. **Response TTFT** = r_1 - t_due: what an SLO judges in open loop (no coordinated omission).
- **E2E** = r_last - t_due (a plain answer: its last byte). **Service time** = r_last - t_send. Stream close is reported
  apart.
- **TPOT** = (r_last - r_1) / (N - n_1), n_1 the tokens in the first event (1 if unknown); undefined, not 0, when
  N - n_1 < 1.
- **ICL** (inter-chunk latency) = every r_i - r_(i-1), shown beside tokens per chunk. Say ITL only where one token per
  chunk is verified. **Max stall** of a request = its largest ICL.
- **Attainment** = requests that meet all SLOs / requests *due* in the window. Errors, timeouts and unsent arrivals
  fail; requests that the harness itself cut off are censored and shown apart. **Goodput** = attained / window seconds.
- **Window**: requests due inside the steady interval, followed to completion after arrivals stop. Warm-up excluded by
  due time.
- **Percentiles**: nearest rank on exact samples. Never average percentiles. Failures are +infinity in the tail.

Where these are silent: a stream without a token-bearing event counts its last byte as ``r_last`` and has no TTFT; a
failure is +infinity for TTFT and TPOT only where its request asked for a stream, since a plain answer has neither; gaps
of failed streams are not pooled into ICL.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric, Slo, Statistic, StatisticKind, Term

_NS = 1_000_000_000
_STREAMS_ONLY = frozenset({Metric.TTFT, Metric.TPOT, Metric.STALL})


@dataclass(frozen=True, slots=True)
class Window:
    """The steady interval [``start``, ``end``), monotonic nanoseconds."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(0, self.end - self.start) / _NS

    def due_in(self, samples: Iterable[Sample]) -> list[Sample]:
        """Return the samples that were due inside."""
        return [sample for sample in samples if self.start <= sample.due < self.end]


def ttft_ns(sample: Sample) -> int | None:
    """TTFT = r_1 - t_send; None without a token-bearing event."""
    return sample.tokens[0] if sample.tokens else None


def response_ttft_ns(sample: Sample) -> int | None:
    """Response TTFT = r_1 - t_due."""
    if not sample.tokens or sample.sent is None:
        return None
    return sample.sent + sample.tokens[0] - sample.due


def lateness_ns(sample: Sample) -> int | None:
    """Send lateness = t_send - t_due, less the time that opening a connection took: that is the target's."""
    return None if sample.sent is None else max(0, sample.sent - sample.due - sample.connect)


def service_ns(sample: Sample) -> int | None:
    """Service time = r_last - t_send; None when the answer did not complete."""
    return sample.last if sample.completed else None


def e2e_ns(sample: Sample) -> int | None:
    """E2E = r_last - t_due; None when the answer did not complete."""
    if not sample.completed or sample.last is None or sample.sent is None:
        return None
    return sample.sent + sample.last - sample.due


def answer_tokens(sample: Sample) -> int:
    """``N``: the answer's ``usage.completion_tokens``, else the number of token-bearing events."""
    return len(sample.tokens) if sample.completion_tokens is None else sample.completion_tokens


def tpot_ns(sample: Sample) -> float | None:
    """TPOT = (r_last - r_1) / (N - n_1); None, not 0, when N - n_1 < 1."""
    after_first = answer_tokens(sample) - sample.first_tokens
    if not sample.completed or not sample.tokens or after_first < 1:
        return None
    return (sample.tokens[-1] - sample.tokens[0]) / after_first


def icl_ns(sample: Sample) -> tuple[int, ...]:
    """ICL = every r_i - r_(i-1)."""
    tokens = sample.tokens
    return tuple(map(operator.sub, tokens[1:], tokens))


def max_stall_ns(sample: Sample) -> int | None:
    """Max stall of a request = its largest ICL; None with fewer than two token-bearing events."""
    return max(icl_ns(sample), default=None)


class Ranked(Protocol):
    """Values in ascending order; a list will do."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> float: ...


def percentile(ordered: Ranked, percent: float) -> float:
    """Return the nearest-rank percentile of values in ascending order: the smallest with ``percent`` % at or below it.

    Raises:
        ValueError: there is no value.
    """
    if not len(ordered):
        raise ValueError("no values have no percentile")
    # Rounded first: 99.9 % of 1000 must be rank 999, not 1000 for the sake of a last binary digit.
    rank = math.ceil(round(percent / 100 * len(ordered), 9))
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def statistic(ordered: Sequence[float], wanted: Statistic) -> float:
    """Return the statistic of values in ascending order.

    Raises:
        ValueError: there is no value.
    """
    if wanted.kind is StatisticKind.PERCENTILE:
        return percentile(ordered, wanted.percent or 0.0)
    if not ordered:
        raise ValueError("no values have no statistic")
    return math.fsum(ordered) / len(ordered) if wanted.kind is StatisticKind.MEAN else ordered[-1]


def values_of(sample: Sample, metric: Metric, *, from_due: bool) -> list[float]:
    """Return what one sample contributes to a latency, in seconds; a failure where the metric applies is +infinity.

    ``from_due`` takes TTFT as response TTFT, which an open loop must.
    """
    if sample.censored:
        return []
    if sample.failed:
        return [math.inf] if spoils(sample, metric) else []
    if metric is Metric.ICL:
        return [gap / _NS for gap in icl_ns(sample)]
    value = value_ns(sample, metric, from_due=from_due)
    return [] if value is None else [value / _NS]


def spoils(failed: Sample, metric: Metric) -> bool:
    """Tell whether a failed request is +infinity in a latency: it is not where a good answer to it had none."""
    if metric in _STREAMS_ONLY:
        return failed.streamed
    return metric is not Metric.ICL


def latencies(samples: Iterable[Sample], metric: Metric, *, from_due: bool = False) -> list[float]:
    """Return every value of a latency in ascending order, in seconds, failures as +infinity last."""
    return sorted(value for sample in samples for value in values_of(sample, metric, from_due=from_due))


def value_ns(sample: Sample, metric: Metric, *, from_due: bool) -> float | None:
    """Return the one value of a request in a latency other than ICL, in nanoseconds; None where it has none."""
    if metric is Metric.TTFT:
        return response_ttft_ns(sample) if from_due else ttft_ns(sample)
    return _ONE_VALUE[metric](sample)


_ONE_VALUE: Mapping[Metric, Callable[[Sample], float | None]] = {
    Metric.E2E: e2e_ns,
    Metric.SERVICE: service_ns,
    Metric.TPOT: tpot_ns,
    Metric.STALL: max_stall_ns,
}


def meets(sample: Sample, terms: Iterable[Term], *, from_due: bool) -> bool:
    """Tell whether one request keeps every latency bound.

    A bound on ICL is kept by the request's own gaps, taken with the bound's statistic; the other metrics have one value
    a request. A metric that the request does not have (TTFT of a plain answer) binds it not.
    """
    if sample.failed or sample.censored:
        return False
    for term in terms:
        own = sorted(values_of(sample, term.metric, from_due=from_due))
        if own and term.statistic and not term.comparison.holds(statistic(own, term.statistic), term.bound):
            return False
    return True


def attained(samples: Iterable[Sample], slo: Slo, *, from_due: bool) -> int:
    """Return how many requests meet all latency bounds of the SLO."""
    return sum(meets(sample, slo.latency_terms, from_due=from_due) for sample in samples)


def attainment(samples: Sequence[Sample], slo: Slo, *, from_due: bool) -> float | None:
    """Requests that meet all SLOs / requests due, censored ones left out; None when there is none."""
    counted = [sample for sample in samples if not sample.censored]
    return attained(counted, slo, from_due=from_due) / len(counted) if counted else None


def error_rate(samples: Sequence[Sample]) -> float | None:
    """Failed or unsent / due, censored ones left out; None when there is none."""
    counted = [sample for sample in samples if not sample.censored]
    return sum(sample.failed for sample in counted) / len(counted) if counted else None
