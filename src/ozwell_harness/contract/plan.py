"""How much the property phase may do. Light: settings import it."""

from __future__ import annotations

from dataclasses import dataclass

#: The area of the requirements that only generated requests can show.
AREA = "contract"

#: What the answer to a generated request may cost: ``max_tokens`` for each choice, and so many choices.
TOKENS = (1, 2, 16, 64)
CHOICES = (1, 2, 3)
MOST_TOKENS = TOKENS[-1] * CHOICES[-1]


@dataclass(frozen=True, slots=True)
class PropertyPlan:
    """Bounds of the property phase.

    Attributes:
        examples: random requests generated for each operation, valid and invalid each; more come from the
            specification's examples and bounds.
        requests: no more than so many requests are sent, whatever was generated.
        time_s: no request is sent after so many seconds.
    """

    examples: int = 10
    requests: int = 400
    time_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Shares:
    """How many requests each part of the phase may send; they add up to the whole budget."""

    single: int
    walks: int
    probes: int


def shares(requests: int) -> Shares:
    """Split a budget: a fifth walks along links, a tenth makes failing requests smaller, the rest stands alone."""
    walks = min(80, requests // 5)
    probes = requests // 10
    return Shares(requests - walks - probes, walks, probes)
