"""Tail probabilities that confidence bounds need: the Beta and Student's t distribution. Pure.

The regularised incomplete Beta function is evaluated by its continued fraction with the modified Lentz algorithm
(NIST Digital Library of Mathematical Functions, 8.17.22); quantiles by bisection, to about 1e-12.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
_PRECISION = 1e-14
_MOST_TERMS = 10_000
_HALVINGS = 60


def beta_probability(x: float, a: float, b: float) -> float:
    """Return P(X <= x) of a Beta(``a``, ``b``) variable; ``a`` and ``b`` are positive, ``x`` is in [0, 1]."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The fraction converges quickly on this side of the mean only.
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(x, a, b) / a
    return 1.0 - math.exp(log_front) * _fraction(1 - x, b, a) / b


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the x with P(X <= x) = ``probability`` of a Beta(``a``, ``b``) variable."""
    return _bisect(lambda x: beta_probability(x, a, b) < probability, 0.0, 1.0)


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """Return the t with P(T <= t) = ``probability``, in [0.5, 1), of Student's t with so many degrees of freedom."""
    share = beta_quantile(2 * (1 - probability), degrees / 2, 0.5)
    return math.sqrt(degrees * (1 / share - 1)) if share > 0 else math.inf


@lru_cache(maxsize=4096)
def normal_quantile(probability: float) -> float:
    """Return the z with P(Z <= z) = ``probability`` of a standard normal variable."""
    return NormalDist().inv_cdf(probability)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for term in range(1, _MOST_TERMS):
        for factor in (
            term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term)),
            -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1)),
        ):
            d = 1.0 / _away(1 + factor * d)
            c = _away(1 + factor / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _bisect(below: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2
