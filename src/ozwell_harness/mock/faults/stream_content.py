"""Streams whose text is not that of the plain answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    content_in,
    finishes,
    is_capped,
    on_content,
    on_deltas,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_EQUAL = "streaming.equals-plain"
_NONE = "streaming.content-streamed"
_AGAIN = "streaming.deltas-are-increments"
_WHOLE = "streaming.characters-whole"

#: Letters with accents, as their code points, and what is left of them.
PLAIN = {0x17B: "Z", 0xF3: "o", 0x142: "l", 0x451: "\u0435"}


def _add(name: str, text: str, hook: ChunkHook, *breaks: str) -> None:
    AREA.chunks(name, text, CHAT, breaks=breaks)(hook)


def _on_text(change: Callable[[str], str]) -> ChunkHook:
    return on_deltas(lambda delta: {**delta, "content": change(delta["content"])} if delta.get("content") else delta)


def _with_text(chunk: JsonObject, text: str) -> JsonObject:
    return {**chunk, "choices": [{**choice, "delta": {"content": text}} for choice in chunk["choices"]]}


def _cumulative(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Each delta carries all the text so far."""
    so_far: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["delta"].get("content"):
                so_far[choice["index"]] = so_far.get(choice["index"], "") + choice["delta"]["content"]
                choice["delta"]["content"] = so_far[choice["index"]]
        yield chunk


def _whole_at_end(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The whole text comes once more before a choice ends."""
    said: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            index, text = choice["index"], choice["delta"].get("content")
            said[index] = said.get(index, "") + (text or "")
            if choice["finish_reason"] and said[index]:
                yield {**chunk, "choices": [{**choice, "delta": {"content": said[index]}, "finish_reason": None}]}
        yield chunk


def _last_piece_lost(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """What a choice says right before its end is never flushed."""
    held: dict[int, JsonObject] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            index = choice["index"]
            before = held.pop(index, None)
            if before is not None and not choice["finish_reason"]:
                yield before
            if choice["delta"].get("content"):
                held[index] = chunk
            else:
                yield chunk
        if not chunk["choices"]:
            yield chunk


def _last_piece_twice(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    last: JsonObject | None = None
    for chunk in chunks:
        if finishes(chunk) and last is not None:
            yield last
        last = chunk if content_in(chunk) else last
        yield chunk


def _swapped(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:
    """Two deltas overtake each other."""
    if not is_capped(call.body):
        ordered = list(chunks)
        places = [place for place, chunk in enumerate(ordered) if content_in(chunk)][20:22]
        if len(places) == 2:
            first, second = places
            ordered[first], ordered[second] = ordered[second], ordered[first]
        chunks = ordered
    yield from chunks


def _split(items: Iterable[StreamItem], character: str, first: bytes, second: bytes) -> Iterator[StreamItem]:
    """An event with this character becomes two, with a part of it each."""
    for item in items:
        if isinstance(item, bytes) and character.encode() in item:
            head, _, _ = item.partition(character.encode())
            yield head + first + b'"},"finish_reason":null}]}\n\n'
            yield item.replace(character.encode(), second)
        else:
            yield item


@AREA.events("character-split", "A character is split between two deltas.", CHAT, breaks=(_WHOLE,))
def character_split(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Each half is decoded on its own."""
    return _split(items, "日", "\ufffd".encode(), "\ufffd\ufffd".encode())


@AREA.events("surrogates-split", "A surrogate pair is split between two deltas.", CHAT, breaks=(_WHOLE,))
def surrogates_split(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """As a server does that counts in UTF-16."""
    return _split(items, "🎉", rb"\ud83c", rb"\udf89")


_add("content-never", "The deltas carry no content.", _on_text(lambda _: ""), _NONE)
_add(
    "content-as-reasoning",
    "All text comes as reasoning_content.",
    on_deltas(lambda d: {"reasoning_content": d["content"]} if d.get("content") else d),
    _NONE,
)
_add(
    "content-as-text",
    "The text of a delta is named text.",
    on_deltas(lambda d: {"text": d["content"]} if d.get("content") else d),
    _NONE,
)
_add("cumulative", "Each delta carries all the text so far.", _cumulative, _AGAIN)
_add("whole-at-end", "The whole text comes once more at the end.", _whole_at_end, _AGAIN)
_add("last-piece-lost", "The last piece of the text is never sent.", _last_piece_lost, _EQUAL)
_add("last-piece-twice", "The last piece of the text comes twice.", _last_piece_twice, _EQUAL)
_add("piece-twice", "A piece in the middle comes twice.", on_content(9, lambda chunk: (chunk, chunk)), _EQUAL)
_add("first-piece-lost", "The first piece of the text is lost.", on_content(0, lambda _: ()), _EQUAL)
_add("pieces-swapped", "Two pieces change places.", _swapped, _EQUAL)
_add("spaces-lost", "Pieces lose the spaces around them.", _on_text(str.strip), _EQUAL)
_add("spaces-added", "Pieces are joined by spaces.", _on_text(lambda text: text + " "), _EQUAL)
_add("text-escaped", "The text is escaped for HTML.", _on_text(lambda text: text.replace('"', "&quot;")), _EQUAL)
_add(
    "text-escaped-twice",
    "The text is escaped twice.",
    _on_text(lambda text: text.encode("unicode-escape").decode()),
    _EQUAL,
)
_add(
    "mojibake",
    "UTF-8 is read as Latin-1.",
    _on_text(lambda text: text.encode().decode("latin-1")),
    _EQUAL,
)
_add(
    "question-marks",
    "Text beyond ASCII becomes question marks.",
    _on_text(lambda text: text.encode("ascii", "replace").decode()),
    _EQUAL,
)
_add(
    "beyond-bmp-lost",
    "Characters beyond the BMP are left out.",
    _on_text(lambda text: "".join(c for c in text if ord(c) < 0x10000)),
    _EQUAL,
)
_add("accents-lost-in-stream", "Accents are lost in streams.", _on_text(lambda text: text.translate(PLAIN)), _EQUAL)


@AREA.plan("accents-lost", "Accents are lost, in plain answers too.", CHAT, breaks=("streaming.unicode-repeated",))
def accents_lost(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """As a tokenizer does that folds what it does not know."""
    folded = (replace(c, pieces=tuple(p.translate(PLAIN) for p in c.pieces)) for c in completion.choices)
    return replace(completion, choices=tuple(folded))
