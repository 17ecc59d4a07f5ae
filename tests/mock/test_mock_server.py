from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import ask, user

from ozwell_harness.mock import Latency, MockHandle, MockSettings, MockSettingsError, running_mock, serve, server
from ozwell_harness.mock.app import MockApp
from ozwell_harness.mock.delays import Fixed, Lognormal, Normal, parse_delay, parse_duration
from ozwell_harness.mock.envfile import write_env_file
from ozwell_harness.mock.faults import UnknownFaultError
from ozwell_harness.mock.protocol import PortableProtocol
from ozwell_harness.mock.settings import SharedStateRequiredError
from ozwell_harness.mock.shared.place import UnsupportedStateError

NAMES = [
    "OZWELL_BASE_URL",
    "OZWELL_API_KEY",
    "OZWELL_MODEL",
    "OZWELL_EMBEDDING_MODEL",
    "OZWELL_LIMITED_API_KEY",
    "OZWELL_OTHER_API_KEY",
    "OZWELL_RESTRICTED_API_KEY",
    "OZWELL_REVOKED_API_KEY",
]

SERVE = """
import sys
from pathlib import Path
from ozwell_harness.mock import MockSettings, serve
settings = MockSettings(env_file=Path(sys.argv[1]), faults=tuple(sys.argv[2:]), grace_s=0.2)
serve(settings, lambda handle: print(handle.port, flush=True))
print("ended", flush=True)
"""


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., tuple[subprocess.Popen[str], int, Path]]:
    started: list[subprocess.Popen[str]] = []

    def start(*faults: str) -> tuple[subprocess.Popen[str], int, Path]:
        path = tmp_path / "mock.env"
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(path), *faults], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout
        return process, int(process.stdout.readline()), path

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_env_file_and_signals(served: Callable[..., tuple[subprocess.Popen[str], int, Path]]) -> None:
    process, port, path = served()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [line.partition("=") for line in path.read_text().splitlines()]
    assert [name for name, _, _ in lines] == NAMES
    loaded = subprocess.run(
        ["sh", "-c", f'. "{path}"; echo "$OZWELL_BASE_URL $OZWELL_API_KEY"'], capture_output=True, text=True, check=True
    )
    url, key = loaded.stdout.split()
    assert url == f"http://127.0.0.1:{port}/v1"
    assert httpx.get(url + "/models", headers={"authorization": f"Bearer {key}"}).status_code == 200
    form = {"authorization": f"Bearer {key}", "content-type": "multipart/form-data; boundary=b"}
    assert httpx.post(url + "/files", headers=form, content=b"--b\r\nbroken").status_code == 400
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (0, "ended\n", "")
    assert list(path.parent.iterdir()) == [path]


def test_interrupt_ends_a_hanging_answer(served: Callable[..., tuple[subprocess.Popen[str], int, Path]]) -> None:
    process, port, _ = served("http.hang")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (0, "")


def test_running_answers_finish_within_the_grace() -> None:
    answers: list[httpx.Response] = []

    def client_of(handle: MockHandle) -> None:
        headers = {"authorization": f"Bearer {handle.settings.secrets.main}"}
        body = {"model": "gpt-4", "messages": user("Hi"), "max_tokens": 1}
        answers.append(httpx.post(handle.base_url + "/chat/completions", json=body, headers=headers))

    threads: list[threading.Thread] = []

    def ready(handle: MockHandle) -> None:
        threads.append(threading.Thread(target=client_of, args=(handle,)))
        threads[0].start()

        def stop_once_asked() -> None:
            deadline = time.monotonic() + 5
            while '"in_flight":2' not in httpx.get(handle.origin + "/health").text and time.monotonic() < deadline:
                pass
            os.kill(os.getpid(), signal.SIGTERM)

        threads.append(threading.Thread(target=stop_once_asked))
        threads[1].start()

    serve(MockSettings(latency=Latency(ttft=Fixed(0.3))), ready)
    for thread in threads:
        thread.join()
    assert answers[0].status_code == 200


def test_stop_is_quick_even_while_an_answer_hangs() -> None:
    with running_mock(MockSettings(faults=("http.hang",))) as mock:
        httpx.get(mock.base_url + "/models")  # the first answer is spared
        raw = socket.create_connection(("127.0.0.1", mock.port), timeout=5)
        raw.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        deadline = time.monotonic() + 20
        while '"in_flight":2' not in httpx.get(mock.origin + "/health").text:
            assert time.monotonic() < deadline
        began = time.perf_counter()
    assert time.perf_counter() - began < 1
    raw.close()
    with pytest.raises(OSError, match=r"refused|reset"):
        socket.create_connection(("127.0.0.1", mock.port), timeout=1)


def test_mocks_in_one_process_are_apart(connect: Callable[..., httpx.Client]) -> None:
    with running_mock() as one, running_mock() as two, connect(one) as first, connect(two) as second:
        first.post("/files", files={"file": ("a", b"x")}, data={"purpose": "batch"})
        assert len(first.get("/files").json()["data"]) == 1
        assert second.get("/files").json()["data"] == []


