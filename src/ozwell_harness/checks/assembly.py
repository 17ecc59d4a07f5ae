"""Puts a streamed chat answer together again from its events, and keeps what is odd about it.

Tolerant by design: whatever the events hold, reading them never raises. Judging is left to others; the suites and
the load phase read the same assembly. Streaming object: OpenAI API reference, Chat, Streaming.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import takewhile
from typing import Any

from ozwell_harness.model import read_json
from ozwell_harness.sse import Event

_DONE = "[DONE]"

#: Text fields of a delta: the answer itself, and what reasoning models tell beside it.
_PAYLOADS = ("content", "refusal", "reasoning_content", "reasoning")


#: What none of these stands in is no chunk, not even a wrong one.
_OF_A_CHUNK = frozenset({"id", "object", "choices", "delta", "usage"})


class ItemKind(StrEnum):
    """What an event of a stream is: a chunk, the end marker, an error, JSON of another kind, or no JSON at all."""

    CHUNK = "chunk"
    DONE = "done"
    ERROR = "error"
    ODD = "odd"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Item:
    """One event, read.

    Attributes:
        at: its position among the events, from 0.
        document: the parsed data; None when it is no JSON.
        end: offset of the byte after the event, from the start of the stream.
    """

    at: int
    kind: ItemKind
    document: Any
    data: str
    end: int


@dataclass(frozen=True, slots=True)
class Delta:
    """One delta of one choice. ``text`` is its content; ``payload`` tells whether it carries any part of an answer."""

    at: int
    role: Any
    text: str
    payload: bool
    calls: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """A finish_reason that is not null: where it stood, and what it was."""

    at: int
    reason: Any


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a tool call; a field is None where it is absent, null or of a wrong type."""

    at: int
    index: int | None
    id: str | None
    name: str | None
    arguments: str | None


@dataclass(frozen=True, slots=True)
class StreamedCall:
    """A tool call: the fragments that share an index, in order."""

    index: int | None
    fragments: tuple[Fragment, ...]

    @property
    def name(self) -> str:
        """The function's name, its parts joined."""
        return "".join(part.name or "" for part in self.fragments)

    @property
    def arguments(self) -> str:
        """The arguments, their parts joined."""
        return "".join(part.arguments or "" for part in self.fragments)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids given for it, each once; more than one shows calls that were mixed up."""
        return tuple(dict.fromkeys(part.id for part in self.fragments if part.id))


@dataclass(frozen=True)
class StreamedChoice:
    """One choice of a streamed answer."""

    index: int
    deltas: tuple[Delta, ...]
    endings: tuple[Ending, ...]
    fragments: tuple[Fragment, ...]

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The non-empty texts, in order."""
        return tuple(delta.text for delta in self.deltas if delta.text)

    @cached_property
    def content(self) -> str:
        """All texts, joined."""
        return "".join(self.pieces)

    @cached_property
    def calls(self) -> tuple[StreamedCall, ...]:
        """The tool calls, in the order in which they begin."""
        by_index: dict[int | None, list[Fragment]] = {}
        for fragment in self.fragments:
            by_index.setdefault(fragment.index, []).append(fragment)
        return tuple(StreamedCall(index, tuple(parts)) for index, parts in by_index.items())

    @property
    def finish_reason(self) -> Any:
        """The first finish_reason that says anything, or None."""
        return next((ending.reason for ending in self.endings if is_reason(ending.reason)), None)


@dataclass(frozen=True)
class Assembly:
    """A streamed answer.

    What follows the first end marker is kept among ``items`` only: clients never look at it.

    Attributes:
        items: every event, read.
        choices: in the order of their indexes.
        usages: each ``usage`` that is not null, with the position of its event.
        problems: what could not be read, one clause each, at most twenty.
    """

    items: tuple[Item, ...]
    choices: tuple[StreamedChoice, ...]
    usages: tuple[tuple[int, Any], ...]
    problems: tuple[str, ...]

    @cached_property
    def live(self) -> tuple[Item, ...]:
        """The events before the first end marker."""
        return tuple(takewhile(lambda item: item.kind is not ItemKind.DONE, self.items))

    @cached_property
    def trailing(self) -> tuple[Item, ...]:
        """The events after the first end marker."""
        return self.items[len(self.live) + 1 :]

    def live_of(self, kind: ItemKind) -> tuple[Item, ...]:
        """The events of one kind before the first end marker."""
        return tuple(item for item in self.live if item.kind is kind)

    @cached_property
    def chunks(self) -> tuple[Item, ...]:
        """The chunks before the first end marker."""
        return self.live_of(ItemKind.CHUNK)

    @property
    def is_done(self) -> bool:
        """Whether there is an end marker."""
        return len(self.live) < len(self.items)

    def choice(self, index: int) -> StreamedChoice | None:
        """The choice with this index, or None."""
        return next((choice for choice in self.choices if choice.index == index), None)


