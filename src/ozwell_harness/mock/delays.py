"""Durations as the command line writes them: fixed, drawn from a distribution, or drawn from recorded ones."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ozwell_harness.mock.errors import MockSettingsError

_UNITS = {"ms": 1e-3, "s": 1.0, "us": 1e-6, "": 1.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(ms|us|s|)\s*\Z")
_CALL = re.compile(r"\s*(fixed|exponential|normal|lognormal)\s*\(([^()]*)\)\s*\Z")
_RECORDED = re.compile(r"\s*recorded\s*\((.*)\)\s*\Z", re.DOTALL)
_ADVICE = (
    "Write for example 200ms, 0.2s, exponential(200ms), normal(200ms, 20ms), lognormal(200ms, 0.5)"
    " or recorded(delays.txt)."
)


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


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponentially distributed: with Poisson arrivals and slots, an M/M/c queue."""

    mean: float

    @property
    def mean_s(self) -> float:
        """The mean."""
        return self.mean

    def sample(self, rng: random.Random) -> float:
        """Draw one duration in seconds."""
        return -self.mean * math.log(1.0 - rng.random())


@dataclass(frozen=True, slots=True)
class Recorded:
    """One of the given durations, each as likely as the others. There must be at least one."""

    values: tuple[float, ...]

    @property
    def mean_s(self) -> float:
        """The mean of the values."""
        return math.fsum(self.values) / len(self.values)

    def sample(self, rng: random.Random) -> float:
        """Draw one duration in seconds."""
        return rng.choice(self.values)


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
        MockSettingsError: the text is no such expression, or names a file that holds no durations.
    """
    file = _RECORDED.match(text)
    if file is not None:
        return read_recorded(Path(file[1].strip()))
    call = _CALL.match(text)
    if call is None:
        return Fixed(parse_duration(text))
    name, arguments = call[1], call[2].split(",")
    if len(arguments) != (1 if name in {"fixed", "exponential"} else 2):
        raise MockSettingsError(f"'{text}' has the wrong number of arguments. {_ADVICE}")
    first = parse_duration(arguments[0])
    if name == "fixed":
        return Fixed(first)
    if name == "exponential":
        return Exponential(first)
    if name == "normal":
        return Normal(first, parse_duration(arguments[1]))
    return Lognormal(first, _plain_number(arguments[1], text))


def read_recorded(path: Path) -> Recorded:
    """The durations in a file, one a line; empty lines and what follows a ``#`` are left out.

    Raises:
        MockSettingsError: the file cannot be read, or a line is no duration, or there is none.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MockSettingsError(f"The recorded durations in '{path}' cannot be read: {reason}.") from None
    values = tuple(_recorded_values(path, lines))
    if not values:
        raise MockSettingsError(f"'{path}' holds no durations. Write one on each line, for example 200ms.")
    return Recorded(values)


def _recorded_values(path: Path, lines: list[str]) -> Iterator[float]:
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            yield parse_duration(text)
        except MockSettingsError:
            message = f"Line {number} of '{path}' is no duration: '{text[:40]}'. Write for example 200ms or 0.2."
            raise MockSettingsError(message) from None


def _plain_number(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise MockSettingsError(f"The sigma of '{whole}' must be a number of 0 or more. {_ADVICE}")
    return value
