from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.answer import Usage, bears_token, read_answer
from ozwell_harness.load.engine.worker import sample_of
from ozwell_harness.load.reply import ErrorKind, Reply, ReplyError
from ozwell_harness.load.samples import encode
from ozwell_harness.load.scenario import Kind, Step
from ozwell_harness.redaction import Redactor

STEP = Step("chat_stream", Kind.CHAT_STREAM, "POST", "/chat/completions")


def chunk(delta: dict[str, Any] | None = None, *, index: int = 0, finish: str | None = None, **more: Any) -> str:
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': choices} | more, ensure_ascii=False)}\n\n"


USAGE = {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}
EVENTS = [
    ": ping\n\n",
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Żółw"}),
    chunk({"reasoning_content": "hm"}),
    chunk({"content": ""}),
    chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ""}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
    chunk({"refusal": "no"}),
    chunk({}, finish="stop"),
    chunk(usage=USAGE),
    "data: [DONE]\n\n",
]
#: Positions among EVENTS of those that bear tokens.
BEARING = [2, 3, 6, 7]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"


def reply(pieces: list[bytes], **more: Any) -> Reply:
    """A reply of which piece i came at 1000 + i."""
    made = Reply(due=500, sent=900, status=200, **({"head": HEAD} | more))
    for at, piece in enumerate(pieces):
        made.body += piece
        made.arrivals.append((1000 + at, len(made.body)))
    return made


def stream_of(*events: str) -> Reply:
    return reply([event.encode() for event in events])


def test_only_token_bearing_events_are_stamped() -> None:
    answer = read_answer(stream_of(*EVENTS), streamed=True)
    assert answer.tokens == tuple(1000 + at for at in BEARING)
    assert (answer.first, answer.last) == (1001, 1007)
    assert answer.usage == Usage(5, 4, 9)
    assert (answer.finish, answer.error, answer.odd, answer.merged) == ("stop", None, False, 0)
    assert answer.text == "Żółwhm{}no"


WHOLE = "".join(EVENTS).encode()
ENDS = [len("".join(EVENTS[: at + 1]).encode()) for at in BEARING]


@given(st.lists(st.integers(1, len(WHOLE) - 1), max_size=30, unique=True).map(sorted))
def test_any_packet_split_is_read_alike(cuts: list[int]) -> None:
    bounds = [0, *cuts, len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(bounds)]
    answer = read_answer(reply(pieces), streamed=True)
    whole = read_answer(reply([WHOLE]), streamed=True)
    assert (answer.text, answer.usage, answer.finish, answer.odd) == (whole.text, whole.usage, whole.finish, False)
    # An event came when the read came that brought its last byte.
    wanted = [next(at for at, end in enumerate(bounds[1:]) if end >= last) for last in ENDS]
    assert answer.tokens == tuple(1000 + at for at in wanted)
    assert answer.merged == len(wanted) - len(set(wanted))


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_legal_line_ends_are_read_alike(newline: str) -> None:
    answer = read_answer(stream_of(*(event.replace("\n", newline) for event in EVENTS)), streamed=True)
    assert (len(answer.tokens), answer.odd) == (4, False)


def test_choices_are_put_together_apart() -> None:
    parts = [chunk({"content": text}, index=index) for text, index in (("ab", 0), ("12", 1), ("cd", 0), ("34", 1))]
    assert read_answer(stream_of(*parts, EVENTS[-1]), streamed=True).text == "abcd\n1234"


def test_response_chunks_bear_tokens_too() -> None:
    event = 'data: {"object": "response.chunk", "delta": {"content": "hi"}}\n\n'
    answer = read_answer(stream_of(event, EVENTS[-1]), streamed=True)
    assert (answer.tokens, answer.text) == ((1000,), "hi")


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ((EVENTS[2], EVENTS[8]), None),  # no [DONE]
        ((EVENTS[2], EVENTS[-1]), None),  # no finish_reason
        ((EVENTS[2], EVENTS[-1], EVENTS[2]), None),
        ((EVENTS[2], EVENTS[-1], EVENTS[-1]), None),
        ((EVENTS[2], "data: [DONE]\n"), None),
        ((chunk(usage=USAGE | {"total_tokens": 99}), EVENTS[-1]), None),
        (("data: [1]\n\n", EVENTS[-1]), None),
        (("data: {broken\n\n", EVENTS[-1]), "invalid_answer"),
        (('data: {"error": {"message": "x"}}\n\n', EVENTS[-1]), "stream_error"),
        (('{"choices": []}',), "invalid_answer"),
        ((), "invalid_answer"),
    ],
)
def test_what_is_not_as_it_should_be_is_odd(events: tuple[str, ...], error: str | None) -> None:
    answer = read_answer(stream_of(*events), streamed=True)
    assert answer.odd
    assert answer.error == error


def test_a_stream_without_tokens_has_no_first_one() -> None:
    answer = read_answer(stream_of(EVENTS[1], EVENTS[8], EVENTS[-1]), streamed=True)
    assert (answer.tokens, answer.last, answer.error) == ((), 1002, None)


def test_a_stream_with_another_label_is_odd() -> None:
    labelled = reply([WHOLE], head=HEAD.replace(b"event-stream", b"plain"))
    assert read_answer(labelled, streamed=True).odd


