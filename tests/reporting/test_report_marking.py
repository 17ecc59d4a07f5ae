from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
import sample_run
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.reporting.bodies import Piece, shown_body
from ozwell_harness.reporting.marking import header_marked, segments, spans, status_marked

ANSWER = {
    "id": 37,
    "object": "chat.completion.chunk",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "six, seven"}, "finish_reason": "stop"},
        {"index": 1, "message": {"role": "assistant", "content": ""}, "finish_reason": "length"},
    ],
    "usage": {"prompt_tokens": 13, "completion_tokens": 1, "total_tokens": 113},
    "error": {"code": None, "message": "no route to http://10.0.0.7/internal"},
}


def finding(actual: str, expected: str = "", message: str = "") -> Finding:
    return Finding("a.b", "a", Level.MUST, Status.FAILED, message, expected, actual)


def marked(found: Finding, document: Any = ANSWER) -> list[str]:
    (piece,) = shown_body(json.dumps(document).encode()).pieces
    return [" ".join(piece.text[start:end].split()) for start, end in spans(found, piece)]


@pytest.mark.parametrize(
    ("actual", "expected", "message", "parts"),
    [
        ("id 37", "", "", ['"id": 37']),
        ("id: 37", "", "", ['"id": 37']),
        ("object chat.completion.chunk", "", "", ['"object": "chat.completion.chunk"']),
        ('finish_reason "length"', "", "", ['"finish_reason": "length"']),
        ('/id: 37 is not of type "string"', "", "", ['"id": 37']),
        ("/choices/1/index: 1 was expected", "", "", ['"index": 1']),
        ("13", "prompt_tokens above 18", "", ['"prompt_tokens": 13']),
        ("113", "14 + 98 = 112", "The total_tokens are not the sum.", ['"total_tokens": 113']),
        ("content , finish_reason length", "", "", ['"content": ""', '"finish_reason": "length"']),
        ('usage {"prompt_tokens": 13, "completion_tokens": 1, "total_tokens": 113}', "", "",
         ['"usage": { "prompt_tokens": 13, "completion_tokens": 1, "total_tokens": 113 }']),
        ('400 {"error": {}}', "error.code as text", "", ['"code": null']),
        ("404: no route to http://10.0.0.7/internal", "", "", ["no route to http://10.0.0.7/internal"]),
        # Nothing that is not said, and nothing for what only looks alike.
        ("id 3", "", "", []),
        ("id 370", "", "", []),
        ("my-id 37", "", "", []),
        ("index 10", "", "", []),
        ("content six, seven, eight", "", "", []),
        ("no usage", "a usage object", "The usage is missing.", []),
        ("13", "an answer", "", []),
        ("13 and more", "prompt_tokens", "", []),
        ('/: "model" is a required property', "", "", []),
        ("", "", "", []),
    ],
)  # fmt: skip
def test_what_a_finding_says_is_marked_and_nothing_else(
    actual: str, expected: str, message: str, parts: list[str]
) -> None:
    assert marked(finding(actual, expected, message)) == parts


def test_an_event_is_marked_by_its_number() -> None:
    piece = Piece('data: {"choices": [{"index": 0, "delta": {}}]}\n\n', 3)
    pointed = finding('event 3: /choices/0/delta: "x" is a required property')
    assert [piece.text[a:b] for a, b in spans(pointed, piece)] == ['"delta": {}']
    assert spans(pointed, Piece(piece.text, 4)) == ()
    whole = finding("event 3: [done]")
    assert [piece.text[a:b] for a, b in spans(whole, piece)] == ['{"choices": [{"index": 0, "delta": {}}]}']


def test_the_last_event_is_marked_by_what_it_says() -> None:
    piece = Piece("data: [done]\n\n", 84)
    last = finding("85 events, the last one's data is [done]")
    assert [piece.text[a:b] for a, b in spans(last, piece, is_last=True)] == ["[done]"]
    assert spans(last, piece) == ()


@pytest.mark.parametrize(
    ("actual", "expected", "is_marked"),
    [
        ('500 {"error": {}}', "a status below 500", True),
        ("status 500", "status 400", True),
        ("401", "neither 401 nor 403", False),
        ("500", "400 or 404", True),
        ("404", "status 400", False),
        ("500 floats", "250 floats", False),
        ("prompt_tokens 500", "status 200", False),
    ],
)
def test_a_status_is_marked_where_it_is_meant(actual: str, expected: str, is_marked: bool) -> None:
    assert status_marked(finding(actual, expected), 500) is is_marked


@pytest.mark.parametrize(
    ("actual", "expected", "is_marked"),
    [
        ("Retry-After: 1.5", "", True),
        ("429, retry-after 1.5", "", True),
        ("1.5", "whole seconds in Retry-After", True),
        ("1.5", "whole seconds", False),
        ("Retry-After: 1.55", "", False),
        ("X-Retry-After: 1.5", "", False),
        ("Retry-After: 1", "", False),
    ],
)
def test_a_header_is_marked_where_it_is_quoted(actual: str, expected: str, is_marked: bool) -> None:
    assert header_marked(finding(actual, expected), "retry-after", "1.5") is is_marked


def test_a_media_type_is_found_before_its_parameters() -> None:
    quoted = finding("Content-Type: text/html")
    assert header_marked(quoted, "content-type", "text/html; charset=utf-8")
    assert not header_marked(quoted, "content-type", "")


def test_marks_that_overlap_share_a_segment_and_indentation_is_left_out() -> None:
    text = '{\n  "a": {\n    "b": 1\n  }\n}'
    made = segments(text, [("x", (4, 25)), ("y", (15, 21))])
    assert "".join(part.text for part in made) == text
    assert [(part.text, part.findings) for part in made if part.findings] == [
        ('"a": {', ("x",)), ('"b": 1', ("x", "y")), ("}", ("x",)),
    ]  # fmt: skip


@given(actual=st.text(), body=st.binary(max_size=300), event=st.none() | st.just(0))
def test_marks_lie_within_the_text_whatever_came(actual: str, body: bytes, event: int | None) -> None:
    for piece in shown_body(body).pieces:
        found = spans(finding(actual, actual, actual), Piece(piece.text, event), is_last=True)
        assert all(0 <= start < end <= len(piece.text) for start, end in found)
        assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_hostile_text_is_no_pattern() -> None:
    found = finding(f"content {sample_run.HOSTILE} (.*)+ [", sample_run.HOSTILE, sample_run.HOSTILE)
    assert marked(found, {"content (.*)+ [": 1, "(": sample_run.HOSTILE}) == []
