"""Random quantities as typed values: lengths in tokens, times to think in seconds. Pure."""

from __future__ import annotations

import math
import random
from typing import TypeAlias

import msgspec


class Fixed(msgspec.Struct, frozen=True, tag="fixed"):
    """Always the same."""

    value: float

    @property
    def mean(self) -> float:
        """The value itself."""
        return self.value

    def draw(self, rng: random.Random) -> float:  # noqa: ARG002 - one interface for all
        """Return the value."""
        return self.value


class Uniform(msgspec.Struct, frozen=True, tag="uniform"):
    """Anything between ``low`` and ``high``, each as likely."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """Half-way between the ends."""
        return (self.low + self.high) / 2

    def draw(self, rng: random.Random) -> float:
        """Draw a value."""
        return rng.uniform(self.low, self.high)


class Normal(msgspec.Struct, frozen=True, tag="normal"):
    """Normally distributed, cut at zero; ``middle`` is the mean before the cut."""

    middle: float
    deviation: float

    @property
    def mean(self) -> float:
        """The mean before the cut at zero."""
        return self.middle

    def draw(self, rng: random.Random) -> float:
        """Draw a value."""
        return max(0.0, rng.gauss(self.middle, self.deviation))


class LogNormal(msgspec.Struct, frozen=True, tag="lognormal"):
    """Lognormal: half of the values lie below ``median``; ``sigma`` is the deviation of the logarithm."""

    median: float
    sigma: float

    @property
    def mean(self) -> float:
        """Median · exp(sigma² / 2)."""
        return self.median * math.exp(self.sigma**2 / 2)

    def draw(self, rng: random.Random) -> float:
        """Draw a value."""
        return self.median * math.exp(rng.gauss(0.0, self.sigma))


class Exponential(msgspec.Struct, frozen=True, tag="exponential"):
    """Exponential, with the given mean."""

    mean: float

    def draw(self, rng: random.Random) -> float:
        """Draw a value."""
        return rng.expovariate(1 / self.mean) if self.mean else 0.0


Distribution: TypeAlias = Fixed | Uniform | Normal | LogNormal | Exponential
NOTHING = Fixed(0.0)


def spelled(distribution: Distribution) -> str:
    """Return a distribution as the command line writes it, in seconds or tokens: ``200``, ``lognormal(200, 0.5)``."""
    numbers = ", ".join(f"{number:g}" for number in msgspec.structs.astuple(distribution))
    return numbers if isinstance(distribution, Fixed) else f"{type(distribution).__struct_config__.tag}({numbers})"


def check_distribution(distribution: Distribution, what: str, *, least: float, most: float) -> None:
    """Make sure that a distribution makes sense.

    Raises:
        ValueError: a parameter is no finite number, lies outside of ``least`` to ``most``, or the two ends of a uniform
            one are crossed.
    """
    sizes: tuple[float, ...]
    match distribution:
        case Fixed(value=value) | Exponential(mean=value):
            sizes, spread = (value,), 0.0
        case Uniform(low=low, high=high):
            sizes, spread = (low, high), high - low
        case Normal(middle=value, deviation=spread) | LogNormal(median=value, sigma=spread):
            sizes = (value,)
    if not all(math.isfinite(size) and least <= size <= most for size in sizes):
        raise ValueError(f"The {what} must lie between {least:g} and {most:g}.")
    if not 0 <= spread < math.inf:
        raise ValueError(f"The {what} has a spread below 0: its ends are crossed, or its deviation is negative.")