def test_ipv6(connect: Callable[..., httpx.Client]) -> None:
    with running_mock(MockSettings(host="::1")) as mock, connect(mock) as client:
        assert mock.base_url.startswith("http://[::1]:")
        assert client.get("/models").status_code == 200


def test_what_cannot_be_honoured_is_said_plainly(mock: MockHandle) -> None:
    with pytest.raises(SharedStateRequiredError, match="--workers 1"):
        MockSettings(workers=2)
    with pytest.raises(UnsupportedStateError, match="redis"):
        MockSettings(state="postgres://x")
    with pytest.raises(MockSettingsError, match="slots"):
        MockSettings(latency=Latency(slots=0))
    with (
        pytest.raises(UnknownFaultError, match=r"stream\.done-missing"),
        running_mock(MockSettings(faults=("stream.done-mising",))),
    ):
        pass
    with pytest.raises(MockSettingsError, match=f"port {mock.port}"), running_mock(MockSettings(port=mock.port)):
        pass


def test_keys_do_not_show(mock: MockHandle) -> None:
    assert "ozw_mock" not in repr(mock.settings)
    assert "ozw_mock" not in repr(mock.settings.keys())


def test_failed_env_file_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_env_file(tmp_path / "taken", {"A": "b"})
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("200ms", Fixed(0.2)),
        ("0.25", Fixed(0.25)),
        ("1.5s", Fixed(1.5)),
        ("fixed(2ms)", Fixed(0.002)),
        ("normal(200ms, 20ms)", Normal(0.2, 0.02)),
        ("lognormal(200ms,0.5)", Lognormal(0.2, 0.5)),
    ],
)
def test_delays(text: str, delay: object) -> None:
    assert parse_delay(text) == delay


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "-1ms",
        "1h",
        "normal(1ms)",
        "normal(1ms,2ms,3ms)",
        "lognormal(1ms,x)",
        "lognormal(1ms,nan)",
        "fixed()",
    ],
)
def test_bad_delays(text: str) -> None:
    with pytest.raises(MockSettingsError, match="Write for example"):
        parse_delay(text)


def test_duration_units() -> None:
    assert parse_duration("15us") == pytest.approx(1.5e-5)


def test_pages_about_the_mock(mock: MockHandle, client: httpx.Client) -> None:
    ask(client, "Reply with exactly pong")
    assert httpx.get(mock.origin + "/health").json()["status"] == "ok"
    metrics = httpx.get(mock.origin + "/metrics").text
    assert 'mock_requests_total{operation="createChatCompletion",status="200"}' in metrics
    assert "mock_unhandled_errors_total 0" in metrics
    journal = httpx.get(mock.origin + "/_mock/journal")
    assert mock.settings.secrets.main not in journal.text
    assert journal.json()["entries"][-1]["key"] is None
    assert httpx.get(mock.origin + "/_mock/nothing").status_code == 404
    assert httpx.post(mock.origin + "/health").status_code == 405
    assert httpx.get(mock.origin + "/").json()["error"]["code"] == "unknown_url"


async def _asked_from(app: MockApp, client: str, path: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    scope = {
        "type": "http", "method": "GET", "raw_path": path, "query_string": b"", "http_version": "1.1",
        "headers": [(b"host", b"x"), *headers], "client": (client, 1),
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize(
    ("client", "admin", "fault"), [("127.0.0.1", 200, 200), ("::ffff:127.0.0.1", 200, 200), ("203.0.113.5", 403, 401)]
)
def test_only_this_machine_may_meddle(client: str, admin: int, fault: int) -> None:
    app = MockApp(MockSettings())
    chosen = [(b"x-mock-fault", b"auth.any-key-accepted")]
    assert asyncio.run(_asked_from(app, client, b"/_mock/journal", [])) == admin
    assert asyncio.run(_asked_from(app, client, b"/v1/models", chosen)) == fault
    assert asyncio.run(_asked_from(app, client, b"/health", [])) == 200


def test_portable_protocol_and_loop(monkeypatch: pytest.MonkeyPatch, connect: Callable[..., httpx.Client]) -> None:
    """Where httptools and uvloop cannot be built."""
    monkeypatch.setattr(server, "best_protocol", lambda: PortableProtocol)
    monkeypatch.setattr(server, "new_loop", asyncio.new_event_loop)
    with running_mock() as mock, connect(mock) as client:
        assert ask(client, "Reply with exactly pong", stream=True).text.endswith("[DONE]\n\n")
        assert client.get("/models", headers={"X-Mock-Fault": "http.hang"}).json()["error"]["code"] == "unknown_fault"
        with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            assert b'{"error":{' in raw.recv(65536)
        with pytest.raises(httpx.RemoteProtocolError):
            ask(client, stream=True, headers={"X-Mock-Fault": "stream.dropped"})


def test_failure_to_start_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise LookupError("no protocol")

    monkeypatch.setattr(server, "best_protocol", broken)
    with pytest.raises(LookupError), running_mock():
        pass
