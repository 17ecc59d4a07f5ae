from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gevent
import pytest
from msgspec.structs import replace as copy_of
from rawserver import Script, http, raw_server, read_request

from ozwell_harness.load.answer import read_answer
from ozwell_harness.load.engine.client import LoadClient
from ozwell_harness.load.plan import LoadTimeouts
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.scenario import Kind, Step
from ozwell_harness.target import Secret

PLAIN = Step("models", Kind.MODELS, "GET", "/models")
STREAM = Step("chat_stream", Kind.CHAT_STREAM, "POST", "/chat/completions", b'{"stream":true}')
QUICK = LoadTimeouts(connect_s=2.0, first_token_s=2.0, stall_s=2.0, total_s=2.0)
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'
FINISH = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
ROLE = b'data: {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}\n\n'


def framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@contextlib.contextmanager
def client_of(
    url: str, timeouts: LoadTimeouts = QUICK, *, limit: int = 1 << 20, ca_file: str | None = None
) -> Iterator[LoadClient]:
    client = LoadClient(url, Secret("sk-load-test-0123456789"), timeouts, limit=limit, ca_file=ca_file)
    try:
        yield client
    finally:
        client.close()
        gevent.sleep(0)


def asked(url: str, step: Step = PLAIN, timeouts: LoadTimeouts = QUICK, *, limit: int = 1 << 20) -> Reply:
    with client_of(url, timeouts, limit=limit) as client:
        reply = Reply(time.monotonic_ns())
        client.perform(step, reply)
        return reply


