"""Redis killed, hanging, or out of memory while a mock uses it: clear errors in bounded time, and no wrong count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from asking import ask, error_of, upload
from redis_server import RedisServer, redis_server

from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.keys import Budget

LIMIT = 120

Clients = Callable[..., httpx.Client]


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that may be killed, and that forgets nothing it has answered."""
    with redis_server(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


def test_counts_stay_right_when_redis_is_killed_in_mid_run(mortal: RedisServer) -> None:
    settings = MockSettings(workers=4, state=mortal.url(prefix="run"), limited=Budget(LIMIT, 10**9, 3600))
    with running_mock(settings) as crew:
        answers = asyncio.run(_through_a_death(crew, mortal))
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) == {200, 429, 503}
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status_code == 200]
    assert len(set(left)) == len(left), "two answers spent the same request"
    assert len(left) <= LIMIT
    # What was counted and not told is spent; more cannot have got lost than was refused for want of Redis.
    assert LIMIT - len(left) <= counts[503]
    with mortal.client as client:
        assert client.hget("run:limit:limited", "requests") == str(LIMIT)
    for answer in answers:
        if answer.status_code == 503:
            assert error_of(answer, 503)["type"] == "server_error"
            assert "state" in error_of(answer, 503)["message"]
            assert "x-ratelimit-remaining" not in answer.headers


async def _through_a_death(crew: MockHandle, server: RedisServer) -> list[httpx.Response]:
    """Answers to requests in a steady stream, during which Redis is killed and comes back."""
    headers = {"authorization": f"Bearer {crew.settings.secrets.limited}"}
    answers: list[httpx.Response] = []
    enough, refused, spent = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def user(client: httpx.AsyncClient) -> None:
        while not spent.is_set():
            answers.append(answer := await client.get("/models"))
            if answer.status_code == 200 and len(answers) >= LIMIT // 3:
                enough.set()
            if answer.status_code in (503, 429):
                (refused if answer.status_code == 503 else spent).set()

    async with httpx.AsyncClient(base_url=crew.base_url, headers=headers, timeout=120) as client:
        users = [asyncio.create_task(user(client)) for _ in range(8)]
        await enough.wait()
        await asyncio.to_thread(server.kill)
        await refused.wait()
        await asyncio.to_thread(server.start)
        await spent.wait()
        await asyncio.gather(*users)
    return answers


def test_every_operation_refuses_without_redis_and_goes_on_with_it(
    mortal: RedisServer, connect: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    with running_mock(MockSettings(state=mortal.url())) as mock, connect(mock, judged=False) as client:
        with connect(mock) as judged:
            name = upload(judged, b"kept")
        mortal.kill()
        asked: list[Callable[[], httpx.Response]] = [
            lambda: client.get("/models"),
            lambda: ask(client, stream=True),
            lambda: client.get(f"/files/{name}/content"),
            lambda: client.post("/files", files={"file": ("a", b"x")}, data={"purpose": "batch"}),
            lambda: client.delete(f"/files/{name}"),
            lambda: client.post("/responses", json={"model": "gpt-4", "messages": [{"role": "user", "content": "x"}]}),
        ]
        for send in asked:
            refused = send()
            assert error_of(refused, 503)["code"] == "service_unavailable"
            assert refused.headers["retry-after"] == "1"
        assert client.get("/models", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert httpx.get(mock.origin + "/health").status_code == 200
        mortal.start()
        assert client.get(f"/files/{name}/content").content == b"kept"
        assert [send().status_code for send in asked] == [200] * len(asked)
    told = [record.message for record in caplog.records if record.name == "ozwell_harness.mock.state"]
    assert len(told) == 2
    assert "cannot be used" in told[0]
    assert told[1].endswith("can be used again.")


def test_a_redis_that_hangs_costs_a_bounded_time(mortal: RedisServer, connect: Clients) -> None:
    with running_mock(MockSettings(state=mortal.url(timeout="2s"))) as mock, connect(mock, judged=False) as client:
        assert client.get("/models").status_code == 200
        mortal.freeze()

        async def crowd() -> list[int]:
            # More than there are connections to Redis: those who wait for one wait no longer in all.
            headers = dict(client.headers)
            limits = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(base_url=mock.base_url, headers=headers, timeout=60, limits=limits) as many:
                return [
                    answer.status_code for answer in await asyncio.gather(*(many.get("/models") for _ in range(80)))
                ]

        assert asyncio.run(crowd()) == [503] * 80
        mortal.thaw()
        assert client.get("/models").status_code == 200


def test_a_redis_without_memory_refuses_and_counts_nothing(tmp_path: Path, connect: Clients) -> None:
    with (
        redis_server(tmp_path) as server,
        running_mock(MockSettings(state=server.url(prefix="full"))) as mock,
        connect(mock, judged=False) as client,
        server.client as redis,
    ):
        upload(client)
        before = {name: redis.dump(name) for name in redis.scan_iter("full:*")}
        redis.config_set("maxmemory", "1mb")
        assert client.get("/models").status_code == 503
        redis.config_set("maxmemory", "0")
        assert {name: redis.dump(name) for name in redis.scan_iter("full:*")} == before
        assert client.get("/models").status_code == 200
