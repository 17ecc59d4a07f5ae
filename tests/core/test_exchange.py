from __future__ import annotations

import gzip
import json
import socket
import threading
from dataclasses import replace

import pytest
from rawserver import http, raw_server

from ozwell_harness.exchange import MADE_UP_KEY, BudgetSpentError, Call, Recorder
from ozwell_harness.model import FailureKind
from ozwell_harness.target import KeyName, Politeness, Secret, Target, Timeouts
from ozwell_harness.timing import Timing

KEY = "ozw_secret_0123456789abcdef"
QUICK = Timeouts(connect_s=5, read_s=1.0, total_s=1.5, max_body_bytes=100_000)


def target(url: str, **changes: object) -> Target:
    base = Target(url, "gpt-4", None, keys={KeyName.MAIN: Secret(KEY)}, timeouts=QUICK)
    return replace(base, **changes)  # type: ignore[arg-type]


GET = Call("GET", "/models", "x")


def one(script, call: Call = GET, **changes: object):
    with raw_server(script) as url:
        recorder = Recorder(target(url, **changes), timing=Timing(sleep=lambda _s: None))
        try:
            return recorder.send(call)
        finally:
            recorder.close()


def test_answer_is_recorded_with_headers_in_order_and_duplicates_kept() -> None:
    exchange = one(lambda c, _: c.sendall(http(b'{"a":1}', headers=("X-A: 1", "x-a: 2"))))
    assert exchange.status == 200
    assert exchange.failure is None
    assert exchange.response.document == {"a": 1}
    assert exchange.response.headers.get_all("X-A") == ("1", "2")
    assert exchange.id == 1


def test_request_on_the_wire_carries_the_key_and_the_record_does_not() -> None:
    seen = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(http())

    exchange = one(script, Call("POST", "/x", "x", headers=(("Content-Type", "application/json"),), body=b"{}"))
    assert f"Authorization: Bearer {KEY}".encode() in seen[0]
    assert b"Content-Length: 2" in seen[0] or b"content-length: 2" in seen[0]
    assert KEY not in repr(exchange)
    assert exchange.request.headers.get("authorization") == "Bearer $OZWELL_API_KEY"


def test_given_headers_replace_the_usual_ones_and_may_repeat() -> None:
    seen = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(http())

    one(script, Call("GET", "/x", "x", headers=(("authorization", "Basic a"), ("authorization", "Bearer b"))))
    assert seen[0].count(b"authorization: ") == 2
    assert KEY.encode() not in seen[0]


def test_no_key_sends_no_authorization() -> None:
    seen = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(http())

    one(script, Call("GET", "/x", "x", key=KeyName.NONE))
    assert b"authorization" not in seen[0].lower()


@pytest.mark.parametrize("place", ["body", "header x-debug"])
@pytest.mark.parametrize(("key", "name"), [(KEY, "OZWELL_API_KEY"), (MADE_UP_KEY, "MADE_UP_KEY")])
def test_echoed_key_is_noted_and_removed(place: str, key: str, name: str) -> None:
    body = json.dumps({"error": key if place == "body" else "no"}).encode()
    headers = (f"X-Debug: got {key}",) if place != "body" else ()
    exchange = one(lambda c, _: c.sendall(http(body, headers=headers)))
    assert [(leak.key, leak.where.lower()) for leak in exchange.leaks] == [(name, place)]
    assert key not in repr(exchange)


def test_placeholder_key_is_not_searched_in_answers() -> None:
    exchange = one(lambda c, _: c.sendall(http(b'{"a":"none"}')), keys={KeyName.MAIN: Secret("none")})
    assert exchange.leaks == ()
    assert exchange.response.document == {"a": "none"}


def hang(_connection: socket.socket, _request: bytes) -> None:
    threading.Event().wait(3)


def test_hang_before_headers_times_out() -> None:
    exchange = one(hang)
    assert exchange.response is None
    assert exchange.failure.kind is FailureKind.TIMEOUT


def test_hang_in_the_body_keeps_what_came() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        hang(connection, request)

    exchange = one(script)
    assert exchange.failure.kind is FailureKind.TIMEOUT
    assert exchange.response.body == b"abc"


