"""When requests are due, as typed values: a closed loop (after completion), or a schedule of the open loop.

A schedule is ``Constant``, ``Poisson``, ``Burst``, ``Ramp``, ``Steps``, ``Spike`` or ``Trace``. Its shape spans the
measured interval; during the warm-up the rate is the one that the shape begins with. ``load.schedule`` makes due times.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TypeAlias

import msgspec

from ozwell_harness.load.distribution import NOTHING, Distribution, check_distribution

_LONGEST_THINK_S = 24 * 3600.0


class ArrivalsError(ValueError):
    """Arrivals are asked for that make no sense. The message is one plain sentence."""


class Spacing(StrEnum):
    """How arrivals lie at a given rate: ``poisson`` as independent users send them, ``constant`` evenly."""

    CONSTANT = "constant"
    POISSON = "poisson"


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """So many users, each of whom sends the next request after the last answer and a time to think, in seconds."""

    users: int
    think: Distribution = NOTHING

    def __str__(self) -> str:
        return f"closed({self.users})"


class Constant(msgspec.Struct, frozen=True, tag="constant"):
    """``rate`` arrivals per second, evenly."""

    rate: float

    def __str__(self) -> str:
        return f"constant({self.rate:g})"


class Poisson(msgspec.Struct, frozen=True, tag="poisson"):
    """A Poisson process of mean ``rate`` per second: gaps are independent and exponential."""

    rate: float

    def __str__(self) -> str:
        return f"poisson({self.rate:g})"


class Burst(msgspec.Struct, frozen=True, tag="burst"):
    """``size`` arrivals at once, as often as makes ``rate`` per second on average."""

    rate: float
    size: int

    def __str__(self) -> str:
        return f"burst({self.rate:g}, {self.size})"


class Ramp(msgspec.Struct, frozen=True, tag="ramp"):
    """From rate ``first`` to rate ``last`` in a straight line."""

    first: float
    last: float
    spacing: Spacing = Spacing.POISSON

    def __str__(self) -> str:
        return f"ramp({self.first:g}, {self.last:g}, {self.spacing})"


class Steps(msgspec.Struct, frozen=True, tag="steps"):
    """One rate after the other, each for an equal part of the time."""

    rates: tuple[float, ...]
    spacing: Spacing = Spacing.POISSON

    def __str__(self) -> str:
        return f"steps({', '.join(f'{rate:g}' for rate in self.rates)}, {self.spacing})"


class Spike(msgspec.Struct, frozen=True, tag="spike"):
    """Rate ``base``, but ``peak`` for ``length_s`` seconds in the middle; None for a fifth of the time."""

    base: float
    peak: float
    length_s: float | None = None
    spacing: Spacing = Spacing.POISSON

    def __str__(self) -> str:
        length = "" if self.length_s is None else f"{self.length_s:g}s, "
        return f"spike({self.base:g}, {self.peak:g}, {length}{self.spacing})"


class Trace(msgspec.Struct, frozen=True, tag="trace"):
    """Due times, and where it tells them lengths in tokens, from a file: see ``trace``."""

    path: str

    def __str__(self) -> str:
        return f"trace({self.path})"


Schedule: TypeAlias = Constant | Poisson | Burst | Ramp | Steps | Spike | Trace
Arrivals: TypeAlias = Closed | Schedule


def kind_of(arrivals: Arrivals) -> str:
    """Return the kind's name, as in ``results.json``."""
    return str(type(arrivals).__struct_config__.tag)


def rates_of(arrivals: Schedule) -> tuple[float, ...]:
    """Return the rates that were asked for; a trace has none."""
    match arrivals:
        case Constant(rate=rate) | Poisson(rate=rate) | Burst(rate=rate):
            return (rate,)
        case Ramp(first=first, last=last):
            return (first, last)
        case Steps(rates=rates):
            return rates
        case Spike(base=base, peak=peak):
            return (base, peak)
        case Trace():
            return ()


def check_arrivals(arrivals: Arrivals, duration_s: float) -> None:
    """Make sure that arrivals make sense.

    Raises:
        ArrivalsError: they do not.
    """
    if isinstance(arrivals, Closed):
        if arrivals.users < 1:
            raise ArrivalsError(f"A closed loop needs at least 1 user (--users), not {arrivals.users}.")
        try:
            check_distribution(arrivals.think, "time to think", least=0, most=_LONGEST_THINK_S)
        except ValueError as error:
            raise ArrivalsError(str(error)) from None
        return
    if isinstance(arrivals, Trace):
        return
    rates = rates_of(arrivals)
    if not rates or not all(math.isfinite(rate) and rate >= 0 for rate in rates) or not max(rates) > 0:
        raise ArrivalsError(f"The rate must be greater than 0 requests per second, not {_told(rates)}.")
    if isinstance(arrivals, Burst) and arrivals.size < 1:
        raise ArrivalsError(f"A burst needs at least 1 request, not {arrivals.size}.")
    if isinstance(arrivals, Spike) and arrivals.length_s is not None and not 0 < arrivals.length_s <= duration_s:
        raise ArrivalsError(
            f"The spike must last longer than 0 s, and no longer than the duration of {duration_s:g} s."
        )


def _told(rates: tuple[float, ...]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates) or "none"
