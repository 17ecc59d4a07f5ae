from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from asking import WEATHER, ask, error_of, user

BOTH = ["/chat/completions", "/responses"]


def _refused(client: httpx.Client, path: str, **fields: Any) -> dict[str, Any]:
    body = {"model": "gpt-4", "messages": user("Hi"), **fields}
    return error_of(client.post(path, json=body), 400)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("temperature", 0, 2), ("top_p", 0, 1), ("presence_penalty", -2, 2), ("frequency_penalty", -2, 2)],
)
def test_numeric_bounds(client: httpx.Client, path: str, name: str, low: float, high: float) -> None:
    body = {"model": "gpt-4", "messages": user("Hi")}
    for value in (low, high, float(low), (low + high) / 2):
        assert client.post(path, json={**body, name: value}).status_code == 200
    for value in (low - 0.001, high + 0.001, low - 1, high + 1, 1e300):
        error = _refused(client, path, **{name: value})
        assert (error["param"], error["code"]) == (name, "invalid_value")
    for value in ("1", True, [1], {}):
        error = _refused(client, path, **{name: value})
        assert (error["param"], error["code"], error["type"]) == (name, "invalid_type", "invalid_request_error")


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("name", "good", "bad"), [("n", [1, 128, 2.0], [0, -1, 129]), ("max_tokens", [1, 10**9], [0, -1])]
)
def test_integer_bounds(client: httpx.Client, path: str, name: str, good: list[Any], bad: list[Any]) -> None:
    body = {"model": "gpt-4", "messages": user("Reply with exactly a")}
    for value in good:
        assert client.post(path, json={**body, name: value}).status_code == 200
    for value in bad:
        assert _refused(client, path, **{name: value})["code"] == "invalid_value"
    for value in ("1", True, [1], 1.5):
        assert _refused(client, path, **{name: value})["code"] == "invalid_type"


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stop": 5}, "stop"),
        ({"stop": []}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": ["a", 1]}, "stop[1]"),
        ({"seed": "x"}, "seed"),
        ({"seed": 10**30}, "seed"),
        ({"user": 5}, "user"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": ["Hi"]}, "messages[0]"),
        ({"messages": user([{"type": "sound", "sound": 1}])}, "messages[0].content[0].type"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]}, "messages[0].tool_call_id"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "plugin", "function": {"name": "a"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "a\n"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "a" * 65}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"tools": [WEATHER, WEATHER]}, "tools[1].function.name"),
        ({"tools": "x"}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": "perhaps", "tools": [WEATHER]}, "tool_choice"),
        ({"tool_choice": 5, "tools": [WEATHER]}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}, "tools": [WEATHER]}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_param_names_the_field(client: httpx.Client, path: str, fields: dict[str, Any], param: str) -> None:
    error = _refused(client, path, **fields)
    assert error["param"] == param
    assert error["message"]


@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/embeddings"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b"null", b'"x"', b"5", b"{}", b"{} {}", b'{"model": NaN}', b'{"n": Infinity}',
        b'{"n": 1e999}', b'{"n": ' + b"9" * 6000 + b"}", b'{"n": 1e30}', b'{"seed": -' + b"9" * 400 + b"}",
        b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "\xff\xfe"}', b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x01"}', b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'\xef\xbb\xbf{"model": "gpt-4"}', b"\x00", b"{'model': 'x'}", b'{"model": "gpt-4",}',
    ],
)  # fmt: skip
def test_broken_bodies_are_400(client: httpx.Client, path: str, body: bytes) -> None:
    response = client.post(path, content=body, headers={"content-type": "application/json"})
    assert error_of(response, 400)["type"] == "invalid_request_error"


def test_invalid_bytes_in_ignored_fields_are_refused_too(client: httpx.Client) -> None:
    body = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}], "unknown": "\xff"}'
    assert client.post("/chat/completions", content=body).status_code == 400


@pytest.mark.parametrize("depth", [500, 900, 990, 3000])
def test_nesting_never_ends_in_5xx(client: httpx.Client, depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    tool = f'{{"type":"function","function":{{"name":"f","parameters":{nested}}}}}'
    body = f'{{"model":"gpt-4","messages":[{{"role":"user","content":"Hi"}}],"tools":[{tool}]}}'
    response = client.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 400)


