"""How results and errors become replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from ozwell_harness.mock.call import EVENT_STREAM_TYPE, Call, Refusal, Reply, Work
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.faults.base import NO_FAULTS, Hook
from ozwell_harness.mock.streaming import Frame, chunks, items_of, quick_items
from ozwell_harness.mock.webhooks.likeness import is_name

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
to_builtins: Callable[[Any], Any] = msgspec.to_builtins


def json_reply(call: Call, answer: Any, work: Work | None = None) -> Reply:
    """200 with one JSON document."""
    if Hook.RESULT in call.faults:
        answer = call.apply(Hook.RESULT, to_builtins(answer))
    return Reply(200, encode(answer), work=work)


def array_reply(call: Call, items: list[Any]) -> Reply:
    """200 with one JSON array."""
    if Hook.ITEMS in call.faults:
        items = call.apply(Hook.ITEMS, to_builtins(items))
    return Reply(200, encode(items))


def stream_reply(call: Call, completion: Completion, frame: Frame, closing: Iterable[dict[str, Any]]) -> Reply:
    """200 with an event stream."""
    if call.faults is NO_FAULTS:
        items = quick_items(completion, frame, closing)
    else:
        altered = _noted(call, call.apply(Hook.CHUNKS, chunks(completion, frame, closing)))
        items = call.apply(Hook.EVENTS, items_of(altered))
    call.services.metrics.streams_started += 1
    headers = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
    return Reply(200, items, EVENT_STREAM_TYPE, headers, work_of(completion))


def _noted(call: Call, altered: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Remember the id that a stream goes by, whatever it was given at first; what is no id at all is not told on."""
    for chunk in altered:
        name = chunk.get("id")
        if call.stream_id is None and is_name(name):
            call.stream_id = name
        yield chunk


def work_of(completion: Completion) -> Work:
    """What the latency model must pace."""
    return Work(completion.prompt_tokens, completion.steps)


def error_reply(call: Call, error: ApiError) -> Reply:
    """The envelope with its status."""
    dialect = call.dialect
    refusal = Refusal(error.status, dialect.refusal(error), list(error.headers), error, dialect.members)
    refusal = call.apply(Hook.ERROR, refusal)
    body = dialect.restated(refusal.envelope, error.status, refusal.status)
    return Reply(refusal.status, encode(body), headers=refusal.headers)
