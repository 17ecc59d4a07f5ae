"""Chunks that are odd but legal: more or less text in each, other fields beside it, another order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.stream_edits import ChunkHook, content_in, on_choices, on_chunks, on_deltas
from ozwell_harness.mock.routing import Operation

AREA = Area("legal", Kind.LEGAL)

TOGETHER = 3


def _add(name: str, text: str, hook: ChunkHook) -> None:
    AREA.chunks(name, text, Operation.CREATE_CHAT)(hook)


def _choice_of(chunk: JsonObject) -> JsonObject | None:
    choices: list[JsonObject] = chunk["choices"]
    return choices[0] if choices else None


def _with_delta(chunk: JsonObject, delta: JsonObject) -> JsonObject:
    return {**chunk, "choices": [{**chunk["choices"][0], "delta": delta}]}


def _joined(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Three pieces of a choice in each chunk."""
    held: dict[int, list[JsonObject]] = {}
    for chunk in chunks:
        choice = _choice_of(chunk)
        waiting = held.setdefault(choice["index"], []) if choice else []
        if choice and choice["delta"].get("content") and not choice["finish_reason"]:
            waiting.append(chunk)
        if waiting and (len(waiting) == TOGETHER or not content_in(chunk)):
            yield _with_delta(waiting[0], {"content": "".join(map(content_in, waiting))})
            waiting.clear()
        if not content_in(chunk):
            yield chunk


def _characters(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """One character in each chunk."""
    for chunk in chunks:
        text = content_in(chunk)
        if len(text) < 2:
            yield chunk
        else:
            yield from (_with_delta(chunk, {"content": character}) for character in text)


def _role_with_text(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The role has no chunk of its own."""
    silent: set[int] = set()
    for chunk in chunks:
        choice = _choice_of(chunk)
        if choice and "role" in choice["delta"]:
            silent.add(choice["index"])
            continue
        if choice and choice["index"] in silent:
            silent.remove(choice["index"])
            yield _with_delta(chunk, {"role": "assistant", **choice["delta"]})
        else:
            yield chunk


def _reasoning(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """A model that thinks aloud before it answers."""
    for chunk in chunks:
        yield chunk
        choice = _choice_of(chunk)
        if choice and "role" in choice["delta"]:
            yield from (_with_delta(chunk, {"reasoning_content": word}) for word in ("Let me ", "think."))


def _empty_between(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """An empty delta follows each piece, as a sign of life."""
    for chunk in chunks:
        yield chunk
        if content_in(chunk):
            yield _with_delta(chunk, {"content": ""})


def _in_turn(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Choices come one after the other; the sort is stable."""
    return iter(sorted(chunks, key=lambda chunk: (not chunk["choices"], (_choice_of(chunk) or {}).get("index", 0))))


def _side_by_side(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """What two choices say comes in one chunk."""
    held: JsonObject | None = None
    for chunk in chunks:
        if held is not None and [choice["index"] for choice in chunk["choices"]] == [1]:
            yield {**held, "choices": held["choices"] + chunk["choices"]}
            held = None
            continue
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held


def _filters_first(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """A chunk without choices tells how the prompt was judged."""
    for number, chunk in enumerate(chunks):
        if not number:
            yield {**chunk, "choices": [], "prompt_filter_results": []}
        yield chunk


def _usage_null(chunk: JsonObject) -> JsonObject:
    return {"usage": None, **chunk}


def _other_fields(choice: JsonObject) -> JsonObject:
    return {**choice, "logprobs": None, "content_filter_results": {}, "delta": {"refusal": None, **choice["delta"]}}


_add("pieces-joined", "Each chunk carries several tokens.", _joined)
_add("pieces-of-one-character", "Each chunk carries one character.", _characters)
_add("role-with-text", "The role comes with the first text.", _role_with_text)
_add(
    "role-with-null",
    "The first delta has null content.",
    on_deltas(lambda d: {**d, "content": None} if "role" in d else d),
)
_add("reasoning-first", "A stream begins with reasoning.", _reasoning)
_add("empty-deltas", "Empty deltas stand between the pieces.", _empty_between)
_add("content-in-last", "The last delta has an empty content.", on_deltas(lambda delta: delta or {"content": ""}))
_add("content-null-in-last", "The last delta has null content.", on_deltas(lambda delta: delta or {"content": None}))
_add("choices-in-turn", "Two choices are streamed one after the other.", _in_turn)
_add("choices-together", "Two choices are streamed side by side in one chunk.", _side_by_side)
_add("chunk-without-choices-first", "The first chunk has no choices.", _filters_first)
_add("usage-null", "Chunks have a null usage, unasked.", on_chunks(_usage_null))
_add("fields-in-choices", "Choices and deltas have fields that no document names.", on_choices(_other_fields))
_add(
    "stream-id-hexadecimal",
    "The id of a stream is hexadecimal.",
    on_chunks(lambda chunk: {**chunk, "id": chunk["id"].encode().hex()}),
)
_add(
    "padded",
    "Chunks carry random padding against eavesdroppers.",
    on_chunks(lambda chunk: {**chunk, "obfuscation": "x" * 17}),
)
_add(
    "created-of-proxy",
    "`created` is some seconds behind.",
    on_chunks(lambda chunk: {**chunk, "created": chunk["created"] - 30}),
)
