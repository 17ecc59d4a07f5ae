"""How often a goal was missed, in a form that keeps what is needed of the order of the requests. Pure.

Requests that follow one another share a queue, so they miss in clusters, and counting them as independent makes
confidence bounds far too narrow. Three established steps make up for it:

- *Batch means* (Law & Kelton, *Simulation Modeling and Analysis*, ch. 9; Schmeiser 1982): the requests are cut into a
  fixed, small number of long batches, in the order they were due. The variance between batches, over that of
  independent requests, is the *design effect*; requests divided by it are the *effective* requests. Batches that
  are still too short to be independent show it in the correlation of neighbours, which raises the effect as in a
  first-order autoregressive series (Fishman 1978).
- *Clopper-Pearson bounds on effective counts* (Korn & Graubard, *Survey Methodology* 24, 1998), which stay honest for
  rare misses, with Student's t for the few batches that the design effect is known from.
- Where misses are too rare to show how they cluster, the design effect is taken at a stricter threshold, the nearest
  one that enough batches exceed. Excursions above a lower level last longer, so this errs to the side of caution. A
  level that a large part of all requests exceeds is left out: it cuts through ordinary latency, where a drift of a
  thousandth makes whole batches change sides and says nothing of misses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ozwell_harness.load.capacity.distributions import beta_quantile, normal_quantile, t_quantile

#: Shares of the bound at which exceedances are counted; the first is the bound itself.
LEVELS = (1.0, 0.8, 0.6, 0.4)
#: Pieces that one part of a trial is kept in; parts of different length are regrouped into equal batches from these.
PIECES = 48
#: Batches over all parts of a trial.
BATCHES = 24
#: A level tells how misses cluster when at least this share of the batches exceed it.
_TELLING = 0.5
#: What a larger share of the units exceeds is not a tail.
_TAIL = 0.25

#: Batches that hang together more closely than this are too short to say how closely.
_MOST_CORRELATION = 0.8


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one part of a trial tells of one goal.

    Attributes:
        counts: units (requests, or gaps between chunks) in each piece, in the order they were due.
        exceeding: for each of ``LEVELS``, how many of them exceeded it.
    """

    counts: tuple[int, ...]
    exceeding: tuple[tuple[int, ...], ...]

    @property
    def units(self) -> int:
        """All units."""
        return sum(self.counts)

    @property
    def misses(self) -> int:
        """Units that missed the goal."""
        return sum(self.exceeding[0])


@dataclass(frozen=True, slots=True)
class Batch:
    """Units that followed one another: of which part, how many, and how many of them exceeded each level."""

    part: int
    units: int
    exceeding: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """A share of units that kept their goal, with bounds.

    Attributes:
        units: how many there were.
        effective: how many independent ones they are worth.
        share: of them kept the goal.
        lower, upper: one-sided bounds, each at its own risk.
    """

    units: int
    effective: float
    share: float
    lower: float
    upper: float


def gather(severities: Sequence[float]) -> Evidence:
    """Return the evidence of units in the order they were due.

    A severity is a value as a share of its bound: more than 1 is a miss, infinity a failure.
    """
    edges = [len(severities) * piece // PIECES for piece in range(PIECES + 1)]
    pieces = [severities[start:end] for start, end in itertools.pairwise(edges)]
    return Evidence(
        tuple(len(piece) for piece in pieces),
        tuple(tuple(sum(value > level for value in piece) for piece in pieces) for level in LEVELS),
    )


@lru_cache(maxsize=4096)
def bounds(parts: tuple[Evidence, ...], risk_low: float, risk_high: float, least_effect: float = 1.0) -> Shares | None:
    """Return the share that kept the goal; None without a unit.

    Args:
        parts: the parts of one trial.
        risk_low: how probable it may be that the true share lies below ``lower``.
        risk_high: how probable it may be that it lies above ``upper``.
        least_effect: what the design effect is known to be at least: a short calm hides how misses cluster.
    """
    units = sum(part.units for part in parts)
    if not units:
        return None
    missed = sum(part.misses for part in parts) / units
    batches = batches_of(parts)
    effective = units / max(least_effect, design_effect(parts))
    degrees = max(1, len(batches) - 1)
    low = _most_missed(missed, effective * _shrink(risk_low, degrees), risk_low)
    high = _least_missed(missed, effective * _shrink(risk_high, degrees), risk_high)
    return Shares(units, effective, 1 - missed, 1 - low, 1 - high)


def _most_missed(missed: float, effective: float, risk: float) -> float:
    return 1.0 if missed >= 1 else beta_quantile(1 - risk, missed * effective + 1, (1 - missed) * effective)


def _least_missed(missed: float, effective: float, risk: float) -> float:
    return 0.0 if missed <= 0 else beta_quantile(risk, missed * effective, (1 - missed) * effective + 1)


def _shrink(risk: float, degrees: int) -> float:
    return (normal_quantile(1 - risk) / t_quantile(1 - risk, degrees)) ** 2


@lru_cache(maxsize=1024)
def batches_of(parts: tuple[Evidence, ...]) -> tuple[Batch, ...]:
    """Regroup the pieces of all parts into about ``BATCHES`` batches of about equal size; none spans two parts."""
    filled = [part for part in parts if part.units]
    units = sum(part.units for part in filled)
    batches = []
    for number, part in enumerate(filled):
        wanted = min(PIECES, max(1, round(BATCHES * part.units / units)))
        edges = [PIECES * batch // wanted for batch in range(wanted + 1)]
        for start, end in itertools.pairwise(edges):
            exceeding = tuple(sum(level[start:end]) for level in part.exceeding)
            batches.append(Batch(number, sum(part.counts[start:end]), exceeding))
    return tuple(batch for batch in batches if batch.units)


@lru_cache(maxsize=4096)
def design_effect(parts: tuple[Evidence, ...]) -> float:
    """Return the larger of what the bound itself shows and the nearest level that is telling; at least 1."""
    batches = batches_of(parts)
    effects = [_effect_at(batches, 0)]
    for level in range(len(LEVELS)):
        exceeded = [batch.exceeding[level] for batch in batches]
        if sum(exceeded) > _TAIL * sum(batch.units for batch in batches):
            break
        if sum(count > 0 for count in exceeded) >= _TELLING * len(batches):
            effects.append(_effect_at(batches, level))
            break
    return max(1.0, *effects)


def _effect_at(batches: Sequence[Batch], level: int) -> float:
    """Return the variance of the share between batches, over what it would be were the units independent."""
    units = sum(batch.units for batch in batches)
    share = sum(batch.exceeding[level] for batch in batches) / units
    if len(batches) < 2 or not 0 < share < 1:
        return 1.0
    off = [batch.exceeding[level] - share * batch.units for batch in batches]
    spread = math.fsum(value * value for value in off)
    effect = spread * len(batches) / (len(batches) - 1) / (units * share * (1 - share))
    together = math.fsum(
        one * next_ for (one, a), (next_, b) in itertools.pairwise(zip(off, batches, strict=True)) if a.part == b.part
    )
    return effect * _carry_over(together / spread + 1 / len(batches))


def _carry_over(correlation: float) -> float:
    """Return by how much batches that hang together hide variance, as in a first-order autoregressive series."""
    held = min(max(correlation, 0.0), _MOST_CORRELATION)
    return (1 + held) / (1 - held)
