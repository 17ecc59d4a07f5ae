"""Judgements on a stream as an event stream; ``streaming`` judges its chunks, ``stream_delivery`` how it comes.

Grammar: HTML Living Standard, sections 9.2.5 and 9.2.6. End marker: OpenAI API reference, Chat, Streaming.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ozwell_harness.checks.assembly import Assembly, ItemKind, assemble
from ozwell_harness.checks.base import outcome, shown
from ozwell_harness.model import Deviation, Exchange, Failure, FailureKind, Response, Unjudgeable

_DONE = "data: [DONE]"


class _Same:
    """A key of the memo below: the very same response, not an equal one, so that no body is hashed."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def __hash__(self) -> int:
        return id(self.response)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.response is self.response


@lru_cache(maxsize=16)
def _assembled(key: _Same) -> Assembly:
    return assemble(key.response.stream.events)


def begun_stream(exchange: Exchange) -> Response:
    """Return a streamed answer as far as it came.

    Raises:
        Unjudgeable: another status than 200, no event at all, or the harness hung up on purpose.
    """
    response = exchange.response
    if response is None or response.status != 200 or _left(exchange.failure):
        raise Unjudgeable(f"the request for a stream ended thus: {outcome(exchange)}")
    if not response.stream.events:
        raise Unjudgeable("the answer holds no event of a stream")
    return response


def whole_stream(exchange: Exchange) -> Response:
    """Return a streamed answer that came to its end.

    Raises:
        Unjudgeable: it did not begin, or broke off.
    """
    if exchange.failure is not None:
        raise Unjudgeable(f"the stream broke off: {exchange.failure.message}")
    return begun_stream(exchange)


def begun_answer(exchange: Exchange) -> Assembly:
    """Return the assembly of a streamed answer as far as it came.

    Raises:
        Unjudgeable: it did not begin.
    """
    return _assembled(_Same(begun_stream(exchange)))


def whole_answer(exchange: Exchange) -> Assembly:
    """Return the assembly of a streamed answer that came to its end.

    Raises:
        Unjudgeable: it did not begin, or broke off.
    """
    return _assembled(_Same(whole_stream(exchange)))


def _left(failure: Failure | None) -> bool:
    return failure is not None and failure.kind is FailureKind.LEFT


def refuse_undecodable(exchange: Exchange) -> None:
    """Leave a stream whose content coding cannot be undone to the check of that.

    Raises:
        Unjudgeable: it is such a stream.
    """
    if is_undecodable(exchange):
        raise Unjudgeable(f"the stream is compressed and cannot be decoded: {outcome(exchange)}")


def is_undecodable(exchange: Exchange) -> bool:
    """Tell whether the answer broke off because its content coding could not be undone."""
    failure, response = exchange.failure, exchange.response
    is_coded = response is not None and response.headers.get("content-encoding") is not None
    return is_coded and failure is not None and failure.kind is FailureKind.PROTOCOL


def answers_with_events(exchange: Exchange) -> Deviation | None:
    """The request is answered with 200 and events, none of which is an error.

    Raises:
        Unjudgeable: the answer is compressed and cannot be decoded.
    """
    refuse_undecodable(exchange)
    expected = "status 200 and an event stream of chunks"
    response = exchange.response
    if response is None or response.status != 200:
        return Deviation("the request for a stream is not answered with 200", expected, outcome(exchange))
    if not response.stream.events:
        return Deviation("the answer to a request for a stream holds no event", expected, outcome(exchange))
    errors = begun_answer(exchange).live_of(ItemKind.ERROR)
    if errors:
        return Deviation("the stream carries an error", expected, f"event {errors[0].at}: {shown(errors[0].data)}")
    return None


def has_event_stream_type(exchange: Exchange) -> Deviation | None:
    """The media type is ``text/event-stream``; parameters do not matter."""
    response = begun_stream(exchange)
    if response.media_type == "text/event-stream":
        return None
    found = response.headers.get("content-type")
    return Deviation(
        "the stream is not declared as one",
        "Content-Type: text/event-stream",
        f"Content-Type: {found}" if found else "no Content-Type",
    )


