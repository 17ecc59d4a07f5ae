"""Splits a text into chunks that overlap, at the best break near the end of each. Pure and deterministic."""

from __future__ import annotations

import re
from collections.abc import Iterator

CHUNK = 800
OVERLAP = 120

#: Where a chunk should end, the best break first.
_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?\u2026\u3002\uff01\uff1f]['\"”»)]*\s"),
    re.compile(r"\s"),
)


def split_text(text: str, size: int = CHUNK, overlap: int = OVERLAP) -> list[str]:
    """Return chunks of at most ``size`` characters that cover all of the text but white space at its ends.

    Each begins up to ``overlap`` characters before the end of the one before, at the beginning of a word.

    Raises:
        ValueError: the overlap leaves no room to go on.
    """
    if not 0 <= 2 * overlap < size:
        raise ValueError("The overlap must be less than half a chunk.")
    return [chunk for chunk in _chunks(text.strip(), size, overlap) if chunk]


def _chunks(text: str, size: int, overlap: int) -> Iterator[str]:
    start = 0
    while len(text) - start > size:
        end = _end(text, start + size // 2, start + size)
        yield text[start:end].strip()
        start = _begin(text, end - overlap, end)
    yield text[start:].strip()


def _end(text: str, earliest: int, latest: int) -> int:
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, earliest, latest)]
        if ends:
            return ends[-1]
    return latest


def _begin(text: str, earliest: int, latest: int) -> int:
    match = _BREAKS[-1].search(text, earliest, latest)
    return match.end() if match else earliest
