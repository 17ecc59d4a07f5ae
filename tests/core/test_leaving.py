"""Hanging up in the middle of a stream."""

from __future__ import annotations

import queue
import socket

from rawserver import raw_server

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import FailureKind
from ozwell_harness.target import Target, Timeouts

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"9\r\ndata: a\n\n\r\n"


def test_the_recorder_hangs_up_and_says_so() -> None:
    seen: queue.Queue[bytes] = queue.Queue()

    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD + EVENT)
        connection.settimeout(5)
        seen.put(connection.recv(1))

    with raw_server(script) as url:
        recorder = Recorder(Target(url, "gpt-4", None, timeouts=Timeouts(read_s=5, total_s=5)))
        exchange = recorder.send(Call("POST", "/chat/completions", "leave", leave_after=1))
        assert seen.get(timeout=5) == b""
        recorder.close()
    assert exchange.status == 200
    assert exchange.failure.kind is FailureKind.LEFT
    assert exchange.response.stream.events[0].data == "a"


def test_an_answer_that_ends_sooner_is_whole() -> None:
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD + EVENT + b"0\r\n\r\n")

    with raw_server(script) as url:
        recorder = Recorder(Target(url, "gpt-4", None))
        exchange = recorder.send(Call("POST", "/chat/completions", "leave", leave_after=100))
        recorder.close()
    assert exchange.failure is None
