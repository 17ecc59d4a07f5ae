from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.sse import Parser, parse


def data(body: bytes) -> list[str]:
    return [event.data for event in parse(body).events]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\r\n\rdata: b\n\n", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\n", [""]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"\n\n\n", []),
        (b": ping\n\ndata: a\n\n", ["a"]),
        (b"event: x\n\ndata: a\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: \xe2\x82\xac\n\n", ["€"]),
    ],
)
def test_grammar(body: bytes, expected: list[str]) -> None:
    assert data(body) == expected


def test_fields_of_an_event() -> None:
    (event,) = parse(b"id: 7\nevent: delta\nretry: 10\ndata: a\n\n").events
    assert (event.id, event.event, event.data) == ("7", "delta", "a")


def test_what_is_odd_is_noted() -> None:
    stream = parse(b": c\nerror: x\nda ta: y\ndata: \xff\n\ndata: [DONE]")
    assert stream.comments == 1
    assert stream.unknown_fields == ("error", "da ta")
    assert stream.invalid_utf8
    assert stream.unfinished == "[DONE]"


def test_whole_stream_leaves_nothing_unfinished() -> None:
    stream = parse(b"data: a\n\n")
    assert stream.unfinished is None
    assert not stream.invalid_utf8


def test_end_is_the_offset_after_the_blank_line() -> None:
    body = b": c\ndata: a\n\ndata: bc\n\n"
    first, second = parse(body).events
    assert body[: first.end] == b": c\ndata: a\n\n"
    assert second.end == len(body)


def test_lone_carriage_return_completes_an_event_at_once() -> None:
    parser = Parser()
    assert [event.data for event in parser.feed(b"data: a\r\r")] == ["a"]
    assert parser.feed(b"\n") == []


pieces = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b":",
        b"id: 1",
        b"event: e",
        "é€😀".encode(),
        b"x",
        b"\xef\xbb\xbf",
        b"\xff",
    ]
)


@given(st.lists(pieces, max_size=30).map(b"".join), st.lists(st.integers(0, 120), max_size=12))
def test_any_split_gives_the_same_stream(body: bytes, cuts: list[int]) -> None:
    parser = Parser()
    edges = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    fed = [event for start, end in pairwise(edges) for event in parser.feed(body[start:end])]
    stream = parser.close()
    assert tuple(fed) == stream.events or not body
    # A lone CR that ends a piece may be followed by its LF in the next one, which only moves the event's end.
    assert [(e.data, e.event, e.id) for e in stream.events] == [(e.data, e.event, e.id) for e in parse(body).events]
    assert (stream.unknown_fields, stream.comments, stream.unfinished) == (
        (whole := parse(body)).unknown_fields,
        whole.comments,
        whole.unfinished,
    )


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=8))
def test_what_is_written_is_read(texts: list[str]) -> None:
    body = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert data(body) == texts


def test_large_stream_is_linear() -> None:
    body = b"data: x\n\n" * 50_000
    assert len(parse(body).events) == 50_000


@given(
    st.lists(
        st.sampled_from(
            [b"data: ", b"data:", b"a", b"\n", b"\n\n", b"\r\n", b": c\n", b"\xff", b"\xef\xbb\xbf", "é".encode()]
        )
    )
)
def test_the_usual_form_is_read_as_any_other(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    parser = Parser()
    parser.feed(body)
    assert parse(body) == parser.close()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), min_size=1))
def test_streams_of_the_usual_form(texts: list[str]) -> None:
    body = b"".join(f"data: {text}\n\n".encode() for text in texts)
    parser = Parser()
    parser.feed(body)
    assert parse(body) == parser.close()
    assert data(body) == texts
