"""What faults of streams are made of: edits of chunks and of events, and when they act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import JsonObject
from ozwell_harness.mock.faults.wrappers import is_event
from ozwell_harness.mock.stream_items import StreamItem
from ozwell_harness.mock.streaming import DONE

ChunkHook = Callable[[Iterable[JsonObject], Call], Iterable[JsonObject]]
EventHook = Callable[[Iterable[StreamItem], Call], Iterable[StreamItem]]
_V = TypeVar("_V")
Hook = Callable[[_V, Call], _V]
Asked = Callable[[JsonObject], bool]


def when(asked: Asked, hook: Hook[_V]) -> Hook[_V]:
    """A hook that acts only on requests whose body is asked for."""

    def act(value: _V, call: Call) -> _V:
        return hook(value, call) if asked(call.body or {}) else value

    return act


def asks_two(body: JsonObject) -> bool:
    """Two choices are asked for."""
    return body.get("n") == 2


def asks_usage(body: JsonObject) -> bool:
    """The usage of a stream is asked for."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def is_capped(body: JsonObject) -> bool:
    """The answer is capped by max_tokens."""
    return body.get("max_tokens") is not None


def is_stopped(body: JsonObject) -> bool:
    """A stop text is given."""
    return bool(body.get("stop"))


def offers_tools(body: JsonObject) -> bool:
    """Tools are declared."""
    return bool(body.get("tools"))


def is_simple(body: JsonObject) -> bool:
    """A stream of one whole text: nothing cuts it, counts it or adds to it."""
    return not (asks_two(body) or asks_usage(body) or is_capped(body) or is_stopped(body) or offers_tools(body))


def on_chunks(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    """Change each chunk."""
    return lambda chunks, _call: map(change, chunks)


def on_choices(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    """Change each choice of each chunk."""
    return on_chunks(lambda chunk: {**chunk, "choices": [change(choice) for choice in chunk["choices"]]})


def on_deltas(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    """Change the delta of each choice."""
    return on_choices(lambda choice: {**choice, "delta": change(choice["delta"])})


def on_reasons(change: Callable[[str | None], object]) -> ChunkHook:
    """Change the finish_reason of each choice."""
    return on_choices(lambda choice: {**choice, "finish_reason": change(choice["finish_reason"])})


def on_usage(change: Callable[[JsonObject], object]) -> ChunkHook:
    """Change the usage of the chunk that has one."""
    return on_chunks(lambda chunk: {**chunk, "usage": change(chunk["usage"])} if chunk.get("usage") else chunk)


def content_in(chunk: JsonObject) -> str:
    """The text that a chunk carries."""
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def finishes(chunk: JsonObject) -> bool:
    """Whether a chunk ends a choice."""
    return any(choice["finish_reason"] is not None for choice in chunk["choices"])


def on_content(number: int, change: Callable[[JsonObject], Iterable[JsonObject]]) -> ChunkHook:
    """Put other chunks in the place of the one that carries the piece of content with this number, from 0."""

    def act(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        seen = -1
        for chunk in chunks:
            seen += bool(content_in(chunk))
            yield from change(chunk) if content_in(chunk) and seen == number else (chunk,)

    return act


def on_done(*instead: bytes) -> EventHook:
    """Put other bytes in the place of the end marker."""

    def act(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
        for item in items:
            yield from instead if item == DONE else (item,)

    return act


def on_event(number: int, change: Callable[[bytes], Iterable[bytes]]) -> EventHook:
    """Put other bytes in the place of the event with this number, from 0; acts and the end marker do not count."""

    def act(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
        seen = -1
        for item in items:
            if is_event(item) and isinstance(item, bytes):
                seen += 1
                yield from change(item) if seen == number else (item,)
            else:
                yield item

    return act


def before_event(number: int, extra: bytes) -> EventHook:
    """Put bytes before the event with this number."""
    return on_event(number, lambda item: (extra, item))


def in_event(number: int, old: bytes, new: bytes) -> EventHook:
    """Replace bytes in the event with this number."""
    return on_event(number, lambda item: (item.replace(old, new),))


def on_events(change: Callable[[bytes], bytes]) -> EventHook:
    """Change each event, the end marker left alone."""

    def act(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
        return (change(item) if isinstance(item, bytes) and is_event(item) else item for item in items)

    return act
