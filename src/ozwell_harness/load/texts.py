"""Made-up text of a given length in tokens. Pure.

Plain short English words, each of which is one token in the usual tokenizers when a space comes before it. What a
target counts may differ by a few per cent; its ``usage`` says.
"""

from __future__ import annotations

import random
from itertools import accumulate

_WORDS = (
    "the and that have for not with you this but his from they say her she will one all would there their what out"
    " about who get which when make can like time just him know take people into year your good some could them see"
    " other than then now look only come its over think also back after use two how our work first well way even new"
    " want because any these give day most us water stone river house garden winter summer light paper letter north"
    " south road bridge market bread table window door street city field horse music story answer question number"
)
#: The longest text that is made, in tokens.
MOST_TOKENS = 200_000


def some_words(rng: random.Random, count: int) -> str:
    """Return so many different words."""
    return " ".join(rng.sample(sorted(set(_WORDS.split())), count))


class Words:
    """A long made-up text of which a beginning of any length can be cut off at the cost of a copy."""

    def __init__(self, seed: str, most: int = MOST_TOKENS) -> None:
        """Have ``most`` tokens made when they are first needed; the same seed gives the same text."""
        self._seed = seed
        self._most = min(max(most, 1), MOST_TOKENS)
        self._text = b""
        self._ends: list[int] = []

    def make(self) -> None:
        """Make the text now: that takes some ten milliseconds, which no request should have to wait for."""
        chosen = random.Random(self._seed).choices(_WORDS.split(), k=self._most)  # noqa: S311 - a text is no secret
        self._text = " ".join(chosen).encode()
        self._ends = list(accumulate(len(word) + 1 for word in chosen))

    def cut(self, tokens: int) -> bytes:
        """Return the first ``tokens`` tokens, at least one; it needs no escaping in JSON."""
        if not self._ends:
            self.make()
        return self._text[: self._ends[min(max(tokens, 1), self._most) - 1] - 1]
