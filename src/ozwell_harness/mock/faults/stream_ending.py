"""Streams that end for no reason, for a wrong one, too early, or in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream import CUT, beginning
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    asks_two,
    content_in,
    finishes,
    is_capped,
    is_stopped,
    offers_tools,
    on_choices,
    on_reasons,
    when,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem
from ozwell_harness.mock.streaming import DONE

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_TOLD = "streaming.finish-told"
_ONCE = "streaming.finish-once"
_NULL = "streaming.finish-null-before"
_AFTER = "streaming.nothing-after-finish"
_EMPTY = "streaming.finish-delta-empty"
_PLAIN = "streaming.finish-as-plain"
_LENGTH = "streaming.max-tokens-finish-length"
_STOP = "streaming.stop-finish-stop"
_TWO = "streaming.n-two-finish"


def _add(name: str, text: str, hook: ChunkHook, *breaks: str) -> None:
    AREA.chunks(name, text, CHAT, breaks=breaks)(hook)


def _moved_back(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The finish_reason comes one chunk too early, and its own chunk after it."""
    held: JsonObject | None = None
    for chunk in chunks:
        if finishes(chunk) and held is not None:
            yield chunk
            yield held
            held = None
            continue
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held


def _in_last_piece(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The finish_reason stands in the chunk with the last piece of each choice."""
    held: dict[int, JsonObject] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            before = held.pop(choice["index"], None)
            if choice["finish_reason"] and before is not None:
                before["choices"][0]["finish_reason"] = choice["finish_reason"]
                yield before
                continue
            if before is not None:
                yield before
            held[choice["index"]] = chunk
            if choice["finish_reason"]:
                yield held.pop(choice["index"])
        if not chunk["choices"]:
            yield chunk


def _twice(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    for chunk in chunks:
        yield chunk
        if finishes(chunk):
            yield chunk


def _every_content(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["delta"].get("content"):
                choice["finish_reason"] = "stop"
        yield chunk


def _only_last_choice(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:
    last = (call.body.get("n") or 1) - 1
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"] != last:
                choice["finish_reason"] = None
        yield chunk


def _less_last_chunk(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    return (chunk for chunk in chunks if not finishes(chunk))


def _cut(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Half of the content, and no finish_reason."""
    whole = list(chunks)
    yield from whole[: len(whole) // 2]


@AREA.events("done-after-failure", "A failure in mid-stream is followed by [DONE].", CHAT, breaks=CUT)
def done_after_failure(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Swallow the error."""
    yield from beginning(items)
    yield DONE


def _with_tool(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """After the end of a choice it goes on with an empty tool call."""
    for chunk in chunks:
        yield chunk
        if finishes(chunk):
            late = {"tool_calls": [{"index": 0, "id": "call_late", "function": {"name": "f", "arguments": "{}"}}]}
            yield {**chunk, "choices": [{**c, "delta": late, "finish_reason": None} for c in chunk["choices"]]}


def _role_only(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    return (chunk for chunk in chunks if not content_in(chunk) and not finishes(chunk))


def _is_text(body: JsonObject) -> bool:
    return not offers_tools(body)


_add("cut-in-half", "The second half of the answer is missing.", when(_is_text, _cut), *CUT)
_add("cut-in-half-of-two", "With two choices the second half is missing.", when(asks_two, _cut), *CUT)
_add("cut-before-text", "Nothing follows the role.", when(_is_text, _role_only), *CUT)

_add("finish-missing-when-capped", "A capped stream has no finish_reason.", when(is_capped, _less_last_chunk), _TOLD)
_add("finish-chunk-missing", "The last chunk of each choice is missing.", _less_last_chunk, _TOLD)
_add("finish-of-last-only", "Only the last of two choices has a finish_reason.", _only_last_choice, _TWO)
_add("finish-twice-of-two", "Both choices have two finish_reasons.", when(asks_two, _twice), _TWO)
_add("finish-twice", "The last chunk of a choice comes twice.", _twice, _ONCE)
_add("finish-with-every-piece", "Every piece has the finish_reason stop.", _every_content, _ONCE)
_add("finish-too-early", "The last piece follows the finish_reason.", when(_is_text, _moved_back), _AFTER)
_add("call-after-finish", "A tool call follows the finish_reason.", when(_is_text, _with_tool), _AFTER)
_add("finish-with-content", "The finish_reason stands beside the last piece.", when(_is_text, _in_last_piece), _EMPTY)

_add("finish-empty-before", "The finish_reason is an empty text until the end.", on_reasons(lambda r: r or ""), _NULL)
_add("finish-false-before", "The finish_reason is false until the end.", on_reasons(lambda r: r or False), _NULL)
_add(
    "finish-null-as-text", "The finish_reason is the word null until the end.", on_reasons(lambda r: r or "null"), _NULL
)
_add("finish-none-as-text", "The finish_reason is None until the end.", on_reasons(lambda r: r or "None"), _NULL)
_add(
    "finish-empty-first",
    "The finish_reason of the first delta is an empty text.",
    on_choices(lambda c: {**c, "finish_reason": ""} if "role" in c["delta"] else c),
    _NULL,
)

_add("finish-length", "A whole text ends for length.", on_reasons(lambda r: "length" if r == "stop" else r), _PLAIN)
_add(
    "finish-filtered", "A whole text is filtered.", on_reasons(lambda r: "content_filter" if r == "stop" else r), _PLAIN
)
_add(
    "finish-stop-when-capped",
    "A capped text ends by itself.",
    on_reasons(lambda r: "stop" if r == "length" else r),
    _LENGTH,
)
_add(
    "finish-filtered-when-capped",
    "A capped text is filtered.",
    on_reasons(lambda r: "content_filter" if r == "length" else r),
    _LENGTH,
)
_add(
    "finish-length-when-stopped",
    "A text that a stop text ended ends for length.",
    when(is_stopped, on_reasons(lambda r: r and "length")),
    _STOP,
)
