"""Reads arrivals and distributions from the way the command line writes them: ``ramp(1, 50)``, ``normal(200, 20)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ozwell_harness.load.arrivals import (
    ArrivalsError,
    Burst,
    Constant,
    Poisson,
    Ramp,
    Schedule,
    Spacing,
    Spike,
    Steps,
    Trace,
)
from ozwell_harness.load.distribution import Distribution, Exponential, Fixed, LogNormal, Normal, Uniform
from ozwell_harness.load.plan import PlanError
from ozwell_harness.load.prompts import read_prompts
from ozwell_harness.load.workload import Workload

_CALL = re.compile(r"\s*([a-z]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|m|h|)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_ARRIVALS_ADVICE = (
    "Write constant or poisson with --rate, or burst(RATE, SIZE), ramp(FROM, TO), steps(RATE, RATE, …),"
    " spike(BASE, PEAK, 10s) or trace(FILE)."
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What the numbers of a distribution are; ``timed`` allows 200ms and the like."""

    name: str
    timed: bool
    example: str


TIME = Unit(
    "time", timed=True, example="500ms, uniform(1s, 3s), normal(2s, 500ms), lognormal(2s, 0.5), exponential(2s)"
)
TOKENS = Unit("number of tokens", timed=False, example="200, uniform(50, 400), normal(200, 50) or lognormal(200, 0.5)")
BYTES = Unit("number of bytes", timed=False, example="4096, uniform(1024, 16384) or lognormal(4096, 1)")


def parse_distribution(text: str, unit: Unit) -> Distribution:
    """Read a distribution.

    Raises:
        PlanError: it is none.
    """
    wrong = PlanError(f"{text!r} is no {unit.name}: write for example {unit.example}.")
    call = _CALL.fullmatch(text)
    if call is None or call[2] is None:
        return Fixed(_quantity(text, unit, wrong))
    words = [word.strip() for word in call[2].split(",")]
    if len(words) != {"fixed": 1, "exponential": 1}.get(call[1], 2):
        raise wrong
    first = _quantity(words[0], unit, wrong)
    match call[1]:
        case "fixed":
            return Fixed(first)
        case "exponential":
            return Exponential(first)
        case "uniform":
            return Uniform(first, _quantity(words[1], unit, wrong))
        case "normal":
            return Normal(first, _quantity(words[1], unit, wrong))
        case "lognormal":
            return LogNormal(first, _number(words[1], wrong))
        case _:
            raise wrong


def parse_arrivals(text: str, rate: float | None) -> Schedule:
    """Read arrivals; ``rate`` is what ``--rate`` says, for the kinds that have a single rate.

    Raises:
        ArrivalsError: they are none, or the rate is missing, or said twice.
    """
    call = _CALL.fullmatch(text)
    if call is None or call[1] not in _READERS:
        raise ArrivalsError(f"{text!r} is no kind of arrivals. {_ARRIVALS_ADVICE}")
    words = [word.strip() for word in (call[2] or "").split(",") if word.strip()]
    if call[1] == "trace":
        words = [(call[2] or "").strip()]
    elif rate is not None:
        if call[1] not in _SINGLE_RATE or len(words) > _SINGLE_RATE[call[1]]:
            raise ArrivalsError(f"Arrivals {text!r} have their rates in brackets: leave out --rate.")
        words.insert(0, repr(rate))
    try:
        return _READERS[call[1]](words)
    except (ValueError, IndexError, TypeError):
        raise ArrivalsError(f"The arrivals {text!r} cannot be read. {_ARRIVALS_ADVICE}") from None


def parse_workload(values: Mapping[str, Any]) -> Workload:
    """Read what requests say from texts and numbers by the name of their field; what is None or missing is as usual.

    Raises:
        PlanError: a text cannot be read.
        PromptError: the prompt file cannot be used.
    """
    given = {name: values[name] for name in Workload.__struct_fields__ if values.get(name) is not None}
    for name, unit in (("prompt_tokens", TOKENS), ("answer_tokens", TOKENS), ("file_bytes", BYTES)):
        if name in given:
            given[name] = parse_distribution(str(given[name]), unit)
    if "prompt_file" in given:
        # Workers run in another directory; and its mistakes are to be told before anything is sent.
        path = Path(given["prompt_file"]).expanduser().resolve()
        read_prompts(path)
        given["prompt_file"] = str(path)
    return Workload(**given)


def parse_mix(text: str) -> tuple[tuple[str, float], ...]:
    """Read the weights of a mix: ``chat=3,chat_stream=6``.

    Raises:
        PlanError: it is none.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*", part)
        if match is None or match[1] in found:
            raise PlanError(f"{text!r} is no mix: write each scenario once, with its weight: chat=3,chat_stream=6.")
        found[match[1]] = float(match[2])
    return tuple(found.items())


def _quantity(text: str, unit: Unit, wrong: PlanError) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or (match[2] and not unit.timed):
        raise wrong
    return float(match[1]) * _SECONDS[match[2]]


def _number(text: str, wrong: PlanError) -> float:
    if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) is None:
        raise wrong
    return float(text)


def _spaced(words: list[str]) -> tuple[list[str], Spacing]:
    if words and words[-1] in {spacing.value for spacing in Spacing}:
        return words[:-1], Spacing(words[-1])
    return words, Spacing.POISSON


def _ramp(words: list[str]) -> Ramp:
    numbers, spacing = _spaced(words)
    first, last = map(float, numbers)
    return Ramp(first, last, spacing)


def _steps(words: list[str]) -> Steps:
    numbers, spacing = _spaced(words)
    return Steps(tuple(map(float, numbers)), spacing)


def _spike(words: list[str]) -> Spike:
    (base, peak, *length), spacing = _spaced(words)
    if len(length) > 1:
        raise ValueError(length)
    length_s = _quantity(length[0], TIME, PlanError(length[0])) if length else None
    return Spike(float(base), float(peak), length_s, spacing)


def _burst(words: list[str]) -> Burst:
    rate, size = words
    return Burst(float(rate), int(size))


def _trace(words: list[str]) -> Trace:
    if not words[0]:
        raise ValueError(words)
    # Workers run in another directory.
    return Trace(str(Path(words[0]).expanduser().resolve()))


def _single(kind: Callable[[float], Schedule]) -> Callable[[list[str]], Schedule]:
    def read(words: list[str]) -> Schedule:
        (rate,) = words
        return kind(float(rate))

    return read


#: Kinds that ``--rate`` completes, and how many words they may then have of their own.
_SINGLE_RATE = {"constant": 0, "poisson": 0, "burst": 1}
_READERS: Mapping[str, Callable[[list[str]], Schedule]] = {
    "constant": _single(Constant),
    "poisson": _single(Poisson),
    "burst": _burst,
    "ramp": _ramp,
    "steps": _steps,
    "spike": _spike,
    "trace": _trace,
}