def has_known_fields_only(exchange: Exchange) -> Deviation | None:
    """Every line is a comment or a field that the standard defines; clients drop any other line."""
    response = begun_stream(exchange)
    unknown = response.stream.unknown_fields
    if exchange.failure is not None and unknown and _last_line(response.body).startswith(unknown[-1]):
        # The line that a broken stream stops in is no line yet.
        unknown = unknown[:-1]
    if not unknown:
        return None
    return Deviation(
        "the stream has lines that every client drops",
        "lines of data, event, id or retry, and comments",
        f"{len(unknown)} other lines, the first one's field is {shown(unknown[0])}",
    )


def _last_line(body: bytes) -> str:
    return re.split(rb"[\r\n]", body)[-1].decode("utf-8", "replace")


def completes_events(exchange: Exchange) -> Deviation | None:
    """Every event is completed by a blank line; the last one is lost otherwise."""
    unfinished = whole_stream(exchange).stream.unfinished
    if unfinished is None:
        return None
    return Deviation(
        "the last event has no blank line after it, so a client never sees it",
        "a blank line after every event",
        f"the stream ends after data {shown(unfinished)}",
    )


def is_utf8(exchange: Exchange) -> Deviation | None:
    """The bytes of the stream are UTF-8."""
    if not whole_stream(exchange).stream.invalid_utf8:
        return None
    return Deviation("the stream holds bytes that are not UTF-8", "UTF-8 throughout", "invalid byte sequences")


def has_json_data(exchange: Exchange) -> Deviation | None:
    """The data of every event is one JSON document or ``[DONE]``."""
    broken = begun_answer(exchange).live_of(ItemKind.BROKEN)
    if not broken:
        return None
    return Deviation(
        "an event's data is neither JSON nor [DONE]",
        "one JSON document or [DONE] in each event",
        f"event {broken[0].at}: {shown(broken[0].data)}",
    )


def ends_cleanly(exchange: Exchange) -> Deviation | None:
    """The answer ends as HTTP says it must, neither cut nor left open.

    Raises:
        Unjudgeable: there was no stream, the harness hung up on purpose, or the content coding cannot be undone.
    """
    refuse_undecodable(exchange)
    if exchange.failure is None:
        whole_stream(exchange)
        return None
    if exchange.status != 200 or _left(exchange.failure):
        raise Unjudgeable(f"the request for a stream ended thus: {outcome(exchange)}")
    told = (
        "the stream does not end in time" if exchange.failure.kind is FailureKind.TIMEOUT else "the stream breaks off"
    )
    return Deviation(told, "a complete message body", exchange.failure.message)


def has_done(exchange: Exchange) -> Deviation | None:
    """The stream holds ``[DONE]``."""
    answer = whole_answer(exchange)
    if answer.is_done:
        return None
    return Deviation("the stream ends without [DONE]", f"{_DONE} as the last event", _last(answer))


def has_done_once(exchange: Exchange) -> Deviation | None:
    """``[DONE]`` comes no more than once."""
    again = [item for item in whole_answer(exchange).trailing if item.kind is ItemKind.DONE]
    if not again:
        return None
    return Deviation("[DONE] is sent more than once", f"{_DONE} once", f"{1 + len(again)} times")


def ends_with_done(exchange: Exchange) -> Deviation | None:
    """Nothing but comments and repetitions of ``[DONE]`` follows ``[DONE]``.

    Raises:
        Unjudgeable: there is no ``[DONE]``.
    """
    answer = whole_answer(exchange)
    if not answer.is_done:
        raise Unjudgeable("the stream has no [DONE]")
    after = [item for item in answer.trailing if item.kind is not ItemKind.DONE]
    if not after:
        return None
    return Deviation("events follow [DONE]", "no event after [DONE]", f"then {shown(after[0].data)}")


def _last(answer: Assembly) -> str:
    return f"{len(answer.items)} events, the last one's data is {shown(answer.items[-1].data)}"
