"""Line breaks for JSON text. Works on the text itself: numbers, order and repeated names stay as they were sent."""

from __future__ import annotations

import re

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^"{}\[\],:\s]+|\s+', re.DOTALL)
_MARKS = frozenset("{}[],:")
_STEP = "  "
_DEEPEST = 40


def indent(text: str) -> str:
    """Return JSON text, whole or cut off, with a line for each member of an object; arrays of plain values stay on one.

    White space beside braces, brackets, commas and colons changes, nothing else does. Text that does not begin like
    JSON is returned as it is.
    """
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    pieces = _tight(_PIECE.findall(text))
    written: list[str] = []
    broken: list[bool] = []
    for number, piece in enumerate(pieces):
        if piece in {"{", "["}:
            following = pieces[number + 1] if number + 1 < len(pieces) else ""
            broken.append(following in {"{", "["} or (piece == "{" and following != "}"))
            written.append(piece + (_line(len(broken)) if broken[-1] else ""))
        elif piece in {"}", "]"}:
            was_broken = broken.pop() if broken else False
            written.append((_line(len(broken)) if was_broken else "") + piece)
        elif piece == ",":
            written.append("," + (_line(len(broken)) if broken and broken[-1] else " "))
        else:
            written.append(": " if piece == ":" else piece)
    return "".join(written)


def _tight(pieces: list[str]) -> list[str]:
    """Drop white space beside a mark within the document; elsewhere it is a deviation, which must stay in sight."""
    kept: list[str] = []
    depth = 0
    for number, piece in enumerate(pieces):
        depth += (piece in {"{", "["}) - (piece in {"}", "]"})
        beside = _MARKS.intersection(pieces[max(0, number - 1) : number] + pieces[number + 1 : number + 2])
        if not (piece.isspace() and beside and depth > 0):
            kept.append(piece)
    return kept


def _line(depth: int) -> str:
    return "\n" + _STEP * min(depth, _DEEPEST)
