"""Bytes to server-sent events, by the WHATWG grammar (HTML Living Standard, section 9.2.5, 9.2.6). Nothing else.

Lines end in CRLF, LF or CR. A blank line dispatches an event. A line that starts with a colon is a comment. One
space after the colon is dropped. Unknown fields are ignored, but noted, because they are usually a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*[\r\n]")
_KNOWN = frozenset({"data", "event", "id", "retry"})


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event.

    Attributes:
        data: the ``data`` lines joined by newlines.
        event: the ``event`` field, empty when absent.
        id: the ``id`` field of this event, empty when absent.
        end: offset of the byte after the blank line that completed it, from the start of the stream.
    """

    data: str
    event: str
    id: str
    end: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A whole stream.

    Attributes:
        comments: how many comment lines there were.
        unknown_fields: names of fields that the grammar does not know, in order.
        unfinished: the last event's data when no blank line completed it; None when every event was completed.
        invalid_utf8: True when bytes were not UTF-8 (they are replaced by U+FFFD in the data).
    """

    events: tuple[Event, ...]
    comments: int
    unknown_fields: tuple[str, ...]
    unfinished: str | None
    invalid_utf8: bool


class Parser:
    """Incremental parser: ``feed`` bytes as they arrive, in any split, then ``close``."""

    def __init__(self) -> None:
        self._buffer = b""
        self._consumed = 0
        self._position = 0
        self._started = False
        self._after_cr = False
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._events: list[Event] = []
        self._comments = 0
        self._unknown: list[str] = []
        self._invalid = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Take more bytes; return the events that they completed."""
        before = len(self._events)
        self._buffer += chunk
        if not self._started and not self._strip_bom():
            return []
        for line in self._lines():
            self._take(line)
        return self._events[before:]

    def close(self) -> Stream:
        """End the stream; an event without its blank line is not dispatched, as the standard says."""
        if not self._started:
            self._started = True
            for line in self._lines():
                self._take(line)
        if self._buffer:
            self._field(self._decode(self._buffer))
        unfinished = "\n".join(self._data) if self._data else None
        return Stream(tuple(self._events), self._comments, tuple(self._unknown), unfinished, self._invalid)

    def _strip_bom(self) -> bool:
        if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        self._started = True
        if self._buffer.startswith(_BOM):
            self._discard(len(_BOM))
        return True

    def _discard(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._consumed += count

    def _lines(self) -> Iterator[bytes]:
        """Yield the whole lines in the buffer; ``_position`` is the offset after the line being yielded."""
        at = 0
        while match := _LINE.match(self._buffer, at):
            at = match.end()
            self._position = self._consumed + at
            if self._after_cr and match.group() == b"\n":
                self._after_cr = False
                continue
            # A lone CR ends the line at once: waiting to see whether LF follows would delay the event.
            self._after_cr = match.group().endswith(b"\r")
            yield match.group()[:-1]
        self._discard(at)

    def _take(self, line: bytes) -> None:
        if line:
            self._field(self._decode(line))
            return
        if self._data:
            self._events.append(Event("\n".join(self._data), self._event, self._id, self._position))
        self._data, self._event, self._id = [], "", ""

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self._invalid = True
            return line.decode("utf-8", "replace")

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self._comments += 1
        elif name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            self._id = value
        elif name not in _KNOWN:
            self._unknown.append(name)


def parse(body: bytes) -> Stream:
    """Parse a whole event stream."""
    events = _plain_events(body)
    if events is not None:
        return Stream(events, 0, (), None, invalid_utf8=False)
    parser = Parser()
    parser.feed(body)
    return parser.close()


def _plain_events(body: bytes) -> tuple[Event, ...] | None:
    """Return the events of a stream of the usual form at a third of the cost; None if anything else is in it.

    The usual form is nothing but ``data: ``, one line, LF and LF.
    """
    if b"\r" in body or not body.endswith(b"\n\n"):
        return None
    events, end = [], 0
    for block in body[:-2].split(b"\n\n"):
        end += len(block) + 2
        if not block.startswith(b"data: ") or b"\n" in block:
            return None
        try:
            events.append(Event(block[6:].decode("utf-8"), "", "", end))
        except UnicodeDecodeError:
            return None
    return tuple(events)
