"""Conformance under load: the checks of the suites, applied to answers that come while many others do.

Only MUST requirements of the profile are counted. What a request alone cannot show (timeouts, refused connections) is
counted as an error of its kind and not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
from ozwell_harness.load.reply import ErrorKind, Reply, ReplyError
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.model import (
    Arrival,
    Deviation,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Level,
    Request,
    Response,
    Unjudgeable,
)
from ozwell_harness.profile import Profile
from ozwell_harness.redaction import Redactor
from ozwell_harness.requirements import Catalogue
from ozwell_harness.target import KeyName

_NS = 1_000_000_000
#: Judged by nonces, not by an exchange alone.
CROSSED = "http.answers-never-cross"

#: What only says that there is too much to do: an error, and no other requirement's.
_SHED = frozenset({502, 503, 504})

LoadCheck: TypeAlias = Callable[[Exchange, Profile], Deviation | None]


def _alone(check: Callable[[Exchange], Deviation | None]) -> LoadCheck:
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
    "chat.choice-indexes": _alone(chat.indexes_run_from_zero),
    "chat.one-choice-by-default": _alone(chat.has_one_choice),
    "chat.role-is-assistant": _alone(chat.role_is_assistant),
    "chat.finish-reason-known": _alone(chat.finish_reason_is_known),
    "chat.usage-counts": _alone(plain_usage.counts_are_whole),
    "chat.usage-prompt-positive": _alone(plain_usage.prompt_is_counted),
    "chat.usage-total-is-sum": _alone(plain_usage.total_is_sum),
}
_STREAMED_CHAT: Mapping[str, LoadCheck] = {
    "streaming.content-type": _alone(stream_framing.has_event_stream_type),
    "streaming.utf8": _alone(stream_framing.is_utf8),
    "streaming.data-is-json": _alone(stream_framing.has_json_data),
    "streaming.ends-cleanly": _alone(stream_framing.ends_cleanly),
    "streaming.events-completed": _alone(stream_framing.completes_events),
    "streaming.done-sent": _alone(stream_framing.has_done),
    "streaming.done-once": _alone(stream_framing.has_done_once),
    "streaming.nothing-after-done": _alone(stream_framing.ends_with_done),
    "streaming.no-silent-cut": _alone(stream_ending.is_never_cut_in_silence),
    "streaming.chunk-schema": streaming.chunks_match_schema,
    "streaming.one-id": _alone(partial(streaming.has_one, field="id")),
    "streaming.role-first": _alone(streaming.begins_with_role),
    "streaming.finish-told": _alone(stream_ending.tells_finish_reason),
    "streaming.finish-once": _alone(stream_ending.tells_once),
    "streaming.nothing-after-finish": _alone(stream_ending.adds_nothing_after_finish),
    "streaming.characters-whole": _alone(streaming.keeps_characters_whole),
    "streaming.usage-chunk-last": _alone(stream_usage.has_usage_chunk_last),
    "streaming.usage-total-is-sum": _alone(stream_usage.usage_is_sum),
}
_EMBEDDINGS: Mapping[str, LoadCheck] = {
    "embeddings.schema": _schema("EmbeddingList"),
    "embeddings.index-zero": _alone(embeddings.is_numbered),
    "embeddings.one-item": _alone(partial(embeddings.has_items, count=1)),
    "embeddings.vector-is-flat": _alone(embeddings.is_flat),
    "embeddings.usage-total-is-prompt": _alone(embeddings.total_is_prompt),
}
_MODELS: Mapping[str, LoadCheck] = {
    "models.list-schema": _schema("ModelList"),
    "models.not-empty": _alone(models.has_a_model),
    "models.ids-unique": _alone(models.ids_are_unique),
}
_RESPONSE: Mapping[str, LoadCheck] = {
    "responses.schema": responses.matches_schema,
    "responses.object-named": _alone(responses.object_is_named),
    "responses.id-is-text": _alone(chat.id_is_text),
    "responses.output-is-object": _alone(responses.output_is_object),
    "responses.role-is-assistant": _alone(responses.role_is_assistant),
    "responses.content-is-text": _alone(responses.content_is_text),
    "responses.usage-whole": _alone(plain_usage.counts_are_whole),
    "responses.usage-prompt-counted": _alone(plain_usage.prompt_is_counted),
    "responses.usage-total-is-sum": _alone(plain_usage.total_is_sum),
    "responses.no-sources-unasked": _alone(responses.has_no_sources),
}
_UPLOAD: Mapping[str, LoadCheck] = {
    "files.upload-schema": _schema("File"),
    "files.upload-created-at": _alone(files.created_at_is_now),
}
_FILE_LIST: Mapping[str, LoadCheck] = {
    "files.list-schema": _schema("FileList"),
    "files.list-ids-unique": _alone(lambda exchange: files.ids_are_unique([exchange])),
}
_DELETE: Mapping[str, LoadCheck] = {"files.delete-schema": _schema("FileDeleted")}
_HISTORY: Mapping[str, LoadCheck] = {
    "history.answers": _of_success(history.answers_messages),
    "history.id-is-text": _alone(history.ids_are_text),
    "history.ids-unique": _alone(history.ids_are_unique),
    "history.role-is-text": _alone(history.roles_are_text),
    "history.content-is-text": _alone(history.contents_are_text),
    "history.created-at-is-date-time": _alone(history.times_are_date_times),
}
_INGEST: Mapping[str, LoadCheck] = {
    "documents.accepted": _of_success(is_accepted_with_object),
    "documents.id-is-text": _alone(documents.id_is_text),
    "documents.status-is-text": _alone(documents.status_is_text),
    "documents.chunks-is-integer": _alone(documents.chunks_is_integer),
    "documents.chunks-at-least-one": _alone(documents.has_chunks),
    "documents.created-at-is-date-time": _alone(documents.created_at_is_date_time),
    "documents.created-at-is-now": _alone(documents.created_at_is_now),
}
_QUERY: Mapping[str, LoadCheck] = {
    "retrieval.answers": _of_success(chat.completes),
    "retrieval.results-is-array": _alone(retrieval.results_are_array),
    "retrieval.document-id-is-text": _alone(retrieval.document_ids_are_text),
    "retrieval.content-is-text": _alone(retrieval.contents_are_text),
    "retrieval.score-is-number": _alone(retrieval.scores_are_numbers),
}
_SCHEMAS = (
    "ChatCompletion",
    "ChatCompletionChunk",
    "EmbeddingList",
    "ModelList",
    "Response",
    "File",
    "FileList",
    "FileDeleted",
)
#: What ``reply.GIVEN_UP`` becomes in an exchange.
_ENDED_BY_US = frozenset({FailureKind.TIMEOUT, FailureKind.TOO_LARGE})
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

_FAILURES: Mapping[ErrorKind, FailureKind] = {
    ErrorKind.FIRST_TOKEN_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.STALL_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.TOTAL_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.RESET: FailureKind.RESET,
    ErrorKind.CUT: FailureKind.CUT,
    ErrorKind.PROTOCOL: FailureKind.PROTOCOL,
    ErrorKind.TOO_LARGE: FailureKind.TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class _Crossing:
    """What an answer breaks that holds another request's nonce, and what then only follows from it."""

    requirement: str
    consequences: frozenset[str] = frozenset()


