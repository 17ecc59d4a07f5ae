"""Finds in an answer what a finding speaks of, so that a reader need not. Pure.

A finding says in words what was seen: ``id 37``, ``event 3: /choices/0: …``, ``Retry-After: 1.5``, ``500 {…}``. Where
exactly that stands in the answer, it is marked. What is missing, or lies between the lines, is marked nowhere: a mark
never says more than the finding does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from ozwell_harness.model import Finding
from ozwell_harness.reporting.bodies import Piece
from ozwell_harness.reporting.places import Path, Place, places

#: As long as values are quoted by checks, and how short a quotation is too short to be one.
_LONGEST_QUOTED = 300
_SHORTEST_STRUCTURE = 10
_SHORTEST_EXCERPT = 12
#: A value of so many characters is not found by chance.
_UNMISTAKABLE = 6
_LONGEST_ACTUAL = 1500
#: Bounded, for a target may have had a hand in the text.
_POINTER = re.compile(r"(?:event (\d{1,9}): )?(?<![\w/])(/[^\s:;,]{,200}+): ")
_EVENT = re.compile(r"\bevent (\d{1,9})\b")
_LAST_DATA = re.compile(r"last one's data is (.+)", re.DOTALL)
_DATA = re.compile(r"^data: ?", re.MULTILINE)
_STATUS = re.compile(r"(?:\bstatus (?:of )?|\A)(\d{3})(?=$|[ ,:;)])")
_OF_STATUS = re.compile(r"\bstatus\b|\b[1-5]xx\b|\b[1-5]\d\d(?: or | nor |$)|answer|refus")
_DOTTED = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)+\b")
_LED = re.compile(r"\A\d{3}: ")
_WORD = re.compile(r"\w")
_GOES_ON = re.compile(r"\w|\.\d|-\w")
_NEVER = re.compile(r"(?!)")
_LINES = re.compile(r"(\n\s*)")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text; ``findings`` are the ids of those that speak of it."""

    text: str
    findings: tuple[str, ...] = ()


def status_marked(finding: Finding, status: int) -> bool:
    """Tell whether the finding speaks of this status of an answer."""
    return bool(_OF_STATUS.search(_about(finding))) and str(status) in _STATUS.findall(_actual(finding))


def header_marked(finding: Finding, name: str, value: str) -> bool:
    """Tell whether the finding speaks of this header field: quotes name and value, or the value where it names it."""
    actual, name = _actual(finding).lower(), name.lower()
    whole = value[:_LONGEST_QUOTED].strip().lower()
    for quoted in filter(None, (whole, whole.partition(";")[0].strip())):
        if any(_stands_in(f"{name}{between}{quoted}", actual) for between in (": ", " ", " is ")):
            return True
        if actual == quoted and any(_stands_in(n, _about(finding).lower()) for n in (name, name.replace("-", " "))):
            return True
    return False


def spans(finding: Finding, piece: Piece, *, is_last: bool = False) -> tuple[Span, ...]:
    """Return the parts of a piece of a body that the finding speaks of, ascending, none within another.

    ``is_last`` tells that the piece is the last event of its stream.
    """
    start = _json_start(piece)
    quotation = _Quotation(finding, places(piece.text, start), piece.event)
    chosen = [(place.start, place.end) for place in quotation.chosen()] + list(_excerpt(finding, piece.text))
    if not chosen and _whole_event(finding, piece, is_last=is_last):
        chosen = [(start, len(piece.text.rstrip()))]
    return _joined(chosen)


def segments(text: str, marks: Iterable[tuple[str, Span]]) -> tuple[Segment, ...]:
    """Cut a text where marks begin and end; ``marks`` are (id of a finding, span). Indentation is not marked."""
    marks = list(marks)
    edges = sorted({0, len(text), *(edge for _, span in marks for edge in span)})
    made: list[Segment] = []
    for low, high in pairwise(edges):
        names = tuple(dict.fromkeys(name for name, (start, end) in marks if start <= low < end))
        parts = _LINES.split(text[low:high]) if names else [text[low:high]]
        made += [Segment(part, () if part.isspace() else names) for part in parts if part]
    return tuple(made)


def _actual(finding: Finding) -> str:
    return finding.actual[:_LONGEST_ACTUAL]


def _about(finding: Finding) -> str:
    return f"{finding.message} {finding.expected}"[:_LONGEST_ACTUAL]


def _json_start(piece: Piece) -> int:
    data = _DATA.search(piece.text) if piece.event is not None else None
    return data.end() if data else 0