@pytest.mark.parametrize("prefix", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_dribble_ends_at_the_total_time(prefix: bytes) -> None:
    stop = threading.Event()

    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(prefix)
        while not stop.wait(0.05):
            connection.sendall(b"a")

    exchange = one(script)
    stop.set()
    assert exchange.failure.kind is FailureKind.TIMEOUT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FailureKind.CUT),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", FailureKind.CUT),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab", FailureKind.CUT),
        (b"SSH-2.0-OpenSSH_9.0\r\n", FailureKind.PROTOCOL),
        (b"", FailureKind.RESET),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000, FailureKind.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", FailureKind.PROTOCOL),
        (http(b"x" * 200_000), FailureKind.TOO_LARGE),
        (http(gzip.compress(bytes(3_000_000)), headers=("Content-Encoding: gzip",)), FailureKind.TOO_LARGE),
    ],
)
def test_broken_answers_become_failures(answer: bytes, kind: FailureKind) -> None:
    exchange = one(lambda c, _: c.sendall(answer))
    assert exchange.failure.kind is kind
    assert len(exchange.response.body if exchange.response else b"") <= QUICK.max_body_bytes


def test_compressed_answer_decodes() -> None:
    exchange = one(lambda c, _: c.sendall(http(gzip.compress(b'{"a":1}'), headers=("Content-Encoding: gzip",))))
    assert exchange.response.document == {"a": 1}


def test_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    recorder = Recorder(target(f"http://127.0.0.1:{port}/v1"))
    assert recorder.send(Call("GET", "/models", "x")).failure.kind is FailureKind.CONNECT
    recorder.close()


def test_redirects_are_not_followed() -> None:
    seen = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(http(status="302 Found", headers=("Location: http://127.0.0.1:1/",)))

    assert one(script).status == 302
    assert len(seen) == 1


def throttled(times: int, headers: tuple[str, ...]):
    left = [times]

    def script(connection: socket.socket, _request: bytes) -> None:
        left[0] -= 1
        limited = left[0] >= 0
        connection.sendall(http(status="429 Too Many Requests", headers=headers) if limited else http())

    return script


@pytest.mark.parametrize(("headers", "wait"), [(("Retry-After: 7",), 7), ((), 1)])
def test_rate_limit_is_waited_out_and_counted(headers: tuple[str, ...], wait: int) -> None:
    waits: list[float] = []
    with raw_server(throttled(2, headers)) as url:
        recorder = Recorder(target(url), timing=Timing(sleep=waits.append))
        assert recorder.send(Call("GET", "/models", "x")).status == 200
        recorder.close()
    assert waits == [wait, wait]
    assert recorder.cost.throttled == 2
    assert recorder.cost.requests == 3
    assert [exchange.status for exchange in recorder.exchanges] == [429, 429, 200]


def test_too_long_a_wait_is_not_made() -> None:
    waits: list[float] = []
    with raw_server(throttled(9, ("Retry-After: 86400",))) as url:
        recorder = Recorder(target(url), timing=Timing(sleep=waits.append))
        assert recorder.send(Call("GET", "/models", "x")).status == 429
        recorder.close()
    assert waits == []


def test_budget_is_kept() -> None:
    with raw_server(lambda c, _: c.sendall(http())) as url:
        recorder = Recorder(target(url, politeness=Politeness(max_requests=2)))
        recorder.send(Call("GET", "/models", "x"))
        recorder.send(Call("GET", "/models", "x"))
        with pytest.raises(BudgetSpentError):
            recorder.send(Call("GET", "/models", "x"))
        recorder.close()
    assert recorder.cost.requests == 2


def test_usage_is_summed_over_plain_and_streamed_answers() -> None:
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    plain = http(json.dumps(usage).encode())
    stream = f"data: {json.dumps(usage)}\n\ndata: [DONE]\n\n".encode()
    streamed = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + stream
    answers = iter([plain, streamed])
    with raw_server(lambda c, _: c.sendall(next(answers))) as url:
        recorder = Recorder(target(url))
        recorder.send(Call("GET", "/a", "x"))
        recorder.send(Call("GET", "/b", "x"))
        recorder.close()
    assert (recorder.cost.prompt_tokens, recorder.cost.completion_tokens) == (6, 8)


def test_arrivals_tell_when_each_piece_came() -> None:
    gate = threading.Event()

    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: a\n\n"
        )
        gate.wait(0.05)
        connection.sendall(b"data: b\n\n")

    response = one(script).response
    first, second = response.stream.events
    assert 0 < response.arrived_at(first.end) < response.arrived_at(second.end)
