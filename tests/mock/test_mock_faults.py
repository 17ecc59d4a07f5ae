"""Each fault and variation: on, the wire shows it; off, it does not. And the ways to choose one."""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asking import WEATHER, ask, chunks_of, upload, user

from ozwell_harness.mock import MockHandle
from ozwell_harness.mock.faults import Hook, Kind, catalogue
from ozwell_harness.mock.keys import Budget

Seen = Callable[[httpx.Client, dict[str, str]], Any]
LONG = "Repeat exactly: " + "caf\u00e9 \u6f22 " * 40


def _post(client: httpx.Client, on: dict[str, str], path: str, body: Any) -> httpx.Response:
    return client.post(path, json=body, headers=on)


def _chat(client: httpx.Client, on: dict[str, str], **fields: Any) -> Any:
    return ask(client, headers=on, **fields).json()


def _stream(client: httpx.Client, on: dict[str, str], **fields: Any) -> httpx.Response:
    return ask(client, fields.pop("content", LONG), stream=True, headers=on, **fields)


def _choice(client: httpx.Client, on: dict[str, str], **fields: Any) -> Any:
    return _chat(client, on, **fields)["choices"][0]


def _finish(client: httpx.Client, on: dict[str, str], **fields: Any) -> str:
    return _choice(client, on, **fields)["finish_reason"]


def _kind(response: httpx.Response) -> str:
    return response.headers["content-type"]


def _limit(client: httpx.Client, on: dict[str, str], name: str) -> str:
    return client.get("/models", headers=on).headers[f"x-ratelimit-{name}"]


def _bad_key(client: httpx.Client, on: dict[str, str]) -> httpx.Response:
    return client.get("/models", headers={**on, "authorization": "Bearer ozw_wrong_key"})


def _embed(client: httpx.Client, on: dict[str, str], **fields: Any) -> list[dict[str, Any]]:
    body = {"model": "text-embedding-ada-002", "input": ["a", "b"], **fields}
    return _post(client, on, "/embeddings", body).json()["data"]


def _float32(client: httpx.Client, on: dict[str, str]) -> bool:
    raw = base64.b64decode(_embed(client, on, encoding_format="base64")[0]["embedding"])
    return abs(sum(value * value for value in struct.unpack("<256f", raw)) - 1) < 1e-4


def _cut(client: httpx.Client, on: dict[str, str]) -> str:
    try:
        return "complete" if _stream(client, on).text.endswith("[DONE]\n\n") else "short"
    except httpx.RemoteProtocolError as error:
        return "incomplete" if "incomplete chunked read" in str(error) else "broken"
    except httpx.ReadError:
        return "reset"
    except httpx.ReadTimeout:
        return "timeout"


def _whole(client: httpx.Client, on: dict[str, str]) -> str:
    try:
        return "whole" if client.get("/models", headers=on).json()["data"] else "empty"
    except httpx.RemoteProtocolError as error:
        known = (
            "Server disconnected",
            "Content-Length headers",
            "without sending complete message body",
            "illegal chunk header",
        )
        return next((words for words in known if words in str(error)), str(error))
    except httpx.ReadError:
        return "reset"
    except httpx.ReadTimeout:
        return "timeout"


def _deleted(client: httpx.Client, on: dict[str, str]) -> bool:
    file_id = upload(client)
    assert client.delete(f"/files/{file_id}", headers=on).status_code == 200
    return client.get(f"/files/{file_id}").status_code == 404


def _leak(client: httpx.Client, on: dict[str, str]) -> int:
    file_id = upload(client)
    other = {"authorization": "Bearer ozw_mock_other_91c3e58a7d204fb6"}
    return client.get(f"/files/{file_id}", headers={**on, **other}).status_code


def _recall(client: httpx.Client, on: dict[str, str]) -> bool:
    name = f"conv-{len(on)}"
    _post(
        client,
        on,
        "/responses",
        {"model": "gpt-4", "messages": user("My code word is ELK-5."), "conversation_id": name},
    )
    body = {"model": "gpt-4", "messages": user("What is my code word?"), "conversation_id": name}
    return "ELK-5" in _post(client, on, "/responses", body).json()["output"]["content"]


def _response(client: httpx.Client, on: dict[str, str]) -> dict[str, Any]:
    return _post(client, on, "/responses", {"model": "gpt-4", "messages": user("Hi"), "conversation_id": "c"}).json()


def _page(client: httpx.Client, on: dict[str, str], **params: Any) -> dict[str, Any]:
    return client.get("/models", params=params, headers=on).json()


def _raw_stream(client: httpx.Client, on: dict[str, str]) -> list[bytes]:
    body = {"model": "gpt-4", "messages": user(LONG), "stream": True}
    with httpx.stream(
        "POST", f"{client.base_url}chat/completions", headers={**dict(client.headers), **on}, json=body
    ) as r:
        return list(r.iter_raw())