class _Quotation:
    """What a finding quotes of one JSON document: a whole body, or the data of an event."""

    def __init__(self, finding: Finding, found: tuple[Place, ...], event: int | None) -> None:
        self._actual, self._about = _actual(finding), _about(finding)
        self._found = found
        self._pointed = {*_pointed(self._actual, event), *_dotted(finding.expected[:_LONGEST_ACTUAL])}
        # The whole of a body is no part of it to mark; the whole of an event is one of the stream.
        self._least = 1 if event is None else 0
        names = "|".join(sorted({re.escape(place.name) for place in found if place.name}))
        #: What may follow a text that is quoted without quotation marks: nothing, or another member.
        self._after = re.compile(rf"…|;|\Z|, (?:{names}) |, then " if names else r"…|;|\Z")

    def chosen(self) -> Iterator[Place]:
        """Return what it quotes."""
        return filter(self._is_meant, self._found)

    def _is_meant(self, place: Place) -> bool:
        if len(place.path) < self._least:
            return False
        if place.path in self._pointed or (place.name and (self._named(place) or self._bare(place))):
            return True
        return bool(place.path) and self._structure(place.value)

    def _named(self, place: Place) -> bool:
        """A member stands there as ``name value`` or ``name: value``."""
        starts = (f"{place.name} ", f"{place.name}: ")
        if any(_stands_in(start + _json(place.value), self._actual) for start in starts):
            return True
        return isinstance(place.value, str) and any(self._unquoted(start + place.value) for start in starts)

    def _unquoted(self, words: str) -> bool:
        words = words[:_LONGEST_QUOTED]
        return any(self._after.match(self._actual, end) for end in _ends(words, self._actual))

    def _bare(self, place: Place) -> bool:
        """Nothing but a value is given, or one that cannot be mistaken, and the member is named elsewhere."""
        if isinstance(place.value, dict | list) or place.value in {"", None}:
            return False
        words = place.value[:_LONGEST_QUOTED] if isinstance(place.value, str) else _json(place.value)
        alone = self._actual in {words, _json(place.value)}
        unmistakable = len(words) >= _UNMISTAKABLE and "{" not in self._actual and _stands_in(words, self._actual)
        names = (place.name, place.name.replace("_", " "))
        return (alone or unmistakable) and any(_stands_in(name, self._about) for name in names)

    def _structure(self, value: Any) -> bool:
        """An object or array stands there as it is."""
        if not isinstance(value, dict | list):
            return False
        quoted = _json(value)
        return len(quoted) >= _SHORTEST_STRUCTURE and quoted in self._actual


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST_QUOTED]


def _pointed(actual: str, event: int | None) -> Iterator[Path]:
    """Return where JSON pointers (RFC 6901) lead that are of the body, or of this event of a stream."""
    for number, pointer in _pointers(actual):
        if (int(number) if number else None) == event:
            yield tuple(_step(part) for part in pointer.split("/")[1:] if part)


@lru_cache(maxsize=64)
def _pointers(actual: str) -> tuple[tuple[str, str], ...]:
    """Return (number of an event or nothing, JSON pointer) as they stand in a finding; asked of every event anew."""
    return tuple(_POINTER.findall(actual))


def _step(part: str) -> str | int:
    return int(part) if part.isdecimal() and len(part) < 10 else part.replace("~1", "/").replace("~0", "~")


def _dotted(expected: str) -> Iterator[Path]:
    """Return where paths such as ``error.code`` lead."""
    for path in _DOTTED.findall(expected):
        yield tuple(path.split("."))


def _excerpt(finding: Finding, text: str) -> Iterator[Span]:
    """Return where the text stands of which the finding gives a part, as it is, after the status."""
    excerpt = _LED.sub("", _actual(finding)).strip()
    at = text.find(excerpt) if len(excerpt) >= _SHORTEST_EXCERPT else -1
    if at >= 0:
        yield (at, at + len(excerpt))


def _whole_event(finding: Finding, piece: Piece, *, is_last: bool) -> bool:
    actual = _actual(finding)
    if piece.event is None:
        return False
    if not _pointers(actual) and str(piece.event) in _EVENT.findall(actual):
        return True
    last = _LAST_DATA.search(actual)
    data = piece.text[_json_start(piece) :].strip()
    return is_last and last is not None and bool(data) and last.group(1).startswith(data[:_LONGEST_QUOTED])


def _stands_in(words: str, text: str) -> bool:
    """Tell whether ``words`` stand in a text, and not within longer words or numbers."""
    goes_on = _GOES_ON if words and _WORD.match(words[-1]) else _NEVER
    return any(not goes_on.match(text, end) for end in _ends(words, text))


def _ends(words: str, text: str) -> Iterator[int]:
    """Return where ``words`` end in a text, wherever they begin a word there."""
    at = text.find(words) if words else -1
    while at >= 0:
        if not at or not (_WORD.match(text[at - 1]) or text[at - 1] in "-."):
            yield at + len(words)
        at = text.find(words, at + 1)


def _joined(chosen: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(chosen):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
