"""Ctrl-C while threads wait for a target that says nothing: the run ends at once, and what it knows is reported."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest
from hostile_proxy import through
from hostile_running import plain_environment
from hostile_wire import Asked, Line, answer, serve

from ozwell_harness import exchange as exchange_module
from ozwell_harness.exchange import AbandonedError, Call, Recorder
from ozwell_harness.mock.server import MockHandle
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.target import Target, Timeouts
from ozwell_harness.threads import in_threads

AGES = Timeouts(read_s=300, total_s=300)
GET = Call("GET", "/models", "x")
_NONCE = re.compile(rb"Repeat exactly: [a-z]+-[0-9]{4}")


def test_interrupt_ends_simultaneous_calls_at_once(tmp_path: Path, mock: MockHandle) -> None:
    process: list[subprocess.Popen[str]] = []
    inner = through(mock, lambda _asked, passing: passing)
    # Several requests are made at the same time, each to repeat a nonce: the interrupt comes when two of them wait.
    waiting = threading.Barrier(2, action=lambda: process[0].send_signal(signal.SIGINT))
    silent = threading.Event()

    def handle(line: Line, asked: Asked) -> None:
        if _NONCE.search(asked.body):
            if not silent.is_set():
                waiting.wait(60)
                silent.set()
            line.hang()
        elif silent.is_set():
            line.hang()
        else:
            inner(line, asked)

    (tmp_path / "harness.toml").write_text("[timeouts]\nread_s = 300\ntotal_s = 300\n", "utf-8")
    keys = {name: mock.env[name] for name in ("OZWELL_API_KEY", "OZWELL_MODEL", "OZWELL_EMBEDDING_MODEL")}
    with serve(handle) as served:
        command = [sys.executable, "-m", "ozwell_harness", "check", served.url, "--no-property", "--out", "report"]
        process.append(
            subprocess.Popen(
                [*command, "--area", "http"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env=plain_environment() | keys,
            )
        )
        out, err = process[0].communicate(timeout=100)
    assert process[0].returncode == 130, out + err
    assert "Traceback" not in err
    document = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    assert document["interrupted"] is True
    assert "passed" in {finding["status"] for finding in document["findings"]}


@pytest.mark.parametrize("where", ["for an answer", "for a rate limit"])
def test_hurry_ends_what_another_thread_waits_for(where: str) -> None:
    reached = threading.Event()

    def handle(line: Line, _asked: Asked) -> None:
        if where == "for an answer":
            reached.set()
            line.hang()
        line.say(answer(b"{}", status="429 Too Many Requests", headers=("Retry-After: 100",)))

    ended: Future[Exchange] = Future()
    with serve(handle) as served:
        recorder = Recorder(Target(served.url, "m", None, timeouts=AGES), waiting=lambda _seconds: reached.set())

        def ask() -> None:
            try:
                ended.set_result(recorder.send(GET))
            except AbandonedError as error:
                ended.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        assert reached.wait(30)
        recorder.hurry()
        with pytest.raises(AbandonedError):
            ended.result(30)
        recorder.close()
    # What was given up is no evidence against the target.
    assert [exchange.status for exchange in recorder.exchanges] == ([] if where == "for an answer" else [429])


def test_after_an_interrupt_calls_are_quick_and_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "_HURRY_S", 0.2)
    limited = answer(b"{}", status="429 Too Many Requests", headers=("Retry-After: 100",))

    def handle(line: Line, asked: Asked) -> None:
        if asked.path.endswith("limited"):
            line.say(limited)
        line.hang()

    with serve(handle) as served:
        recorder = Recorder(Target(served.url, "m", None, timeouts=AGES))
        recorder.hurry()
        assert recorder.send(Call("GET", "/limited", "x")).status == 429
        failure = recorder.send(Call("DELETE", "/files/x", "clean up", cleanup=True)).failure
        recorder.close()
    assert failure is not None
    assert failure.kind is FailureKind.TIMEOUT


def test_threads_keep_the_order_and_raise_the_first_failure() -> None:
    assert in_threads(lambda n: n * n, [3, 1, 2]) == [9, 1, 4]
    assert in_threads(str, []) == []
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda n: 1 // n, [1, 0, 2])