def saying(*pieces: bytes, then: Callable[[socket.socket], None] | None = None) -> Script:
    def script(connection: socket.socket, _request: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
        if then:
            then(connection)

    return script


def test_the_request_is_whole_and_carries_the_key() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(http())

    with raw_server(script) as url:
        reply = asked(url, STREAM)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    assert f"Host: {url.split('/')[2]}" in lines
    assert "Authorization: Bearer sk-load-test-0123456789" in lines
    assert f"Content-Length: {len(STREAM.body)}" in lines
    assert body == STREAM.body
    assert (reply.status, bytes(reply.body), reply.error) == (200, b"{}", None)
    assert reply.headers().get("content-type") == "application/json"


def test_times_are_in_order() -> None:
    with raw_server(saying(http(b"[1]"))) as url:
        reply = asked(url)
    assert reply.sent is not None
    assert reply.closed is not None
    assert reply.due <= reply.sent <= reply.arrivals[0][0] <= reply.closed <= time.monotonic_ns()
    assert 0 < reply.connect <= reply.sent - reply.due


def answering_forever(connection: socket.socket, request: bytes) -> None:
    while request:
        connection.sendall(http(b'{"n": 1}'))
        request = read_request(connection)


def test_connections_are_kept_and_shared_in_turn() -> None:
    accepted: list[socket.socket] = []

    def script(connection: socket.socket, request: bytes) -> None:
        accepted.append(connection)
        answering_forever(connection, request)

    with raw_server(script) as url, client_of(url) as client:
        replies = [Reply(0) for _ in range(5)]
        for reply in replies:
            client.perform(PLAIN, reply)
        assert [reply.status for reply in replies] == [200] * 5
        assert [reply.connect > 0 for reply in replies] == [True, False, False, False, False]
        together = [Reply(0) for _ in range(3)]
        gevent.joinall([gevent.spawn(client.perform, PLAIN, reply) for reply in together], raise_error=True)
        assert [reply.status for reply in together] == [200] * 3
    assert len(accepted) == 1 + sum(reply.connect > 0 for reply in together)


@pytest.mark.parametrize(
    "script",
    [
        saying(http()),  # closed without a word after the answer
        saying(http(headers=("Connection: close",))),
        saying(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{}"),  # ends with the connection
        saying(http() + b"and more that no one asked for"),
        saying(http() + http(b"[2]")),
    ],
)
def test_a_spoiled_connection_is_not_used_again(script: Script) -> None:
    closed = threading.Semaphore(0)

    def tracked(connection: socket.socket, request: bytes) -> None:
        script(connection, request)
        connection.shutdown(socket.SHUT_RDWR)
        closed.release()

    with raw_server(tracked) as url, client_of(url) as client:
        for _ in range(2):
            reply = Reply(0)
            client.perform(PLAIN, reply)
            assert (reply.status, bytes(reply.body), reply.error) == (200, b"{}", None)
            assert reply.connect > 0
            assert closed.acquire(timeout=5)


def test_an_interim_answer_is_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with raw_server(saying(early, http(headers=("X-B: 2",)))) as url:
        reply = asked(url)
    assert (reply.status, bytes(reply.body)) == (200, b"{}")
    assert reply.headers().get("x-b") == "2"
    assert reply.headers().get("link") is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_any_packet_split_is_the_same_answer(size: int) -> None:
    body = ROLE + TOKEN * 3 + FINISH + b"data: [DONE]\n\n"
    wire = CHUNKED + b"".join(framed(body[at : at + 11]) for at in range(0, len(body), 11)) + b"0\r\n\r\n"
    with raw_server(saying(*(wire[at : at + size] for at in range(0, len(wire), size)))) as url:
        reply = asked(url, STREAM)
    answer = read_answer(reply, streamed=True)
    assert bytes(reply.body) == body
    assert (answer.text, len(answer.tokens), answer.error, answer.odd) == ("aaa", 3, None, False)
    assert [end for _, end in reply.arrivals] == sorted({end for _, end in reply.arrivals})
    assert list(answer.tokens) == sorted(answer.tokens)


def test_tokens_are_stamped_apart_when_they_come_apart() -> None:
    received = threading.Semaphore(0)

    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(CHUNKED)
        for piece in (TOKEN, TOKEN, b"data: [DONE]\n\n"):
            connection.sendall(framed(piece))
            assert received.acquire(timeout=5)
        connection.sendall(b"0\r\n\r\n")

    with raw_server(script) as url, client_of(url) as client:
        reply = Reply(0)
        running = gevent.spawn(client.perform, STREAM, reply)
        for count in (1, 2, 3):
            while len(reply.arrivals) < count:
                gevent.sleep(0.001)
            received.release()
        running.join()
    answer = read_answer(reply, streamed=True)
    assert len(set(answer.tokens)) == 2
    assert answer.merged == 0


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (saying(), "reset"),
        (saying(then=reset), "reset"),
        (saying(b"HTTP/1.1 200 OK\r\nConte"), "cut"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"), "cut"),
        (saying(CHUNKED + framed(TOKEN)), "cut"),
        (saying(CHUNKED + framed(TOKEN) + b"5\r\nab", then=reset), "cut"),
        (saying(CHUNKED + b"zz\r\n"), "protocol"),
        (saying(b"220 mail.example ESMTP\r\n"), "protocol"),
        (saying(http(b"x" * 5000)), "too_large"),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X-Long: 1\r\n" * 50_000), "too_large"),
    ],
)
def test_broken_answers_by_kind(script: Script, kind: str) -> None:
    with raw_server(script) as url:
        reply = asked(url, limit=4000)
    assert reply.error is not None
    assert reply.error.kind == kind
    assert reply.closed is not None
    assert "\n" not in reply.error.message


def holding(*pieces: bytes) -> Script:
    """Say the pieces, then nothing until the client has gone."""
    return saying(*pieces, then=lambda connection: [None for _ in iter(lambda: connection.recv(1), b"")] and None)


@pytest.mark.parametrize(
    ("script", "timeouts", "kind"),
    [
        (holding(), replace(QUICK, first_token_s=0.05), "first_token_timeout"),
        (holding(CHUNKED), replace(QUICK, first_token_s=0.05), "first_token_timeout"),
        (holding(CHUNKED, framed(ROLE)), replace(QUICK, first_token_s=0.05), "first_token_timeout"),
        (holding(CHUNKED, framed(ROLE)), replace(QUICK, stall_s=0.05), "stall_timeout"),
        (holding(CHUNKED, framed(TOKEN)), replace(QUICK, first_token_s=0.05, stall_s=0.2), "stall_timeout"),
        (holding(CHUNKED, framed(TOKEN)), replace(QUICK, total_s=0.05), "total_timeout"),
        (holding(), replace(QUICK, total_s=0.05), "total_timeout"),
    ],
)
def test_timeouts_by_kind(script: Script, timeouts: LoadTimeouts, kind: str) -> None:
    with raw_server(script) as url:
        reply = asked(url, STREAM, timeouts)
    assert reply.error is not None
    assert reply.error.kind == kind


def test_a_target_that_does_not_read_is_timed_out_too() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        heavy = copy_of(STREAM, body=b"x" * (32 << 20))
        reply = asked(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", heavy, replace(QUICK, total_s=0.1))
    finally:
        listener.close()
    assert reply.error is not None
    assert reply.error.kind == "total_timeout"


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"http://127.0.0.1:{unused_port()}/v1", "connect_refused"),
        ("http://no-such-host.invalid/v1", "dns"),
    ],
)
def test_no_connection_by_kind(url: str, kind: str) -> None:
    reply = asked(url)
    assert reply.error is not None
    assert (reply.error.kind, reply.sent, reply.status) == (kind, None, None)


