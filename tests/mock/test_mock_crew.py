"""Several workers behind one port: exact limits, shared state, merged figures, deaths and ends."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import error_of, upload, user
from redis_server import RedisServer, redis_server

from ozwell_harness.mock import MockHandle, MockSettings, MockSettingsError, running_mock
from ozwell_harness.mock.keys import Budget
from ozwell_harness.mock.truth import FORMAT

WORKERS = 4
REQUESTS = 200

#: For what hangs, not for a slow machine.
PATIENCE_S = 120

Clients = Callable[..., httpx.Client]


def get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE_S, **more)


def post(url: str, **more: Any) -> httpx.Response:
    return httpx.post(url, timeout=PATIENCE_S, **more)


@pytest.fixture(scope="module")
def crew(redis: RedisServer) -> Iterator[MockHandle]:
    settings = MockSettings(workers=WORKERS, state=redis.url(prefix="crew"), limited=Budget(50, 10**9, 3600))
    with running_mock(settings) as handle:
        yield handle


def all_at_once(handle: MockHandle, count: int, *, key: str = "limited") -> list[httpx.Response]:
    """The answers to so many requests, each on a connection of its own."""
    headers = {"authorization": f"Bearer {getattr(handle.settings.secrets, key)}"}

    async def ask() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=handle.base_url, headers=headers, limits=limits, timeout=PATIENCE_S
        ) as client:
            return await asyncio.gather(*(client.get("/models") for _ in range(count)))

    return asyncio.run(ask())


def test_a_limit_is_exact_over_all_workers(crew: MockHandle, redis: RedisServer) -> None:
    answers = all_at_once(crew, REQUESTS)
    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: REQUESTS - 50}
    left = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status_code == 200)
    assert left == list(range(50))
    assert len({answer.headers["x-ratelimit-reset"] for answer in answers}) == 1
    assert all(answer.headers["x-ratelimit-remaining"] == "0" for answer in answers if answer.status_code == 429)
    with redis.client as client:
        workers = {str(process.pid) for process in multiprocessing.active_children()}
        asked = {each["name"] for each in client.client_list() if each["cmd"] in ("evalsha", "eval", "script|load")}
    assert {f"ozwell-mock-{pid}" for pid in workers} <= asked, "not all workers had a part in it"


def test_uploads_to_all_workers_are_all_there(crew: MockHandle) -> None:
    headers = {"authorization": f"Bearer {crew.settings.secrets.other}"}

    async def story() -> None:
        async with httpx.AsyncClient(base_url=crew.base_url, headers=headers, timeout=PATIENCE_S) as client:
            sent = [os.urandom(2000 + number) for number in range(40)]
            answers = await asyncio.gather(
                *(
                    client.post("/files", files={"file": (f"{number}", content)}, data={"purpose": "batch"})
                    for number, content in enumerate(sent)
                )
            )
            ids = [answer.json()["id"] for answer in answers]
            listed = await client.get("/files", params={"limit": 100})
            contents = await asyncio.gather(*(client.get(f"/files/{name}/content") for name in ids))
            assert sorted(item["id"] for item in listed.json()["data"]) == sorted(ids)
            assert [answer.content for answer in contents] == sent

    asyncio.run(story())


def test_a_conversation_is_known_to_all_workers(crew: MockHandle, connect: Clients) -> None:
    body = {"model": "gpt-4", "conversation_id": "heron", "messages": user("My name is Ada Lovelace.")}
    with connect(crew) as client:
        assert client.post("/responses", json=body).status_code == 200
    for _ in range(8):
        with connect(crew) as client:
            answer = client.post("/responses", json=body | {"messages": user("What is my name?")}).json()
            assert "Ada" in json.dumps(answer["output"]), answer


def test_documents_uploaded_to_all_workers_are_all_found(crew: MockHandle) -> None:
    """In both versions, and whoever is asked."""
    headers = {"authorization": f"Bearer {crew.settings.secrets.other}"}

    async def story() -> None:
        async with httpx.AsyncClient(base_url=crew.origin + "/api", headers=headers, timeout=PATIENCE_S) as client:
            answers = await asyncio.gather(
                *(
                    client.post("/v1/rag/documents", files={"file": ("a.txt", f"Heron nonce{number} wades.".encode())})
                    for number in range(30)
                )
            )
            ids = [answer.json()["document_id"] for answer in answers]
            found = await asyncio.gather(
                *(client.post("/v2/rag/query", json={"query": f"nonce{number}"}) for number in range(30))
            )
            assert [[each["document_id"] for each in one.json()["results"]] for one in found] == [
                [name] for name in ids
            ]

    asyncio.run(story())


def test_a_chat_and_a_configuration_are_known_to_all_workers(crew: MockHandle) -> None:
    headers = {"authorization": f"Bearer {crew.settings.secrets.other}"}
    with httpx.Client(timeout=PATIENCE_S, base_url=crew.origin + "/api/v1", headers=headers) as client:
        assert client.put("/models/gpt-4/config", json={"max_tokens": 2}).json()["max_tokens"] == 2
        body = {"model": "gpt-4", "messages": user("Tell me about herons at length.")}
        made = client.post("/chat/completions", json=body).json()
    assert made["choices"][0]["finish_reason"] == "length"
    for _ in range(8):
        with httpx.Client(timeout=PATIENCE_S, base_url=crew.origin + "/api/v2", headers=headers) as client:
            history = client.get("/chat/history", params={"chat_id": made["id"]}).json()
            assert history[-1]["content"] == made["choices"][0]["message"]["content"]
            again = client.post("/chat/completions", json=body).json()
            assert again["choices"][0]["finish_reason"] == "length"


def test_metrics_and_journal_are_those_of_all_workers(redis: RedisServer) -> None:
    settings = MockSettings(workers=2, state=redis.url())
    with running_mock(settings) as crew:
        answers = all_at_once(crew, 40, key="main")
        for _ in range(5):
            page = get(crew.origin + "/metrics").text
            assert 'mock_requests_total{operation="listModels",status="200"} 40' in page
            assert "mock_workers 2\n" in page
        entries = get(crew.origin + "/_mock/journal").json()["entries"]
        listed = [entry["request_id"] for entry in entries if entry["operation"] == "listModels"]
        assert sorted(listed) == sorted(answer.headers["x-request-id"] for answer in answers)
        assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_the_truth_log_holds_the_requests_of_all_workers(redis: RedisServer, tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with running_mock(MockSettings(workers=2, state=redis.url(), truth_log=path)) as crew:
        answers = all_at_once(crew, 60, key="main")
    first, *rest = map(json.loads, path.read_text().splitlines())
    assert first["format"] == FORMAT
    assert sorted(line["request_id"] for line in rest) == sorted(a.headers["x-request-id"] for a in answers)


def test_faults_are_refused_where_they_could_not_act_rightly(crew: MockHandle) -> None:
    headers = {"authorization": f"Bearer {crew.settings.secrets.main}", "x-mock-fault": "http.hang"}
    told = error_of(get(crew.base_url + "/models", headers=headers), 400)
    assert "--workers 1" in told["message"]
    armed = post(crew.origin + "/_mock/faults", json={"fault": "http.hang"})
    assert "--workers 1" in error_of(armed, 400)["message"]


def test_a_dead_worker_is_told_and_replaced(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with running_mock(MockSettings(workers=2, state=redis.url())) as crew:
        before = {process.pid for process in multiprocessing.active_children()}
        killed = max(pid for pid in before if pid is not None)
        os.kill(killed, signal.SIGKILL)
        # Connections that the dead worker had not taken yet wait for the one in its place: none is refused.
        assert {answer.status_code for answer in all_at_once(crew, 30, key="main")} == {200}
        page = get(crew.origin + "/metrics").text
        after = {process.pid for process in multiprocessing.active_children()}
    assert "mock_workers_lost_total 1\n" in page
    assert killed not in after
    assert len(after) == len(before)
    assert "ended unasked (signal 9). Another takes its place." in caplog.text


def test_a_taken_port_is_refused(crew: MockHandle, redis: RedisServer) -> None:
    for workers in (1, 2):
        settings = MockSettings(workers=workers, state=redis.url(), port=crew.port)
        with pytest.raises(MockSettingsError, match=f"Cannot listen on .* port {crew.port}"), running_mock(settings):
            pass


def command(*arguments: str, state: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "OZWELL_MOCK_STATE": state} if state else dict(os.environ)
    return subprocess.Popen(
        [sys.executable, "-m", "ozwell_harness", "mock", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def workers_of(pid: int) -> list[int]:
    """Processes that a process started and that still are."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def gone(pids: list[int]) -> bool:
    """Whether processes have ended within a generous time."""
    deadline = time.monotonic() + PATIENCE_S
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Children are looked for in /proc.")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_is_left_behind(redis: RedisServer, number: signal.Signals) -> None:
    process = command("--workers", "2", state=redis.url())
    assert process.stdout
    assert "listens" in process.stdout.readline()
    staff = workers_of(process.pid)
    assert len(staff) >= 2
    process.send_signal(number)
    process.wait(PATIENCE_S)
    assert gone(staff)
    _, err = process.communicate()
    assert process.returncode == (-9 if number is signal.SIGKILL else 0)
    assert "Traceback" not in err


