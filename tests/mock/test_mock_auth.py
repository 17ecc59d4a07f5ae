from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from asking import ask, error_of

from ozwell_harness.mock import MockHandle, PlanName
from ozwell_harness.mock.keys import Budget

OPERATIONS = [
    ("POST", "/chat/completions"),
    ("POST", "/embeddings"),
    ("POST", "/responses"),
    ("GET", "/files"),
    ("POST", "/files"),
    ("GET", "/files/file-1"),
    ("DELETE", "/files/file-1"),
    ("GET", "/files/file-1/content"),
    ("GET", "/models"),
    ("GET", "/models/gpt-4"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_wants_a_key(
    mock: MockHandle, connect: Callable[..., httpx.Client], method: str, path: str
) -> None:
    with (
        connect(mock, None) as anonymous,
        connect(mock, "revoked") as revoked,
        connect(mock, "restricted") as restricted,
    ):
        missing = anonymous.request(method, path)
        assert error_of(missing, 401)["code"] == "missing_api_key"
        assert missing.headers["www-authenticate"].startswith("Bearer")
        assert error_of(revoked.request(method, path), 401)["code"] == "invalid_api_key"
        denied = restricted.request(method, path)
        assert error_of(denied, 403)["type"] == "permission_error"
        assert "x-ratelimit-limit" in denied.headers


def test_malformed_authorization(mock: MockHandle, connect: Callable[..., httpx.Client]) -> None:
    secret = mock.settings.secrets.main
    bad = ["Bearer", f"Basic {secret}", secret, f"Bearer {secret} x", f"Bearer {secret}x", f"Bearer {secret[:-1]}"]
    bad += [f"Bearer {secret},Bearer {secret}", f"Bearer {secret.upper()}", "Bearer \u00e9"]
    with connect(mock, None) as client:
        for value in bad:
            response = client.get("/models", headers=[("authorization", value.encode())])
            error = error_of(response, 401)
            assert error["type"] == "authentication_error"
            assert error["code"] == "invalid_api_key", value
            assert secret not in response.text
        twice = [("authorization", f"Bearer {secret}")] * 2
        assert error_of(client.get("/models", headers=twice), 401)["code"] == "invalid_api_key"
        assert error_of(client.get("/models", headers={"authorization": ""}), 401)["code"] == "missing_api_key"


def test_scheme_is_case_insensitive(mock: MockHandle, connect: Callable[..., httpx.Client]) -> None:
    with connect(mock, None) as client:
        for scheme in ("bearer", "BEARER", "BeArEr"):
            value = f"{scheme}  {mock.settings.secrets.main}"
            assert client.get("/models", headers={"authorization": value}).status_code == 200


def test_key_is_judged_before_the_body(mock: MockHandle, connect: Callable[..., httpx.Client]) -> None:
    with connect(mock, None) as client:
        assert client.post("/chat/completions", content=b"{").status_code == 401
        assert client.post("/chat/completions", json={"stream": True}).headers["content-type"] == "application/json"


def test_limited_key_runs_out_and_recovers(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(3, 10_000, 1.2))
    answers = [client.get("/models") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
    error = error_of(answers[3], 429)
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    reset, wait = int(answers[3].headers["x-ratelimit-reset"]), int(answers[3].headers["retry-after"])
    assert 0 < wait <= 2
    assert time.time() < reset <= time.time() + 2.2
    assert len({answer.headers["x-ratelimit-reset"] for answer in answers}) == 1
    deadline = time.monotonic() + 10
    while client.get("/models").status_code == 429:
        assert time.monotonic() < deadline


def test_token_budget_is_enforced(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(1000, 100, 30.0))
    first = ask(client, "Tell me a long story", max_tokens=95)
    assert first.status_code == 200
    assert first.headers["x-ratelimit-remaining"] == "0"
    refused = client.get("/models")
    assert error_of(refused, 429)["code"] == "rate_limit_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 30


def test_limits_are_per_key(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(1, 1000, 30.0))
    assert [client.get("/models").status_code for _ in range(2)] == [200, 429]
    main = {"authorization": "Bearer ozw_mock_main_4b7f0c2e9a6d4813"}
    assert client.get("/models", headers=main).status_code == 200


@pytest.mark.parametrize(("plan", "requests"), [(PlanName.FREE, 20), (PlanName.PRO, 100)])
def test_plans(fresh: Callable[..., httpx.Client], plan: PlanName, requests: int) -> None:
    client = fresh(plan=plan)
    answers = [client.get("/models") for _ in range(requests + 1)]
    assert [answer.status_code for answer in answers] == [200] * requests + [429]
    assert answers[0].headers["x-ratelimit-limit"] == str(requests)
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_errors_count_and_carry_the_limit(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(5, 1000, 30.0))
    left = [
        client.get("/nowhere").headers["x-ratelimit-remaining"],
        client.put("/models").headers["x-ratelimit-remaining"],
        client.post("/chat/completions", content=b"{").headers["x-ratelimit-remaining"],
    ]
    assert left == ["4", "3", "2"]