def is_reason(value: Any) -> bool:
    """Tell whether a finish_reason says anything; an empty one, or the name of a null, does not."""
    return value not in (None, "", False, "null", "None")


def read_event(at: int, event: Event) -> Item:
    """Read one event."""
    if event.data.strip() == _DONE:
        return Item(at, ItemKind.DONE, None, event.data, event.end)
    try:
        document = read_json(event.data)
    except (ValueError, RecursionError):
        return Item(at, ItemKind.BROKEN, None, event.data, event.end)
    return Item(at, _kind_of(document, event), document, event.data, event.end)


def _kind_of(document: Any, event: Event) -> ItemKind:
    if not isinstance(document, Mapping):
        return ItemKind.ODD
    tells_error = document.get("error") is not None or document.get("object") == "error" or event.event == "error"
    if tells_error and not document.get("choices"):
        return ItemKind.ERROR
    return ItemKind.CHUNK if _OF_A_CHUNK & document.keys() else ItemKind.ODD


def assemble(events: Iterable[Event]) -> Assembly:
    """Put an answer together from its events. Never raises."""
    items = tuple(read_event(at, event) for at, event in enumerate(events))
    building = _Building()
    for item in takewhile(lambda item: item.kind is not ItemKind.DONE, items):
        if item.kind is ItemKind.CHUNK:
            building.take(item.at, item.document)
    choices = tuple(building.choices[index].built(index) for index in sorted(building.choices))
    return Assembly(items, choices, tuple(building.usages), tuple(building.problems))


@dataclass
class _Choice:
    deltas: list[Delta] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    fragments: list[Fragment] = field(default_factory=list)

    def built(self, index: int) -> StreamedChoice:
        return StreamedChoice(index, tuple(self.deltas), tuple(self.endings), tuple(self.fragments))


class _Building:
    def __init__(self) -> None:
        self.choices: dict[int, _Choice] = {}
        self.usages: list[tuple[int, Any]] = []
        self.problems: list[str] = []

    def take(self, at: int, chunk: Mapping[str, Any]) -> None:
        if chunk.get("usage") is not None:
            self.usages.append((at, chunk["usage"]))
        for choice in self._list(at, chunk.get("choices"), "choices"):
            self._choice(at, choice)

    def _choice(self, at: int, choice: Mapping[str, Any]) -> None:
        index = _integer(choice.get("index"))
        if index is None:
            return self._note(at, "a choice has no integer index")
        into = self.choices.setdefault(index, _Choice())
        delta = choice.get("delta")
        if isinstance(delta, Mapping):
            self._delta(at, delta, into)
        else:
            self._note(at, "a choice has no delta object")
        if choice.get("finish_reason") is not None:
            into.endings.append(Ending(at, choice["finish_reason"]))
        return None

    def _delta(self, at: int, delta: Mapping[str, Any], into: _Choice) -> None:
        content = delta.get("content")
        if content is not None and not isinstance(content, str):
            self._note(at, "content is not a string")
        calls = self._list(at, [] if delta.get("tool_calls") is None else delta["tool_calls"], "tool_calls")
        text = content if isinstance(content, str) else ""
        payload = bool(calls) or any(delta.get(name) for name in _PAYLOADS)
        into.deltas.append(Delta(at, delta.get("role"), text, payload, bool(calls)))
        into.fragments.extend(_fragment(at, call) for call in calls)

    def _list(self, at: int, found: Any, name: str) -> list[Mapping[str, Any]]:
        entries = found if isinstance(found, list) else []
        objects = [entry for entry in entries if isinstance(entry, Mapping)]
        if not isinstance(found, list) or len(objects) < len(entries):
            self._note(at, f"{name} is not an array of objects")
        return objects

    def _note(self, at: int, problem: str) -> None:
        if len(self.problems) < 20:
            self.problems.append(f"event {at}: {problem}")


def _fragment(at: int, call: Mapping[str, Any]) -> Fragment:
    function = call.get("function")
    parts = function if isinstance(function, Mapping) else {}
    name, arguments = _text(parts.get("name")), _text(parts.get("arguments"))
    return Fragment(at, _integer(call.get("index")), _text(call.get("id")), name, arguments)


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
