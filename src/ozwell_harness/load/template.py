"""Request bodies that are serialised once, with gaps for what differs from request to request. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

#: Where a document has a gap; texts put there must need no escaping in JSON.
NONCE = "\x00nonce\x00"
TEXT = "\x00text\x00"
#: A gap where JSON has a number; no request ever asks for so many of anything.
NUMBER = 9_007_199_254_740_881

_GAPS = re.compile(b"|".join([*(re.escape(msgspec.json.encode(gap)[1:-1]) for gap in (NONCE, TEXT)), b"%d" % NUMBER]))


class Template:
    """A JSON body with gaps, to be filled in the order in which the document has them."""

    __slots__ = ("_parts",)

    def __init__(self, document: Mapping[str, Any]) -> None:
        between = _GAPS.split(msgspec.json.encode(document))
        self._parts: list[bytes] = [b""] * (2 * len(between) - 1)
        self._parts[::2] = between

    @property
    def gaps(self) -> int:
        """How many gaps there are."""
        return len(self._parts) // 2

    def fill(self, *values: bytes) -> bytes:
        """Return the whole body.

        Raises:
            ValueError: there are not as many values as gaps.
        """
        parts = self._parts.copy()
        parts[1::2] = values
        return b"".join(parts)
