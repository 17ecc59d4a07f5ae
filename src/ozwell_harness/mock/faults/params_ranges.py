"""Bounds of the four sampling parameters that are not kept, or are drawn one step too narrow."""

from __future__ import annotations

from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.param_rules import ABSENT, BOTH, CHAT, RESPONSES, is_number, takes, turns_away

AREA = Area("params")

#: Parameter → its bounds.
BOUNDS = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}


def below(parameter: str, low: float) -> None:
    """Values below the range are taken."""
    slug = parameter.replace("_", "-")
    takes(
        AREA,
        f"{slug}-below-accepted",
        f"A {parameter} below {low:g} is accepted by chat completions.",
        parameter,
        lambda value: is_number(value) and value < low,
        low,
        breaks=(f"params.{slug}-below-refused",),
    )


def above(parameter: str, high: float) -> None:
    """Values above the range are taken."""
    slug = parameter.replace("_", "-")
    takes(
        AREA,
        f"{slug}-above-accepted",
        f"A {parameter} above {high:g} is accepted by chat completions.",
        parameter,
        lambda value: is_number(value) and value > high,
        high,
        breaks=(f"params.{slug}-above-refused",),
    )


def bound_excluded(parameter: str, side: str, bound: float) -> None:
    """The range is taken as open at one end, on one endpoint."""
    slug = parameter.replace("_", "-")
    for prefix, operations in (("", CHAT), ("responses-", RESPONSES)):
        turns_away(
            AREA,
            f"{prefix}{slug}-{side}-bound-refused",
            f"A {parameter} of exactly {bound:g} is refused by {operations[0].value}.",
            parameter,
            lambda value: is_number(value) and value == bound,
            operations=operations,
            breaks=(f"params.{prefix}{slug}-{side}-bound-accepted",),
        )


def coerced(parameter: str) -> None:
    """Values of any type are taken, on both endpoints."""
    slug = parameter.replace("_", "-")
    takes(
        AREA,
        f"{slug}-of-any-type",
        f"A {parameter} that is no number is read as 1.",
        parameter,
        lambda value: value is not ABSENT and value is not None and not is_number(value),
        1,
        operations=BOTH,
        breaks=(f"params.{slug}-wrong-type-refused", f"params.responses-{slug}-wrong-type-refused"),
    )


for _parameter, (_low, _high) in BOUNDS.items():
    below(_parameter, _low)
    bound_excluded(_parameter, "lower", _low)
    bound_excluded(_parameter, "upper", _high)
    coerced(_parameter)
    if _parameter != "temperature":
        above(_parameter, _high)

takes(
    AREA,
    "responses-temperature-of-any-type",
    "A temperature that is a text is read as 1 by responses, and refused by chat completions.",
    "temperature",
    lambda value: isinstance(value, str),
    1,
    operations=RESPONSES,
    breaks=("params.responses-temperature-wrong-type-refused",),
)
turns_away(
    AREA,
    "temperature-refused",
    "Any temperature but 1 is refused.",
    "temperature",
    lambda value: is_number(value) and 0 <= value <= 2 and value != 1,
    operations=BOTH,
    breaks=(
        "params.temperature-lower-bound-accepted",
        "params.temperature-upper-bound-accepted",
        "params.fractions-accepted",
        "params.responses-temperature-lower-bound-accepted",
        "params.responses-temperature-upper-bound-accepted",
    ),
)
turns_away(
    AREA,
    "temperature-fraction-refused",
    "A temperature within its range is refused unless it is an integer.",
    "temperature",
    lambda value: isinstance(value, float) and 0 <= value <= 2 and not value.is_integer(),
    breaks=("params.fractions-accepted",),
)
turns_away(
    AREA,
    "penalty-between-refused",
    "A frequency_penalty below 0 is refused unless it is an integer.",
    "frequency_penalty",
    lambda value: isinstance(value, float) and -2 <= value < 0 and not value.is_integer(),
    breaks=("params.fractions-accepted",),
)