def test_a_connection_that_is_not_accepted_times_out() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fill the queue of a listener that accepts nothing
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        reply = asked(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", PLAIN, replace(QUICK, connect_s=0.1))
    assert reply.error is not None
    assert reply.error.kind == "connect_timeout"


def test_a_killed_request_leaves_what_had_come() -> None:
    with raw_server(holding(CHUNKED, framed(TOKEN))) as url, client_of(url) as client:
        reply = Reply(0)
        running = gevent.spawn(client.perform, STREAM, reply)
        while not reply.arrivals:
            gevent.sleep(0.001)
        running.kill()
        assert bytes(reply.body) == TOKEN
        assert reply.status == 200
        assert reply.error is None


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    wanted = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = [openssl, *wanted.split(), "-keyout", str(folder / "pair.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run(command, check=True, capture_output=True)
    with (folder / "pair.pem").open("a") as pair:
        pair.write((folder / "ca.pem").read_text())
    return folder


@contextlib.contextmanager
def tls_server(folder: Path, script: Script) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            plain, _ = listener.accept()
            with plain, context.wrap_socket(plain, server_side=True) as connection:
                script(connection, read_request(connection))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        thread.join(5)
        listener.close()


def test_tls_streams_with_stamps_and_keeps_the_connection(certificate: Path) -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        for _ in range(2):
            assert request
            connection.sendall(CHUNKED + framed(TOKEN))
            connection.sendall(framed(b": " + b"x" * 40_000 + b"\n\n") + framed(TOKEN) + b"0\r\n\r\n")
            request = read_request(connection)

    with (
        tls_server(certificate, script) as url,
        client_of(url, ca_file=str(certificate / "ca.pem")) as client,
    ):
        first, second = Reply(0), Reply(0)
        for reply in (first, second):
            client.perform(STREAM, reply)
            answer = read_answer(reply, streamed=True)
            assert (answer.error, answer.text) == (None, "aa")
            assert reply.sent is not None
            assert reply.sent < answer.tokens[0] <= answer.tokens[1]
        assert first.connect > 0
        assert second.connect == 0


def test_an_untrusted_certificate_is_a_tls_failure(certificate: Path) -> None:
    with tls_server(certificate, saying(http())) as url:
        reply = asked(url)
    assert reply.error is not None
    assert reply.error.kind == "tls"
    assert "not trusted" in reply.error.message


def test_a_target_without_tls_is_a_tls_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(http(status="400 Bad Request"))

        thread = threading.Thread(target=refuse)
        thread.start()
        reply = asked(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread.join()
    assert reply.error is not None
    assert reply.error.kind == "tls"