def _roles(response: httpx.Response) -> int:
    return sum("role" in chunk["choices"][0]["delta"] for chunk in chunks_of(response))


def _finishes(response: httpx.Response) -> int:
    return sum(chunk["choices"][0]["finish_reason"] is not None for chunk in chunks_of(response))


def _said(response: httpx.Response) -> bool:
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks_of(response))
    return text == LONG.removeprefix("Repeat exactly: ")


UNFIT = {"model": "gpt-4", "messages": []}
WEATHER_CALL = {"content": "Weather in Oslo?", "tools": [WEATHER]}

# Fault: what to look at, what is seen without it, what with it.
TABLE: dict[str, tuple[Seen, Any, Any]] = {
    "auth.any-key-accepted": (lambda c, on: _bad_key(c, on).status_code, 401, 200),
    "auth.bad-key-400": (lambda c, on: _bad_key(c, on).status_code, 401, 400),
    "auth.key-echoed": (lambda c, on: "ozw_wrong_key" in _bad_key(c, on).text, False, True),
    "auth.body-judged-first": (
        lambda c, on: c.post("/responses", json={}, headers={**on, "authorization": "Bearer x"}).status_code, 401, 400,
    ),
    "errors.flat": (lambda c, on: type(_post(c, on, "/responses", UNFIT).json()["error"]), dict, str),
    "errors.status-422": (lambda c, on: _post(c, on, "/responses", UNFIT).status_code, 400, 422),
    "errors.status-500": (lambda c, on: _post(c, on, "/responses", UNFIT).status_code, 400, 500),
    "errors.inside-200": (lambda c, on: _post(c, on, "/responses", UNFIT).status_code, 400, 200),
    "errors.html": (lambda c, on: _kind(_post(c, on, "/responses", UNFIT)), "application/json", "text/html"),
    "errors.unknown-model-accepted": (lambda c, on: ask(c, headers=on, model="gpt-0").status_code, 404, 200),
    "limits.remaining-stuck": (
        lambda c, on: _limit(c, on, "remaining") == _limit(c, on, "limit"), False, True,
    ),
    "limits.reset-in-milliseconds": (lambda c, on: len(_limit(c, on, "reset")), 10, 13),
    "chat.usage-total-off-by-one": (
        lambda c, on: (u := _chat(c, on)["usage"])["total_tokens"] - u["prompt_tokens"] - u["completion_tokens"], 0, 1,
    ),
    "chat.id-constant": (lambda c, on: len({_chat(c, on)["id"] for _ in range(2)}), 2, 1),
    "params.n-ignored": (lambda c, on: len(_chat(c, on, n=3)["choices"]), 3, 1),
    "params.max-tokens-ignored": (lambda c, on: _finish(c, on, max_tokens=5), "length", "stop"),
    "params.temperature-above-accepted": (lambda c, on: ask(c, headers=on, temperature=2.1).status_code, 400, 200),
    "params.stop-leaked": (
        lambda c, on: _chat(c, on, content="Count from 1 to 9", stop="5")["choices"][0]["message"]["content"],
        "1, 2, 3, 4, ", "1, 2, 3, 4, 5",
    ),
    "params.length-as-stop": (lambda c, on: _finish(c, on, max_tokens=3), "length", "stop"),
    "tools.choice-none-ignored": (
        lambda c, on: _finish(c, on, tools=[WEATHER], tool_choice="none"), "stop", "tool_calls",
    ),
    "tools.arguments-object": (
        lambda c, on: type(_choice(c, on, **WEATHER_CALL)["message"]["tool_calls"][0]["function"]["arguments"]),
        str, dict,
    ),
    "stream.done-missing": (lambda c, on: "[DONE]" in _stream(c, on).text, True, False),
    "stream.role-in-every-chunk": (lambda c, on: _roles(_stream(c, on)) == 1, True, False),
    "stream.finish-missing": (lambda c, on: _finishes(_stream(c, on)), 1, 0),
    "stream.differs-from-plain": (lambda c, on: _said(_stream(c, on)), True, False),
    "stream.truncated": (_cut, "complete", "short"),
    "stream.dropped": (_cut, "complete", "incomplete"),
    "stream.reset": (_cut, "complete", "reset"),
    "stream.hang": (_cut, "complete", "timeout"),
    "stream.data-after-done": (lambda c, on: _stream(c, on).text.endswith("data: [DONE]\n\n"), True, False),
    "stream.utf8-replaced": (lambda c, on: "\ufffd" in _stream(c, on).text, False, True),
    "stream.text-plain": (lambda c, on: _kind(_stream(c, on)), "text/event-stream; charset=utf-8", "text/plain"),
    "stream.buffered": (lambda c, on: "content-length" in _stream(c, on).headers, False, True),
    "embeddings.base64-ignored": (
        lambda c, on: type(_embed(c, on, encoding_format="base64")[0]["embedding"]), str, list,
    ),
    "embeddings.big-endian": (_float32, True, False),
    "embeddings.index-shifted": (lambda c, on: [item["index"] for item in _embed(c, on)], [0, 1], [1, 2]),
    "files.line-ends-changed": (
        lambda c, on: c.post(
            "/files", files={"file": ("a", b"1\r\n2")}, data={"purpose": "batch"}, headers=on
        ).json()["bytes"], 4, 3,
    ),
    "files.delete-does-nothing": (_deleted, True, False),
    "files.shared-by-tenants": (_leak, 404, 200),
    "pagination.after-inclusive": (lambda c, on: _page(c, on, after="gpt-4")["first_id"], "gpt-3.5-turbo", "gpt-4"),
    "pagination.limit-ignored": (lambda c, on: len(_page(c, on, limit=2)["data"]), 2, 4),
    "pagination.has-more-always": (lambda c, on: _page(c, on)["has_more"], False, True),
    "responses.conversation-forgotten": (_recall, True, False),
    "responses.conversation-not-echoed": (lambda c, on: "conversation_id" in _response(c, on), True, False),
    "responses.output-array": (lambda c, on: type(_response(c, on)["output"]), dict, list),
    "http.bom": (lambda c, on: c.get("/models", headers=on).content[:1], b"{", b"\xef"),
    "http.closed-at-once": (_whole, "whole", "Server disconnected"),
    "http.reset-at-once": (_whole, "whole", "reset"),
    "http.hang": (_whole, "whole", "timeout"),
    "http.duplicate-content-length": (_whole, "whole", "Content-Length headers"),
    "http.body-truncated": (_whole, "whole", "without sending complete message body"),
    "http.bad-chunk-size": (_whole, "whole", "illegal chunk header"),
    "legal.crlf": (lambda c, on: "\r\n\r\n" in _stream(c, on).text, False, True),
    "legal.no-space": (lambda c, on: "data:{" in _stream(c, on).text, False, True),
    "legal.comments": (lambda c, on: _stream(c, on).text.startswith(": "), False, True),
    "legal.event-and-id": (lambda c, on: "event: message\nid: 0\ndata: {" in _stream(c, on).text, False, True),
    "legal.packets-split": (lambda c, on: max(map(len, _raw_stream(c, on)[:4])) < 50, False, True),
    "legal.packets-merged": (lambda c, on: _raw_stream(c, on)[0].count(b"data: ") >= 5, False, True),
    "legal.extra-fields": (lambda c, on: "x_extra" in _chat(c, on), False, True),
    "legal.extra-fields-in-chunks": (lambda c, on: "x_extra" in chunks_of(_stream(c, on))[1], False, True),
    "legal.json-charset": (
        lambda c, on: _kind(c.get("/models", headers=on)), "application/json", "application/json; charset=utf-8",
    ),
    "legal.embeddings-reordered": (lambda c, on: [item["index"] for item in _embed(c, on)], [0, 1], [1, 0]),
}  # fmt: skip

