"""Bodies as they are shown: visible text, cut to a length, with line breaks; streams event by event. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ozwell_harness.model import Response
from ozwell_harness.reporting.indent import indent
from ozwell_harness.reporting.text import body, count, visible

#: Bytes of a body that are shown; of a stream, the later part of them is its end.
LONGEST_BODY = 4096
_LONGEST_END = 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a body as it is shown; ``event`` is the number from 0 of the event that it is, in a stream."""

    text: str
    event: int | None = None


@dataclass(frozen=True, slots=True)
class ShownBody:
    """A body to show; ``note`` says what was left out or changed, and is empty when nothing was."""

    pieces: tuple[Piece, ...] = ()
    note: str = ""


def shown_body(data: bytes) -> ShownBody:
    """Return a body to show; JSON gets line breaks."""
    shown = body(data, LONGEST_BODY)
    text = indent(shown.text)
    note = shown.note if text == shown.text else "; ".join(filter(None, (shown.note, "line breaks added")))
    return ShownBody((Piece(text),) if text else (), note)


def shown_answer(response: Response) -> ShownBody:
    """Return the body of an answer to show; a long stream loses events from its middle, for its end says most."""
    if response.media_type != "text/event-stream" or not response.stream.events:
        return shown_body(response.body)
    pieces = list(_events(response))
    head, tail = _kept([len(text) for text in pieces])
    left_out = len(pieces) - head - tail
    shown = [_piece(number, text) for number, text in enumerate(pieces[:head])]
    if left_out:
        size = sum(map(len, pieces[head : len(pieces) - tail]))
        shown.append(Piece(f"[{count(left_out, 'event')} of {count(size, 'byte')} not shown]\n\n"))
    shown += [_piece(len(pieces) - tail + number, text) for number, text in enumerate(pieces[len(pieces) - tail :])]
    rest = response.body[response.stream.events[-1].end :]
    note = f"cut: {count(head + tail, 'event')} of {len(pieces)} shown" if left_out else ""
    return ShownBody((*shown, *([Piece(body(rest, _LONGEST_END).text)] if rest else [])), note)


def _events(response: Response) -> Iterator[bytes]:
    """Return the bytes of each event, with comments and other lines before it."""
    for start, end in pairwise((0, *(event.end for event in response.stream.events))):
        yield response.body[start:end]


def _kept(sizes: list[int]) -> tuple[int, int]:
    """Return how many events at the beginning, and how many at the end, are shown."""
    if sum(sizes) <= LONGEST_BODY:
        return len(sizes), 0
    tail = _fit(sizes[::-1], _LONGEST_END)
    return min(_fit(sizes, LONGEST_BODY - _LONGEST_END), len(sizes) - tail), tail


def _fit(sizes: list[int], most: int) -> int:
    """Return how many of the first fit into ``most`` bytes, one at least."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > most:
            return max(1, number)
    return len(sizes)


def _piece(number: int, data: bytes) -> Piece:
    # A single event may be as long as a stream.
    shown = body(data, LONGEST_BODY)
    return Piece(shown.text + (f"\n[{visible(shown.note)}]\n\n" if shown.note else ""), number)
