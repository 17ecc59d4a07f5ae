"""Scenarios: what one arrival does, as a generator of requests. Pure: who sends them is not known here.

A scenario yields a ``Step`` and is sent the ``Answer``; a scenario of several dependent requests reads ids from it::

    def upload_and_read(context):
        file = context.file()
        answer = yield file.upload()
        if file.kept(answer):
            yield file.download()

What its requests are made from is its ``Context``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.context import Context
from ozwell_harness.load.plan import PlanError
from ozwell_harness.load.step import Kind, Step

__all__ = ["Context", "Flow", "Kind", "Mix", "Need", "Offer", "Scenario", "Step", "combine"]

Flow: TypeAlias = Generator[Step, Answer, None]


class Need(StrEnum):
    """What a scenario cannot do without, by the names that profiles give to capabilities."""

    MODELS = "models"
    CHAT = "chat"
    STREAMING = "streaming"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    FILES = "files"
    HISTORY = "history"
    DOCUMENTS = "documents"
    RETRIEVAL = "retrieval"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a target can be asked for, as far as its dialect and the plan tell.

    Attributes:
        dialect: its name, for messages.
        known: capabilities that the dialect knows.
        owed: those of them that every target has.
        embedding_model: whether one is named.
    """

    dialect: str
    known: frozenset[str]
    owed: frozenset[str]
    embedding_model: bool

    def allows(self, scenario: Scenario) -> bool:
        """Whether the scenario can be asked for by its name."""
        return not self.lacking(scenario) and (self.embedding_model or Need.EMBEDDINGS not in scenario.needs)

    def assures(self, scenario: Scenario) -> bool:
        """Whether any target will do for the scenario, so that it can be mixed with others unasked."""
        named = frozenset({Need.EMBEDDINGS}) if self.embedding_model else frozenset()
        return self.allows(scenario) and scenario.needs <= self.owed | named

    def lacking(self, scenario: Scenario) -> list[str]:
        """What the scenario needs and the dialect does not know."""
        return sorted(scenario.needs - self.known)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named scenario: ``flow`` makes one run of it."""

    name: str
    flow: Callable[[Context], Flow]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mix:
    """Scenarios with weights; a mix of one is that scenario."""

    parts: tuple[tuple[Scenario, float], ...]

    def possible(self, name: str, offer: Offer) -> Mix:
        """Return the mix without the parts whose needs are not met, or of several not surely met.

        Raises:
            PlanError: none is left.
        """
        fits = offer.allows if len(self.parts) == 1 else offer.assures
        parts = tuple((scenario, weight) for scenario, weight in self.parts if fits(scenario))
        if parts:
            return Mix(parts)
        lacking = [what for scenario, _ in self.parts for what in offer.lacking(scenario)]
        if lacking:
            raise PlanError(f"Scenario {name} needs {' and '.join(lacking)}, which the profile {offer.dialect} lacks.")
        raise PlanError(f"Scenario {name} needs an embedding model: name one with OZWELL_EMBEDDING_MODEL.")

    def choose(self, rng: random.Random) -> Scenario:
        """Return one scenario, by weight."""
        if len(self.parts) == 1:
            return self.parts[0][0]
        return rng.choices([s for s, _ in self.parts], [w for _, w in self.parts])[0]


def combine(scenarios: Mapping[str, Mix], weights: Iterable[tuple[str, float]], offer: Offer) -> Mix:
    """Return a mix of scenarios by weights of the user's; every one of them must be possible.

    Raises:
        PlanError: there is no such scenario, or it needs what is missing.
    """
    parts: dict[Scenario, float] = {}
    for name, weight in weights:
        mix = named(scenarios, name).possible(name, offer)
        whole = sum(share for _, share in mix.parts)
        for scenario, share in mix.parts:
            parts[scenario] = parts.get(scenario, 0.0) + weight * share / whole
    return Mix(tuple(parts.items()))


def named(scenarios: Mapping[str, Mix], name: str) -> Mix:
    """Return the scenario of a name.

    Raises:
        PlanError: there is none.
    """
    if name not in scenarios:
        raise PlanError(f"There is no scenario {name!r}. Scenarios: {', '.join(scenarios)}.")
    return scenarios[name]