def test_a_redis_that_is_not_there_is_told(redis: RedisServer) -> None:
    process = command("--workers", "2", "--state", "redis://:hunter2@127.0.0.1:1/0")
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert out == ""
    assert "The state in redis://127.0.0.1:1/0 cannot be reached" in err
    assert "--state memory" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def test_a_password_is_used_and_never_shown(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "hunter2") as server:
        process = command("--workers", "2", state=server.url(password="hunter2"))
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        url = lines[0].split()[-1]
        assert get(url + "/models").status_code == 401
        server.kill()
        key = lines[1].split()[2]
        assert get(url + "/models", headers={"authorization": f"Bearer {key}"}).status_code == 503
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert "cannot be used" in err
        assert "hunter2" not in "".join(lines) + out + err
        server.start()
        wrong = command("--state", server.url(password="hunter3"))
        out, err = wrong.communicate(timeout=PATIENCE_S)
        assert wrong.returncode == 2
        assert "cannot be reached" in err
        assert "hunter3" not in out + err


def test_state_outlives_a_mock(redis: RedisServer, connect: Clients) -> None:
    settings = MockSettings(workers=2, state=redis.url(), limited=Budget(5, 10**9, 3600))
    say: dict[str, Any] = {"model": "gpt-4", "conversation_id": "ada"}
    with running_mock(settings) as crew, connect(crew) as client, connect(crew, "limited") as limited:
        name = upload(client, b"kept")
        client.post("/responses", json=say | {"messages": user("My name is Ada Lovelace.")})
        assert [limited.get("/models").status_code for _ in range(3)] == [200] * 3
        webui = crew.origin + "/api/v1"
        document = post(
            webui + "/rag/documents", headers=client.headers, files={"file": ("a.txt", b"A kraken sleeps.")}
        ).json()
        chat = post(
            webui + "/chat/completions", headers=client.headers, json={"model": "gpt-4", "messages": user("Hello")}
        ).json()
    with running_mock(settings) as crew, connect(crew) as client, connect(crew, "limited") as limited:
        assert client.get(f"/files/{name}/content").content == b"kept"
        answer = client.post("/responses", json=say | {"messages": user("What is my name?")})
        assert "Ada" in answer.text
        assert [limited.get("/models").status_code for _ in range(3)] == [200, 200, 429]
        webui = crew.origin + "/api/v1"
        found = post(webui + "/rag/query", headers=client.headers, json={"query": "kraken"}).json()
        assert [each["document_id"] for each in found["results"]] == [document["document_id"]]
        history = get(webui + "/chat/history", headers=client.headers, params={"chat_id": chat["id"]}).json()
        assert history[0]["content"] == "Hello"


def test_namespaces_are_apart(redis: RedisServer, connect: Clients) -> None:
    one, two = MockSettings(state=redis.url()), MockSettings(state=redis.url())
    with running_mock(one) as first, running_mock(two) as second, connect(first) as here, connect(second) as there:
        upload(here)
        assert len(here.get("/files").json()["data"]) == 1
        assert there.get("/files").json()["data"] == []
