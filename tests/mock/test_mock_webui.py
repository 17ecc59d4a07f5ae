"""The Open WebUI dialect, held against its specification, beside the Ozwell dialect on the same port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from socket import create_connection
from typing import Any

import httpx
import pytest
from asking import chunks_of, streamed_text, user

from ozwell_harness.mock import MockHandle, MockSettings, PlanName, running_mock
from ozwell_harness.mock.keys import Budget
from ozwell_harness.mock.settings import Bounds
from ozwell_harness.mock.webui.migration import as_kept, migrated
from ozwell_harness.mock.webui.records import StoredChat, StoredMessage

Start = Callable[..., httpx.Client]
#: A model whose configuration disturbs no other test.
CONFIGURED = "gpt-3.5-turbo"
DEPLOYMENT = {"instance_type": "cpu-small", "replicas": 2, "auto_scaling": False}


@pytest.fixture(scope="session")
def webui_mock() -> Iterator[MockHandle]:
    with running_mock(MockSettings(profile="openwebui")) as handle:
        yield handle


@pytest.fixture(scope="session")
def webui(webui_mock: MockHandle, connect: Start) -> Iterator[httpx.Client]:
    with connect(webui_mock) as client:
        yield client


@pytest.fixture(scope="session")
def version_2(webui_mock: MockHandle, connect: Start) -> Iterator[httpx.Client]:
    with connect(webui_mock) as client:
        client.base_url = f"{webui_mock.origin}/api/v2"
        yield client


def chat(client: httpx.Client, text: str = "Tell me about herons", **fields: Any) -> dict[str, Any]:
    response = client.post("/chat/completions", json={"model": "gpt-4", "messages": user(text), **fields})
    assert response.status_code == 200, response.text
    return response.json()


def history(client: httpx.Client, chat_id: str) -> list[dict[str, Any]]:
    response = client.get("/chat/history", params={"chat_id": chat_id})
    assert response.status_code == 200, response.text
    return response.json()


def upload(client: httpx.Client, content: str | bytes, name: str = "a.txt", **fields: str) -> dict[str, Any]:
    response = client.post("/rag/documents", files={"file": (name, content)}, data=fields)
    assert response.status_code == 200, response.text
    return response.json()


def query(client: httpx.Client, text: str, **fields: Any) -> list[dict[str, Any]]:
    response = client.post("/rag/query", json={"query": text, **fields})
    assert response.status_code == 200, response.text
    return response.json()["results"]


def refused(response: httpx.Response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    body = response.json()
    assert (body["error"], body["status_code"]) == (code, status)
    return body["message"]


def test_both_dialects_answer_on_one_port(mock: MockHandle, client: httpx.Client, connect: Start) -> None:
    body = {"model": "gpt-4", "messages": user("Say hello.")}
    ozwell = client.post("/chat/completions", json=body).json()
    with connect(mock) as other:
        other.base_url = f"{mock.origin}/api/v1"
        webui = other.post("/chat/completions", json=body).json()
        refused(other.get("/files"), 404, "not_found")
    assert webui["choices"] == ozwell["choices"]
    assert client.get("/chat/history").json()["error"]["code"] == "unknown_url"


@pytest.mark.parametrize("stream", [False, True])
def test_the_history_of_a_chat(webui: httpx.Client, stream: bool) -> None:
    said = [*user("My code word is heron."), {"role": "assistant", "content": "OK"}, *user("  <b>Zürich</b>\n🎉 ")]
    body = {"model": "gpt-4", "messages": said, "stream": stream}
    response = webui.post("/chat/completions", json=body)
    if stream:
        chat_id, answer = chunks_of(response)[0]["id"], streamed_text(response)
    else:
        chat_id, answer = response.json()["id"], response.json()["choices"][0]["message"]["content"]
    told = history(webui, chat_id)
    assert [{"role": m["role"], "content": m["content"]} for m in told] == [
        *said,
        {"role": "assistant", "content": answer},
    ]
    assert len({message["id"] for message in told}) == 4
    made = [datetime.fromisoformat(message["created_at"]) for message in told]
    assert made == sorted(made)
    assert abs((datetime.now(UTC) - made[0]).total_seconds()) < 60
    chat(webui, "Something else")
    assert history(webui, chat_id) == told


def test_a_history_is_its_tenants(webui_mock: MockHandle, webui: httpx.Client, connect: Start) -> None:
    chat_id = chat(webui)["id"]
    with connect(webui_mock, "other") as other:
        refused(other.get("/chat/history", params={"chat_id": chat_id}), 404, "not_found")
    refused(webui.get("/chat/history", params={"chat_id": "../../etc/passwd"}), 404, "not_found")
    assert "chat_id" in refused(webui.get("/chat/history"), 400, "invalid_input")
    refused(webui.get("/chat/history?chat_id="), 400, "invalid_input")


def test_versions_share_what_was_made(webui: httpx.Client, version_2: httpx.Client) -> None:
    first, second = chat(webui)["id"], chat(version_2)["id"]
    assert history(webui, first) == history(version_2, first)
    assert history(webui, second) == history(version_2, second)
    document = upload(webui, "The zanzibar quokka sings at dusk.")["document_id"]
    assert query(version_2, "zanzibar quokka")[0]["document_id"] == document
    assert query(version_2, "zanzibar quokka") == query(webui, "zanzibar quokka")


def test_what_version_1_wrote_is_migrated_when_it_is_read() -> None:
    said = (StoredMessage("user", "Hi"), StoredMessage("assistant", "Hello"))
    old = as_kept(StoredChat("c", "gpt-4", "v1", 5.0, said))
    new = as_kept(StoredChat("c", "gpt-4", "v2", 5.0, said))
    assert [m.id for m in old.messages] == ["", ""]
    assert all(m.id and m.created_at == 5.0 for m in new.messages)
    read = migrated(old)
    assert read.version == "v2"
    assert read == migrated(old)
    assert len({m.id for m in read.messages}) == 2
    assert {m.created_at for m in read.messages} == {5.0}
    assert migrated(new) == new


@pytest.mark.parametrize("path", ["/api/v3/chat/history", "/api/v1.0/rag/query", "/api/V1/chat/history", "/api/v0"])
def test_unsupported_versions(webui_mock: MockHandle, webui: httpx.Client, path: str) -> None:
    assert "v1, v2" in refused(webui.get(webui_mock.origin + path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/models", "/api/v1/models/config"])
def test_unknown_paths(webui_mock: MockHandle, webui: httpx.Client, path: str) -> None:
    refused(webui.get(webui_mock.origin + path), 404, "not_found")


def test_paths_that_only_begin_alike_are_not_of_the_dialect(webui_mock: MockHandle, webui: httpx.Client) -> None:
    assert webui.get(f"{webui_mock.origin}/apiary").json()["error"]["code"] == "unknown_url"


@pytest.mark.parametrize("size", [1, 300, 3_000])
def test_documents_are_split_and_found_by_their_words(webui: httpx.Client, size: int) -> None:
    body = f"Chronicle number{size}x of the lighthouse. " + "Waves came and went, and gulls cried. " * (size // 40)
    told = upload(webui, body + f"Its keeper was called Zebulon{size}.")
    assert told["status"] == "processed"
    assert (told["chunks"] > 1) == (size > 800)
    for text in (f"Zebulon{size}", f"NUMBER{size}X chronicle"):
        found = query(webui, text)
        assert found[0]["document_id"] == told["document_id"]
        assert found[0]["content"] in body + f"Its keeper was called Zebulon{size}."


def test_results_are_ordered_and_bounded(webui: httpx.Client) -> None:
    for number in range(8):
        upload(webui, "A marmot whistles. " * (number + 1) + "Rivers run to the sea. " * (9 - number))
    found = query(webui, "Where does the marmot whistle?", top_k=6)
    scores = [result["score"] for result in found]
    assert len(found) == 6
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    assert len(query(webui, "marmot")) == 5
    assert len(query(webui, "marmot", top_k=1)) == 1
    assert query(webui, "the marmot", top_k=3) == query(webui, "the marmot", top_k=3)
    assert query(webui, "xyzzyplugh") == []
    assert query(webui, "???") == []


def test_collections(webui: httpx.Client) -> None:
    filed = upload(webui, "The wombat digs.", collection_id="burrow")
    plain = upload(webui, "The wombat sleeps.")
    assert filed["collection_id"] == "burrow"
    assert [r["document_id"] for r in query(webui, "wombat", collection_id="burrow")] == [filed["document_id"]]
    assert {r["document_id"] for r in query(webui, "wombat")} == {filed["document_id"], plain["document_id"]}
    refused(webui.post("/rag/query", json={"query": "wombat", "collection_id": "nowhere"}), 404, "not_found")


def test_documents_are_their_tenants(webui_mock: MockHandle, webui: httpx.Client, connect: Start) -> None:
    upload(webui, "A secret about the pangolin.", collection_id="secrets")
    with connect(webui_mock, "other") as other:
        assert query(other, "pangolin") == []
        refused(other.post("/rag/query", json={"query": "pangolin", "collection_id": "secrets"}), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"query": ""}, {"query": "  "}, {"query": 5}, {"query": None}, {"query": "a", "top_k": 0},
        {"query": "a", "top_k": -1}, {"query": "a", "top_k": "3"}, {"query": "a", "top_k": 1.5},
        {"query": "a", "collection_id": 5}, {"query": "a", "collection_id": ""}, [], "text",
    ],
)  # fmt: skip
def test_bad_queries(webui: httpx.Client, body: Any) -> None:
    refused(webui.post("/rag/query", json=body), 400, "invalid_input")


def test_bad_uploads(webui: httpx.Client, fresh: Start) -> None:
    def send(**options: Any) -> httpx.Response:
        return webui.post("/rag/documents", **options)

    refused(send(data={"collection_id": "a"}, files={"other": ("a.txt", "a")}), 400, "invalid_input")
    for content in (b"", b" \n", b"\xff\xfe\xfd", b"\x00\x01binary", b"%PDF-1.7 broken"):
        refused(send(files={"file": ("a.txt", content)}), 400, "invalid_input")
    refused(send(files={"file": ("a.txt", "a")}, data={"collection_id": ""}), 400, "invalid_input")
    refused(send(json={"file": "a"}), 415, "unsupported_media_type")
    small = fresh(profile="openwebui", bounds=Bounds(document=1_000, document_text=500))
    refused(small.post("/rag/documents", files={"file": ("a.txt", "a" * 70_000)}), 413, "content_too_large")
    refused(small.post("/rag/documents", files={"file": ("a.txt", "a" * 501)}), 413, "content_too_large")
    assert upload(small, "a" * 500)["chunks"] == 1


def test_a_configuration_is_kept_and_used_by_chat(webui: httpx.Client, version_2: httpx.Client) -> None:
    def configure(**values: Any) -> dict[str, Any]:
        response = webui.put(f"/models/{CONFIGURED}/config", json=values)
        assert response.status_code == 200, response.text
        return response.json()

    assert configure(temperature=0, max_tokens=3)["max_tokens"] == 3
    assert configure(top_p=1)["temperature"] == 0
    cut = chat(version_2, model=CONFIGURED)
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 3
    assert chat(webui, model=CONFIGURED, max_tokens=5)["usage"]["completion_tokens"] == 5
    assert chat(webui)["usage"]["completion_tokens"] > 5
    configure(max_tokens=100_000)
    assert chat(webui, model=CONFIGURED)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": 2.1}, {"temperature": -0.1}, {"temperature": "hot"}, {"max_tokens": 0}, {"max_tokens": 1.5},
        {"top_p": 1.01}, {"frequency_penalty": 2.1}, {"presence_penalty": -2.1}, {"presence_penalty": True}, [],
    ],
)  # fmt: skip
def test_bad_configurations(webui: httpx.Client, values: Any) -> None:
    refused(webui.put("/models/gpt-4/config", json=values), 400, "invalid_input")


def test_a_deployment_is_changed_by_the_next(webui: httpx.Client) -> None:
    first = webui.post("/models/ozwell%2Ftest-model%3A1.0/deploy", json=DEPLOYMENT).json()
    assert first["model_id"] == "ozwell/test-model:1.0"
    assert first["status"] == "deployed"
    second = webui.post("/models/ozwell/test-model:1.0/deploy", json={**DEPLOYMENT, "replicas": 5}).json()
    assert second == {**first, "replicas": 5}


@pytest.mark.parametrize(
    "changes",
    [
        {"replicas": 0}, {"replicas": -1}, {"replicas": "two"}, {"replicas": 1.5}, {"instance_type": ""},
        {"instance_type": None}, {"auto_scaling": "yes"}, {"auto_scaling": 1},
    ],
)  # fmt: skip
def test_bad_deployments(webui: httpx.Client, changes: dict[str, Any]) -> None:
    refused(webui.post("/models/gpt-4/deploy", json={**DEPLOYMENT, **changes}), 400, "invalid_input")


def test_unknown_models(webui: httpx.Client) -> None:
    refused(webui.post("/chat/completions", json={"model": "none", "messages": user("Hi")}), 404, "not_found")
    refused(webui.put("/models/none/config", json={}), 404, "not_found")
    refused(webui.post("/models/none/deploy", json=DEPLOYMENT), 404, "not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": []}, {"messages": "Hi"}, {"messages": [{"role": "tool", "content": "a"}]}, {"temperature": 3},
        {"messages": [{"role": "user", "content": None}]}, {"max_tokens": 0}, {"stream": "yes"}, {"model": ""},
        {"model": "text-embedding-ada-002"},
    ],
)  # fmt: skip
def test_bad_chats(webui: httpx.Client, fields: dict[str, Any]) -> None:
    body = {"model": "gpt-4", "messages": user("Hi"), **fields}
    refused(webui.post("/chat/completions", json=body), 400, "invalid_input")


def test_keys_and_methods(webui_mock: MockHandle, webui: httpx.Client, connect: Start) -> None:
    for key, status, code in ((None, 401, "unauthorized"), ("revoked", 401, "unauthorized"),
                              ("restricted", 403, "forbidden")):  # fmt: skip
        with connect(webui_mock, key) as client:
            refused(client.post("/rag/query", json={}), status, code)
    response = webui.delete("/rag/query")
    refused(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "OPTIONS, POST"
    preflight = webui.options("/models/gpt-4/config", headers={"origin": "http://page.invalid"})
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "PUT" not in webui.options(f"{webui_mock.origin}/v1/models").headers["access-control-allow-methods"]


def test_the_limit_counts_requests_and_no_tokens(fresh: Start) -> None:
    client = fresh("limited", profile="openwebui", limited=Budget(requests=3, tokens=1, window_s=3600.0))
    for left in (2, 1, 0):
        response = client.post("/chat/completions", json={"model": "gpt-4", "messages": user("Hi")})
        assert response.headers["x-ratelimit-remaining"] == str(left)
    response = client.post("/rag/query", json={"query": "Hi"})
    refused(response, 429, "rate_limit")
    assert 3500 < int(response.headers["retry-after"]) <= 3600


def test_the_documented_limit_is_a_plan(fresh: Start) -> None:
    client = fresh(profile="openwebui", plan=PlanName.HOURLY)
    headers = client.get("/chat/history").headers
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("100", "99")
    assert 3590 < int(headers["x-ratelimit-reset"]) - datetime.now(UTC).timestamp() <= 3601


def test_a_request_that_is_no_http_is_refused_in_the_shape_of_its_path(mock: MockHandle) -> None:
    def error(path: bytes) -> bytes:
        with create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
            raw.sendall(b"GET " + path + b" HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n")
            return raw.recv(65536)

    assert b'"status_code":400' in error(b"/api/v1/chat/history")
    assert b'"type":"invalid_request_error"' in error(b"/v1/models")


def test_the_variables_of_the_profile(webui_mock: MockHandle, mock: MockHandle) -> None:
    assert webui_mock.base_url == webui_mock.env["OZWELL_BASE_URL"] == f"{webui_mock.origin}/api/v1"
    assert webui_mock.env["OZWELL_DEPLOYABLE_MODEL"] != webui_mock.env["OZWELL_MODEL"]
    assert "OZWELL_DEPLOYABLE_MODEL" not in mock.env