ELSEWHERE = {"legal.generation-goes-on", "limits.retry-after-missing", "limits.shared-by-keys"}


@pytest.fixture(scope="module")
def impatient(mock: MockHandle) -> httpx.Client:
    headers = {"authorization": f"Bearer {mock.settings.secrets.main}"}
    with httpx.Client(base_url=mock.base_url, headers=headers, timeout=httpx.Timeout(5, read=0.3)) as client:
        yield client


def _client_for(name: str, impatient: httpx.Client, bare: httpx.Client) -> httpx.Client:
    return impatient if name.endswith(".hang") else bare


@pytest.mark.parametrize("name", sorted(TABLE))
def test_fault_shows_and_its_absence_too(impatient: httpx.Client, bare: httpx.Client, name: str) -> None:
    look, without, with_it = TABLE[name]
    assert look(bare, {}) == without
    assert look(_client_for(name, impatient, bare), {"X-Mock-Fault": name}) == with_it


def test_every_fault_is_tested_and_described() -> None:
    """Faults with `breaks` are shown on and off by `prove`; of the variations `test_mock_controls.py` sees each."""
    proved = {name for name, fault in catalogue().items() if fault.breaks or fault.kind is Kind.LEGAL}
    assert set(TABLE) | ELSEWHERE <= set(catalogue())
    assert set(catalogue()) - proved <= set(TABLE) | ELSEWHERE
    for fault in catalogue().values():
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9-]+", fault.name)
        assert fault.description.endswith(".")
        assert (fault.kind is Kind.LEGAL) == fault.name.startswith("legal.")
    assert {fault.hook for fault in catalogue().values()} == set(Hook)


