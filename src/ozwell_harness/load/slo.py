"""SLO expressions: ``ttft_p99<500ms, itl_p99<50ms, error_rate<0.1%, goodput>20/s`` to typed values.

A term is a metric, for latencies with a statistic (``_p50``, ``_p99``, ``_p99.9``, ``_mean``, ``_max``), a comparison,
a number and its unit. Latencies and the error rate are bounded from above; rates and attainment from below.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum


class SloError(ValueError):
    """The expression is not an SLO. The message is one plain sentence that says what and what to write instead."""


class Metric(StrEnum):
    """What a term is about. The first six are latencies in seconds; definitions stand in ``load.metrics``."""

    TTFT = "ttft"
    E2E = "e2e"
    SERVICE = "service"
    TPOT = "tpot"
    ICL = "icl"
    STALL = "stall"
    ERROR_RATE = "error_rate"
    ATTAINMENT = "attainment"
    THROUGHPUT = "throughput"
    GOODPUT = "goodput"


LATENCIES = frozenset({Metric.TTFT, Metric.E2E, Metric.SERVICE, Metric.TPOT, Metric.ICL, Metric.STALL})
_SHARES = frozenset({Metric.ERROR_RATE, Metric.ATTAINMENT})
_UPPER = LATENCIES | {Metric.ERROR_RATE}
_ALIASES = {"itl": "icl", "max_stall": "stall"}


class Comparison(StrEnum):
    """How a value is compared with its bound."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    def holds(self, value: float, bound: float) -> bool:
        """Tell whether ``value`` keeps the bound."""
        if self is Comparison.BELOW:
            return value < bound
        if self is Comparison.AT_MOST:
            return value <= bound
        return value > bound if self is Comparison.ABOVE else value >= bound


class StatisticKind(StrEnum):
    """What is taken of many values."""

    PERCENTILE = "percentile"
    MEAN = "mean"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic; ``percent`` is set for percentiles, in (0, 100)."""

    kind: StatisticKind
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One bound. ``bound`` is in seconds, a share of 1, or per second, as the metric asks; ``text`` is as written."""

    metric: Metric
    statistic: Statistic | None
    comparison: Comparison
    bound: float
    text: str


@dataclass(frozen=True, slots=True)
class Slo:
    """Terms that must all hold, and the expression that they were read from."""

    expression: str
    terms: tuple[Term, ...]

    @property
    def latency_terms(self) -> tuple[Term, ...]:
        """The terms that a single request can keep or break."""
        return tuple(term for term in self.terms if term.metric in LATENCIES)

    @property
    def tightest_latency_s(self) -> float | None:
        """The smallest latency bound, in seconds; None when no latency is bounded."""
        return min((term.bound for term in self.latency_terms), default=None)


_TERM = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*?)(?:_(?P<statistic>p[0-9]+(?:\.[0-9]+)?|mean|max))?"
    r"\s*(?P<comparison><=|>=|<|>)\s*(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>us|µs|ms|s|min|%|/s)?",
)
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}


def parse_slo(expression: str) -> Slo:
    """Read an SLO expression.

    Raises:
        SloError: it has no term, a term cannot be read, or two terms bound the same thing.
    """
    texts = [text.strip() for text in expression.split(",")]
    if not any(texts):
        raise SloError("The SLO is empty: write for example 'ttft_p99<500ms, error_rate<0.1%'.")
    if not all(texts):
        raise SloError(f"The SLO {expression!r} has an empty term: separate terms by single commas.")
    terms = tuple(_term(text) for text in texts)
    for index, term in enumerate(terms):
        for earlier in terms[:index]:
            if (earlier.metric, earlier.statistic) == (term.metric, term.statistic):
                raise SloError(f"The SLO bounds the same thing twice: {earlier.text!r} and {term.text!r}.")
    return Slo(expression.strip(), terms)


def _term(text: str) -> Term:
    match = _TERM.fullmatch(text.lower())
    if match is None:
        raise SloError(f"The SLO term {text!r} cannot be read: write it like 'ttft_p99<500ms' or 'goodput>20/s'.")
    metric = _metric(match["name"], text)
    comparison = Comparison(match["comparison"])
    upper = comparison in {Comparison.BELOW, Comparison.AT_MOST}
    if upper is not (metric in _UPPER):
        side = "above: use < or <=" if metric in _UPPER else "below: use > or >="
        raise SloError(f"The SLO term {text!r} is the wrong way round: {metric} is bounded from {side}.")
    statistic = _statistic(metric, match["statistic"], text)
    return Term(metric, statistic, comparison, _bound(metric, match["number"], match["unit"], text), text)


def _metric(name: str, text: str) -> Metric:
    try:
        return Metric(_ALIASES.get(name, name))
    except ValueError:
        known = ", ".join(metric.value for metric in Metric)
        raise SloError(f"The SLO term {text!r} names no metric: there are {known} (and itl for icl).") from None


def _statistic(metric: Metric, name: str | None, text: str) -> Statistic | None:
    if metric not in LATENCIES:
        if name is not None:
            raise SloError(f"The SLO term {text!r} has a statistic too many: {metric} is one figure for the whole run.")
        return None
    if name is None:
        raise SloError(
            f"The SLO term {text!r} does not say of what: write {metric}_p99, {metric}_mean or {metric}_max."
        )
    if name in {"mean", "max"}:
        return Statistic(StatisticKind(name))
    percent = _percent(name[1:])
    if not 0 < percent < 100:
        raise SloError(f"The SLO term {text!r} has no such percentile: it must lie between p0 and p100.")
    return Statistic(StatisticKind.PERCENTILE, percent)


def _percent(digits: str) -> float:
    # p999 and p9999 are the usual spellings of p99.9 and p99.99.
    return float(f"{digits[:2]}.{digits[2:]}") if re.fullmatch(r"99[0-9]+", digits) else float(digits)


def _bound(metric: Metric, number: str, unit: str | None, text: str) -> float:
    value = float(number)
    if metric in LATENCIES:
        if unit not in _SECONDS:
            raise SloError(f"The SLO term {text!r} needs a unit of time: us, ms, s or min.")
        value *= _SECONDS[unit]
    elif metric in _SHARES:
        if unit not in {None, "%"}:
            raise SloError(f"The SLO term {text!r} needs a share: write 0.1% or 0.001.")
        value = value / 100 if unit else value
        if value > 1:
            raise SloError(f"The SLO term {text!r} is more than the whole: a share is at most 100%.")
    elif unit not in {None, "/s"}:
        raise SloError(f"The SLO term {text!r} needs a rate: write 20/s.")
    if not math.isfinite(value):
        raise SloError(f"The SLO term {text!r} has a bound that is no finite number.")
    return value
