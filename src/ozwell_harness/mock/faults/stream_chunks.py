"""Chunks of the wrong shape: a field that is missing, of another type, or of another value than promised."""

from __future__ import annotations

from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    asks_usage,
    finishes,
    on_choices,
    on_chunks,
    on_deltas,
    on_reasons,
    on_usage,
    when,
)
from ozwell_harness.mock.routing import Operation

AREA = Area("stream")


def _add(name: str, text: str, hook: ChunkHook, breaks: str = "streaming.chunk-schema") -> None:
    AREA.chunks(name, text, Operation.CREATE_CHAT, breaks=(breaks,))(hook)


def _with(field: str, value: object) -> ChunkHook:
    return on_chunks(lambda chunk: {**chunk, field: value})


def _lacking(field: str) -> ChunkHook:
    return on_chunks(lambda chunk: _less(chunk, field))


def _lacking_at_end(field: str) -> ChunkHook:
    return on_chunks(lambda chunk: _less(chunk, field) if finishes(chunk) else chunk)


def _less(fields: JsonObject, name: str) -> JsonObject:
    return {other: value for other, value in fields.items() if other != name}


def _renamed(fields: JsonObject, old: str, new: str) -> JsonObject:
    return {new if name == old else name: value for name, value in fields.items()}


def _in_parts(delta: JsonObject) -> JsonObject:
    text = delta.get("content")
    return {**delta, "content": [{"type": "text", "text": text}]} if text else delta


def _as_number(delta: JsonObject) -> JsonObject:
    text = (delta.get("content") or "").strip()
    return {**delta, "content": int(text)} if text.isdigit() else delta


_add("object-misspelt", "`object` is chat.completions.chunk.", _with("object", "chat.completions.chunk"))
_add("object-of-plain", "`object` is that of a plain answer.", _with("object", "chat.completion"))
_add("object-empty", "`object` is empty.", _with("object", ""))
_add("id-empty", "`id` is empty.", _with("id", ""))
_add("id-number", "`id` is a number.", _with("id", 17))
_add("id-null", "`id` is null.", _with("id", None))
_add("created-text", "`created` is a text.", _with("created", "2025-11-21T00:00:00Z"))
_add("created-null", "`created` is null.", _with("created", None))
_add("created-fraction", "`created` has a fraction.", on_chunks(lambda c: {**c, "created": c["created"] + 0.5}))
_add("model-null", "`model` is null.", _with("model", None))
_add("model-empty", "`model` is empty.", _with("model", ""))

for _field in ("object", "id", "created", "model"):
    _add(f"{_field}-missing", f"Chunks have no `{_field}`.", _lacking(_field))
    _add(f"{_field}-missing-at-end", f"Chunks that end a choice have no `{_field}`.", _lacking_at_end(_field))

_add(
    "choices-null-with-usage",
    "The usage chunk has null choices.",
    when(asks_usage, on_chunks(lambda c: {**c, "choices": c["choices"] or None})),
    "streaming.usage-chunk-last",
)
_add(
    "choices-object",
    "The choices of a chunk are one object.",
    on_chunks(lambda c: {**c, "choices": c["choices"][0] if c["choices"] else {}}),
)
_add(
    "usage-of-texts",
    "The counts of a usage are texts.",
    on_usage(lambda usage: {name: str(count) for name, count in usage.items()}),
)
_add("usage-count-missing", "The usage of a stream lacks its total.", on_usage(lambda u: _less(u, "total_tokens")))

_add("index-missing", "Choices have no index.", on_choices(lambda choice: _less(choice, "index")))
_add("index-text", "The index of a choice is a text.", on_choices(lambda c: {**c, "index": str(c["index"])}))
_add(
    "finish-absent",
    "`finish_reason` is left out until the end.",
    on_choices(lambda choice: choice if choice["finish_reason"] else _less(choice, "finish_reason")),
)
_add("finish-unknown", "The finish_reason is end_turn.", on_reasons(lambda reason: reason and "end_turn"))
_add("finish-object", "The finish_reason is an object.", on_reasons(lambda reason: reason and {"type": reason}))

_add("delta-as-message", "Deltas are named message.", on_choices(lambda choice: _renamed(choice, "delta", "message")))
_add(
    "delta-absent-at-end",
    "The last chunk of a choice has no delta.",
    on_choices(lambda choice: choice if choice["delta"] else _less(choice, "delta")),
)
_add(
    "delta-null-at-end",
    "The delta of the last chunk is null.",
    on_choices(lambda choice: {**choice, "delta": choice["delta"] or None}),
)
_add("role-null-later", "Later deltas have a null role.", on_deltas(lambda delta: {"role": None, **delta}))
_add("role-of-user-later", "The last delta has the role user.", on_deltas(lambda delta: delta or {"role": "user"}))
_add("tool-calls-null", "Deltas have null tool_calls.", on_deltas(lambda delta: {"tool_calls": None, **delta}))
_add("content-parts", "The content of a delta is an array of parts.", on_deltas(_in_parts))
_add("content-number", "The content of a delta is a number.", on_deltas(_as_number))
