"""From a completion to the events of a stream (WHATWG HTML, server-sent events).

Chunks are built as plain dictionaries where faults want to see them. Where nobody does, only the token is encoded,
between a head and a tail made once per stream; both ways give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from ozwell_harness.mock.completion import Choice, Completion
from ozwell_harness.mock.stream_items import PACE, StreamItem

JsonObject = dict[str, Any]
DONE = b"data: [DONE]\n\n"
_MARK = "\u0000"

encode = msgspec.json.Encoder().encode


class Delta(NamedTuple):
    """One increment of one choice; `opens` marks the first of a decode step, `piece` a delta that is content alone."""

    choice: int
    delta: JsonObject
    finish: str | None = None
    opens: bool = False
    piece: str | None = None


Frame = Callable[[Delta], JsonObject]


def deltas(completion: Completion) -> Iterator[Delta]:
    """All increments: a role for each choice, then decode steps over the choices side by side."""
    for choice in completion.choices:
        yield Delta(choice.index, {"role": "assistant", "content": None if choice.calls else ""})
    running = [(choice, _parts(choice)) for choice in completion.choices]
    while running:
        going = []
        opens = True
        for choice, parts in running:
            part = next(parts, None)
            if part is None:
                yield Delta(choice.index, {}, choice.finish.value)
                continue
            yield part._replace(opens=opens) if opens else part
            opens = False
            going.append((choice, parts))
        running = going


def _parts(choice: Choice) -> Iterator[Delta]:
    for piece in choice.pieces:
        yield Delta(choice.index, {"content": piece}, None, False, piece)  # noqa: FBT003 - a tuple's field
    for position, call in enumerate(choice.calls):
        function = {"name": call.name, "arguments": ""}
        first = {"index": position, "id": call.id, "type": "function", "function": function}
        yield Delta(choice.index, {"tool_calls": [first]})
        for piece in call.pieces:
            yield Delta(choice.index, {"tool_calls": [{"index": position, "function": {"arguments": piece}}]})


def event(chunk: JsonObject) -> bytes:
    """One chunk as an event."""
    return b"data: " + encode(chunk) + b"\n\n"


def quick_items(completion: Completion, frame: Frame, closing: Iterable[JsonObject]) -> Iterator[StreamItem]:
    """The items of a stream that no fault touches."""
    wrappers: dict[int, tuple[bytes, bytes]] = {}
    for delta in deltas(completion):
        if delta.opens:
            yield PACE
        if delta.piece is None:
            yield event(frame(delta))
            continue
        wrapper = wrappers.get(delta.choice)
        if wrapper is None:
            wrapper = wrappers[delta.choice] = _wrapper(frame, delta.choice)
        yield wrapper[0] + encode(delta.piece) + wrapper[1]
    for chunk in closing:
        yield event(chunk)
    yield DONE


def chunks(completion: Completion, frame: Frame, closing: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The same stream as chunk objects."""
    for delta in deltas(completion):
        yield frame(delta)
    yield from closing


def items_of(stream: Iterable[JsonObject]) -> Iterator[StreamItem]:
    """Encode chunk objects, with a pace before each decode step, and `[DONE]` at the end."""
    before = -1
    for chunk in stream:
        index = _bearing_index(chunk)
        if index is not None:
            if before < 0 or index <= before:
                yield PACE
            before = index
        yield event(chunk)
    yield DONE


def _wrapper(frame: Frame, index: int) -> tuple[bytes, bytes]:
    whole = event(frame(Delta(index, {"content": _MARK})))
    head, _, tail = whole.rpartition(encode(_MARK))
    return head, tail


def _bearing_index(chunk: JsonObject) -> int | None:
    """The index of the choice whose content a chunk carries on, None if it carries none."""
    choices = chunk.get("choices")
    entry = choices[0] if isinstance(choices, list) and choices else chunk
    delta = entry.get("delta") if isinstance(entry, dict) else None
    if not isinstance(delta, dict) or not (delta.get("content") or delta.get("tool_calls")):
        return None
    index = entry.get("index", 0)
    return index if isinstance(index, int) else 0
