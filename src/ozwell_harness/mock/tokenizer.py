"""The mock's own tokens: text cut into short pieces that join to the same text again."""

from __future__ import annotations

import re

LONGEST_PIECE = 9

_PIECE = re.compile(r" ?[A-Za-z]{1,8}| ?[0-9]{1,3}| ?[^\sA-Za-z0-9]|\s")


def pieces_of(text: str) -> list[str]:
    """The tokens of a text; `"".join` of them is the text. No code point is ever split."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens a text has."""
    return len(_PIECE.findall(text))


def surely_exceeds(text: str, tokens: int) -> bool:
    """Whether a text is too long for this many tokens without counting them one by one."""
    return len(text) > tokens * LONGEST_PIECE
