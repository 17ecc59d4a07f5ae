"""Odd and broken answers, one exchange at a time: what the record says, and that the next exchange is unharmed."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hostile_wire import Handler, Line, Served, always, answer, close, head, serve, then_close

from ozwell_harness import exchange as exchange_module
from ozwell_harness import sending
from ozwell_harness.checks import wire
from ozwell_harness.exchange import Call, MemoryFullError, Recorder, UnsendableError
from ozwell_harness.model import Exchange, Failure, FailureKind
from ozwell_harness.preflight import target_of
from ozwell_harness.profile import load_profile
from ozwell_harness.settings import ConfigurationError, Settings
from ozwell_harness.target import KeyName, Secret, Target, Timeouts
from ozwell_harness.timing import Timing

KEY = "ozw_hostile_0123456789abcdef"
PATIENT = Timeouts(read_s=20, total_s=30, max_body_bytes=200_000)
QUICK = Timeouts(read_s=0.2, total_s=0.5, max_body_bytes=200_000)
GET = Call("GET", "/models", "x")
BODY = b'{"a": 1}'
WHOLE = answer(BODY)
LENGTH = b"Content-Length: 8"


def target(url: str, **changes: object) -> Target:
    base = Target(url, "m", None, keys={KeyName.MAIN: Secret(KEY)}, timeouts=PATIENT)
    return replace(base, **changes)  # type: ignore[arg-type]


@contextmanager
def recording(url: str, **changes: object) -> Iterator[Recorder]:
    recorder = Recorder(target(url, **changes), timing=Timing(sleep=lambda _seconds: None))
    try:
        yield recorder
    finally:
        recorder.close()


def twice(handler: Handler, call: Call = GET) -> tuple[list[Exchange], Served]:
    with serve(handler) as served, recording(served.url) as recorder:
        return [recorder.send_once(call) for _ in range(2)], served


def chunked(data: bytes) -> bytes:
    return head("200 OK", "application/json", "Transfer-Encoding: chunked") + data


SOUND = {
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, BODY),
    "no reason phrase": (WHOLE.replace(b" OK", b""), BODY),
    "an odd reason phrase": (WHOLE.replace(b"OK", "😀 <b>".encode()), BODY),
    "interim answers": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + WHOLE, BODY),
    "Content-Length twice, the same": (answer(BODY, headers=("Content-Length: 8",)), BODY),
    "both Content-Length and chunks": (
        answer(b"8\r\n" + BODY + b"\r\n0\r\n\r\n", headers=("Transfer-Encoding: chunked",)),
        BODY,
    ),
    "a header of 90 KB": (answer(BODY, headers=("X-Long: " + "a" * 90_000,)), BODY),
    "a folded header": (WHOLE.replace(b"\r\n\r\n", b"\r\nX-Folded: a\r\n  b\r\n\r\n"), BODY),
    "bytes beyond ASCII in a header": (WHOLE.replace(b"\r\n\r\n", b"\r\nX-Odd: \xff\xc2\x9b\x1b[31m\r\n\r\n"), BODY),
    "gzip in two members": (
        answer(gzip.compress(BODY[:3]) + gzip.compress(BODY[3:]), headers=("Content-Encoding: gzip",)),
        BODY,
    ),
    "an empty body said to be gzip": (answer(b"", headers=("Content-Encoding: gzip",)), b""),
    "status 999": (WHOLE.replace(b"200 OK", b"999 What"), BODY),
    "a 204 with nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
}


@pytest.mark.parametrize(("data", "body"), SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("closing", [False, True], ids=["kept open", "closed"])
def test_odd_answers_are_read(data: bytes, body: bytes, closing: bool) -> None:
    handler = always(data)
    found, _ = twice(then_close(handler) if closing or b"HTTP/1.0" in data else handler)
    for one in found:
        assert one.failure is None
        assert one.response is not None
        assert (one.response.body, one.excess) == (body, False)


BROKEN = {
    "Content-Length too long": (WHOLE.replace(LENGTH, b"Content-Length: 80"), FailureKind.CUT),
    "Content-Length twice, different": (answer(BODY, headers=("Content-Length: 9",)), FailureKind.PROTOCOL),
    "a negative Content-Length": (WHOLE.replace(LENGTH, b"Content-Length: -8"), FailureKind.PROTOCOL),
    "a Content-Length of 5,000 digits": (
        WHOLE.replace(LENGTH, b"Content-Length: " + b"9" * 5_000),
        FailureKind.PROTOCOL,
    ),
    "a chunk of negative size": (chunked(b"-5\r\nhello"), FailureKind.CUT),
    "a chunk of huge size": (chunked(b"F" * 40 + b"\r\nhello"), FailureKind.CUT),
    "a chunk extension without end": (chunked(b"5;" + b"x" * 150_000), FailureKind.CUT),
    "trailers without end": (chunked(b"0\r\n" + b"A: b\r\n" * 30_000), FailureKind.CUT),
    "an unknown transfer coding": (answer(BODY, headers=("Transfer-Encoding: rot13",)), FailureKind.PROTOCOL),
    "10,000 headers": (head("200 OK", "x/y", *[f"X-Header-{n}: value" for n in range(10_000)]), FailureKind.TOO_LARGE),
    "2,000 small headers": (head("200 OK", "x/y", *[f"H{n}: v" for n in range(2_000)]), FailureKind.TOO_LARGE),
    "a header of 1 MB": (answer(BODY, headers=("X-Long: " + "a" * 1_000_000,)), FailureKind.TOO_LARGE),
    "a line that is no header": (WHOLE.replace(b"\r\n\r\n", b"\r\nfoo\r\n\r\n"), FailureKind.PROTOCOL),
    "NUL in a header": (WHOLE.replace(b"\r\n\r\n", b"\r\nX-A: a\x00b\r\n\r\n"), FailureKind.PROTOCOL),
    "status 000": (WHOLE.replace(b"200 OK", b"000 What"), FailureKind.PROTOCOL),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", FailureKind.PROTOCOL),
    "HTTP/0.9": (b"<html>hello</html>", FailureKind.PROTOCOL),
    "HTTP/2": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d", FailureKind.PROTOCOL),
    "gzip that is cut": (answer(gzip.compress(BODY)[:-6], headers=("Content-Encoding: gzip",)), FailureKind.PROTOCOL),
    "gzip and then something": (
        answer(gzip.compress(BODY) + b"x", headers=("Content-Encoding: gzip",)),
        FailureKind.PROTOCOL,
    ),
}


@pytest.mark.parametrize(("data", "kind"), BROKEN.values(), ids=BROKEN)
def test_broken_answers_become_failures(data: bytes, kind: FailureKind) -> None:
    found, _ = twice(then_close(always(data)))
    assert [one.failure.kind for one in found if one.failure] == [kind, kind]
    assert all(len(one.failure.message) < 300 for one in found if one.failure)


EXCESS = {
    "Content-Length too short": WHOLE.replace(LENGTH, b"Content-Length: 5"),
    "a body on a 204": b"HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\n" + BODY,
    "two answers to one request": WHOLE + answer(b'{"evil": 1}'),
    "more after the last chunk": chunked(b"8\r\n" + BODY + b"\r\n0\r\n\r\nmore"),
}


@pytest.mark.parametrize("data", EXCESS.values(), ids=EXCESS)
def test_what_follows_an_answer_is_its_own_fault_and_never_the_next_ones(data: bytes) -> None:
    found, served = twice(always(data))
    assert found[0].response is not None
    assert found[1].response is not None
    assert found[0].response.body == found[1].response.body
    assert all(one.failure is None and one.excess for one in found)
    assert served.connections == 2
    deviation = wire.answer_is_whole(found[0], load_profile("openai"))
    assert deviation is not None
    assert "after its end" in deviation.message


def test_connections_are_kept_when_all_is_well() -> None:
    assert twice(always(WHOLE))[1].connections == 1


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_dribbled_end_is_no_excess(framing: str) -> None:
    def handler(line: Line, _asked: object) -> None:
        line.dribble(WHOLE if framing == "length" else chunked(b"8\r\n" + BODY + b"\r\n0\r\n\r\n"), 0.0)

    found, served = twice(handler)
    assert [(one.failure, one.excess) for one in found] == [(None, False)] * 2
    assert served.connections == 1


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
@pytest.mark.parametrize("where", ["itself", "elsewhere"])
def test_redirects_are_not_followed_and_the_key_stays(status: str, where: str) -> None:
    with serve(always(WHOLE)) as other:

        def handler(line: Line, asked: object) -> None:
            location = f"{other.url}/models" if where == "elsewhere" else "/v1/models"
            line.say(answer(b"", status=status, headers=(f"Location: {location}",)))

        found, served = twice(handler, Call("POST", "/chat/completions", "x", body=b"{}"))
    assert [one.status for one in found] == [int(status[:3])] * 2
    assert len(served.asked) == 2
    assert other.asked == []


def test_cookies_are_never_sent_back() -> None:
    _, served = twice(always(answer(headers=("Set-Cookie: a=b; Path=/", "Set-Cookie: " + "c" * 5000))))
    assert [asked.headers.get("cookie") for asked in served.asked] == [None, None]


def test_refusal_before_the_request_was_sent_whole() -> None:
    def early(line: Line, _asked: object) -> None:
        line.say(answer(b"{}", status="413 Content Too Large", headers=("Connection: close",)))
        # Nothing more is read: a client that only writes would never see the answer.
        line.connection.shutdown(socket.SHUT_WR)
        line.hang()

    big = Call("POST", "/chat/completions", "x", body=b"x" * 8_000_000)
    with serve(early, reads=False) as served, recording(served.url) as recorder:
        assert recorder.send_once(big).status == 413


def test_a_target_that_reads_slowly_cannot_hold_a_run() -> None:
    released = threading.Event()

    def slow(line: Line, _asked: object) -> None:
        while not released.wait(0.02):
            line.connection.recv(1000)

    big = Call("POST", "/files", "x", body=b"x" * 30_000_000)
    with serve(slow, reads=False) as served, recording(served.url, timeouts=QUICK) as recorder:
        exchange = recorder.send_once(big)
        released.set()
    assert exchange.failure == Failure(FailureKind.TIMEOUT, "no answer in time")
    assert exchange.elapsed < 10


@pytest.mark.parametrize("piece", [b"1\r\n \r\n", b""], ids=["chunks of one byte", "interim answers"])
def test_floods_of_little_things_end_at_the_total_time(piece: bytes) -> None:
    def handler(line: Line, _asked: object) -> None:
        line.say(chunked(b"") if piece else b"")
        line.flood((piece or b"HTTP/1.1 102 Processing\r\n\r\n") * 1000, 1 << 30)

    with serve(handler) as served, recording(served.url, timeouts=QUICK) as recorder:
        exchange = recorder.send_once(GET)
    assert exchange.failure is not None
    assert exchange.failure.kind in {FailureKind.TIMEOUT, FailureKind.TOO_LARGE}


def test_arrivals_are_noted_by_the_read_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = twice(always(chunked(b"1\r\n \r\n" * 5_000 + b"0\r\n\r\n")))
    assert found[0].response is not None
    assert len(found[0].response.arrivals) < 50
    assert found[0].response.arrivals[-1].end == 5_000
    monkeypatch.setattr(sending, "_MOST_ARRIVALS", 2)
    found, _ = twice(lambda line, _asked: line.dribble(WHOLE, 0.0))
    assert found[0].response is not None
    assert len(found[0].response.arrivals) <= 2
    assert found[0].response.arrivals[-1].end == len(BODY)


@pytest.mark.parametrize("size", [150_000, 250_000], ids=["within the bound", "beyond it"])
def test_of_too_large_a_body_the_beginning_is_kept(size: int) -> None:
    found, _ = twice(always(answer(b"x" * size)))
    assert found[0].response is not None
    assert len(found[0].response.body) == (150_000 if size == 150_000 else 65_536)
    assert (found[0].failure is None) == (size == 150_000)


def test_a_key_at_the_cut_is_not_kept_in_part() -> None:
    body = b"x" * (65_536 - 10) + KEY.encode() + b"x" * 200_000
    found, _ = twice(always(answer(body)))
    assert found[0].response is not None
    assert KEY[:9].encode() not in found[0].response.body
    assert [leak.where for leak in found[0].leaks] == ["body"]


def test_a_run_keeps_no_more_than_its_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "WHOLE_RUN", 320_000)
    large, small = answer(b"x" * 150_000), answer(b"{}")
    with (
        serve(lambda line, asked: line.say(small if asked.path.endswith("small") else large)) as served,
        recording(served.url) as recorder,
    ):
        assert [recorder.send_once(GET).failure for _ in range(2)] == [None, None]
        assert recorder.send_once(Call("GET", "/small", "x")).failure is None
        recorder.send_once(GET)
        with pytest.raises(MemoryFullError, match="too many to keep"):
            recorder.send_once(GET)
        assert recorder.send_once(Call("GET", "/small", "x")).failure is None


@pytest.mark.parametrize("handler", [close, then_close(always(b""))], ids=["at once", "after reading"])
def test_closing_without_an_answer_is_a_reset(handler: Handler) -> None:
    found, _ = twice(handler)
    assert [one.failure.kind for one in found if one.failure] == [FailureKind.RESET] * 2


@pytest.mark.parametrize(
    "call",
    [
        Call("GET", "/models", "x", headers=(("X-Bad", "a\r\nb"),)),
        Call("GET", "/models\x00", "x"),
        Call("BAD METHOD", "/models", "x"),
    ],
    ids=["header", "path", "method"],
)
def test_what_http_cannot_say_is_nobodys_fault(call: Call) -> None:
    with serve(always(WHOLE)) as served, recording(served.url) as recorder, pytest.raises(UnsendableError):
        recorder.send_once(call)


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_a_host_name_that_cannot_be_is_no_connection(host: str) -> None:
    with recording(f"http://{host}/v1") as recorder:
        failure = recorder.send_once(GET).failure
    assert failure is not None
    assert failure.kind is FailureKind.CONNECT


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_a_configuration_error(content: str | None, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    if content is not None:
        path.write_text(content, "utf-8")
    settings = Settings(base_url="https://127.0.0.1:9/v1", ca_file=path)
    with pytest.raises(ConfigurationError, match=r"The CA file .*ca\.pem cannot be used"):
        Recorder(target_of(settings, load_profile("ozwell")))
