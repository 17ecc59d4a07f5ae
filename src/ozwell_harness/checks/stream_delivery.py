"""Judgements on how a stream is delivered: in time, piece by piece, and only where one was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ozwell_harness.checks.assembly import Assembly
from ozwell_harness.checks.base import answers, answers_json_object, outcome, response_of
from ozwell_harness.checks.stream_framing import begun_answer, begun_stream, is_undecodable, whole_answer
from ozwell_harness.model import Deviation, Exchange, FailureKind, Response, Unjudgeable

#: Silence of so many seconds, longer than before a shorter answer, shows that the longer one was held back.
TELLING_S = 0.2
#: How much longer it must be, in relation to the silence before the shorter answer.
TELLING_RATIO = 1.5
#: Without a shorter answer to compare with, only a silence of so many seconds tells.
TELLING_ALONE_S = 1.0

#: No model writes this many pieces in so few seconds; a buffer that is emptied does.
BURST_PIECES = 16
BURST_S = 0.02

#: A text of so many characters is more than one token.
LONG_TEXT = 100


def _payload_ends(answer: Assembly) -> list[int]:
    """Return the end offsets of the events that carry a part of an answer, in order."""
    carrying = {delta.at for choice in answer.choices for delta in choice.deltas if delta.payload}
    return [item.end for item in answer.chunks if item.at in carrying]


def _timed(exchange: Exchange) -> tuple[Response, Assembly, list[int]]:
    answer = whole_answer(exchange)
    ends = _payload_ends(answer)
    if not ends:
        raise Unjudgeable("the stream carries no part of an answer")
    if exchange.leaks:
        raise Unjudgeable("the stream holds a key; removing it took the arrival times with it")
    return begun_stream(exchange), answer, ends


def arrives_incrementally(exchange: Exchange, shorter: Exchange | None = None) -> Deviation | None:
    """The answer comes as it is written, not in one burst at the end.

    A target that is quick sends a burst, too, once it has begun; held back is an answer whose silence before the burst
    grows with its length. ``shorter`` is a shorter answer of the same target, streamed. What is there at once was held
    back for no time that matters.

    Raises:
        Unjudgeable: it came in too few pieces to tell.
    """
    response, answer, ends = _timed(exchange)
    longest = max(len(choice.content) for choice in answer.choices)
    if len(ends) == 1 and longest >= LONG_TEXT:
        return Deviation(
            "the whole answer comes in one chunk", "a chunk for each few tokens", f"{longest} characters in one chunk"
        )
    silence = response.arrived_at(ends[0])
    spread = response.arrived_at(ends[-1]) - silence
    if len(ends) >= BURST_PIECES and spread < BURST_S and _is_telling(silence, shorter):
        return Deviation(
            "the stream is held back and comes in one burst",
            "chunks that arrive as they are written",
            f"{len(ends)} chunks within {spread * 1000:.0f} ms, after {silence:.2f} s of silence",
        )
    if exchange.elapsed >= TELLING_S and not _came_apart(response, ends):
        raise Unjudgeable("the stream came in too few pieces to tell whether it was held back")
    return None


def _is_telling(silence: float, shorter: Exchange | None) -> bool:
    """Tell whether a silence is long for the answer that it comes before, not for the target."""
    try:
        response, _, ends = _timed(shorter) if shorter is not None else (None, None, [])
    except Unjudgeable:
        response, ends = None, []
    if response is None:
        return silence >= TELLING_ALONE_S
    usual = response.arrived_at(ends[0])
    return silence - usual >= TELLING_S and silence >= TELLING_RATIO * usual


def _came_apart(response: Response, ends: Sequence[int]) -> bool:
    """Tell whether the events came in at least three arrivals; looks no further than it must."""
    seen: set[float] = set()
    for end in ends:
        seen.add(response.arrived_at(end))
        if len(seen) == 3:
            return True
    return False


def begins_within(exchange: Exchange, deadline_s: float) -> Deviation | None:
    """The first part of the answer (text, reasoning or a tool call) is there in time."""
    response, _, ends = _timed(exchange)
    first = response.arrived_at(ends[0])
    if first <= deadline_s:
        return None
    return Deviation(
        "the first part of the answer comes late", f"within {deadline_s:g} s", f"{first:.1f} s after the request"
    )


def forbids_caching(exchange: Exchange) -> Deviation | None:
    """Cache-Control holds ``no-cache`` or ``no-store``."""
    values = begun_stream(exchange).headers.get_all("cache-control")
    if any(word in value.lower() for value in values for word in ("no-cache", "no-store")):
        return None
    actual = f"Cache-Control: {', '.join(values)}" if values else "no Cache-Control"
    return Deviation("intermediaries may store the stream", "Cache-Control: no-cache", actual)


def decodes(exchange: Exchange) -> Deviation | None:
    """A content coding is one that was asked for, and undoing it works to the end; plain streams pass.

    Raises:
        Unjudgeable: there was no stream.
    """
    if not is_undecodable(exchange):
        if exchange.failure is not None and exchange.failure.kind is FailureKind.PROTOCOL:
            raise Unjudgeable(f"the request for a stream ended thus: {outcome(exchange)}")
        begun_answer(exchange)
        return None
    actual = exchange.failure.message if exchange.failure else outcome(exchange)
    return Deviation("the compressed stream cannot be decoded", "a stream that decodes whole", actual)


def is_plain_json(exchange: Exchange) -> Deviation | None:
    """An answer without streaming is one JSON object, not declared as a stream."""
    response = response_of(exchange)
    if response.media_type == "text/event-stream":
        return Deviation(
            "stream: false is answered with a stream", "a plain JSON object", "Content-Type: text/event-stream"
        )
    return answers(exchange) or answers_json_object(exchange)


def refuses_in_json(exchange: Exchange) -> Deviation | None:
    """A refused request for a stream is answered with a JSON object, not with a stream.

    Raises:
        Unjudgeable: it is not refused.
    """
    response = response_of(exchange)
    if not 400 <= response.status < 500:
        raise Unjudgeable(f"the request is not refused: {outcome(exchange)}")
    expected = "a JSON object with Content-Type: application/json"
    if response.media_type != "application/json" and not response.media_type.endswith("+json"):
        found = response.headers.get("content-type")
        return Deviation("the refusal of a stream is not JSON", expected, f"Content-Type: {found}; {outcome(exchange)}")
    try:
        document = response.document
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return None
    return Deviation("the refusal of a stream is not a JSON object", expected, outcome(exchange))


def is_alive_after_leaving(left: Exchange, after: Exchange) -> Deviation | None:
    """The request after one that was abandoned in the middle of its stream is answered.

    Raises:
        Unjudgeable: nothing was abandoned, because no stream had begun.
    """
    if left.status != 200:
        raise Unjudgeable(f"no stream had begun that could be left: {outcome(left)}")
    if after.failure is None and after.status is not None and after.status < 500:
        return None
    return Deviation("the target fails after a client left mid-stream", "an answer to the next request", outcome(after))
