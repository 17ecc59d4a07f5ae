"""The receiver, against senders that mean well and others that do not. Real sockets."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from ozwell_harness.model import Delivery, Signing
from ozwell_harness.redaction import Redactor
from ozwell_harness.settings import ConfigurationError
from ozwell_harness.target import Secret
from ozwell_harness.webhooks import inbound, receiver
from ozwell_harness.webhooks.inbound import Answer, Inbound
from ozwell_harness.webhooks.listening import Listening
from ozwell_harness.webhooks.reading import delivery_of
from ozwell_harness.webhooks.receiver import ELSEWHERE, Receiver, receiving

SECRET = "a secret of the webhooks"
KEY = "ozw_a_key_that_nobody_must_see"
LISTENING = Listening("127.0.0.1", 0, Secret(SECRET), "HOOK_SECRET")
PATIENCE_S = 10.0
OTHER = {"type": "other.event", "data": {"id": "1"}}


@contextlib.contextmanager
def started(listening: Listening = LISTENING) -> Iterator[Receiver]:
    redactor = Redactor({KEY: "OZWELL_API_KEY", SECRET: "HOOK_SECRET"})
    made: list[Delivery] = []

    def record(request: Inbound, answer: Answer, at: float) -> Delivery:
        made.append(replace(delivery_of(request, answer, at, listening, redactor), id=len(made) + 1))
        return made[-1]

    with receiving(listening) as held:
        assert held is not None
        held.start(record)
        yield held


def port_of(held: Receiver) -> int:
    return int(held.address.rstrip("/").rpartition(":")[2])


def send(held: Receiver, body: object = OTHER, **more: object) -> httpx.Response:
    return httpx.post(held.address, json=body, timeout=PATIENCE_S, trust_env=False, **more)


def raw(held: Receiver, *pieces: bytes) -> bytes:
    """Send bytes as they are, and read what comes until the receiver hangs up."""
    with socket.create_connection(("127.0.0.1", port_of(held)), timeout=PATIENCE_S) as line:
        for piece in pieces:
            line.sendall(piece)
        return b"".join(iter(lambda: line.recv(65536), b""))


def still_works(held: Receiver) -> None:
    before = len(held.deliveries)
    assert send(held).status_code == 200
    assert len(held.deliveries) == before + 1


def test_webhook_is_recorded_before_it_is_answered() -> None:
    with started() as held:
        assert send(held, headers={"webhook-id": "msg_1", "webhook-timestamp": "1"}).status_code == 200
        (one,) = held.deliveries
    assert (one.request.method, one.request.path, one.status) == ("POST", "/", 200)
    assert json.loads(one.request.body) == OTHER
    assert (one.webhook_id, one.timestamp, one.signing) == ("msg_1", "1", Signing.ABSENT)
    assert one.label == "webhook other.event"
    assert held.notes == ()


def test_keys_are_removed_and_told() -> None:
    with started() as held:
        send(held, {"type": "x", "key": KEY}, headers={"x-secret": SECRET})
        (one,) = held.deliveries
    assert {leak.key for leak in one.leaks} == {"OZWELL_API_KEY", "HOOK_SECRET"}
    assert KEY not in repr(one)
    assert SECRET not in repr(one)


def test_key_in_the_address_is_removed_and_told() -> None:
    with started() as held:
        httpx.post(f"{held.address}in?key={KEY}", json=OTHER, trust_env=False)
        (one,) = held.deliveries
    assert [leak.where for leak in one.leaks] == ["request target"]
    assert KEY not in repr(one)


def test_first_webhooks_are_refused_once() -> None:
    chat, document = ({"type": name, "data": {}} for name in ("chat.completed", "document.processed"))
    with started() as held:
        answers = [send(held, body) for body in (chat, chat, document, document, chat)]
    assert [answer.status_code for answer in answers] == [503, 200, 307, 200, 200]
    assert answers[0].headers["retry-after"] == "1"
    assert answers[2].headers["location"] == held.address.rstrip("/") + ELSEWHERE


def test_dismissed_receiver_ends_it() -> None:
    with started() as held:
        held.dismiss()
        assert send(held).status_code == 410
    assert held.deliveries == ()


def test_sealed_receiver_answers_and_keeps_nothing() -> None:
    with started() as held:
        send(held)
        held.seal()
        assert send(held, {"type": "chat.completed"}).status_code == 200
        assert len(held.deliveries) == 1
        assert held.notes == ()


def test_connections_are_kept() -> None:
    with started() as held, httpx.Client(trust_env=False) as client:
        for number in range(3):
            assert client.post(held.address, json={"n": number}).status_code == 200
        assert len(held.deliveries) == 3


def test_body_in_chunks_after_a_promise_to_wait() -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    with started() as held, socket.create_connection(("127.0.0.1", port_of(held)), timeout=PATIENCE_S) as line:
        line.sendall(head)
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"2\r\n{}\r\n0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
        assert held.deliveries[0].request.body == b"{}"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n", b"400"),
        (b"hello\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2 * inbound.HEAD_AT_MOST + b"\r\n\r\n", b"431"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"405"),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"405"),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", b"405"),
        (b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"405"),
    ],
    ids=[
        "tls",
        "words",
        "two lengths",
        "negative",
        "coding",
        "bad chunk",
        "long head",
        "http/2",
        "connect",
        "http/1.0",
        "browser",
    ],
)
def test_what_is_no_webhook_is_turned_away(sent: bytes, status: bytes) -> None:
    with started() as held:
        assert raw(held, sent).startswith(b"HTTP/1.1 " + status)
        assert held.deliveries == ()
        assert held.notes
        still_works(held)


def test_upgrade_is_not_taken_up() -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}"
    )
    with started() as held:
        assert raw(held, head).startswith(b"HTTP/1.1 200")
        still_works(held)


def test_random_bytes_break_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(7)
    whole = b'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\nwebhook-id: 1\r\n\r\n{"type":"\\ud800"}    '
    with started() as held:
        for _ in range(60):
            damaged = bytearray(whole)
            for _ in range(draw.randrange(1, 6)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            with socket.create_connection(("127.0.0.1", port_of(held)), timeout=PATIENCE_S) as line:
                line.sendall(damaged)
                line.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    while line.recv(65536):
                        pass
        still_works(held)
    assert capfd.readouterr().err == ""


def test_large_body_is_turned_away() -> None:
    size = inbound.BODY_AT_MOST + 1
    with started() as held:
        # The receiver hangs up in the middle: what it has said by then may be lost with the rest.
        with contextlib.suppress(OSError):
            answer = raw(held, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size, bytes(size))
            assert answer.startswith(b"HTTP/1.1 413") or not answer
        still_works(held)
        assert len(held.deliveries) == 1
        assert "longer than 1,048,576 bytes" in held.notes[0]


def test_sender_that_breaks_off_leaves_nothing() -> None:
    with started() as held:
        with socket.create_connection(("127.0.0.1", port_of(held))) as line:
            line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100).startswith(b"HTTP/1.1 400")
        still_works(held)


def test_slow_sender_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "REQUEST_S", 0.1)
    with started() as held:
        assert raw(held, b"POST / HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 408")
        assert "not whole within" in held.notes[0]
        still_works(held)


def test_idle_connection_is_closed_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "REQUEST_S", 0.1)
    with started() as held:
        assert raw(held) == b""
        assert held.notes == ()


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "LINES_AT_MOST", 2)
    with started() as held, contextlib.ExitStack() as lines:
        for _ in range(2):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", port_of(held)), timeout=PATIENCE_S))
            line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            # It has begun on this one.
            assert line.recv(100).startswith(b"HTTP/1.1 100")
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
            send(held)
        line.sendall(b"{}")
        assert line.recv(100).startswith(b"HTTP/1.1 200")


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "KEPT_AT_MOST", 2)
    with started() as held:
        assert [send(held).status_code for _ in range(3)] == [200, 200, 200]
        assert len(held.deliveries) == 2
        assert "1 more than are kept" in held.notes[0]


def test_waits_for_what_comes() -> None:
    with started() as held:
        sender = threading.Thread(target=send, args=(held,))
        sender.start()
        assert held.await_(lambda deliveries: len(deliveries) == 1, PATIENCE_S)
        sender.join()
        assert not held.await_(lambda deliveries: len(deliveries) == 2, 0.01)


def test_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="cannot be received"):
        Receiver(replace(LISTENING, port=taken.getsockname()[1]))


def test_address_that_is_not_here_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be received on 192\.0\.2\.1"):
        Receiver(replace(LISTENING, host="192.0.2.1"))


def test_receiver_that_never_started_can_be_closed() -> None:
    with receiving(LISTENING) as held:
        assert held is not None
        assert port_of(held) > 0


def test_url_is_what_the_target_is_told() -> None:
    with receiving(replace(LISTENING, url="https://hooks.example/in")) as held:
        assert held is not None
        assert held.url == "https://hooks.example/in"
        assert held.address.startswith("http://127.0.0.1:")
    with receiving(replace(LISTENING, host="0.0.0.0")) as held:
        assert held is not None
        assert held.address.startswith("http://127.0.0.1:")