def test_deep_schemas_are_harmless(client: httpx.Client) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"type": "object", "properties": {"a": deep}, "required": ["a"]}
    endless = {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}] * 3}}, "$ref": "#/$defs/a"}
    odd = {"type": "array", "minItems": 10**12, "items": {"type": "string", "minLength": 10**12}}
    for schema in (deep, endless, odd, {"type": 7}, {"properties": 3}, {"anyOf": 1}, {"enum": []}, {"pattern": "("}):
        tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
        assert ask(client, "Hi", tools=[tool], tool_choice="required").status_code == 200
        form = {"type": "json_schema", "json_schema": {"name": "f", "schema": schema}}
        json.loads(ask(client, "Hi", response_format=form).json()["choices"][0]["message"]["content"])


@pytest.mark.parametrize("path", BOTH)
def test_unknown_and_unfit_models(client: httpx.Client, path: str) -> None:
    error = error_of(client.post(path, json={"model": "gpt-0", "messages": user("Hi")}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert _refused(client, path, model="text-embedding-ada-002")["param"] == "model"
    assert error_of(client.post("/embeddings", json={"model": "gpt-0", "input": "a"}), 404)["code"] == "model_not_found"
    assert error_of(client.post("/embeddings", json={"model": "gpt-4", "input": "a"}), 400)["param"] == "model"


def test_prompt_beyond_the_context(client: httpx.Client) -> None:
    for text in ("a " * 17_000, "a" * 400_000):
        error = error_of(ask(client, text, model="gpt-3.5-turbo"), 400)
        assert error["code"] == "context_length_exceeded"
    assert ask(client, "word " * 13_000).status_code == 200


def test_content_types(client: httpx.Client) -> None:
    body = json.dumps({"model": "gpt-4", "messages": user("Hi")}).encode()

    def status(kind: str | None, **headers: str) -> int:
        named = {"content-type": kind} if kind else {}
        return client.post("/chat/completions", content=body, headers={**named, **headers}).status_code

    assert [
        status(kind) for kind in ("application/json", "Application/JSON; charset=utf-8", "application/x+json", None)
    ] == [200] * 4
    assert [status(kind) for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")] == [
        415
    ] * 3
    assert status("application/json", **{"content-encoding": "gzip"}) == 415


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    for path in ("/nowhere", "/chat", "/chat/completions/", "/models/", "/files/", "/files/a/b", "//models"):
        assert error_of(client.get(path), 404)["code"] == "unknown_url"
    for method, path, allow in (
        ("GET", "/chat/completions", "OPTIONS, POST"),
        ("PUT", "/models", "GET, HEAD, OPTIONS"),
        ("TRACE", "/models", "GET, HEAD, OPTIONS"),
        ("PATCH", "/files", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/files/file-1", "DELETE, GET, HEAD, OPTIONS"),
    ):
        response = client.request(method, path)
        assert error_of(response, 405)["code"] == "method_not_allowed"
        assert response.headers["allow"] == allow


def test_preflight_and_cors(client: httpx.Client, bare: httpx.Client) -> None:
    origin = {"origin": "https://app.example"}
    preflight = bare.options("/chat/completions", headers={**origin, "authorization": ""})
    assert preflight.status_code == 204
    assert "content-length" not in preflight.headers
    wanted = bare.options(
        "/models", headers={**origin, "access-control-request-headers": "X-Stainless-Lang, authorization"}
    )
    assert "x-stainless-lang" in wanted.headers["access-control-allow-headers"]
    evil = bare.options("/models", headers={**origin, "access-control-request-headers": "a b; c"})
    assert evil.headers["access-control-allow-headers"] == "authorization, content-type"
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in preflight.headers
    assert {"authorization", "content-type"} <= set(preflight.headers["access-control-allow-headers"].split(", "))
    for response in (client.get("/models", headers=origin), client.get("/models/x", headers=origin)):
        assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/models").headers


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    head, get = client.head("/models"), client.get("/models")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_request_ids_are_unique(client: httpx.Client) -> None:
    assert len({client.get("/models").headers["x-request-id"] for _ in range(20)}) == 20
