"""What a prompt offers to fill free values with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.mock.generation.words import key_words, numbers, proper_nouns, quoted

_SIMPLE = re.compile(r"\^?\[A-Z\](?:\[a-z\]|\\w)[+*]\$?\Z")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")


@dataclass(frozen=True, slots=True)
class Hints:
    """Words, names, quotes and numbers of a prompt, best first."""

    names: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    text: str = ""

    def word(self, name: str, position: int) -> str:
        """Something fitting for a free string: a quote, a proper noun, a telling word."""
        pool = self.quotes or self.names or self.words
        if not pool:
            return f"example {name}".strip() if position == 0 else f"example {position + 1}"
        return pool[position] if position < len(pool) else f"{pool[position % len(pool)]} {position + 1}"

    def number(self, position: int, low: float, high: float, *, integral: bool) -> float | None:
        """A number of the prompt within bounds, or None."""
        fitting = [v for v in self.values if low <= v <= high and (not integral or v.is_integer())]
        return fitting[position] if position < len(fitting) else None

    def choose(self, choices: Sequence[Any], position: int) -> Any:
        """The choice that the prompt mentions, else the one at the position."""
        lowered = self.text.lower()
        if position == 0:
            for choice in choices:
                if (
                    isinstance(choice, str)
                    and choice
                    and re.search(rf"(?<!\w){re.escape(choice.lower())}(?!\w)", lowered)
                ):
                    return choice
        return choices[position % len(choices)]

    def matching_word(self, pattern: str) -> str | None:
        """A proper noun where the pattern is plainly that of one; foreign patterns are never run."""
        if not _SIMPLE.match(pattern):
            return None
        return next((name for name in self.names if name.isascii() and name.isalpha() and name[1:].islower()), None)

    def formatted(self, form: str) -> str | None:
        """A date or address that the prompt already has in the right form."""
        found = {"date": _DATE, "email": _EMAIL}.get(form)
        match = found.search(self.text) if found else None
        return match[0] if match else None

    def about(self, name: str) -> Hints:
        """The same hints with one name in front of all others."""
        return Hints((name,), (), (name,), self.values, self.text)


def hints_of(text: str) -> Hints:
    """Hints from a prompt."""
    text = text[:20_000]
    return Hints(tuple(proper_nouns(text)), tuple(quoted(text)), key_words(text), tuple(numbers(text)), text)
