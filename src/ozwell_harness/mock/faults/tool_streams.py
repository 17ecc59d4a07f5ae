"""Tool calls of streams: fragments that cannot be put together, or that add up to no call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import ChunkHook, finishes, offers_tools, on_deltas, on_reasons, when
from ozwell_harness.mock.routing import Operation

AREA = Area("tools")
CHAT = Operation.CREATE_CHAT

_SCHEMA = "tools.streamed-chunk-schema"
_INDEX = "tools.streamed-index"
_FIRST = "tools.streamed-first-fragment"
_AGAIN = "tools.streamed-id-name-once"
_NAME = "tools.streamed-names-declared"
_JSON = "tools.streamed-arguments-json"
_FINISH = "tools.streamed-finish-reason"
_APART = "tools.parallel-indexes"


def _add(name: str, text: str, hook: ChunkHook, *breaks: str) -> None:
    AREA.chunks(f"streamed-{name}", text, CHAT, breaks=breaks)(when(offers_tools, hook))


def _less(fields: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in fields.items() if name not in names}


def _on_calls(change: Callable[[list[JsonObject]], object]) -> ChunkHook:
    """Change the array of fragments in each delta that has one."""
    return on_deltas(lambda d: {**d, "tool_calls": change(d["tool_calls"])} if "tool_calls" in d else d)


def _on_fragments(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return _on_calls(lambda calls: [change(call) for call in calls])


def _on_first(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return _on_fragments(lambda call: change(call) if "id" in call else call)


def _on_later(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return _on_fragments(lambda call: call if "id" in call else change(call))


def _with_function(call: JsonObject, **fields: Any) -> JsonObject:
    return {**call, "function": {**call["function"], **fields}}


def _fragment_of(chunk: JsonObject) -> JsonObject | None:
    calls = [call for choice in chunk["choices"] for call in choice["delta"].get("tool_calls") or ()]
    return calls[0] if calls else None


def _bearing(chunk: JsonObject, fragment: JsonObject) -> JsonObject:
    return {**chunk, "choices": [{**chunk["choices"][0], "delta": {"tool_calls": [fragment]}}]}


def _whole(change: Callable[[str], object]) -> ChunkHook:
    """Change the arguments of each call as a whole; they come with its first fragment, and the others not at all."""

    def act(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        kept = list(chunks)
        texts: dict[int, str] = {}
        for fragment in filter(None, map(_fragment_of, kept)):
            texts[fragment["index"]] = texts.get(fragment["index"], "") + fragment["function"]["arguments"]
        for chunk in kept:
            part = _fragment_of(chunk)
            if part is None:
                yield chunk
            elif "id" in part:
                yield _bearing(chunk, _with_function(part, arguments=change(texts[part["index"]])))

    return act


def _each(change: Callable[[JsonObject, JsonObject], JsonObject]) -> ChunkHook:
    """Change each fragment, with a memory of the stream so far."""

    def act(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
        memory: JsonObject = {}
        for chunk in chunks:
            part = _fragment_of(chunk)
            yield chunk if part is None else _bearing(chunk, change(part, memory))

    return act


def _counted(part: JsonObject, memory: JsonObject) -> JsonObject:
    """The index counts the fragments."""
    memory["next"] = memory.get("next", -1) + 1
    return {**part, "index": memory["next"]}


def _cumulative(part: JsonObject, memory: JsonObject) -> JsonObject:
    index = str(part["index"])
    memory[index] = memory.get(index, "") + part["function"]["arguments"]
    return _with_function(part, arguments=memory[index])


def _given(part: JsonObject, first: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """A fragment with some of what the first one of its call gives."""
    outer = {name: first[name] for name in names if name in first}
    inner = {name: first["function"][name] for name in names if name in first["function"]}
    return {**part, **outer, "function": {**part["function"], **inner}}


def _late(*names: str) -> ChunkHook:
    """What the first fragment of a call should give comes with the second one."""

    def change(part: JsonObject, memory: JsonObject) -> JsonObject:
        if "id" in part:
            memory["held"] = part
            return {**_less(part, *names), "function": _less(part["function"], *names)}
        held = memory.pop("held", None)
        return _given(part, held, names) if held else part

    return _each(change)


def _repeating(*names: str) -> ChunkHook:
    """Every fragment gives what the first one of its call gave."""

    def change(part: JsonObject, memory: JsonObject) -> JsonObject:
        memory["first"] = part if "id" in part else memory["first"]
        return _given(part, memory["first"], names)

    return _each(change)


def _as_text(delta: JsonObject) -> JsonObject:
    """The model's own notation of a call is never parsed."""
    functions = [call["function"] for call in delta.get("tool_calls") or ()]
    return {"content": functions[0].get("name") or functions[0]["arguments"]} if functions else delta


