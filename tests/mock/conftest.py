from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from redis_server import RedisServer, redis_server
from spec_judge import SpecJudge

from ozwell_harness.mock import MockHandle, MockSettings, running_mock

Client = httpx.Client


@pytest.fixture(scope="session")
def judges() -> Iterator[tuple[SpecJudge, ...]]:
    judges = (SpecJudge("ozwell.openapi.yaml", r"/v1(?=/)"), SpecJudge("openwebui.openapi.yaml", r"/api/v[12](?=/)"))
    yield judges
    assert any(judge.seen for judge in judges)


@pytest.fixture(scope="session")
def mock() -> Iterator[MockHandle]:
    """One mock for all tests that leave no trace others could trip over."""
    with running_mock(MockSettings()) as handle:
        yield handle


@pytest.fixture(scope="session")
def connect(judges: tuple[SpecJudge, ...]) -> Callable[..., Client]:
    """Makes a client; every answer it gets is judged by the specification."""

    def connect(handle: MockHandle, key: str | None = "main", *, judged: bool = True, **options: Any) -> Client:
        def judge_answer(response: httpx.Response) -> None:
            response.read()
            for judge in judges:
                judge.judge(response)

        secret = getattr(handle.settings.secrets, key) if key else None
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        headers |= options.pop("headers", {})
        hooks = {"response": [judge_answer]} if judged else {}
        return Client(base_url=handle.base_url, headers=headers, event_hooks=hooks, timeout=10, **options)

    return connect


@pytest.fixture(scope="session")
def client(mock: MockHandle, connect: Callable[..., Client]) -> Iterator[Client]:
    with connect(mock) as client:
        yield client


@pytest.fixture(scope="session")
def bare(mock: MockHandle, connect: Callable[..., Client]) -> Iterator[Client]:
    """A client whose answers are not judged, for faults and paths outside the API."""
    with connect(mock, judged=False) as client:
        yield client


@pytest.fixture
def fresh(connect: Callable[..., Client]) -> Iterator[Callable[..., Client]]:
    """Starts a mock with given settings and gives a client to it; all end with the test."""
    opened: list[Any] = []

    def start(key: str = "main", **settings: Any) -> Client:
        running = running_mock(MockSettings(**settings))
        opened.append(running)
        client = connect(running.__enter__(), key)
        opened.append(client)
        return client

    yield start
    for resource in reversed(opened):
        if isinstance(resource, Client):
            resource.close()
        else:
            resource.__exit__(None, None, None)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that neither kill nor change it; each uses a namespace of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server
