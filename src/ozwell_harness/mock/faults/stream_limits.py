"""Streams in which max_tokens, stop texts and n count for something else than in plain answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_CAPS = "streaming.max-tokens-caps"
_LEFT_OUT = "streaming.stop-left-out"
_EXACT = "streaming.stop-exact"
_ON_REQUEST = "streaming.usage-on-request"


def _ask(name: str, text: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """A fault that reads another request than was sent, where a stream is asked for."""

    def act(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return {**body, **change(body)} if body.get("stream") is True else body

    AREA.request(name, text, CHAT, breaks=breaks)(act)


def _raised(body: JsonObject, more: int) -> JsonObject:
    cap = body.get("max_tokens")
    return {"max_tokens": cap + more} if isinstance(cap, int) and cap >= 1 else {}


def _refused(body: JsonObject, field: str) -> JsonObject:
    if body.get(field) not in (None, 1):
        raise invalid_value(field, f"'{field}' cannot be combined with 'stream'.")
    return {}


def _stop(name: str, text: str, change: Callable[[str, str], str], breaks: str) -> None:
    """A fault that changes the text before a stop text, in streams."""

    def act(completion: Completion, call: Call) -> Completion:
        stop = call.body.get("stop")
        if not isinstance(stop, str) or call.body.get("stream") is not True:
            return completion
        return replace(completion, choices=tuple(_saying(c, change(c.text, stop)) for c in completion.choices))

    AREA.plan(name, text, CHAT, breaks=(breaks,))(act)


def _saying(choice: Choice, text: str) -> Choice:
    return replace(choice, pieces=tuple(pieces_of(text)))


_ask("max-tokens-ignored", "max_tokens does not cap a stream.", lambda _: {"max_tokens": None}, _CAPS)
_ask("max-tokens-one-more", "max_tokens lets a stream have one token more.", lambda b: _raised(b, 1), _CAPS)
_ask(
    "max-tokens-doubled",
    "max_tokens is doubled in a stream.",
    lambda b: _raised(b, b["max_tokens"] or 0) if b.get("max_tokens") else {},
    _CAPS,
)

_ask("n-ignored", "n is ignored in a stream.", lambda b: {"n": 1} if b.get("n") == 2 else {}, "streaming.n-two-choices")
_ask("n-refused", "n is refused for a stream.", lambda b: _refused(b, "n"), "streaming.n-two-choices")
_ask("usage-never", "include_usage is ignored.", lambda _: {"stream_options": None}, _ON_REQUEST)
_ask("usage-refused", "stream_options are refused.", lambda b: _refused(b, "stream_options"), _ON_REQUEST)
_ask(
    "usage-always",
    "The usage comes unasked.",
    lambda _: {"stream_options": {"include_usage": True}},
    "streaming.no-usage-unasked",
)

_ask("stop-ignored", "A stop text does not end a stream.", lambda _: {"stop": None}, _LEFT_OUT)
_stop("stop-leaked", "A stream ends with the stop text.", lambda text, stop: text + stop, _LEFT_OUT)
_stop("stop-begun", "A stream ends with the beginning of the stop text.", lambda text, stop: text + stop[:1], _EXACT)
_stop("stop-half-leaked", "A stream ends with half of the stop text.", lambda text, stop: text + stop[:-1], _EXACT)
_stop("stop-too-early", "What comes right before a stop text is missing.", lambda text, _: text[: -len("6, ")], _EXACT)
