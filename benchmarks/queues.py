"""Queues whose capacity is known: Poisson arrivals, ``servers`` slots, first come first served.

The truth is exact for exponential service times (M/M/c, by Erlang's formula) and for fixed ones (M/D/c, by that of
Franx, *A simple solution for the M/D/c waiting time distribution*, Operations Research Letters 29, 2001).
``simulate`` plays such a queue through, request by request, so that a search can be tried without a network.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.load.capacity.evidence import gather
from ozwell_harness.load.capacity.overload import Flow, outrun
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.search import Finished, next_step
from ozwell_harness.load.capacity.trials import Ask, Observation, Step

_ITERATIONS = 100_000
#: To a hundred-thousandth of the saturation rate.
_HALVINGS = 17
_CONVERGED = 1e-11


class Service(StrEnum):
    """How service times are distributed."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class Queue:
    """``servers`` that take ``mean_s`` on average for each request."""

    service: Service
    servers: int
    mean_s: float

    @property
    def saturation(self) -> float:
        """The rate, per second, beyond which it cannot keep up."""
        return self.servers / self.mean_s

    def sampler(self, rng: random.Random) -> Callable[[], float]:
        """Return what draws service times in seconds."""
        if self.service is Service.FIXED:
            return lambda: self.mean_s
        return lambda: rng.expovariate(1 / self.mean_s)

    def missed(self, rate: float, bound_s: float) -> float:
        """Return the probability that waiting and service together take longer than ``bound_s``."""
        if rate >= self.saturation:
            return 1.0
        exact = _mdc_missed if self.service is Service.FIXED else _mmc_missed
        return exact(rate, self.servers, self.mean_s, bound_s)

    def capacity(self, bound_s: float, share: float) -> float:
        """Return the highest rate at which at least ``share`` of the requests take no longer than ``bound_s``."""
        low, high = 0.0, self.saturation
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if self.missed(middle, bound_s) <= 1 - share:
                low = middle
            else:
                high = middle
        return low


def _mmc_missed(rate: float, servers: int, mean_s: float, bound_s: float) -> float:
    """P(W + S > x): W is 0 with probability 1 - C, else exponential of rate c*mu - lambda; S is exponential of mu."""
    mu = 1 / mean_s
    waits, drain = _erlang_c(rate * mean_s, servers), servers * mu - rate
    served = math.exp(-mu * bound_s)
    if math.isclose(drain, mu, rel_tol=1e-9):
        return served * (1 + waits * mu * bound_s)
    return served + waits * mu / (drain - mu) * (served - math.exp(-drain * bound_s))


def _erlang_c(load: float, servers: int) -> float:
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def _mdc_missed(rate: float, servers: int, fixed_s: float, bound_s: float) -> float:
    """P(W > x - D), with the queue-length distribution at instants that are D apart (Crommelin 1932, Franx 2001)."""
    wait = bound_s - fixed_s
    if wait < 0:
        return 1.0
    # P(W <= x) = exp(-lambda (kD - x)) sum_{j<kc} Q_{kc-1-j} (lambda (kD - x))^j / j!  for (k-1)D <= x < kD,
    # Q_m the probability that at most m requests wait in line.
    k = math.floor(wait / fixed_s + 1e-9) + 1
    mean = rate * (k * fixed_s - wait)
    line = list(itertools.accumulate(_line_lengths(rate * fixed_s, servers, k * servers)))
    met, term = 0.0, math.exp(-mean)
    for j in range(k * servers):
        met += term * line[k * servers - 1 - j]
        term *= mean / (j + 1)
    return max(0.0, 1 - met)


def _line_lengths(mean: float, servers: int, at_least: int) -> list[float]:
    """Return the probabilities that 0, 1, 2 ... requests wait in line of an M/D/c queue with ``mean`` arrivals in D."""
    # Backlogs beyond this have a probability far below rounding: they fall off faster than exp(-2 (1 - rho) n).
    size = servers + at_least + math.ceil(40 / max(1e-3, 1 - mean / servers))
    poisson = [math.exp(-mean + n * math.log(mean) - math.lgamma(n + 1)) for n in range(size)]
    arrivals = [(n, p) for n, p in enumerate(poisson) if p > 1e-18]
    inside = poisson[:]
    for _ in range(_ITERATIONS):
        after = _one_service(inside, arrivals, servers)
        change = sum(abs(a - b) for a, b in zip(after, inside, strict=True))
        inside = after
        if change < _CONVERGED:
            break
    return [sum(inside[: servers + 1]), *inside[servers + 1 :]]


