"""Deals a budget of requests fairly: every operation gets its turn, whatever the others have in stock."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Generic, TypeVar

_Card = TypeVar("_Card")


@dataclass(frozen=True, slots=True)
class Deck(Generic[_Card]):
    """What one operation has to send, best first, and its share of each round."""

    cards: Sequence[_Card]
    weight: int = 1


def deal(decks: Sequence[Deck[_Card]], most: int) -> list[_Card]:
    """Return up to ``most`` cards, the first to be sent first: round by round, ``weight`` of each deck a round."""
    hands = [[deck.cards[i : i + deck.weight] for i in range(0, len(deck.cards), deck.weight)] for deck in decks]
    rounds = zip_longest(*hands, fillvalue=())
    return [card for dealt in rounds for hand in dealt for card in hand][:most]


def spread(cards: Iterable[_Card], key: Callable[[_Card], Hashable]) -> list[_Card]:
    """Return ``cards`` so that those of different keys come first: one of each, then a second of each."""
    groups: dict[Hashable, list[_Card]] = {}
    for card in cards:
        groups.setdefault(key(card), []).append(card)
    return [card for row in zip_longest(*groups.values()) for card in row if card is not None]
