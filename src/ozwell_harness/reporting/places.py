"""Where each value of a JSON text stands, whole or cut off. Pure; works on the text, as it is shown."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
#: Deeper values have no place of their own: nobody could find them in the page either.
_DEEPEST = 40
_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A value within a text.

    Attributes:
        path: names and indexes that lead to it; empty for the whole document.
        start: where its name stands, or itself where it has none; ``end`` is behind it.
        value: the value, or None where it cannot be read.
    """

    path: Path
    start: int
    end: int
    value: Any

    @property
    def name(self) -> str:
        """The name of the member that it is the value of; empty for items of arrays."""
        return self.path[-1] if self.path and isinstance(self.path[-1], str) else ""


class _EndError(Exception):
    """The text ends, or is no JSON from here on."""


def places(text: str, start: int = 0) -> tuple[Place, ...]:
    """Return the place of every value of the JSON document that begins at ``start``, inner ones first.

    Of a text that is cut off, or is no JSON from some point on, those are returned that are whole before it.
    """
    reader = _Reader(text, start)
    with contextlib.suppress(_EndError):
        reader.read((), None)
    return tuple(reader.found)


class _Reader:
    """Reads one document, and notes what it passes."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self.found: list[Place] = []

    def read(self, path: Path, named_at: int | None) -> None:
        """Read one value; ``named_at`` is where its name stands."""
        sign, start = self._next()
        if sign in {"{", "["}:
            if len(path) >= _DEEPEST:
                raise _EndError
            self._object(path) if sign == "{" else self._array(path)
        elif sign in {"}", "]", ":", ","}:
            raise _EndError
        value = _value(self._text[start : self._at])
        self.found.append(Place(path, start if named_at is None else named_at, self._at, value))

    def _object(self, path: Path) -> None:
        for _ in self._items("}"):
            sign, start = self._next()
            name = _value(sign)
            if not isinstance(name, str) or self._next()[0] != ":":
                raise _EndError
            self.read((*path, name), start)

    def _array(self, path: Path) -> None:
        for number in self._items("]"):
            self.read((*path, number), None)

    def _items(self, closing: str) -> Iterator[int]:
        """Count items up to the closing bracket, which is passed."""
        if self._peek() == closing:
            self._next()
            return
        number = 0
        while True:
            yield number
            sign, _ = self._next()
            if sign == closing:
                return
            if sign != ",":
                raise _EndError
            number += 1

    def _peek(self) -> str:
        before = self._at
        sign, _ = self._next()
        self._at = before
        return sign

    def _next(self) -> tuple[str, int]:
        space = _SPACE.match(self._text, self._at)
        match = _TOKEN.match(self._text, space.end() if space else self._at)
        if match is None:
            raise _EndError
        self._at = match.end()
        return match.group(), match.start()


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
