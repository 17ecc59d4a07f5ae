"""Fields of a stream that change from chunk to chunk, say something untrue, or stand in the wrong chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    asks_two,
    finishes,
    on_choices,
    on_chunks,
    on_deltas,
    when,
)
from ozwell_harness.mock.routing import Operation

AREA = Area("stream")

_ONE_ID = "streaming.one-id"
_ONE_CREATED = "streaming.one-created"
_ONE_MODEL = "streaming.one-model"
_NOW = "streaming.created-is-now"
_CHOICE = "streaming.choice-as-asked"
_TWO = "streaming.n-two-choices"
_ROLE = "streaming.role-first"
_ROLE_ONCE = "streaming.role-once"

_DAY_S = 24 * 3600
_VERSION = "-0613"


def _add(name: str, text: str, hook: ChunkHook, *breaks: str) -> None:
    AREA.chunks(name, text, Operation.CREATE_CHAT, breaks=breaks)(hook)


def _numbered(change: Callable[[JsonObject, int], JsonObject]) -> ChunkHook:
    def act(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        return (change(chunk, number) for number, chunk in enumerate(chunks))

    return act


def _in_last(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return on_chunks(lambda chunk: change(chunk) if finishes(chunk) else chunk)


def _in_closing(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return on_chunks(lambda chunk: chunk if chunk["choices"] else change(chunk))


def _keeping(kept: Callable[[JsonObject], bool]) -> ChunkHook:
    """Drop the choices that are not kept, and chunks that had no others."""

    def act(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        for chunk in chunks:
            choices = [choice for choice in chunk["choices"] if kept(choice)]
            if choices or not chunk["choices"]:
                yield {**chunk, "choices": choices}

    return act


def _role_late(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The role comes with the second delta of each choice."""
    held: set[int] = set()
    for chunk in chunks:
        for choice in chunk["choices"]:
            if "role" in choice["delta"]:
                held.add(choice["index"])
                choice["delta"] = {}
            elif choice["index"] in held:
                held.remove(choice["index"])
                choice["delta"] = {"role": "assistant", **choice["delta"]}
        yield chunk


def _role_for_first_only(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"]:
                choice["delta"].pop("role", None)
        yield chunk


def _third_choice(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """What the second choice says is said by a third one, too."""
    for chunk in chunks:
        yield chunk
        if any(choice["index"] == 1 for choice in chunk["choices"]):
            yield {**chunk, "choices": [{**choice, "index": 2} for choice in chunk["choices"]]}


def _created_drifts(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    return ({**chunk, "created": chunk["created"] + number // 9} for number, chunk in enumerate(chunks))


_add("id-per-chunk", "Every chunk has an id.", _numbered(lambda c, n: {**c, "id": f"{c['id']}-{n}"}), _ONE_ID)
_add("id-other-at-end", "The last chunk has another id.", _in_last(lambda c: {**c, "id": "chatcmpl-end"}), _ONE_ID)
_add("id-other-with-usage", "The usage chunk has another id.", _in_closing(lambda c: {**c, "id": "usage"}), _ONE_ID)
_add(
    "id-per-choice",
    "Each of two choices has an id of its own.",
    on_chunks(lambda c: {**c, "id": c["id"] + "-b"} if [x for x in c["choices"] if x["index"]] else c),
    _ONE_ID,
)
_add("id-constant", "All streams have one id.", on_chunks(lambda c: {**c, "id": "chatcmpl-1"}), "streaming.ids-differ")

_add("created-drifts", "`created` is the time of each chunk.", _created_drifts, _ONE_CREATED)
_add(
    "created-other-at-end",
    "`created` is the time of the end in the last chunk.",
    _in_last(lambda c: {**c, "created": c["created"] + 1}),
    _ONE_CREATED,
)
_add(
    "created-zero-with-usage",
    "`created` is 0 in the usage chunk.",
    _in_closing(lambda c: {**c, "created": 0}),
    _ONE_CREATED,
)
_add(
    "created-milliseconds",
    "`created` is in milliseconds.",
    on_chunks(lambda c: {**c, "created": c["created"] * 1000}),
    _NOW,
)
_add("created-zero", "`created` is 0.", on_chunks(lambda c: {**c, "created": 0}), _NOW)
_add(
    "created-behind",
    "`created` is a day behind.",
    on_chunks(lambda c: {**c, "created": c["created"] - _DAY_S}),
    _NOW,
)
_add(
    "created-ahead",
    "`created` is local time, an hour ahead.",
    on_chunks(lambda c: {**c, "created": c["created"] + 3600}),
    _NOW,
)

_add(
    "model-other-at-end",
    "The last chunk names the version of the model.",
    _in_last(lambda c: {**c, "model": c["model"] + _VERSION}),
    _ONE_MODEL,
)
_add(
    "model-other-with-usage",
    "The usage chunk names the version of the model.",
    _in_closing(lambda c: {**c, "model": c["model"] + _VERSION}),
    _ONE_MODEL,
)
_add(
    "model-other-than-plain",
    "A stream names the version, a plain answer the model.",
    on_chunks(lambda c: {**c, "model": c["model"] + _VERSION}),
    "streaming.model-as-plain",
)

_add("index-from-one", "Choices are numbered from 1.", on_choices(lambda c: {**c, "index": c["index"] + 1}), _CHOICE)
_add(
    "index-counts-up",
    "The index of the choice counts the chunks.",
    _numbered(lambda c, n: {**c, "choices": [{**choice, "index": n} for choice in c["choices"]]}),
    _CHOICE,
)
_add(
    "index-other-at-end",
    "The last chunk is that of a choice 1.",
    when(
        lambda body: not asks_two(body),
        _in_last(lambda c: {**c, "choices": [{**choice, "index": 1} for choice in c["choices"]]}),
    ),
    _CHOICE,
)
_add("choices-never", "No chunk has a choice.", _keeping(lambda _: False), _CHOICE)
_add("index-always-zero", "Both choices have the index 0.", on_choices(lambda c: {**c, "index": 0}), _TWO)
_add("index-skips", "The second choice has the index 2.", on_choices(lambda c: {**c, "index": 2 * c["index"]}), _TWO)
_add("second-choice-lost", "Of two choices only the first comes.", _keeping(lambda c: c["index"] == 0), _TWO)
_add(
    "second-choice-silent",
    "The second choice comes without its text.",
    _keeping(lambda c: c["index"] == 0 or not c["delta"].get("content")),
    _TWO,
)
_add("third-choice", "Two choices are asked for, and three come.", _third_choice, _TWO)

_add("role-missing", "No delta has a role.", on_deltas(lambda d: {k: v for k, v in d.items() if k != "role"}), _ROLE)
_add("role-late", "The role comes with the second delta.", _role_late, _ROLE)
_add("role-for-first-only", "Of two choices the second has no role.", _role_for_first_only, _ROLE)
_add(
    "role-again-at-end", "The last delta has a role, too.", on_deltas(lambda d: d or {"role": "assistant"}), _ROLE_ONCE
)
_add(
    "role-null-first",
    "The first delta has a null role.",
    on_deltas(lambda d: {**d, "role": None} if "role" in d else d),
    _ROLE,
    "streaming.chunk-schema",
)
_add(
    "role-of-system",
    "The first delta has the role system.",
    on_deltas(lambda d: {**d, "role": "system"} if "role" in d else d),
    _ROLE,
    "streaming.chunk-schema",
)
