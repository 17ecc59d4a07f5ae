"""Which checks of the suites judge which kind of answer under load. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from ozwell_harness.checks import (
    base,
    chat,
    documents,
    embeddings,
    files,
    history,
    models,
    responses,
    retrieval,
    stream_ending,
    stream_framing,
    stream_usage,
    streaming,
)
from ozwell_harness.checks import usage as plain_usage
from ozwell_harness.checks.accepted import is_accepted, is_accepted_with_object
from ozwell_harness.checks.passive import PASSIVE
from ozwell_harness.load.step import Kind
from ozwell_harness.model import Deviation, Exchange
from ozwell_harness.profile import Profile

#: What only says that there is too much to do: an error, and no other requirement's.
_SHED = frozenset({502, 503, 504})

LoadCheck: TypeAlias = Callable[[Exchange, Profile], Deviation | None]


def alone(check: Callable[[Exchange], Deviation | None]) -> LoadCheck:
    """Return a check that needs no profile in the form of those that do."""
    return lambda exchange, _profile: check(exchange)


def _unless_shed(check: LoadCheck) -> LoadCheck:
    """Pass over what a target, or a gateway before it, may answer to more than it can bear (RFC 9110 section 15.6)."""
    return lambda exchange, profile: None if exchange.status in _SHED else check(exchange, profile)


def _of_success(check: Callable[[Exchange], Deviation | None]) -> LoadCheck:
    """Judge a success only: what an error under load says is counted as an error of its kind."""
    return lambda exchange, _profile: check(exchange) if is_accepted(exchange) else None


def _schema(name: str) -> LoadCheck:
    return lambda exchange, profile: base.matches_schema(exchange, profile, name)


_PLAIN_CHAT: Mapping[str, LoadCheck] = {
    "chat.answer-schema": _schema("ChatCompletion"),
    "chat.choice-indexes": alone(chat.indexes_run_from_zero),
    "chat.one-choice-by-default": alone(chat.has_one_choice),
    "chat.role-is-assistant": alone(chat.role_is_assistant),
    "chat.finish-reason-known": alone(chat.finish_reason_is_known),
    "chat.usage-counts": alone(plain_usage.counts_are_whole),
    "chat.usage-prompt-positive": alone(plain_usage.prompt_is_counted),
    "chat.usage-total-is-sum": alone(plain_usage.total_is_sum),
}
_STREAMED_CHAT: Mapping[str, LoadCheck] = {
    "streaming.content-type": alone(stream_framing.has_event_stream_type),
    "streaming.utf8": alone(stream_framing.is_utf8),
    "streaming.data-is-json": alone(stream_framing.has_json_data),
    "streaming.ends-cleanly": alone(stream_framing.ends_cleanly),
    "streaming.events-completed": alone(stream_framing.completes_events),
    "streaming.done-sent": alone(stream_framing.has_done),
    "streaming.done-once": alone(stream_framing.has_done_once),
    "streaming.nothing-after-done": alone(stream_framing.ends_with_done),
    "streaming.no-silent-cut": alone(stream_ending.is_never_cut_in_silence),
    "streaming.chunk-schema": streaming.chunks_match_schema,
    "streaming.one-id": alone(partial(streaming.has_one, field="id")),
    "streaming.role-first": alone(streaming.begins_with_role),
    "streaming.finish-told": alone(stream_ending.tells_finish_reason),
    "streaming.finish-once": alone(stream_ending.tells_once),
    "streaming.nothing-after-finish": alone(stream_ending.adds_nothing_after_finish),
    "streaming.characters-whole": alone(streaming.keeps_characters_whole),
    "streaming.usage-chunk-last": alone(stream_usage.has_usage_chunk_last),
    "streaming.usage-total-is-sum": alone(stream_usage.usage_is_sum),
}
_EMBEDDINGS: Mapping[str, LoadCheck] = {
    "embeddings.schema": _schema("EmbeddingList"),
    "embeddings.index-zero": alone(embeddings.is_numbered),
    "embeddings.one-item": alone(partial(embeddings.has_items, count=1)),
    "embeddings.vector-is-flat": alone(embeddings.is_flat),
    "embeddings.usage-total-is-prompt": alone(embeddings.total_is_prompt),
}
_MODELS: Mapping[str, LoadCheck] = {
    "models.list-schema": _schema("ModelList"),
    "models.not-empty": alone(models.has_a_model),
    "models.ids-unique": alone(models.ids_are_unique),
}
_RESPONSE: Mapping[str, LoadCheck] = {
    "responses.schema": responses.matches_schema,
    "responses.object-named": alone(responses.object_is_named),
    "responses.id-is-text": alone(chat.id_is_text),
    "responses.output-is-object": alone(responses.output_is_object),
    "responses.role-is-assistant": alone(responses.role_is_assistant),
    "responses.content-is-text": alone(responses.content_is_text),
    "responses.usage-whole": alone(plain_usage.counts_are_whole),
    "responses.usage-prompt-counted": alone(plain_usage.prompt_is_counted),
    "responses.usage-total-is-sum": alone(plain_usage.total_is_sum),
    "responses.no-sources-unasked": alone(responses.has_no_sources),
}
_UPLOAD: Mapping[str, LoadCheck] = {
    "files.upload-schema": _schema("File"),
    "files.upload-created-at": alone(files.created_at_is_now),
}
_FILE_LIST: Mapping[str, LoadCheck] = {
    "files.list-schema": _schema("FileList"),
    "files.list-ids-unique": alone(lambda exchange: files.ids_are_unique([exchange])),
}
_DELETE: Mapping[str, LoadCheck] = {"files.delete-schema": _schema("FileDeleted")}
_HISTORY: Mapping[str, LoadCheck] = {
    "history.answers": _of_success(history.answers_messages),
    "history.id-is-text": alone(history.ids_are_text),
    "history.ids-unique": alone(history.ids_are_unique),
    "history.role-is-text": alone(history.roles_are_text),
    "history.content-is-text": alone(history.contents_are_text),
    "history.created-at-is-date-time": alone(history.times_are_date_times),
}
_INGEST: Mapping[str, LoadCheck] = {
    "documents.accepted": _of_success(is_accepted_with_object),
    "documents.id-is-text": alone(documents.id_is_text),
    "documents.status-is-text": alone(documents.status_is_text),
    "documents.chunks-is-integer": alone(documents.chunks_is_integer),
    "documents.chunks-at-least-one": alone(documents.has_chunks),
    "documents.created-at-is-date-time": alone(documents.created_at_is_date_time),
    "documents.created-at-is-now": alone(documents.created_at_is_now),
}
_QUERY: Mapping[str, LoadCheck] = {
    "retrieval.answers": _of_success(chat.completes),
    "retrieval.results-is-array": alone(retrieval.results_are_array),
    "retrieval.document-id-is-text": alone(retrieval.document_ids_are_text),
    "retrieval.content-is-text": alone(retrieval.contents_are_text),
    "retrieval.score-is-number": alone(retrieval.scores_are_numbers),
}
#: Component schemas that the checks need.
SCHEMAS = (
    "ChatCompletion",
    "ChatCompletionChunk",
    "EmbeddingList",
    "ModelList",
    "Response",
    "File",
    "FileList",
    "FileDeleted",
)
#: Whether a request is answered at all is what errors count.
_NOT_UNDER_LOAD = frozenset({"http.requests-answered"})

_ALWAYS: Mapping[str, LoadCheck] = {
    **{name: check for name, check in PASSIVE.items() if name not in _NOT_UNDER_LOAD},
    "http.no-server-errors": _unless_shed(PASSIVE["http.no-server-errors"]),
}

CHECKS: Mapping[Kind, Mapping[str, LoadCheck]] = {
    kind: {**_ALWAYS, **own}
    for kind, own in (
        (Kind.CHAT, _PLAIN_CHAT),
        (Kind.CHAT_STREAM, _STREAMED_CHAT),
        (Kind.EMBEDDINGS, _EMBEDDINGS),
        (Kind.MODELS, _MODELS),
        (Kind.RESPONSE, _RESPONSE),
        (Kind.UPLOAD, _UPLOAD),
        (Kind.FILE_LIST, _FILE_LIST),
        (Kind.DOWNLOAD, {}),
        (Kind.DELETE, _DELETE),
        (Kind.HISTORY, _HISTORY),
        (Kind.INGEST, _INGEST),
        (Kind.QUERY, _QUERY),
    )
}
