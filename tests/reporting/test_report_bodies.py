from __future__ import annotations

import sample_run

from ozwell_harness.model import Response
from ozwell_harness.reporting.bodies import LONGEST_BODY, shown_answer, shown_body


def stream(amount: int, size: int = 100) -> Response:
    body = b"".join(b"data: %d%s\n\n" % (number, b"x" * size) for number in range(amount))
    return sample_run.response(body + b"data: [DONE]\n\n", kind="text/event-stream")


def test_json_gets_line_breaks_and_says_so() -> None:
    shown = shown_body(b'{"a":1}')
    assert [piece.text for piece in shown.pieces] == ['{\n  "a": 1\n}']
    assert shown.note == "line breaks added"


def test_nothing_is_shown_of_nothing() -> None:
    assert shown_body(b"").pieces == ()


def test_a_short_stream_is_shown_whole_event_by_event() -> None:
    answer = stream(3)
    shown = shown_answer(answer)
    assert [piece.event for piece in shown.pieces] == [0, 1, 2, 3]
    assert "".join(piece.text for piece in shown.pieces) == answer.body.decode()
    assert shown.note == ""


def test_a_long_stream_keeps_its_beginning_and_its_end() -> None:
    shown = shown_answer(stream(200))
    events = [piece.event for piece in shown.pieces]
    gap = events.index(None)
    assert events[:gap] == list(range(gap))
    assert events[gap + 1 :] == list(range(201 - len(events) + gap + 1, 201))
    assert shown.pieces[-1].text == "data: [DONE]\n\n"
    left_out = 201 - (len(events) - 1)
    assert shown.pieces[gap].text.startswith(f"[{left_out} events of ")
    assert shown.note == f"cut: {len(events) - 1} events of 201 shown"
    assert sum(len(piece.text) for piece in shown.pieces) < LONGEST_BODY + 100


def test_one_event_as_long_as_a_stream_is_cut() -> None:
    shown = shown_answer(sample_run.response(b"data: " + b"x" * 50_000 + b"\n\n", kind="text/event-stream"))
    (piece,) = shown.pieces
    assert piece.text.endswith(f"[cut: {LONGEST_BODY} of 50008 bytes shown]\n\n")


def test_what_follows_the_last_whole_event_is_shown() -> None:
    answer = sample_run.response(b'data: 1\n\ndata: {"unfin', kind="text/event-stream")
    assert [(piece.text, piece.event) for piece in shown_answer(answer).pieces] == [
        ("data: 1\n\n", 0),
        ('data: {"unfin', None),
    ]


def test_what_is_called_a_stream_and_is_none_is_shown_as_a_body() -> None:
    (piece,) = shown_answer(sample_run.response(b'{"a":1}', kind="text/event-stream")).pieces
    assert piece.event is None
