"""How texts become words, for finding documents again."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, whatever their case and the form of their accents."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
