"""When a target is asked again, and when it is not asked any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hostile_wire import Asked, Handler, Line, Served, answer, close, serve

from ozwell_harness import exchange as exchange_module
from ozwell_harness.breaker import Asked as Question
from ozwell_harness.breaker import Breaker, operation_name
from ozwell_harness.exchange import Call, Recorder, SilentTargetError
from ozwell_harness.model import Exchange, Failure, FailureKind, Request, Response
from ozwell_harness.retrying import is_transient, retry_after_s
from ozwell_harness.target import KeyName, Politeness, Secret, Target, Timeouts
from ozwell_harness.timing import Timing

GET = Call("GET", "/models", "list")
CHAT = Call("POST", "/chat/completions", "chat", body=b"{}")
STREAM = Call("POST", "/chat/completions", "stream", body=b'{"stream": true}')
EMBED = Call("POST", "/embeddings", "embed", body=b"{}")
FINE = answer(b"{}")
PATIENCE = 3


@contextmanager
def asking(handler: Handler, **politeness: int) -> Iterator[tuple[Recorder, Served, list[float]]]:
    """A recorder, the server that it asks, and the waits that it makes."""
    waits: list[float] = []
    with serve(handler) as served:
        timeouts = Timeouts(read_s=10, total_s=20, max_body_bytes=1_000, give_up_after=PATIENCE)
        keys = {KeyName.MAIN: Secret("ozw_0123456789abcdef"), KeyName.OTHER: Secret("ozw_fedcba9876543210")}
        target = Target(served.url, "m", None, keys, timeouts=timeouts, politeness=Politeness(**politeness))
        recorder = Recorder(target, timing=Timing(sleep=waits.append))
        try:
            yield recorder, served, waits
        finally:
            recorder.close()


def by_path(**handlers: Handler) -> Handler:
    """Choose by the last part of the path; ``other`` for the rest."""

    def handle(line: Line, asked: Asked) -> None:
        name = asked.path.rpartition("/")[2]
        handlers.get(f"{name}_stream" if asked.streamed else name, handlers.get(name, handlers["other"]))(line, asked)

    return handle


def fine(line: Line, _asked: Asked) -> None:
    line.say(FINE)


def flood(line: Line, _asked: Asked) -> None:
    """Answer too much: as costly as no answer in time, and quicker to test."""
    line.say(answer(b"x" * 5_000))


def says(*answers: bytes | None) -> Handler:
    """Give the answers one after the other, the last one for ever, each on a connection of its own; None: no answer."""
    left = list(answers)

    def handle(line: Line, _asked: Asked) -> None:
        data = left.pop(0) if len(left) > 1 else left[0]
        if data is not None:
            line.say(data)
        close(line)

    return handle


def status(line: str, *headers: str) -> bytes:
    return answer(b"{}", status=line, headers=headers)


def test_an_operation_that_fails_in_a_row_at_a_cost_is_given_up_and_the_others_are_not() -> None:
    with asking(by_path(completions=flood, other=fine)) as (recorder, served, _):
        recorder.send(GET)
        for _ in range(PATIENCE):
            assert recorder.send(CHAT).failure is not None
        asked = len(served.asked)
        with pytest.raises(SilentTargetError, match=r"POST /chat/completions was given up: it failed 3 times in a row"):
            recorder.send(CHAT)
        assert len(served.asked) == asked
        assert recorder.send(EMBED).status == 200
        assert recorder.send(GET).status == 200
    assert len(recorder.notes) == 1


def test_a_stream_is_another_operation_than_a_plain_answer() -> None:
    with asking(by_path(completions_stream=flood, other=fine)) as (recorder, _, _):
        for _ in range(PATIENCE):
            recorder.send(STREAM)
        with pytest.raises(SilentTargetError, match=r"\(streamed\) was given up"):
            recorder.send(STREAM)
        assert recorder.send(CHAT).status == 200


def test_a_wrong_key_that_gets_no_answer_says_nothing_of_the_right_one() -> None:
    def handler(line: Line, asked: Asked) -> None:
        (fine if asked.path.endswith("/models") or asked.headers["authorization"].endswith("abcdef") else flood)(
            line, asked
        )

    wrong = replace(CHAT, key=KeyName.NONE, headers=(*CHAT.headers, ("Authorization", "Bearer wrong")))
    with asking(handler) as (recorder, _, _):
        for _ in range(PATIENCE):
            recorder.send(wrong)
        with pytest.raises(SilentTargetError, match=r"\(other credentials\) was given up"):
            recorder.send(wrong)
        assert recorder.send(CHAT).status == 200
        assert recorder.blind


def test_what_was_given_up_is_told_by_reason() -> None:
    hung = made("POST", kind=FailureKind.TIMEOUT)
    breaker = Breaker(1)
    for name, exchange in (("A", hung), ("B", made("POST", kind=FailureKind.TOO_LARGE)), ("C", hung)):
        breaker.note(Question(name, "KEY"), replace(exchange, failure=replace(exchange.failure, message=name.lower())))
    breaker.note(Question("D", "KEY"), replace(hung, failure=replace(hung.failure, message="a")))
    assert breaker.notes == ("Given up, and not asked any more: A, D (a); B (b); C (c).",)


def test_a_key_refused_in_vain_leaves_a_run_in_doubt_only_if_it_is_the_main_one() -> None:
    refused = made("POST", status=429)
    breaker = Breaker(1)
    for key in (KeyName.NONE, KeyName.LIMITED):
        breaker.note_wait(Question("A", key.value), refused, in_vain=True)
    assert not breaker.blind
    breaker.note_wait(Question("A", KeyName.MAIN.value), refused, in_vain=True)
    assert breaker.blind


def test_one_answer_in_between_starts_the_count_anew() -> None:
    turn = iter([flood, flood, fine, flood, flood, fine])

    def handler(line: Line, asked: Asked) -> None:
        next(turn)(line, asked)

    with asking(handler) as (recorder, _, _):
        found = [recorder.send(CHAT).failure is None for _ in range(6)]
    assert found == [False, False, True, False, False, True]


def test_operations_that_were_never_answered_are_given_up_together() -> None:
    with asking(by_path(models=fine, other=flood)) as (recorder, served, _):
        recorder.send(GET)
        for call in (CHAT, EMBED, STREAM):
            recorder.send(call)
        with pytest.raises(SilentTargetError, match="it failed once"):
            recorder.send(CHAT)
        for call in (EMBED, STREAM):
            with pytest.raises(SilentTargetError):
                recorder.send(call)
        # The probe.
        assert served.asked[-1].path == "/v1/models"
        assert recorder.exchanges[-1].label == "is the target still there?"


def test_a_target_that_is_gone_is_asked_nothing_more_but_whether_it_is_there() -> None:
    alive = [True]

    def handler(line: Line, asked: Asked) -> None:
        (fine if alive[0] else flood)(line, asked)

    with asking(handler) as (recorder, served, _):
        recorder.send(GET)
        alive[0] = False
        for _ in range(PATIENCE):
            recorder.send(CHAT)
        with pytest.raises(SilentTargetError, match="The target stopped answering: 3 exchanges in a row failed"):
            recorder.send(EMBED)
        asked = len(served.asked)
        for call in (GET, EMBED, CHAT):
            with pytest.raises(SilentTargetError):
                recorder.send(call)
        assert len(served.asked) == asked
        last = Call("GET", "/models", "at the end", despite_silence=True)
        assert recorder.send(last).failure is not None
        alive[0] = True
        assert recorder.send(last).status == 200
        assert recorder.send(EMBED).status == 200


def test_a_target_that_comes_back_while_it_is_probed_goes_on() -> None:
    left = [2]

    def handler(line: Line, asked: Asked) -> None:
        if asked.path.endswith("completions") or left[0] <= 0:
            fine(line, asked)
            close(line)
        else:
            left[0] -= 1
            close(line)

    with asking(handler) as (recorder, _, waits):
        assert recorder.send(CHAT).status == 200
        # Reset, then probed with growing waits, then sent again: it is a GET.
        assert recorder.send(GET).status == 200
    assert waits == [1.0, 0.5]
    assert recorder.notes == ()


def test_a_reset_of_a_living_target_is_an_outcome() -> None:
    with asking(by_path(models=fine, other=close)) as (recorder, _, _):
        recorder.send(GET)
        for _ in range(PATIENCE + 1):
            failure = recorder.send(CHAT).failure
            assert failure is not None
            assert failure.kind is FailureKind.RESET


def test_no_wait_before_a_target_has_ever_answered() -> None:
    with asking(close) as (recorder, served, waits):
        assert recorder.send(GET).failure is not None
    assert (len(served.asked), waits) == (1, [])


TRANSIENT = {name: status(name) for name in ("502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout")}


@pytest.mark.parametrize("first", [*TRANSIENT.values(), None], ids=[*TRANSIENT, "reset"])
def test_a_get_is_sent_again_once_and_what_came_first_stays(first: bytes | None) -> None:
    with asking(by_path(files=says(FINE, first, FINE), other=fine)) as (recorder, _, waits):
        files = Call("GET", "/files", "list")
        recorder.send(files)
        assert recorder.send(files).status == 200
    assert recorder.cost.retried == 1
    assert waits == [0.5]
    expected = None if first is None else int(first[9:12])
    assert expected in [exchange.status for exchange in recorder.exchanges if exchange.label == "list"]


@pytest.mark.parametrize("call", [CHAT, Call("DELETE", "/files/x", "delete")], ids=["POST", "DELETE"])
def test_what_changes_something_is_never_sent_again(call: Call) -> None:
    with asking(says(FINE, status("502 Bad Gateway"))) as (recorder, served, _):
        recorder.send(call)
        assert recorder.send(call).status == 502
    assert len(served.asked) == 2
    assert recorder.cost.retried == 0


def test_a_500_is_not_transient() -> None:
    with asking(says(FINE, status("500 Internal Server Error"))) as (recorder, served, _):
        recorder.send(GET)
        assert recorder.send(GET).status == 500
    assert len(served.asked) == 2


def test_retries_are_bounded_for_the_whole_run() -> None:
    with asking(says(FINE, status("502 Bad Gateway")), max_transient=2) as (recorder, served, _):
        for _ in range(6):
            recorder.send(GET)
    assert recorder.cost.retried == 2
    assert len(served.asked) == 8


def test_a_503_that_says_when_to_come_back_is_waited_out() -> None:
    handler = says(status("503 Service Unavailable", "Retry-After: 7"), FINE)
    with asking(handler) as (recorder, _, waits):
        assert recorder.send(CHAT).status == 200
    assert waits == [7.0]
    assert recorder.cost.throttled == 1


@pytest.mark.parametrize("asked", ["3600", "0"], ids=["for too long", "and again"])
def test_a_key_that_is_refused_in_vain_is_not_used_any_more(asked: str) -> None:
    def handler(line: Line, request: Asked) -> None:
        limited = request.headers["authorization"].endswith("abcdef")
        line.say(status("429 Too Many Requests", f"Retry-After: {asked}") if limited else FINE)

    with asking(handler) as (recorder, _, _):
        for _ in range(PATIENCE):
            assert recorder.send(CHAT).status == 429
        with pytest.raises(SilentTargetError, match=r"429 to 3 requests in a row.*with \$OZWELL_API_KEY"):
            recorder.send(CHAT)
        assert recorder.send(Call("GET", "/models", "x", key=KeyName.OTHER)).status == 200


WAITS: dict[str, tuple[int, dict[str, str], float | None]] = {
    "seconds": (429, {"Retry-After": "7"}, 7.0),
    "nothing": (429, {}, 1.0),
    "negative": (429, {"Retry-After": "-5"}, 1.0),
    "a fraction": (429, {"Retry-After": "0.5"}, 1.0),
    "superscript": (429, {"Retry-After": "²"}, 1.0),
    "other digits": (429, {"Retry-After": "٣"}, 1.0),
    "words": (429, {"Retry-After": "soon"}, 1.0),
    "an impossible date": (429, {"Retry-After": "Sun, 99 Nov 99999999999 00:00:00 GMT"}, 1.0),
    "a date in the past": (429, {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
    "ages": (429, {"Retry-After": "9" * 400}, float("inf")),
    "a reset in the past": (429, {"X-RateLimit-Reset": "0"}, 1.0),
    "a reset far away": (429, {"X-RateLimit-Reset": "9" * 400}, 86_400.0),
    "garbage and a reset": (429, {"Retry-After": "\ufffd", "X-RateLimit-Reset": "²"}, 1.0),
    "a 503 without": (503, {}, None),
    "a 503 with": (503, {"Retry-After": "7"}, 7.0),
    "another status": (500, {"Retry-After": "7"}, None),
}


@pytest.mark.parametrize(("code", "headers", "wait"), WAITS.values(), ids=WAITS)
def test_how_long_an_answer_asks_to_wait(code: int, headers: dict[str, str], wait: float | None) -> None:
    answered = made("GET", status=code, headers=tuple(headers.items()))
    assert retry_after_s(answered) == wait


def made(
    method: str,
    *,
    status: int | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    kind: FailureKind | None = None,
) -> Exchange:
    from ozwell_harness.model import Headers

    response = Response(status, Headers(headers)) if status else None
    failure = Failure(kind, "broken") if kind else None
    return Exchange(1, "x", Request(method, "/x", "http://x/v1/x"), response, failure, started=time.time())


@pytest.mark.parametrize(
    ("exchange", "transient"),
    [
        (made("GET", status=502), True),
        (made("GET", status=500), False),
        (made("POST", status=502), False),
        (made("GET", kind=FailureKind.RESET), True),
        (made("POST", kind=FailureKind.RESET), False),
        (made("POST", kind=FailureKind.CONNECT), True),
        (made("GET", kind=FailureKind.TIMEOUT), False),
        (made("GET", status=200, kind=FailureKind.CUT), False),
    ],
    ids=str,
)
def test_what_passes_and_may_be_sent_again(exchange: Exchange, transient: bool) -> None:
    assert is_transient(exchange) is transient


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("GET", "/models", b"", "GET /models"),
        ("GET", "/models/gpt-4?x=1", b"", "GET /models/{id}"),
        ("GET", "/files/file-1/content", b"", "GET /files/{id}/content"),
        ("POST", "/chat/completions", b'{"stream":true}', "POST /chat/completions (streamed)"),
    ],
)
def test_operations_by_name(method: str, path: str, body: bytes, name: str) -> None:
    assert operation_name(method, path, body) == name


def test_leaving_a_stream_is_an_answer() -> None:
    breaker, asked = Breaker(1), Question("POST /chat/completions (streamed)", "KEY")
    breaker.note(asked, made("POST", status=200, kind=FailureKind.LEFT))
    breaker.check(asked)
    assert not breaker.in_doubt
    assert breaker.has_answered


def test_probes_wait_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "_PROBE_WAITS", (0.0, 1.0, 3.0))
    with asking(says(FINE, None)) as (recorder, served, waits):
        recorder.send(GET)
        with pytest.raises(SilentTargetError, match="The target stopped answering: the connection was closed"):
            recorder.send(CHAT)
        assert len(served.asked) == 5
    assert waits == [1.0, 3.0]
