"""When requests are due: closed loop (after completion) and seeded, precomputed schedules for the open loop.

A schedule is a function of its arguments alone, so that a run can be repeated and every worker can compute the same
one and take its stride of it.
"""

from __future__ import annotations

import math
import random
from array import array
from enum import StrEnum

_NS = 1_000_000_000


class Arrivals(StrEnum):
    """How arrivals are spaced: ``closed`` follows completions, the others a schedule of the given mean rate."""

    CLOSED = "closed"
    CONSTANT = "constant"
    POISSON = "poisson"


def constant(rate: float, duration_s: float) -> array[int]:
    """Return due times every 1/``rate`` seconds in [0, ``duration_s``), as nanoseconds from the start."""
    # Each is computed from its index: adding up gaps would drift.
    count = _count(rate, duration_s)
    return array("q", (round(index * _NS / rate) for index in range(count)))


def poisson(rate: float, duration_s: float, seed: int) -> array[int]:
    """Return due times of a Poisson process of mean ``rate`` per second, as nanoseconds from the start.

    Gaps are independent and exponential; the same seed gives the same times.
    """
    gap = random.Random(seed).expovariate  # noqa: S311 - a schedule is no secret
    times = array("q")
    at = gap(rate)
    while at < duration_s:
        times.append(round(at * _NS))
        at += gap(rate)
    return times


def schedule(arrivals: Arrivals, rate: float, duration_s: float, seed: int) -> array[int]:
    """Return the due times of an open loop, ascending, as nanoseconds from the start.

    Raises:
        ValueError: a closed loop has no schedule.
    """
    if arrivals is Arrivals.CONSTANT:
        return constant(rate, duration_s)
    if arrivals is Arrivals.POISSON:
        return poisson(rate, duration_s, seed)
    raise ValueError("a closed loop has no schedule")


def stride(times: array[int], worker: int, workers: int) -> array[int]:
    """Return the part of a schedule that worker ``worker`` of ``workers`` sends: every ``workers``-th arrival."""
    return times[worker::workers]


def start_offset_ns(index: int, count: int, spread_s: float) -> int:
    """Return when user ``index`` of ``count`` starts, so that users start evenly over ``spread_s`` and not at once."""
    return round(index * spread_s * _NS / count) if count > 1 else 0


def _count(rate: float, duration_s: float) -> int:
    count = math.ceil(rate * duration_s)
    while count > 0 and (count - 1) / rate >= duration_s:
        count -= 1
    return count