def test_faults_of_limits(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(2, 1000, 30.0))
    for _ in range(2):
        assert client.get("/models").status_code == 200
    assert "retry-after" in client.get("/models").headers
    client.event_hooks = {}
    assert "retry-after" not in client.get("/models", headers={"X-Mock-Fault": "limits.retry-after-missing"}).headers


def test_shared_limit(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh("limited", limited=Budget(2, 1000, 30.0), faults=("limits.shared-by-keys",))
    main = {"authorization": "Bearer ozw_mock_main_4b7f0c2e9a6d4813"}
    for _ in range(2):
        client.get("/models", headers=main)
    assert client.get("/models").status_code == 429


def test_deaf_generation_goes_on(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh()
    root = str(client.base_url).removesuffix("/v1/")
    body = {"model": "gpt-4", "messages": user("Tell me a very long story"), "stream": True}
    headers = {**dict(client.headers), "X-Mock-Fault": "legal.generation-goes-on"}
    with httpx.stream("POST", root + "/v1/chat/completions", json=body, headers=headers) as response:
        next(response.iter_raw())
    while '"in_flight":1' not in httpx.get(root + "/health").text:
        pass
    metrics = httpx.get(root + "/metrics").text
    assert "mock_streams_abandoned_total 0" in metrics
    assert int(metrics.split("mock_stream_items_total ")[-1].split()[0]) > 500


def test_armed_faults_are_scoped_and_counted(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh()
    client.event_hooks = {}
    admin = str(client.base_url).removesuffix("/v1/") + "/_mock/faults"
    scope = {"X-Mock-Scope": "test-1"}

    def status(headers: dict[str, str] | None = None) -> int:
        return client.get("/models/none", headers=headers).status_code

    armed = httpx.post(admin, json={"fault": "errors.inside-200", "scope": "test-1", "times": 2})
    assert armed.json() == {"fault": "errors.inside-200", "scope": "test-1", "times": 2}
    assert status() == status({"X-Mock-Scope": "test-2"}) == 404
    assert [status(scope) for _ in range(3)] == [200, 200, 404]
    httpx.post(admin, json={"fault": "errors.inside-200"})
    assert [status(), status(scope)] == [200, 200]
    assert httpx.get(admin).json()["armed"] == [{"fault": "errors.inside-200", "scope": None, "times": None}]
    assert httpx.delete(admin).json() == {"removed": 1}
    assert status() == 404
    httpx.post(admin, json={"fault": "errors.flat", "scope": "a"})
    assert httpx.delete(admin, params={"scope": "b"}).json() == {"removed": 0}
    assert httpx.delete(admin, params={"scope": "a"}).json() == {"removed": 1}


def test_a_count_is_spent_only_by_operations_that_the_fault_touches(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh()
    client.event_hooks = {}
    admin = str(client.base_url).removesuffix("/v1/") + "/_mock/faults"
    httpx.post(admin, json={"fault": "embeddings.index-shifted", "times": 1})
    client.get("/models")
    assert [item["index"] for item in _embed(client, {})] == [1, 2]
    assert [item["index"] for item in _embed(client, {})] == [0, 1]


def test_several_faults_at_once(bare: httpx.Client) -> None:
    response = bare.get("/models/none", headers={"X-Mock-Fault": "errors.flat, errors.inside-200"})
    assert response.status_code == 200
    assert isinstance(response.json()["error"], str)


def test_unknown_fault_is_said_clearly(client: httpx.Client, mock: MockHandle) -> None:
    error = client.get("/models", headers={"X-Mock-Fault": "stream.done-mising"}).json()["error"]
    assert error["code"] == "unknown_fault"
    assert "stream.done-missing" in error["message"]
    admin = httpx.post(mock.origin + "/_mock/faults", json={"fault": "nothing"})
    assert (admin.status_code, admin.json()["error"]["param"]) == (400, "fault")
    assert httpx.put(mock.origin + "/_mock/faults").status_code == 405
    assert len(httpx.get(mock.origin + "/_mock/faults").json()["faults"]) == len(catalogue())


def test_request_faults_can_be_forbidden(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(allow_request_faults=False)
    assert client.get("/models/none", headers={"X-Mock-Fault": "errors.flat"}).status_code == 404


def test_connection_serves_on_after_a_kept_fault(mock: MockHandle) -> None:
    """A wire fault that leaves the connection open leaves the server able to use it."""
    head = b"GET /v1/models/%s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\nx-mock-fault: errors.flat\r\n\r\n"
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
        for _ in range(2):
            raw.sendall(head % (b"none", mock.settings.secrets.main.encode()))
            assert json.loads(raw.recv(65536).partition(b"\r\n\r\n")[2])["error"]
