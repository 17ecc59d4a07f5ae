"""Streams whose usage counts wrongly, comes in the wrong chunk, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import (
    ChunkHook,
    asks_usage,
    finishes,
    is_capped,
    on_chunks,
    on_usage,
    when,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem
from ozwell_harness.mock.streaming import DONE

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_SCHEMA = "streaming.chunk-schema"
_ON_REQUEST = "streaming.usage-on-request"
_LAST = "streaming.usage-chunk-last"
_ONCE = "streaming.usage-once"
_COUNTED = "streaming.usage-counted"
_SUM = "streaming.usage-total-is-sum"
_AS_PLAIN = "streaming.usage-prompt-as-plain"
_AS_CAPPED = "streaming.usage-completion-as-capped"
_UNASKED = "streaming.no-usage-unasked"


def _add(name: str, text: str, hook: ChunkHook, *breaks: str) -> None:
    AREA.chunks(name, text, CHAT, breaks=breaks)(hook)


def _counting(usage: JsonObject, *, prompt: int = 0, completion: int = 0, total: int = 0) -> JsonObject:
    """The usage with so many tokens more; the total follows its parts."""
    more = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion + total}
    return {name: count + more[name] for name, count in usage.items()}


def _set(**counts: int) -> ChunkHook:
    return on_usage(lambda usage: {**usage, **counts})


def _with_finish(chunks: Iterable[JsonObject], *, keep: bool) -> Iterator[JsonObject]:
    """The usage stands in the last chunk that ends a choice; in a chunk of its own only where that is kept."""
    whole = list(chunks)
    usage = next((chunk["usage"] for chunk in whole if chunk.get("usage")), None)
    last = max((number for number, chunk in enumerate(whole) if finishes(chunk)), default=-1)
    for number, chunk in enumerate(whole):
        if number == last and usage:
            yield {**chunk, "usage": usage}
        elif keep or not chunk.get("usage"):
            yield chunk


def _in_finish(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    return _with_finish(chunks, keep=False)


def _in_finish_too(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    return _with_finish(chunks, keep=True)


def _in_every(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Each chunk tells the usage so far."""
    for number, chunk in enumerate(chunks, start=1):
        so_far = {"prompt_tokens": 9, "completion_tokens": number, "total_tokens": 9 + number}
        yield {**chunk, "usage": chunk["usage"] or so_far} if "usage" in chunk else chunk


def _first(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    whole = list(chunks)
    return iter(sorted(whole, key=lambda chunk: not chunk.get("usage")))


def _before_finish(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    whole = list(chunks)
    return iter(sorted(whole, key=finishes))


def _unasked(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """The chunk that ends a choice tells a usage."""
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    return ({**chunk, "usage": usage} if finishes(chunk) else chunk for chunk in chunks)


@AREA.events(
    "usage-after-done", "The usage follows [DONE].", CHAT, breaks=(_ON_REQUEST, "streaming.nothing-after-done")
)
def usage_after_done(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:
    """Change places."""
    whole = list(items)
    if asks_usage(call.body) and whole[-1] == DONE:
        whole[-2:] = [whole[-1], whole[-2]]
    return iter(whole)


_add("usage-null", "The usage is null.", on_usage(lambda _: None), _ON_REQUEST)
_add(
    "usage-missing-when-capped",
    "A capped stream tells no usage.",
    when(is_capped, on_usage(lambda _: None)),
    _ON_REQUEST,
)
_add("usage-text", "The usage is a text.", on_usage(str), _ON_REQUEST, _SCHEMA)
_add("usage-empty", "The usage is empty.", on_usage(lambda _: {}), _SCHEMA)
_add(
    "usage-without-choices",
    "The usage chunk has no choices.",
    on_chunks(lambda c: c if c["choices"] else {k: v for k, v in c.items() if k != "choices"}),
    _LAST,
)
_add(
    "usage-with-choice",
    "The usage chunk has a choice.",
    on_chunks(lambda c: c if c["choices"] else {**c, "choices": [{"index": 0, "delta": {}, "finish_reason": None}]}),
    _LAST,
)
_add("usage-in-finish", "The usage comes with the finish_reason.", _in_finish, _LAST)
_add("usage-first", "The usage comes first.", _first, _LAST)
_add("usage-before-finish", "The usage comes before the finish_reason.", _before_finish, _LAST)
_add("usage-in-every-chunk", "Every chunk tells the usage so far.", _in_every, _ONCE)
_add("usage-in-finish-too", "The usage comes with the finish_reason, and once more.", _in_finish_too, _ONCE)
_add(
    "usage-unasked-in-finish",
    "The finish_reason comes with a usage, unasked.",
    when(lambda b: not asks_usage(b), _unasked),
    _UNASKED,
)

_add(
    "usage-all-zero",
    "The usage of a stream is all zero.",
    _set(prompt_tokens=0, completion_tokens=0, total_tokens=0),
    _COUNTED,
)
_add("usage-prompt-zero", "The prompt of a stream costs nothing.", _set(prompt_tokens=0), _COUNTED)
_add("usage-completion-zero", "The answer of a stream costs nothing.", _set(completion_tokens=0), _COUNTED)
_add("usage-total-zero", "The total of a stream is zero.", _set(total_tokens=0), _COUNTED)
_add("usage-negative", "The completion_tokens of a stream are -1.", _set(completion_tokens=-1), _COUNTED, _SCHEMA)
_add("usage-total-more", "The total of a stream is one too many.", on_usage(lambda u: _counting(u, total=1)), _SUM)
_add("usage-total-less", "The total of a stream is one too few.", on_usage(lambda u: _counting(u, total=-1)), _SUM)
_add(
    "usage-prompt-more",
    "A prompt costs one token more when streamed.",
    on_usage(lambda u: _counting(u, prompt=1)),
    _AS_PLAIN,
)
_add(
    "usage-prompt-less",
    "A prompt costs one token less when streamed.",
    on_usage(lambda u: _counting(u, prompt=-1)),
    _AS_PLAIN,
)
_add(
    "usage-first-token-lost",
    "The first token is not counted.",
    on_usage(lambda u: _counting(u, completion=-1)),
    _AS_CAPPED,
)
_add(
    "usage-token-more",
    "One token too many is counted.",
    on_usage(lambda u: _counting(u, completion=1)),
    "streaming.max-tokens-caps",
)
