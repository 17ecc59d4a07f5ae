"""The OpenAPI document of the Open WebUI dialect: what its document says, what is a decision, and its webhooks."""

from __future__ import annotations

from typing import Any

import pytest
from schemathesis import GenerationMode
from spec_facts import OPENWEBUI

SPEC = OPENWEBUI.spec
USER = {"role": "user", "content": "Hi"}
CHAT = {"model": "gpt-4", "messages": [USER]}
COMPLETION = {
    "id": "c",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "created": 1763683200,
    "model": "gpt-4",
}
MESSAGE = {"id": "m", "role": "user", "content": "Hi", "created_at": "2025-11-21T00:00:00Z"}
DOCUMENT = {"document_id": "d", "status": "processed", "chunks": 1, "created_at": "2025-11-21T00:00:00"}
RESULT = {"document_id": "d", "content": "Hi", "score": 0.5}
DEPLOYMENT = {"instance_type": "cpu", "replicas": 1, "auto_scaling": False}
ERROR = {"error": "not_found", "message": "No such chat", "status_code": 404}


def test_server_security_and_versions() -> None:
    (server,) = SPEC.document()["servers"]
    assert server["variables"]["base"]["default"] == "https://api.openwebui.com/v1"
    assert SPEC.document()["security"] == [{"bearerAuth": []}]
    scheme = SPEC.document()["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


REFUSED: dict[str, list[Any]] = {
    "ChatCompletionRequest": [
        {"model": "gpt-4"},
        {"messages": [USER]},
        CHAT | {"messages": []},
        CHAT | {"messages": "Hi"},
        CHAT | {"messages": [{"role": "narrator", "content": "Hi"}]},
        CHAT | {"temperature": 2.1},
        CHAT | {"temperature": "1"},
        CHAT | {"max_tokens": 0},
        CHAT | {"max_tokens": 1.5},
        CHAT | {"stream": "true"},
    ],
    "ChatCompletion": [
        COMPLETION | {"choices": []},
        COMPLETION | {"created": "now"},
        COMPLETION | {"id": ""},
        {name: value for name, value in COMPLETION.items() if name != "model"},
    ],
    "ChatHistory": [{"messages": [MESSAGE]}, [MESSAGE | {"created_at": 1763683200}], [MESSAGE | {"created_at": "now"}]],
    "DocumentResponse": [DOCUMENT | {"chunks": "1"}, DOCUMENT | {"chunks": -1}, DOCUMENT | {"status": None}],
    "QueryRequest": [{}, {"query": ""}, {"query": "a", "top_k": 0}, {"query": ["a"]}, {"query": "a", "top_k": "5"}],
    "QueryResponse": [{}, {"results": None}, {"results": [RESULT | {"score": "0.5"}]}],
    "ModelConfig": [{"temperature": 2.1}, {"top_p": -0.1}, {"presence_penalty": "1"}, {"max_tokens": 0}, []],
    "ModelConfigResponse": [{"temperature": "0.7"}, {"config": []}],
    "DeploymentConfig": [
        DEPLOYMENT | {"replicas": 0},
        DEPLOYMENT | {"instance_type": ""},
        DEPLOYMENT | {"auto_scaling": "yes"},
        {"replicas": 1, "auto_scaling": False},
    ],
    "Error": [
        {"error": {"message": "m", "type": "t", "code": "c"}},
        ERROR | {"status_code": "404"},
        ERROR | {"status_code": 200},
        ERROR | {"message": ""},
        {"detail": "Not Found"},
    ],
    "ChatCompletedEvent": [{"type": "document.processed", "timestamp": "2025-11-21T00:00:00Z", "data": COMPLETION}],
    "DocumentProcessedEvent": [{"type": "document.processed", "timestamp": "2025-11-21T00:00:00Z", "data": {}}],
}
ACCEPTED: dict[str, list[Any]] = {
    "ChatCompletionRequest": [CHAT, CHAT | {"temperature": 0, "max_tokens": None, "stream": None, "top_p": "any"}],
    "ChatCompletion": [COMPLETION, COMPLETION | {"object": "chat.completion", "usage": {}}],
    "ChatHistory": [[], [MESSAGE], [MESSAGE | {"created_at": "2025-11-21T01:02:03.123456+01:00", "more": 1}]],
    "DocumentResponse": [DOCUMENT, DOCUMENT | {"status": "processing", "chunks": 0, "collection_id": "c"}],
    "QueryRequest": [{"query": "a"}, {"query": "a", "collection_id": None, "top_k": 1}],
    "QueryResponse": [{"results": []}, {"results": [RESULT | {"score": -3}]}],
    "ModelConfig": [
        {},
        {"temperature": 2, "top_p": 0, "frequency_penalty": -2, "presence_penalty": 2, "max_tokens": 1},
    ],
    "ModelConfigResponse": [{}, {"temperature": 1, "max_tokens": None}, {"config": {"temperature": 1}}],
    "DeploymentConfig": [DEPLOYMENT],
    "DeploymentResponse": [{}, {"deployment_id": "d", "status": "running", "replicas": 1}],
    "Error": [ERROR, ERROR | {"details": []}],
    "ChatCompletedEvent": [{"type": "chat.completed", "timestamp": "2025-11-21T00:00:00Z", "data": COMPLETION}],
    "DocumentProcessedEvent": [
        {"type": "document.processed", "timestamp": "2025-11-21T00:00:00Z", "data": DOCUMENT},
    ],
}


@pytest.mark.parametrize(("schema", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_is_refused(schema: str, value: Any) -> None:
    assert not SPEC.validator(schema).is_valid(value)


@pytest.mark.parametrize(("schema", "value"), [(name, value) for name, values in ACCEPTED.items() for value in values])
def test_is_accepted(schema: str, value: Any) -> None:
    assert list(SPEC.validator(schema).iter_errors(value)) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("ChatCompletionRequest", CHAT | {"temperature": 3, "max_tokens": 0}),
        ("ChatCompletionRequest", CHAT | {"messages": [{"role": "tool", "content": None}]}),
        ("QueryRequest", {"query": "", "top_k": 0}),
        ("ModelConfig", {"temperature": -1}),
        ("DeploymentConfig", {"replicas": 0}),
    ],
)
def test_what_rests_on_a_decision_is_no_rule_to_refuse_by(schema: str, value: Any) -> None:
    assert SPEC.validator(schema, "negative").is_valid(value)


def test_every_decision_says_so() -> None:
    schemas = SPEC.document()["components"]["schemas"]
    for name in ("Temperature", "TopP", "PresencePenalty", "FrequencyPenalty", "ChatCompletionChunk"):
        assert schemas[name]["x-source"] == "openai", name
    for name in ("MaxTokens", "Query", "TopK", "CollectionId", "Replicas", "ModelConfigResponse", "DeploymentResponse"):
        assert schemas[name]["x-source"] == "harness", name
    for name in ("ChatCompletedEvent", "DocumentProcessedEvent"):
        assert schemas[name]["x-source"] == "standard-webhooks", name


def test_webhooks_are_signed_and_carry_what_the_api_answers() -> None:
    webhooks = SPEC.document()["webhooks"]
    assert set(webhooks) == {"chat.completed", "document.processed"}
    for event, item in webhooks.items():
        names = {SPEC.resolve(parameter)["name"] for parameter in item["post"]["parameters"]}
        assert names == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        schema = SPEC.resolve(item["post"]["requestBody"]["content"]["application/json"]["schema"])
        assert schema["properties"]["type"] == {"const": event}
        assert set(item["post"]["responses"]) == {"2XX"}


@pytest.mark.parametrize("operation_id", ["createChatCompletion", "createDocument", "queryDocuments", "deployModel"])
def test_positive_data_asks_for_nothing_that_costs_or_need_not_be_there(operation_id: str) -> None:
    for case in SPEC.generated("positive", GenerationMode.POSITIVE, operation_id):
        body = case.body
        assert "collection_id" not in body
        assert body.get("replicas", 1) == 1
        assert body.get("max_tokens", 1) <= 64
        roles = [message["role"] for message in body.get("messages", [])]
        assert roles in ([], ["user"], ["user", "assistant", "user"])
        assert not any(isinstance(body.get(name), float) for name in ("max_tokens", "top_k", "replicas"))
