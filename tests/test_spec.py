"""The OpenAPI document of the Ozwell dialect: valid, complete, exemplified, and safe to generate requests from."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.transport.serialization import Binary

from ozwell_harness.profile import merge_patch

ROOT = Path(__file__).parents[1]
METHODS = ("get", "post", "delete", "put", "patch")
READINGS = ("base", "positive", "negative")
EXAMPLES_PER_OPERATION = 30

# From the endpoints reference: operation, path, and every status that can occur beside those of ALWAYS.
ALWAYS = {"200", "400", "401", "403", "429", "500"}
BODY = {"413", "415"}
OPERATIONS: dict[str, tuple[str, str, set[str]]] = {
    "createChatCompletion": ("post", "/chat/completions", {"404"} | BODY),
    "createEmbedding": ("post", "/embeddings", {"404"} | BODY),
    "listFiles": ("get", "/files", {"404"}),
    "createFile": ("post", "/files", BODY),
    "retrieveFile": ("get", "/files/{file_id}", {"404"}),
    "deleteFile": ("delete", "/files/{file_id}", {"404"}),
    "retrieveFileContent": ("get", "/files/{file_id}/content", {"404"}),
    "listModels": ("get", "/models", {"404"}),
    "retrieveModel": ("get", "/models/{model_id}", {"404"}),
    "createResponse": ("post", "/responses", {"404"} | BODY),
}

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
# Fields that the documents show in answers: component → required ones.
ANSWERS = {
    "ChatCompletion": {"id", "object", "created", "model", "choices", "usage"},
    "Choice": {"index", "message", "finish_reason"},
    "AssistantMessage": {"role", "content"},
    "Usage": {"prompt_tokens", "completion_tokens", "total_tokens"},
    "EmbeddingList": {"object", "data", "model", "usage"},
    "Embedding": {"object", "index", "embedding"},
    "EmbeddingUsage": {"prompt_tokens", "total_tokens"},
    "File": {"id", "object", "bytes", "created_at", "filename", "purpose"},
    "FileList": {"object", "data"},
    "FileDeleted": {"id", "object", "deleted"},
    "Model": {"id", "object", "created", "owned_by"},
    "ModelList": {"object", "data"},
    "Response": {"id", "object", "created", "model", "output", "usage"},
    "Source": {"file_id", "filename", "page", "excerpt"},
    "Error": {"error"},
    "ErrorObject": {"message", "type", "code"},
}
TRIO = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
LINKS = {
    ("createFile", "retrieveFile"),
    ("createFile", "retrieveFileContent"),
    ("createFile", "deleteFile"),
    ("createFile", "listFiles"),
    ("listFiles", "retrieveFile"),
    ("listFiles", "retrieveFileContent"),
    ("listFiles", "listFiles"),
    ("retrieveFile", "retrieveFileContent"),
    ("deleteFile", "retrieveFile"),
    ("deleteFile", "retrieveFileContent"),
    ("deleteFile", "deleteFile"),
    ("listModels", "retrieveModel"),
    ("createResponse", "createResponse"),
    ("createResponse", "retrieveFile"),
}
CURSOR_LINKS = {link for link in LINKS if link[1] == "listFiles"}


def read_yaml(*parts: str) -> Any:
    return yaml.load(ROOT.joinpath(*parts).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def document(reading: str = "base") -> dict[str, Any]:
    """The document as it stands, or with one of its generation patches; not to be changed."""
    base: dict[str, Any] = read_yaml("spec", "ozwell.openapi.yaml")
    if reading == "base":
        return base
    patched: dict[str, Any] = merge_patch(base, base["x-generation"][reading]["patch"])
    return patched


def resolve(node: Any) -> Any:
    """Follow local references until something else is there."""
    while isinstance(node, Mapping) and "$ref" in node:
        node = lookup(document(), node["$ref"])
    return node


def lookup(root: Any, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        root = root[part.replace("~1", "/").replace("~0", "~")]
    return root


@cache
def validator(name: str, reading: str = "base") -> jsonschema_rs.Draft202012Validator:
    """The validator of a component schema, as the harness builds it."""
    root = {"$ref": f"#/components/schemas/{name}", "components": document(reading)["components"]}
    return jsonschema_rs.Draft202012Validator(root)


def violations(schema: Any, value: Any) -> list[str]:
    root = {"allOf": [schema], "components": document()["components"]}
    return [error.message for error in jsonschema_rs.Draft202012Validator(root).iter_errors(value)]


def operations() -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method], item.get("parameters", []) + item[method].get("parameters", [])


def operation(operation_id: str) -> dict[str, Any]:
    return next(o for _, _, o, _ in operations() if o["operationId"] == operation_id)


def walk(node: Any, at: str = "#") -> Iterator[tuple[str, Any]]:
    yield at, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield from walk(value, f"{at}/{key}")


def references(root: Any) -> set[str]:
    """Every reference in use, those of unapplied patches apart."""
    applied = {key: value for key, value in root.items() if key != "x-generation"}
    return {node["$ref"] for _, node in walk(applied) if isinstance(node, dict) and "$ref" in node}


def schema_examples() -> Iterator[Any]:
    """Every example with the schema beside it, in media types, parameters and headers."""
    for at, node in walk({key: document()[key] for key in ("paths", "components")}):
        if isinstance(node, dict) and "schema" in node and ("example" in node or "examples" in node):
            named = {"example": {"value": node["example"]}} if "example" in node else node["examples"]
            for name, example in named.items():
                yield pytest.param(node["schema"], example["value"], id=f"{at[2:]}/{name}")


# The document itself


@pytest.mark.parametrize("reading", READINGS)
def test_is_valid_openapi_3_1(reading: str) -> None:
    assert document(reading)["openapi"] == "3.1.0"
    validate(copy.deepcopy(document(reading)), cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize("reading", READINGS)
def test_every_reference_resolves(reading: str) -> None:
    found = references(document(reading))
    assert len(found) > 80
    for reference in sorted(found):
        assert isinstance(lookup(document(reading), reference), dict), reference


def test_every_component_is_used() -> None:
    for kind in ("schemas", "parameters", "headers", "responses"):
        names = {f"#/components/{kind}/{name}" for name in document()["components"][kind]}
        assert names <= references(document())


def test_patches_touch_only_what_exists() -> None:
    """A typing error in a patch would add a component instead of changing one."""
    added = {reading: set(document(reading)["components"]["schemas"]) for reading in READINGS}
    assert added["positive"] - added["base"] == {"PlainText"}
    assert added["negative"] == added["base"]


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


def test_has_every_documented_operation_with_its_statuses() -> None:
    found = {o["operationId"]: (method, path, set(o["responses"]) - ALWAYS) for method, path, o, _ in operations()}
    assert found == OPERATIONS
    assert all(set(o["responses"]) >= ALWAYS and o["summary"] and o["description"] for _, _, o, _ in operations())


def test_every_refusal_carries_the_envelope() -> None:
    for _, _, op, _ in operations():
        for status, response in op["responses"].items():
            if status != "200":
                schema = resolve(response)["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (op["operationId"], status)


def test_rate_limit_headers_are_advised_on_successes_and_owed_with_429() -> None:
    for _, _, op, _ in operations():
        headers = {s: {n: resolve(h) for n, h in resolve(r)["headers"].items()} for s, r in op["responses"].items()}
        assert set(headers["200"]) >= TRIO
        assert not any(header.get("required") for header in headers["200"].values())
        owed = {name for name, header in headers["429"].items() if header.get("required")}
        assert owed == TRIO | {"Retry-After"}
        assert all("x-request-id" in of_status for of_status in headers.values())
        # Schemathesis reads a number out of a header only where the type is in sight.
        assert all("type" in header["schema"] for of_status in headers.values() for header in of_status.values())


@pytest.mark.parametrize("value", ["0", "30", "Fri, 21 Nov 2025 00:01:00 GMT"])
def test_retry_after_is_seconds_or_a_date(value: str) -> None:
    schema = document()["components"]["responses"]["TooManyRequests"]["headers"]["Retry-After"]["schema"]
    assert not violations(schema, value)
    assert violations(schema, f"-{value}")
    assert violations(schema, "soon")


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


@pytest.mark.parametrize(("component", "required"), list(ANSWERS.items()))
def test_answer_demands_what_is_documented(component: str, required: set[str]) -> None:
    assert set(document()["components"]["schemas"][component]["required"]) == required


def test_schemas_are_open() -> None:
    for at, node in walk(document()["components"]["schemas"]):
        if isinstance(node, dict) and not at.endswith(("/example", "/default")):
            assert not {"additionalProperties", "unevaluatedProperties"} & set(node), at


def test_dialects_differ_in_small_named_schemas() -> None:
    error = {"error": {"message": "No", "type": "invalid_request_error", "code": None}}
    patch = {"ErrorCode": {"type": ["string", "null"]}, "ListLimit": {"maximum": 10000, "default": 10000}}
    other = {"components": {"schemas": merge_patch(document()["components"]["schemas"], patch)}}
    for name, value in (("Error", error), ("ListLimit", 101)):
        assert not validator(name).is_valid(value)
        assert jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", **other}).is_valid(value)


# Examples


@pytest.mark.parametrize(("schema", "value"), list(schema_examples()))
def test_example_is_valid(schema: Any, value: Any) -> None:
    assert violations(schema, value) == []
    assert Draft202012Validator({"allOf": [schema], "components": document()["components"]}).is_valid(value)


def test_every_operation_has_examples() -> None:
    for _, _, op, _ in operations():
        bodies = list(op.get("requestBody", {}).get("content", {}).values())
        for response in op["responses"].values():
            bodies += resolve(response)["content"].values()
        assert all(body["examples"] for body in bodies), op["operationId"]


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


@pytest.mark.parametrize(
    ("operation_id", "chunk"), [("createChatCompletion", "ChatCompletionChunk"), ("createResponse", "ResponseChunk")]
)
def test_event_stream_examples_are_valid(operation_id: str, chunk: str) -> None:
    media = operation(operation_id)["responses"]["200"]["content"]["text/event-stream"]
    assert media["x-event-schema"] == {"$ref": f"#/components/schemas/{chunk}"}
    assert media["x-event-terminator"] == "[DONE]"
    wire = re.findall(r"^data: (.+)$", media["x-wire-example"], flags=re.MULTILINE)
    assert wire.pop() == "[DONE]"
    assert media["x-wire-example"].endswith("\n\n")
    examples = {name: example["value"]["data"] for name, example in media["examples"].items()}
    assert examples.pop("done") == "[DONE]"
    if "failure" in examples:
        assert validator("Error").is_valid(json.loads(examples.pop("failure")))
    for data in (*wire, *examples.values()):
        assert list(validator(chunk).iter_errors(json.loads(data))) == []


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


@cache
def schemathesis_schema(reading: str) -> Any:
    return load(document(reading))


def load(raw: Mapping[str, Any]) -> Any:
    """Load as the property phase should: no links beyond those written, a base URL that nothing listens on."""
    config = SchemathesisConfig.from_dict({"phases": {"stateful": {"inference": {"algorithms": []}}}})
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(raw)), config=config)
    schema.config.update(base_url="http://127.0.0.1:1/v1")
    return schema


def schemathesis_operations(schema: Any) -> dict[str, Any]:
    loaded = [result.ok() for result in schema.get_all_operations()]
    return {found.definition.raw["operationId"]: found for found in loaded}


def assert_loads(raw: Mapping[str, Any], expected: int) -> None:
    schema = load(raw)
    schema.validate()
    assert len(schemathesis_operations(schema)) == expected
    assert list(schema.iter_schema_warnings()) == []
    schema.as_state_machine()


@cache
def generated(reading: str, mode: GenerationMode, operation_id: str) -> tuple[Any, ...]:
    """Fuzzed cases and those of the coverage phase, the same in every run."""
    found = schemathesis_operations(schemathesis_schema(reading))[operation_id]
    cases: list[Any] = []

    @given(found.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES_PER_OPERATION,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    generation = found.schema.config.generation_for(operation=found, phase="coverage")
    modes = {"generation_modes": [mode], "generation_config": generation}
    return (*cases, *found.schema.iter_coverage_cases(found, **modes))


def body_schema(operation_id: str) -> str | None:
    content = operation(operation_id).get("requestBody", {}).get("content", {"": {"schema": {"$ref": ""}}})
    name: str = next(iter(content.values()))["schema"]["$ref"].rsplit("/")[-1]
    return name or None


def as_json(body: Any) -> Any:
    """A generated body with its binaries as text, the way the schema describes them."""
    return {k: "" if isinstance(v, Binary) else v for k, v in body.items()} if isinstance(body, dict) else body


def test_schemathesis_loads_the_file_without_a_warning() -> None:
    schema = schemathesis.openapi.from_path(ROOT / "spec" / "ozwell.openapi.yaml")
    assert len(schemathesis_operations(schema)) == 10
    assert list(schema.iter_schema_warnings()) == []


@pytest.mark.parametrize("reading", READINGS)
def test_schemathesis_loads_each_reading(reading: str) -> None:
    assert_loads(document(reading), expected=10)


@pytest.mark.parametrize(("reading", "expected"), [("base", LINKS), ("positive", LINKS - CURSOR_LINKS)])
def test_links_make_a_state_machine(reading: str, expected: set[tuple[str, str]]) -> None:
    schema = schemathesis_schema(reading)
    labels = {found.label: name for name, found in schemathesis_operations(schema).items()}
    transitions = schema.as_state_machine()._transitions.operations.items()
    found = {(labels[source], labels[link.target.label]) for source, t in transitions for link in t.outgoing}
    assert found == expected


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_positive_data_is_valid_by_every_reading(operation_id: str) -> None:
    cases = generated("positive", GenerationMode.POSITIVE, operation_id)
    assert cases
    name = body_schema(operation_id)
    for case in cases:
        assert (name is None) == (case.body is NOT_SET)
        assert not {"after", "before"} & set(case.query or {})
        for reading in READINGS if name else ():
            assert list(validator(name, reading).iter_errors(as_json(case.body))) == []


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


@pytest.mark.parametrize("operation_id", ["createChatCompletion", "createEmbedding", "createFile", "createResponse"])
def test_what_the_spec_admits_the_negative_reading_admits(operation_id: str) -> None:
    name = body_schema(operation_id)
    assert name
    for case in generated("base", GenerationMode.POSITIVE, operation_id):
        assert list(validator(name, "negative").iter_errors(as_json(case.body))) == []


@pytest.mark.parametrize("operation_id", ["createChatCompletion", "createEmbedding", "createResponse"])
def test_negative_data_breaks_a_documented_rule(operation_id: str) -> None:
    name = body_schema(operation_id)
    assert name
    bodies = [c.body for c in generated("negative", GenerationMode.NEGATIVE, operation_id) if isinstance(c.body, dict)]
    broken = [body for body in bodies if not validator(name, "negative").is_valid(body)]
    assert len(broken) > 20
    assert not any(validator(name).is_valid(body) for body in broken)


def judge(operation_id: str, content_type: str, content: str) -> list[str]:
    """Names of the failures that Schemathesis sees in an answer."""
    found = schemathesis_operations(schemathesis_schema("base"))[operation_id]
    request = httpx.Request("POST", "http://127.0.0.1:1/v1")
    headers = {"content-type": content_type}
    answer = httpx.Response(200, headers=headers, content=content.encode(), request=request)
    answer.elapsed = dt.timedelta(0)
    try:
        found.validate_response(Response.from_any(answer))
    except (Failure, FailureGroup) as error:
        return [type(error).__name__]
    return []


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        (lambda wire: wire, True),
        (lambda wire: wire.replace("\n", "\r\n").replace("data: ", "data:"), True),
        (lambda wire: ": ping\n\n" + wire, True),
        (lambda wire: wire.replace("chat.completion.chunk", "chat.completion"), False),
        (lambda wire: wire.replace("[DONE]", "DONE"), False),
        (lambda wire: wire.replace('"finish_reason":null', '"finish_reason":""'), False),
        (lambda wire: wire.replace('{"id"', "{'id'"), False),
    ],
    ids=["as-is", "crlf", "comment", "object", "terminator", "finish_reason", "not-json"],
)
def test_schemathesis_judges_every_event_of_a_stream(change: Callable[[str], str], is_valid: bool) -> None:
    wire = operation("createChatCompletion")["responses"]["200"]["content"]["text/event-stream"]["x-wire-example"]
    failures = judge("createChatCompletion", "text/event-stream; charset=utf-8", change(wire))
    assert (failures == []) is is_valid