_USUAL_CROSSING = _Crossing(CROSSED)
_CROSSINGS: Mapping[Kind, _Crossing] = {
    Kind.UPLOAD: _Crossing(
        "files.simultaneous-not-crossed", frozenset({"files.upload-filename", "files.upload-bytes"})
    ),
    Kind.DOWNLOAD: _Crossing("files.simultaneous-contents-apart", frozenset({"files.content-text"})),
    Kind.HISTORY: _Crossing(
        "history.chats-apart",
        frozenset({"history.holds-what-was-sent", "history.holds-the-answer", "history.answer-by-assistant"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that one answer breaks."""

    requirement: str
    message: str


@dataclass(frozen=True)
class Examiner:
    """Judges answers by the MUST requirements of a profile."""

    profile: Profile
    catalogue: Catalogue
    redactor: Redactor

    def examine(self, step: Step, exchange: Exchange, crossed: str | None = None) -> list[Finding]:
        """Return what the answer breaks; ``crossed`` is a nonce of another request that was found in it."""
        crossing = _CROSSINGS.get(step.kind, _USUAL_CROSSING)
        found = []
        whole = exchange.failure is None or exchange.failure.kind not in _ENDED_BY_US
        for requirement, check in self._checks(step) if whole else ():
            if not self.owed(requirement) or (crossed is not None and requirement in crossing.consequences):
                continue
            deviation = self._judge(check, exchange)
            if deviation is not None:
                found.append(Finding(requirement, _sentence(deviation)))
        if crossed is not None and self.owed(crossing.requirement):
            found.append(Finding(crossing.requirement, f"An answer holds {crossed}, which only another request said"))
        return self._without_consequences(found)

    def _without_consequences(self, found: list[Finding]) -> list[Finding]:
        """Leave out what is judged only where something holds that does not."""
        broken = {finding.requirement for finding in found}
        return [finding for finding in found if broken.isdisjoint(self.catalogue[finding.requirement].requires)]

    @staticmethod
    def _checks(step: Step) -> Iterator[tuple[str, LoadCheck]]:
        yield from CHECKS[step.kind].items()
        for requirement, check in step.expects.items():
            yield requirement, _alone(check)

    def _judge(self, check: LoadCheck, exchange: Exchange) -> Deviation | None:
        try:
            return check(exchange, self.profile)
        except Unjudgeable:
            return None
        except Exception:  # noqa: BLE001 - a check that stumbles says nothing of the target, and must not end the load
            return None

    def warm(self) -> None:
        """Compile the schemas now: the first answers would wait for it otherwise."""
        known = self.profile.specification["components"]["schemas"]
        for name in _SCHEMAS:
            if name in known:
                self.profile.schema_errors(name, None)

    def owed(self, requirement: str) -> bool:
        """Tell whether the profile owes it, as a MUST."""
        return requirement in self.catalogue and self.catalogue[requirement].level is Level.MUST

    def exchange(self, step: Step, reply: Reply, *, url: str, started: float) -> Exchange:
        """Return a reply as an exchange, keys removed; ``started`` is epoch seconds of the sending."""
        headers, body = list(reply.headers()), bytes(reply.body)
        response = None
        if reply.status is not None:
            arrivals = tuple(Arrival((at - (reply.sent or at)) / _NS, end) for at, end in reply.arrivals)
            clean = self.redactor.clean_bytes(body)
            response = Response(reply.status, self.redactor.clean_response_headers(headers), clean, arrivals)
        return Exchange(
            id=1,
            label=f"load: {step.name}",
            request=Request(step.method, step.path, url, _request_headers(step), step.body),
            response=response,
            failure=self._failure(reply.error),
            started=started,
            elapsed=((reply.closed or 0) - reply.sent) / _NS if reply.sent else 0.0,
            leaks=self.redactor.leaks(headers, body),
        )

    def _failure(self, error: ReplyError | None) -> Failure | None:
        if error is None:
            return None
        return Failure(_FAILURES.get(error.kind, FailureKind.CONNECT), self.redactor.clean(error.message))


def _request_headers(step: Step) -> Headers:
    fields = [("Authorization", f"Bearer ${KeyName.MAIN}")]
    if step.body:
        fields.append(("Content-Type", step.content_type))
    return Headers(tuple(fields))


def _sentence(deviation: Deviation) -> str:
    told = f"{deviation.message}: expected {deviation.expected}, actual {deviation.actual}"
    return told[:1].upper() + told[1:]


def excerpt(exchange: Exchange, limit: int = 2000) -> str:
    """Return request and answer as text, each body cut to ``limit`` characters, for a report's example."""
    request = exchange.request
    lines = [f"{request.method} {request.path}", _cut(request.body, limit)]
    if exchange.response is None:
        lines.append("no answer")
    else:
        kind = exchange.response.headers.get("content-type") or "no Content-Type"
        lines += [f"{exchange.response.status} {kind}", _cut(exchange.response.body, limit)]
    if exchange.failure is not None:
        lines.append(exchange.failure.message)
    return "\n".join(line for line in lines if line)


def _cut(body: bytes, limit: int) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
