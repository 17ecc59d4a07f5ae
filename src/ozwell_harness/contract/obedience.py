"""What the answer to a valid generated request owes to that very request: the suites' own checks, on other data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ozwell_harness.checks import (
    chat,
    config,
    embeddings,
    files,
    params,
    responses,
    retrieval,
    stream_ending,
    stream_framing,
    streaming,
    usage,
)
from ozwell_harness.checks.base import document_of, objects_at
from ozwell_harness.checks.operations import EVENT_STREAM
from ozwell_harness.contract.subjects import (
    CHAT_OBEYS,
    CONFIG_TRUE,
    EMBEDDINGS_MATCH,
    LIST_OBEYS,
    QUERY_OBEYS,
    RESPONSE_OBEYS,
    STREAMS,
)
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Profile

#: A requirement, and what there is to say about it; None where it is kept.
Judgement = tuple[str, Deviation | None]
_Check = Callable[[Exchange], Deviation | None]

_STREAM: tuple[_Check, ...] = (
    stream_framing.answers_with_events,
    stream_framing.has_event_stream_type,
    stream_framing.is_utf8,
    stream_framing.has_json_data,
    stream_framing.ends_cleanly,
    stream_framing.completes_events,
    stream_framing.has_done,
    stream_framing.has_done_once,
    stream_framing.ends_with_done,
    streaming.begins_with_role,
    stream_ending.finishes_each_once,
)


#: What an answer owes only where its dialect owes a requirement, by that requirement.
_ONLY_WHERE_OWED: Mapping[str, _Check] = {
    "chat.choice-indexes": chat.indexes_run_from_zero,
    "chat.usage-total-is-sum": usage.total_is_sum,
    "chat.no-tool-call-unasked": chat.calls_no_tool,
}


def obedience(
    operation: str, body: Any, exchange: Exchange, profile: Profile, owed: Collection[str]
) -> Iterator[Judgement]:
    """Yield a judgement for each thing that an answer of status 200 owes to the ``body`` that asked for it.

    ``owed`` are the ids of the requirements of the dialect.
    """
    if exchange.status != 200:
        return
    if operation == "listFiles":
        yield from _list(exchange)
    elif not isinstance(body, Mapping):
        return
    elif operation == "createChatCompletion":
        yield from _streamed(body, exchange, profile) if body.get("stream") else _plain(body, exchange, owed)
    elif operation == "createResponse":
        yield from _response(body, exchange)
    elif operation == "createEmbedding":
        yield from _embedding(body, exchange)
    elif operation == "queryDocuments" and body.get("top_k") is not None:
        yield from _judged(QUERY_OBEYS, lambda: retrieval.gives_at_most(exchange, body["top_k"]))
    elif operation == "updateModelConfig":
        yield from _judged(CONFIG_TRUE, lambda: config.values_are_true(exchange, body))


def _streamed(body: Mapping[str, Any], exchange: Exchange, profile: Profile) -> Iterator[Judgement]:
    for check in _STREAM:
        yield from _judged(STREAMS, partial(check, exchange))
    yield from _judged(STREAMS, lambda: streaming.chunks_match_schema(exchange, profile))
    yield from _judged(CHAT_OBEYS, lambda: streaming.has_choices(exchange, body.get("n", 1)))


def _plain(body: Mapping[str, Any], exchange: Exchange, owed: Collection[str]) -> Iterator[Judgement]:
    choices = body.get("n", 1)
    checks: list[Callable[[], Deviation | None]] = [
        lambda: _is_no_stream(exchange),
        lambda: chat.has_choices(exchange, choices),
        lambda: params.leaves_out(exchange, _stops(body)),
    ]
    if "max_tokens" in body:
        checks.append(lambda: params.caps_tokens(exchange, body["max_tokens"] * choices))
    may_call = "tools" in body and body.get("tool_choice") != "none"
    for requirement, check_owed in _ONLY_WHERE_OWED.items():
        if requirement in owed and not (may_call and check_owed is chat.calls_no_tool):
            checks.append(partial(check_owed, exchange))
    for check in checks:
        yield from _judged(CHAT_OBEYS, check)


def _response(body: Mapping[str, Any], exchange: Exchange) -> Iterator[Judgement]:
    checks: list[Callable[[], Deviation | None]] = [
        lambda: usage.total_is_sum(exchange),
        lambda: params.leaves_out(exchange, _stops(body)),
        lambda: responses.has_sources(exchange) if body.get("include_sources") else responses.has_no_sources(exchange),
    ]
    if "max_tokens" in body:
        checks.append(lambda: params.caps_tokens(exchange, body["max_tokens"]))
    if body.get("conversation_id"):
        checks.append(lambda: responses.echoes(exchange, body["conversation_id"]))
    for check in checks:
        yield from _judged(RESPONSE_OBEYS, check)


def _embedding(body: Mapping[str, Any], exchange: Exchange) -> Iterator[Judgement]:
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    as_asked = embeddings.is_text if body.get("encoding_format") == "base64" else embeddings.is_flat
    checks: list[Callable[[], Deviation | None]] = [
        lambda: embeddings.has_items(exchange, len(inputs)),
        lambda: embeddings.is_numbered(exchange),
        lambda: embeddings.total_is_prompt(exchange),
        lambda: as_asked(exchange),
    ]
    for check in checks:
        yield from _judged(EMBEDDINGS_MATCH, check)


def _list(exchange: Exchange) -> Iterator[Judgement]:
    asked = parse_qs(urlsplit(exchange.request.path).query)
    if "limit" in asked:
        yield from _judged(LIST_OBEYS, lambda: _holds_no_more(exchange, int(asked["limit"][0])))
    if "purpose" in asked:
        yield from _judged(LIST_OBEYS, lambda: files.only_purpose([exchange], asked["purpose"][0], ["another"]))


def _holds_no_more(exchange: Exchange, limit: int) -> Deviation | None:
    found = len(objects_at(document_of(exchange), "data"))
    if found <= limit:
        return None
    return Deviation("a page holds more than was asked for", f"up to {limit} files", f"{found} files")


def _judged(requirement: str, check: Callable[[], Deviation | None]) -> Iterator[Judgement]:
    try:
        yield requirement, check()
    except Unjudgeable:
        return


def _is_no_stream(exchange: Exchange) -> Deviation | None:
    if exchange.response is None or exchange.response.media_type != EVENT_STREAM:
        return None
    return Deviation("a plain request is answered with a stream", "application/json", EVENT_STREAM)


def _stops(body: Mapping[str, Any]) -> list[str]:
    stop = body.get("stop") or []
    return [stop] if isinstance(stop, str) else list(stop)