def _cut(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The stream ends in the middle of the arguments."""
    whole = list(chunks)
    yield from whole[: len(whole) // 3]


def _cut_but_finished(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    whole = list(chunks)
    yield from (*whole[: len(whole) // 3], *filter(finishes, whole))


_add("calls-object", "The tool_calls of a delta are one object.", _on_calls(lambda calls: calls[0]), _SCHEMA)
_add("arguments-object", "The arguments of a fragment are an object.", _whole(json.loads), _SCHEMA)
_add("type-tool", "The type of a streamed call is tool.", _on_first(lambda c: {**c, "type": "tool"}), _SCHEMA)
_add("id-number", "The id of a streamed call is a number.", _on_first(lambda c: {**c, "id": 7}), _SCHEMA, _FIRST)
_add("function-text", "The function of a fragment is a text.", _on_later(lambda c: {**c, "function": ""}), _SCHEMA)
_add("finish-function-call", "Calls end for function_call.", on_reasons(lambda r: r and "function_call"), _SCHEMA)

_add("index-missing", "Fragments have no index.", _on_fragments(lambda call: _less(call, "index")), _INDEX)
_add("index-missing-later", "Later fragments have no index.", _on_later(lambda call: _less(call, "index")), _INDEX)
_add("index-null", "The index of a fragment is null.", _on_fragments(lambda call: {**call, "index": None}), _INDEX)
_add("index-text", "An index is a text.", _on_fragments(lambda call: {**call, "index": str(call["index"])}), _INDEX)
_add("index-from-one", "Calls are numbered from 1.", _on_fragments(lambda c: {**c, "index": c["index"] + 1}), _INDEX)
_add("index-skips", "The second call has the index 2.", _on_fragments(lambda c: {**c, "index": 2 * c["index"]}), _INDEX)
_add("index-counts-fragments", "The index counts the fragments.", _each(_counted), _FIRST)
_add("index-always-zero", "All calls have the index 0.", _on_fragments(lambda c: {**c, "index": 0}), _APART)

_add("id-missing", "Streamed calls have no id.", _on_first(lambda call: _less(call, "id")), _FIRST)
_add("id-empty", "The id of a streamed call is empty.", _on_first(lambda call: {**call, "id": ""}), _FIRST)
_add("id-null", "The id of a streamed call is null.", _on_first(lambda call: {**call, "id": None}), _FIRST)
_add("id-late", "The id comes with the second fragment.", _late("id"), _FIRST)
_add("name-missing", "Streamed calls have no name.", _on_first(lambda c: _with_function(c, name=None)), _FIRST)
_add("name-late", "The name comes with the second fragment.", _late("name"), _FIRST)
_add("id-again", "Every fragment has the id.", _repeating("id"), _AGAIN)
_add("name-again", "Every fragment has the name.", _repeating("name"), _AGAIN)
_add("all-again", "Every fragment has id, type and name.", _repeating("id", "type", "name"), _AGAIN)
_add(
    "id-shared",
    "Two streamed calls share an id.",
    _on_first(lambda call: {**call, "id": "call_1"}),
    "tools.call-ids-unique",
)
_add(
    "name-prefixed",
    "A name has a prefix.",
    _on_first(lambda c: _with_function(c, name="functions." + c["function"]["name"])),
    _NAME,
)
_add(
    "name-doubled", "A name comes twice.", _on_first(lambda c: _with_function(c, name=c["function"]["name"] * 2)), _NAME
)

_add("arguments-never", "The fragments carry no arguments.", _whole(lambda _: ""), _JSON)
_add("arguments-cut", "The last character of the arguments is missing.", _whole(lambda text: text[:-1]), _JSON)
_add("arguments-quoted", "The arguments are JSON in JSON.", _whole(json.dumps), _JSON)
_add("arguments-doubled", "The arguments come twice.", _whole(lambda text: text + text), _JSON)
_add("arguments-cumulative", "Each fragment carries all arguments so far.", _each(_cumulative), _JSON)
_add("arguments-unescaped", "Quotes in arguments are lost.", _whole(lambda text: text.replace('"', "")), _JSON)
_add("cut-but-finished", "A stream is cut inside the arguments and says tool_calls.", _cut_but_finished, _JSON)
_add("arguments-lacking", "A required argument is missing in a stream.", _whole(lambda _: "{}"), "tools.arguments-fit")
_add("cut", "A stream ends inside the arguments, as if it were complete.", _cut, _FINISH)
_add("finish-length", "Whole calls end for length.", on_reasons(lambda r: r and "length"), _FINISH)
_add("finish-missing", "A stream with calls has no finish_reason.", on_reasons(lambda _: None), _FINISH)
_add("as-text", "A call comes as text.", on_deltas(_as_text), "tools.required-obeyed")
