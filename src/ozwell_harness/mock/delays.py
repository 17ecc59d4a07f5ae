"""Durations as the command line writes them: fixed, normal or lognormal."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import Protocol

from ozwell_harness.mock.errors import MockSettingsError

_UNITS = {"ms": 1e-3, "s": 1.0, "us": 1e-6, "": 1.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(ms|us|s|)\s*\Z")
_CALL = re.compile(r"\s*(fixed|normal|lognormal)\s*\(([^()]*)\)\s*\Z")
_ADVICE = "Write for example 200ms, 0.2s, normal(200ms, 20ms) or lognormal(200ms, 0.5)."


class Delay(Protocol):
    """A distribution of durations in seconds, never negative."""

    @property
    def mean_s(self) -> float:
        """The expected value in seconds."""
        ...

    def sample(self, rng: random.Random) -> float:
        """Draw one duration in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same duration."""

    seconds: float

    @property
    def mean_s(self) -> float:
        """The duration itself."""
        return self.seconds

    def sample(self, rng: random.Random) -> float:  # noqa: ARG002 - one interface for all
        """The duration itself."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Normal:
    """Normally distributed, cut at zero."""

    mean: float
    deviation: float

    @property
    def mean_s(self) -> float:
        """The mean before the cut at zero."""
        return self.mean

    def sample(self, rng: random.Random) -> float:
        """Draw one duration in seconds."""
        return max(0.0, rng.gauss(self.mean, self.deviation))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Lognormal with the given median (seconds) and sigma of the logarithm."""

    median: float
    sigma: float

    @property
    def mean_s(self) -> float:
        """Median · exp(sigma² / 2)."""
        return self.median * math.exp(self.sigma**2 / 2)

    def sample(self, rng: random.Random) -> float:
        """Draw one duration in seconds."""
        return self.median * math.exp(rng.gauss(0.0, self.sigma))


NO_DELAY = Fixed(0.0)


def parse_duration(text: str) -> float:
    """Seconds from `200ms`, `0.2s` or `0.2`.

    Raises:
        MockSettingsError: the text is no duration.
    """
    match = _DURATION.match(text)
    if match is None:
        raise MockSettingsError(f"'{text}' is not a duration. {_ADVICE}")
    return float(match[1]) * _UNITS[match[2]]


def parse_delay(text: str) -> Delay:
    """A distribution from its expression.

    Raises:
        MockSettingsError: the text is no such expression.
    """
    call = _CALL.match(text)
    if call is None:
        return Fixed(parse_duration(text))
    name, arguments = call[1], call[2].split(",")
    if len(arguments) != (1 if name == "fixed" else 2):
        raise MockSettingsError(f"'{text}' has the wrong number of arguments. {_ADVICE}")
    first = parse_duration(arguments[0])
    if name == "fixed":
        return Fixed(first)
    if name == "normal":
        return Normal(first, parse_duration(arguments[1]))
    return Lognormal(first, _plain_number(arguments[1], text))


def _plain_number(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise MockSettingsError(f"The sigma of '{whole}' must be a number of 0 or more. {_ADVICE}")
    return value