def test_a_plain_answer() -> None:
    document = {"choices": [{"message": {"content": "hello"}, "finish_reason": "length"}], "usage": USAGE}
    body = json.dumps(document).encode()
    answer = read_answer(reply([body[:9], body[9:]]), streamed=False)
    assert (answer.first, answer.last, answer.finish, answer.text) == (1000, 1001, "length", "hello")
    assert (answer.document, answer.usage, answer.odd) == (document, Usage(5, 4, 9), False)


@pytest.mark.parametrize(
    ("made", "error", "odd"),
    [
        (reply([b"<html>"]), "invalid_answer", True),
        (reply([]), "invalid_answer", True),
        (Reply(0, sent=1, status=503, head=b"x"), "http_503", True),
        (Reply(0, sent=1, status=429, head=b"x"), "http_429", False),
        (Reply(0, error=ReplyError(ErrorKind.REFUSED, "no")), "connect_refused", False),
        (Reply(0, sent=1, status=200, head=b"x", error=ReplyError(ErrorKind.CUT, "cut")), "cut", True),
    ],
)
def test_failures_by_kind(made: Reply, error: str, odd: bool) -> None:
    answer = read_answer(made, streamed=False)
    assert (answer.error, answer.odd) == (error, odd)


@pytest.mark.parametrize("usage", [None, [], {"total_tokens": "9"}, {"prompt_tokens": True}, {"prompt_tokens": 10**30}])
def test_odd_usage_counts_nothing(usage: Any) -> None:
    answer = read_answer(reply([json.dumps({"usage": usage}).encode()]), streamed=False)
    assert answer.usage == Usage()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "usage", "tool_calls", "index", "error"]), inner
        )
    ),
    max_leaves=12,
)
hostile = st.binary(max_size=80) | json_values.map(lambda v: f"data: {json.dumps(v)}\n\n".encode())


@given(st.lists(hostile, max_size=6), st.booleans())
def test_nothing_that_a_target_sends_upsets_the_reader(pieces: list[bytes], streamed: bool) -> None:
    made = reply([piece for piece in pieces if piece], closed=2000)
    answer = read_answer(made, streamed=streamed)
    assert len(answer.tokens) <= sum(piece.count(b"data") for piece in pieces)
    assert encode([sample_of("chat", STEP, made, answer, redactor=Redactor({}))]).endswith(b"}\n")
    assert bears_token(bytes(made.body)) in {True, False}


def test_tokens_are_seen_in_a_stream_that_still_comes() -> None:
    assert not bears_token("".join(EVENTS[:2]).encode())
    assert bears_token("".join(EVENTS[:3]).encode())


def test_a_sample_counts_from_its_sending() -> None:
    made = stream_of(*EVENTS)
    made.closed, made.lags, made.connect = 1010, [7999, 50], 300
    sample = sample_of("mixed", STEP, made, read_answer(made, streamed=True), redactor=Redactor({}))
    assert sample.tokens == (102, 103, 106, 107)
    assert (sample.due, sample.sent, sample.first, sample.last, sample.closed) == (500, 900, 101, 107, 110)
    assert (sample.connect, sample.lags, sample.bytes) == (300, (7, 0), len(WHOLE))
    assert sample.completed


def test_a_key_in_an_error_is_not_kept() -> None:
    made = Reply(0, sent=1, status=500, body=bytearray(b"your key sk-secret-0123456789 is bad"), head=b"x")
    redactor = Redactor({"sk-secret-0123456789": "OZWELL_API_KEY"})
    sample = sample_of("chat", STEP, made, read_answer(made, streamed=True), redactor=redactor)
    assert sample.detail == "your key $OZWELL_API_KEY is bad"


def test_headers_are_those_of_the_final_answer() -> None:
    head = b"HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/1.1 200 OK\r\nB:  2 \r\nnonsense\r\nB: 3\r\n\r\nHTTP/ is body"
    assert Reply(0, head=head).headers().fields == (("B", "2"), ("B", "3"))


TEXTS = st.none() | st.text(max_size=2) | st.integers(0, 1)
DELTAS = st.none() | st.dictionaries(
    st.sampled_from(["role", "content", "reasoning", "refusal", "tool_calls"]), TEXTS, max_size=2
)
CHOICES = st.lists(
    st.dictionaries(st.sampled_from(["index", "delta", "finish_reason"]), st.none() | TEXTS | DELTAS, max_size=3)
    | st.none(),
    max_size=2,
)
CHUNKS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "choices": CHOICES | st.none(),
            "usage": st.none() | st.just(USAGE),
            "error": st.none() | st.just({"message": "x"}),
            "delta": DELTAS,
        },
    ),
    max_size=4,
)


@given(CHUNKS)
def test_usual_chunks_are_read_as_any_others(chunks: list[dict[str, Any]]) -> None:
    """The quick way must say what the thorough one says: a field that makes a chunk unusual, and means nothing."""
    quick = stream_of(*(f"data: {json.dumps(document)}\n\n" for document in chunks))
    # A number where the quick way expects null: only the thorough way reads it, and ignores it.
    unusual = [d if d.get("usage") or d.get("error") else d | {"usage": 0} for d in chunks]
    thorough = stream_of(*(f"data: {json.dumps(document)}\n\n" for document in unusual))
    assert read_answer(quick, streamed=True) == read_answer(thorough, streamed=True)
