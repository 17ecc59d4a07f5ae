"""The OpenAPI document of the Ozwell dialect: valid, complete, exemplified, and safe to generate requests from."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from schemathesis import GenerationMode
from spec_facts import OZWELL
from spec_reading import assert_loads, read_yaml

from ozwell_harness.profile import merge_patch

document, resolve, validator = OZWELL.spec.document, OZWELL.spec.resolve, OZWELL.spec.validator
operations, operation, generated = OZWELL.spec.operations, OZWELL.spec.operation, OZWELL.spec.generated

# Body parameters: name → component and its facts. The endpoints reference documents type, range and default; the bounds
# of n and top_p, and the floor of max_tokens, are decisions.
NULLABLE_NUMBER, NULLABLE_INTEGER = {"type": ["number", "null"]}, {"type": ["integer", "null"]}
CHAT_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "model": ("ChatModel", {"type": "string", "minLength": 1}),
    "messages": ("Messages", {"type": "array", "minItems": 1}),
    "temperature": ("Temperature", {**NULLABLE_NUMBER, "minimum": 0, "maximum": 2, "default": 1}),
    "top_p": ("TopP", {**NULLABLE_NUMBER, "minimum": 0, "maximum": 1, "default": 1}),
    "n": ("ChoiceCount", {**NULLABLE_INTEGER, "minimum": 1, "maximum": 128, "default": 1}),
    "stream": ("Stream", {"type": ["boolean", "null"], "default": False}),
    "stop": ("Stop", {}),
    "max_tokens": ("MaxTokens", {**NULLABLE_INTEGER, "minimum": 1}),
    "presence_penalty": ("PresencePenalty", {**NULLABLE_NUMBER, "minimum": -2, "maximum": 2, "default": 0}),
    "frequency_penalty": ("FrequencyPenalty", {**NULLABLE_NUMBER, "minimum": -2, "maximum": 2, "default": 0}),
    "tools": ("Tools", {"type": ["array", "null"]}),
    "tool_choice": ("ToolChoice", {}),
    "stream_options": ("StreamOptions", {"type": ["object", "null"]}),
    "response_format": ("ResponseFormat", {}),
    "seed": ("Seed", NULLABLE_INTEGER),
    "user": ("EndUser", {"type": ["string", "null"]}),
}
BODIES: dict[str, tuple[dict[str, tuple[str, dict[str, Any]]], list[str]]] = {
    "ChatCompletionRequest": (CHAT_PARAMETERS, ["model", "messages"]),
    "ResponseRequest": (
        CHAT_PARAMETERS
        | {
            "conversation_id": ("ConversationId", {"type": ["string", "null"]}),
            "include_sources": ("IncludeSources", {"type": ["boolean", "null"], "default": False}),
        },
        ["model", "messages"],
    ),
    "EmbeddingRequest": (
        {
            "model": ("EmbeddingModel", {"type": "string"}),
            "input": ("EmbeddingInput", {}),
            "encoding_format": ("EncodingFormat", {"enum": ["float", "base64", None], "default": "float"}),
        },
        ["model", "input"],
    ),
}
Parameter = tuple[str, str, bool, dict[str, Any]]
LIMIT: Parameter = ("limit", "query", False, {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
PAGING: list[Parameter] = [
    LIMIT,
    ("after", "query", False, {"type": "string"}),
    ("before", "query", False, {"type": "string"}),
]
FILE_ID: list[Parameter] = [("file_id", "path", True, {"type": "string", "minLength": 1})]
PARAMETERS: dict[str, list[Parameter]] = {
    "listFiles": [("purpose", "query", False, {"type": "string"}), *PAGING],
    "listModels": PAGING,
    "retrieveFile": FILE_ID,
    "deleteFile": FILE_ID,
    "retrieveFileContent": FILE_ID,
    "retrieveModel": [("model_id", "path", True, {"type": "string", "minLength": 1})],
}


# The document itself


def test_positive_reading_survives_a_profile_that_removes_a_path() -> None:
    patched = merge_patch(document("positive"), {"paths": {"/responses": None}})
    validate(copy.deepcopy(patched), cls=OpenAPIV31SpecValidator)
    assert_loads(patched, expected=9)


def test_has_server_security_and_version() -> None:
    (server,) = document()["servers"]
    assert server["url"] == "{base}"
    assert server["variables"]["base"]["default"] == "https://api.ozwell.ai/v1"
    assert document()["security"] == [{"bearerAuth": []}]
    scheme = document()["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


# The documented facts


@pytest.mark.parametrize(
    ("body", "name", "component", "facts"),
    [(b, name, component, facts) for b, (p, _) in BODIES.items() for name, (component, facts) in p.items()],
)
def test_body_parameter(body: str, name: str, component: str, facts: dict[str, Any]) -> None:
    assert document()["components"]["schemas"][body]["properties"][name] == {
        "$ref": f"#/components/schemas/{component}"
    }
    schema = document()["components"]["schemas"][component]
    assert schema.items() >= facts.items()
    assert schema["description"]


@pytest.mark.parametrize("body", BODIES)
def test_body_has_these_parameters_and_no_others(body: str) -> None:
    schema = document()["components"]["schemas"][body]
    parameters, required = BODIES[body]
    assert set(schema["properties"]) == set(parameters)
    assert schema["required"] == required


def test_request_bodies() -> None:
    found = {o["operationId"]: o["requestBody"]["content"] for _, _, o, _ in operations() if "requestBody" in o}
    assert {
        (i, media, content["schema"]["$ref"].rsplit("/")[-1]) for i, c in found.items() for media, content in c.items()
    } == {
        ("createChatCompletion", "application/json", "ChatCompletionRequest"),
        ("createEmbedding", "application/json", "EmbeddingRequest"),
        ("createFile", "multipart/form-data", "FileUpload"),
        ("createResponse", "application/json", "ResponseRequest"),
    }
    assert document()["components"]["schemas"]["FileUpload"]["required"] == ["file", "purpose"]


def test_path_and_query_parameters() -> None:
    for _, _, op, parameters in operations():
        found = [resolve(parameter) for parameter in parameters]
        assert all(parameter["description"] for parameter in found)
        shapes = {(p["name"], p["in"], p["required"]): resolve(p["schema"]) for p in found}
        expected = {
            (name, where, required): facts for name, where, required, facts in PARAMETERS.get(op["operationId"], [])
        }
        assert shapes.keys() == expected.keys()
        assert all(shapes[key].items() >= expected[key].items() for key in expected)


def test_dialects_differ_in_small_named_schemas() -> None:
    error = {"error": {"message": "No", "type": "invalid_request_error", "code": None}}
    patch = {"ErrorCode": {"type": ["string", "null"]}, "ListLimit": {"maximum": 10000, "default": 10000}}
    other = {"components": {"schemas": merge_patch(document()["components"]["schemas"], patch)}}
    for name, value in (("Error", error), ("ListLimit", 101)):
        assert not validator(name).is_valid(value)
        assert jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", **other}).is_valid(value)


# Examples


def test_chat_examples_cover_what_chat_can_do() -> None:
    names = operation("createChatCompletion")["requestBody"]["content"]["application/json"]["examples"].keys()
    assert names >= {
        "plain",
        "history",
        "sampling",
        "streaming",
        "tools",
        "named_tool",
        "tool_result",
        "image",
        "json_object",
        "json_schema",
    }


# Verdicts on single values


def verdict_cases(kind: str) -> Iterator[Any]:
    for group in read_yaml("fixtures", "spec", f"{kind}.yaml"):
        for value in group.get("values", []):
            yield pytest.param(group["schema"], value, id=f"{group['schema']}: {value}")
        for case in group.get("cases", []):
            yield pytest.param(group["schema"], changed(group["base"], case), id=f"{group['schema']}: {case['why']}")


def unchanged_cases(kind: str) -> Iterator[Any]:
    for group in read_yaml("fixtures", "spec", f"{kind}.yaml"):
        if "base" in group:
            yield pytest.param(group["schema"], group["base"], id=f"{group['schema']}: as in {kind}")


def changed(base: Any, case: Mapping[str, Any]) -> Any:
    value = copy.deepcopy(base)
    for path, new in case.get("with", {}).items():
        parent, key = parent_of(value, path)
        parent[key] = new
    if "without" in case:
        parent, key = parent_of(value, case["without"])
        del parent[key]
    return value


def parent_of(value: Any, path: str) -> tuple[Any, Any]:
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in parents:
        value = value[part]
    return value, last


@pytest.mark.parametrize(("schema", "value"), list(verdict_cases("refused")))
def test_is_refused(schema: str, value: Any) -> None:
    assert not validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [*verdict_cases("accepted"), *unchanged_cases("accepted"), *unchanged_cases("refused")],
)
def test_is_accepted(schema: str, value: Any) -> None:
    assert list(validator(schema).iter_errors(value)) == []
    assert validator(schema, "negative").is_valid(value)


# Schemathesis


@pytest.mark.parametrize("operation_id", ["createChatCompletion", "createResponse"])
def test_positive_data_keeps_promises_that_no_schema_states(operation_id: str) -> None:
    cases = generated("positive", GenerationMode.POSITIVE, operation_id)
    for case in cases:
        assert broken_promises(case.body) == []
    seen = {key for case in cases for key in case.body}
    assert seen >= {"tools", "stop", "max_tokens", "temperature", "n", "seed"}


def broken_promises(body: Mapping[str, Any]) -> list[str]:
    """What a correct server may refuse though the schema admits it."""
    names = [tool["function"]["name"] for tool in body.get("tools", [])]
    choice = body.get("tool_choice")
    checks = {
        "tools share a name": len(set(names)) < len(names),
        "a choice without tools": choice is not None and not names,
        "a choice of an undeclared tool": isinstance(choice, dict) and choice["function"]["name"] not in names,
        "stream_options without stream": "stream_options" in body and body.get("stream") is not True,
        "a message of a tool": any(message["role"] == "tool" for message in body["messages"]),
        "the last word is not the user's": body["messages"][-1]["role"] != "user",
        "an integer with a fraction": any(isinstance(body.get(key), float) for key in ("n", "max_tokens", "seed")),
        "a field that is null": None in body.values(),
    }
    return [promise for promise, broken in checks.items() if broken]


def test_broken_promises_are_seen() -> None:
    messages = [{"role": "tool", "tool_call_id": "c", "content": "19"}]
    tool = {"type": "function", "function": {"name": "f"}}
    other = {"type": "function", "function": {"name": "g"}}
    first = {
        "messages": messages,
        "tools": [tool, tool],
        "tool_choice": other,
        "stream_options": {},
        "n": 2.0,
        "stop": None,
    }
    assert len(broken_promises(first)) == 7
    assert broken_promises({"messages": [{"role": "user"}], "tool_choice": "auto"}) == ["a choice without tools"]


def test_schemathesis_sees_a_chunk_that_calls_itself_something_else() -> None:
    answer = operation("createChatCompletion")["responses"]["200"]
    wire = answer["content"]["text/event-stream"]["x-wire-example"]
    spoilt = wire.replace("chat.completion.chunk", "chat.completion")
    assert OZWELL.spec.judge("createChatCompletion", "text/event-stream", spoilt) != []
