"""Streamed chat answers made by hand, for the tests of checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from build import exchange, request, stream

from ozwell_harness.model import Deviation, Exchange

STARTED = 1_763_683_200
Judgement = Callable[..., Deviation | None]


class Case(NamedTuple):
    """A check, evidence that passes it, and evidence that deviates; evidence is an exchange or a tuple of arguments."""

    check: Judgement
    good: Sequence[Any]
    bad: Sequence[Any]


def arguments(evidence: Any) -> tuple[Any, ...]:
    return evidence if isinstance(evidence, tuple) else (evidence,)


def chunk(delta: Any = None, finish: Any = None, *, index: Any = 0, **fields: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": STARTED,
        "model": "gpt-4",
        "choices": [choice],
    } | fields


def text(content: str, **more: Any) -> dict[str, Any]:
    return chunk({"content": content}, **more)


ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
USAGE_CHUNK = chunk(choices=[], usage=USAGE)
PIECES = ("One", ", two", ", three", ", four.")


def body(*pieces: str) -> list[dict[str, Any]]:
    return [text(piece) for piece in pieces or PIECES]


def saying(*pieces: str, finish: Any = "stop", **more: Any) -> Exchange:
    """A sound stream of these pieces."""
    return stream(ROLE, *body(*pieces), chunk({}, finish), **more)


def plain(content: Any, finish: Any = "stop", **fields: Any) -> Exchange:
    """A plain answer of this content."""
    message = {"role": "assistant", "content": content}
    document = {
        "id": "chatcmpl-2",
        "object": "chat.completion",
        "created": STARTED,
        "model": "gpt-4",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": USAGE,
    }
    return exchange(json=document | fields)


def with_headers(*headers: tuple[str, str], events: Sequence[Any] = ()) -> Exchange:
    return stream(*(events or (ROLE, *body(), STOP)), headers=headers)


def asking(**fields: Any) -> Any:
    """A request with these fields."""
    return request(body=fields)


def event(document: Any) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"
