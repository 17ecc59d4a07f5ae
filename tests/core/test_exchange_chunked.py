from __future__ import annotations

import socket

from rawserver import http, raw_server

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.target import Target
from ozwell_harness.timing import Timing


def test_a_body_in_chunks_has_no_content_length() -> None:
    seen = []

    def script(connection: socket.socket, request: bytes) -> None:
        while not request.endswith(b"0\r\n\r\n"):
            request += connection.recv(65536)
        seen.append(request)
        connection.sendall(http())

    headers = (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
    with raw_server(script) as url:
        recorder = Recorder(Target(url, "gpt-4", None), timing=Timing(sleep=lambda _s: None))
        try:
            exchange = recorder.send(Call("POST", "/x", "x", headers=headers, body=b'{"a": 1}'))
        finally:
            recorder.close()
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert b"content-length" not in head.lower()
    assert body == b'8\r\n{"a": 1}\r\n0\r\n\r\n'
    assert exchange.status == 200
    assert exchange.request.body == b'{"a": 1}'
