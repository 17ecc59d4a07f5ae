"""The protocol itself, over raw sockets."""

from __future__ import annotations

import json
import socket

import pytest

from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.settings import Bounds

HEADERS = b"host: x\r\nauthorization: Bearer %s\r\n"


def talk(mock: MockHandle, *sent: bytes, until: bytes | None = None) -> bytes:
    """Send pieces and read until the server closes, or until some text has come."""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
        for piece in sent:
            raw.sendall(piece)
        received = b""
        while not (until and until in received):
            try:
                data = raw.recv(65536)
            except ConnectionResetError:  # closed with some of what was sent still unread
                break
            if not data:
                break
            received += data
        return received


def auth(mock: MockHandle) -> bytes:
    return HEADERS % mock.settings.secrets.main.encode()


def answer(received: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:]), body


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /v1/m\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 300_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_invalid_http_gets_the_envelope(mock: MockHandle, request_bytes: bytes) -> None:
    status, headers, body = answer(talk(mock, request_bytes))
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["error"]["type"] == "invalid_request_error"
    assert headers["x-request-id"]


def test_host_is_required_once(mock: MockHandle) -> None:
    key = mock.settings.secrets.main.encode()
    for hosts in (b"", b"host: a\r\nhost: b\r\n"):
        received = talk(
            mock,
            b"GET /v1/models HTTP/1.1\r\n" + hosts + b"authorization: Bearer %s\r\nconnection: close\r\n\r\n" % key,
        )
        assert answer(received)[0] == 400
        assert b'"param":"Host"' in received


def test_http_1_0(mock: MockHandle) -> None:
    status, headers, body = answer(
        talk(mock, b"GET /v1/models HTTP/1.0\r\nauthorization: Bearer %s\r\n\r\n" % mock.settings.secrets.main.encode())
    )
    assert status == 200
    assert headers["connection"] == "close"
    assert json.loads(body)["object"] == "list"


def test_empty_bearer_token(mock: MockHandle) -> None:
    for value in (b"Bearer ", b"Bearer", b" "):
        received = talk(
            mock, b"GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: " + value + b"\r\n\r\n"
        )
        assert answer(received)[0] == 401


def test_chunked_body_in_small_pieces(mock: MockHandle) -> None:
    body = json.dumps(
        {"model": "gpt-4", "messages": [{"role": "user", "content": "Reply with exactly \U0001f600"}]},
        ensure_ascii=False,
    )
    data = body.encode()
    pieces = [b"%x\r\n%s\r\n" % (len(data[at : at + 3]), data[at : at + 3]) for at in range(0, len(data), 3)]
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n"
        + auth(mock)
        + b"\r\n"
    )
    status, _, content = answer(talk(mock, head, *pieces, b"0\r\n\r\n"))
    assert status == 200
    assert json.loads(content)["choices"][0]["message"]["content"] == "\U0001f600"


def test_connection_survives_errors_and_pipelining(mock: MockHandle) -> None:
    bad = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 1\r\n" + auth(mock) + b"\r\n{"
    good = b"GET /v1/models/gpt-4 HTTP/1.1\r\n" + auth(mock) + b"connection: close\r\n\r\n"
    received = talk(mock, bad + bad + good)
    assert received.count(b"HTTP/1.1 400 Bad Request") == 2
    assert received.count(b"HTTP/1.1 200 OK") == 1


def test_oversized_body_is_refused_before_it_is_sent(mock: MockHandle) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 99999999999\r\nexpect: 100-continue\r\n"
        + auth(mock)
        + b"\r\n"
    )
    status, headers, _ = answer(talk(mock, head))
    assert status == 413
    assert headers["connection"] == "close"


def test_expect_continue(mock: MockHandle) -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n"
    received = talk(mock, head + auth(mock) + b"\r\n", b"{}")
    assert b"HTTP/1.1 400 Bad Request" in received


@pytest.mark.parametrize("target", [b"*", b"http://x/v1/models", b"/v1/models?limit=1&x=%ff%00", b"/v1/models#part"])
def test_odd_targets_end_in_no_5xx(mock: MockHandle, target: bytes) -> None:
    for method in (b"GET", b"OPTIONS", b"TRACE"):
        received = talk(mock, method + b" " + target + b" HTTP/1.1\r\nconnection: close\r\n" + auth(mock) + b"\r\n")
        assert answer(received)[0] < 500


@pytest.mark.parametrize("method", [b"CONNECT", b"PRI", b"BREW", b"PROPFIND"])
def test_odd_methods(mock: MockHandle, method: bytes) -> None:
    received = talk(mock, method + b" /v1/models HTTP/1.1\r\nconnection: close\r\n" + auth(mock) + b"\r\n")
    assert answer(received)[0] in (400, 405)


def test_upgrade_is_ignored(mock: MockHandle) -> None:
    head = b"GET /v1/models HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n" + auth(mock) + b"\r\n"
    assert answer(talk(mock, head, until=b'"last_id"'))[0] == 200


def test_client_that_leaves_in_its_body_harms_nobody(mock: MockHandle) -> None:
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
        raw.sendall(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 100\r\n" + auth(mock) + b"\r\n{")
    assert answer(talk(mock, b"GET /v1/models HTTP/1.1\r\nconnection: close\r\n" + auth(mock) + b"\r\n"))[0] == 200


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_oversized_chunked_body_is_refused_however_it_is_cut(pieces: int) -> None:
    with running_mock(MockSettings(bounds=Bounds(json_body=100))) as mock:
        size = 300 // pieces
        body = (b"%x\r\n" % size + b" " * size + b"\r\n") * pieces + b"0\r\n\r\n"
        head = b"POST /v1/responses HTTP/1.1\r\ntransfer-encoding: chunked\r\n" + auth(mock) + b"\r\n"
        assert answer(talk(mock, head + body))[0] == 413
        assert answer(talk(mock, head, body))[0] == 413


def test_client_that_announces_much_and_sends_nothing_is_answered() -> None:
    with running_mock(MockSettings(bounds=Bounds(json_body=100))) as mock:
        head = b"POST /v1/responses HTTP/1.1\r\ncontent-length: 5000\r\n" + auth(mock) + b"\r\n"
        assert answer(talk(mock, head))[0] == 413
