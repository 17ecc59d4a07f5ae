"""Reads JSON that anyone may have written, within bounds that RFC 8259 section 9 lets a reader set."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import Any

#: Deeper documents are not read: whatever looks into them would have to go as deep.
MOST_LEVELS = 200
#: An integer of more digits is clipped to so many zeros after a one, which floats can still hold.
MOST_DIGITS = 308
_LARGEST = int("1" + "0" * MOST_DIGITS)


def read_json(text: str) -> Any:
    """Return a JSON document. Numbers too large to calculate with are clipped (RFC 8259 section 6 allows bounds).

    Raises:
        ValueError: it is not exactly one JSON document (NaN and Infinity are none).
        RecursionError: it nests deeper than ``MOST_LEVELS``; it may well be JSON.
    """
    try:
        document = _DECODER.decode(text)
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MOST_LEVELS:
        _check_depth(document)
    return document


def without_surrogates(document: Any) -> Any:
    """Return the document with lone surrogates replaced by U+FFFD: they are no text, and no UTF-8 holds them."""
    match document:
        case str():
            return document.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {without_surrogates(name): without_surrogates(value) for name, value in document.items()}
        case list():
            return [without_surrogates(item) for item in document]
        case _:
            return document


def _check_depth(document: Any) -> None:
    level, depth = [document] if isinstance(document, dict | list) else [], 1
    while level:
        if depth > MOST_LEVELS:
            raise _too_deep()
        level, depth = [item for value in level for item in _inner(value)], depth + 1


def _too_deep() -> RecursionError:
    return RecursionError(f"the document nests deeper than {MOST_LEVELS} levels")


def _inner(value: Any) -> Iterable[Any]:
    """Return the objects and arrays directly within ``value``."""
    items = value.values() if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict | list)]


def _integer(digits: str) -> int:
    if len(digits) <= MOST_DIGITS:
        return int(digits)
    return -_LARGEST if digits.startswith("-") else _LARGEST


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_no_constant)