def _one_service(inside: Sequence[float], arrivals: Sequence[tuple[int, float]], servers: int) -> list[float]:
    """Who was in service is gone after D, who came meanwhile is there: n -> max(n - c, 0) + Poisson."""
    left = [sum(inside[: servers + 1]), *inside[servers + 1 :]]
    after = [0.0] * len(inside)
    for n, p in enumerate(left):
        if p > 1e-18:
            for k, q in arrivals:
                if n + k < len(after):
                    after[n + k] += p * q
    total = sum(after)
    return [p / total for p in after]


def simulate(queue: Queue, rate: float, seconds: float, rng: random.Random) -> tuple[list[float], list[float]]:
    """Return when requests came and when they were done, in seconds, of a queue that began empty."""
    draw, gap = queue.sampler(rng), rng.expovariate
    free = [0.0] * queue.servers
    came, done = [], []
    at = gap(rate)
    while at < seconds:
        begun = max(at, free[0])
        ended = begun + draw()
        heapq.heapreplace(free, ended)
        came.append(at)
        done.append(ended)
        at += gap(rate)
    return came, done


@dataclass(frozen=True, slots=True)
class SimulatedTarget:
    """Answers the asks of a search with a simulated queue, judged by a bound on E2E for each goal."""

    queue: Queue
    bounds_s: tuple[float, ...]
    overhead_s: float = 2.0

    def observe(self, ask: Ask, dispersion: float) -> Observation:
        """Return what a run would have shown."""
        if ask.rate is None:
            return self._scout(ask)
        total = ask.warmup_s + ask.seconds
        came, done = simulate(self.queue, ask.rate, total, random.Random(ask.seed))
        stopped, overload = _watch(came, done, total, dispersion)
        first, last = bisect_right(came, ask.warmup_s), bisect_right(came, stopped)
        taken = [ended - at for at, ended in zip(came[first:last], done[first:last], strict=True)]
        seconds = max(0.0, stopped - ask.warmup_s)
        mean = sum(taken) / len(taken) if taken else None
        return _observation(
            seconds,
            stopped + self.overhead_s,
            len(taken),
            mean,
            overload,
            tuple(gather([value / bound for value in taken]) for bound in self.bounds_s),
        )

    def _scout(self, ask: Ask) -> Observation:
        """A closed loop without pauses makes min(users, servers) / mean, whatever the service times are."""
        rate = min(ask.users or 1, self.queue.servers) / self.queue.mean_s
        count = round(rate * ask.seconds)
        took = (ask.users or 1) / rate
        evidence = tuple(gather([took / bound] * count) for bound in self.bounds_s)
        elapsed = ask.seconds + ask.warmup_s + self.overhead_s
        return _observation(ask.seconds, elapsed, count, took, "", evidence)

    def search(self, plan: SearchPlan) -> tuple[tuple[Step, ...], Finished]:
        """Return a whole search."""
        history: tuple[Step, ...] = ()
        dispersion = 0.0 if self.queue.service is Service.FIXED else 1.0
        while isinstance(step := next_step(plan, history), Ask):
            history += (Step(step, self.observe(step, dispersion)),)
        return history, step


def _watch(came: Sequence[float], done: Sequence[float], total: float, dispersion: float) -> tuple[float, str]:
    """Return when the run would have been stopped, and why; looked at once a second, as the driver does."""
    ended = sorted(done)
    flow: list[Flow] = []
    for second in range(math.floor(total) + 1):
        flow.append(Flow(second, bisect_right(came, second), bisect_right(ended, second)))
        grown = outrun(flow, dispersion)
        if grown is not None:
            return float(second), f"{grown.backlog} more requests were waiting"
    return total, ""


def _observation(
    seconds: float, elapsed: float, count: int, mean: float | None, overload: str, evidence: tuple[object, ...]
) -> Observation:
    return Observation(
        seconds=seconds,
        elapsed_s=elapsed,
        requests=count,
        failed=0,
        throughput=count / seconds if seconds else 0.0,
        goodput=0.0,
        latency_s=mean,
        latency_p99_s=None,
        dispersion=None,
        prompt_tokens=0,
        completion_tokens=0,
        sent=count,
        trouble="",
        invalid=(),
        overload=overload,
        unreachable="",
        evidence=evidence,  # type: ignore[arg-type]
    )
