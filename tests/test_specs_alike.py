"""What holds of every OpenAPI document of the harness: valid, complete, exemplified, and safe to generate from."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET
from spec_facts import ALWAYS, EACH, Facts
from spec_reading import (
    READINGS,
    ROOT,
    as_json,
    assert_loads,
    lookup,
    references,
    schemathesis_operations,
    transitions,
    walk,
)

TRIO = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
each_reading = pytest.mark.parametrize("reading", READINGS)


@pytest.fixture(params=EACH, scope="module")
def facts(request: pytest.FixtureRequest) -> Facts:
    return EACH[request.param]


def each_operation(*, with_body: bool = False) -> pytest.MarkDecorator:
    def has(facts: Facts, name: str) -> bool:
        return not with_body or facts.spec.body_schema(name) is not None

    cases = [pytest.param(f, o, id=f"{n}: {o}") for n, f in EACH.items() for o in f.operations if has(f, o)]
    return pytest.mark.parametrize(("of", "operation_id"), cases)


# The document itself


@each_reading
def test_is_valid_openapi_3_1(facts: Facts, reading: str) -> None:
    assert facts.spec.document(reading)["openapi"] == "3.1.0"
    validate(copy.deepcopy(facts.spec.document(reading)), cls=OpenAPIV31SpecValidator)


@each_reading
def test_every_reference_resolves(facts: Facts, reading: str) -> None:
    found = references(facts.spec.document(reading))
    assert len(found) > 50
    for reference in sorted(found):
        assert isinstance(lookup(facts.spec.document(reading), reference), dict), reference


def test_every_component_is_used(facts: Facts) -> None:
    for kind in ("schemas", "parameters", "headers", "responses"):
        names = {f"#/components/{kind}/{name}" for name in facts.spec.document()["components"][kind]}
        assert names <= references(facts.spec.document())


def test_patches_touch_only_what_exists(facts: Facts) -> None:
    """A typing error in a patch would add a component instead of changing one."""
    names = {reading: set(facts.spec.document(reading)["components"]["schemas"]) for reading in READINGS}
    assert names["positive"] - names["base"] == facts.parts
    assert names["base"] - names["positive"] == facts.gone
    assert names["negative"] == names["base"]


def test_has_every_documented_operation_with_its_statuses(facts: Facts) -> None:
    known = list(facts.spec.operations())
    found = {o["operationId"]: (method, path, set(o["responses"]) - ALWAYS) for method, path, o, _ in known}
    assert found == facts.operations
    assert all(set(o["responses"]) >= ALWAYS and o["summary"] and o["description"] for _, _, o, _ in known)


def test_every_refusal_carries_the_envelope(facts: Facts) -> None:
    for _, _, op, _ in facts.spec.operations():
        for status, response in op["responses"].items():
            if not status.startswith("2"):
                schema = facts.spec.resolve(response)["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (op["operationId"], status)


def test_rate_limit_headers_are_advised_on_successes_and_owed_with_429(facts: Facts) -> None:
    resolve = facts.spec.resolve
    for _, _, op, _ in facts.spec.operations():
        headers = {s: {n: resolve(h) for n, h in resolve(r)["headers"].items()} for s, r in op["responses"].items()}
        for status in headers.keys() & {"200", "201", "202"}:
            assert set(headers[status]) >= TRIO
            assert not any(header.get("required") for header in headers[status].values())
        owed = {name for name, header in headers["429"].items() if header.get("required")}
        assert owed == TRIO | facts.owed
        assert "Retry-After" in headers["429"]
        assert all("x-request-id" in of_status for of_status in headers.values())
        # Schemathesis reads a number out of a header only where the type is in sight.
        assert all("type" in header["schema"] for of_status in headers.values() for header in of_status.values())


@pytest.mark.parametrize("value", ["0", "30", "Fri, 21 Nov 2025 00:01:00 GMT"])
def test_retry_after_is_seconds_or_a_date(facts: Facts, value: str) -> None:
    schema = facts.spec.document()["components"]["responses"]["TooManyRequests"]["headers"]["Retry-After"]["schema"]
    assert not facts.spec.violations(schema, value)
    assert facts.spec.violations(schema, f"-{value}")
    assert facts.spec.violations(schema, "soon")


def test_answers_demand_what_is_documented(facts: Facts) -> None:
    schemas = facts.spec.document()["components"]["schemas"]
    assert {name: set(schemas[name]["required"]) for name in facts.answers} == facts.answers


def test_schemas_are_open(facts: Facts) -> None:
    for at, node in walk(facts.spec.document()["components"]["schemas"]):
        if isinstance(node, dict) and not at.endswith(("/example", "/default")):
            assert not {"additionalProperties", "unevaluatedProperties"} & set(node), at


# Examples


def examples() -> Iterator[Any]:
    for name, facts in EACH.items():
        for schema, value, at in facts.spec.schema_examples():
            yield pytest.param(facts, schema, value, id=f"{name}: {at}")


@pytest.mark.parametrize(("of", "schema", "value"), list(examples()))
def test_example_is_valid(of: Facts, schema: Any, value: Any) -> None:
    assert of.spec.violations(schema, value) == []
    assert Draft202012Validator({"allOf": [schema], "components": of.spec.document()["components"]}).is_valid(value)


def test_every_operation_has_examples(facts: Facts) -> None:
    for _, _, op, _ in facts.spec.operations():
        bodies = list(op.get("requestBody", {}).get("content", {}).values())
        for response in op["responses"].values():
            bodies += facts.spec.resolve(response)["content"].values()
        assert all(body["examples"] for body in bodies), op["operationId"]


@pytest.mark.parametrize(
    ("of", "operation_id", "chunk"),
    [pytest.param(f, o, c, id=f"{n}: {o}") for n, f in EACH.items() for o, c in f.chunks.items()],
)
def test_event_stream_examples_are_valid(of: Facts, operation_id: str, chunk: str) -> None:
    media = of.spec.operation(operation_id)["responses"]["200"]["content"]["text/event-stream"]
    assert media["x-event-schema"] == {"$ref": f"#/components/schemas/{chunk}"}
    assert media["x-event-terminator"] == "[DONE]"
    wire = re.findall(r"^data: (.+)$", media["x-wire-example"], flags=re.MULTILINE)
    assert wire.pop() == "[DONE]"
    assert media["x-wire-example"].endswith("\n\n")
    found = {name: example["value"]["data"] for name, example in media["examples"].items()}
    assert found.pop("done") == "[DONE]"
    if "failure" in found:
        assert of.spec.validator("Error").is_valid(json.loads(found.pop("failure")))
    for data in (*wire, *found.values()):
        assert list(of.spec.validator(chunk).iter_errors(json.loads(data))) == []


# Schemathesis


def test_schemathesis_loads_the_file_without_a_warning(facts: Facts) -> None:
    schema = schemathesis.openapi.from_path(ROOT / "spec" / facts.spec.file)
    assert set(schemathesis_operations(schema)) == set(facts.operations)
    assert list(schema.iter_schema_warnings()) == []


@each_reading
def test_schemathesis_loads_each_reading(facts: Facts, reading: str) -> None:
    assert_loads(facts.spec.document(reading), expected=len(facts.operations))


def test_links_make_a_state_machine(facts: Facts) -> None:
    assert transitions(facts.spec.schemathesis("base")) == facts.links
    assert transitions(facts.spec.schemathesis("positive")) == facts.links - facts.cursors


@each_operation()
def test_positive_data_is_valid_by_every_reading(of: Facts, operation_id: str) -> None:
    cases = of.spec.generated("positive", GenerationMode.POSITIVE, operation_id)
    assert cases
    name = of.spec.body_schema(operation_id)
    for case in cases:
        assert (name is None) == (case.body is NOT_SET)
        assert not {"after", "before"} & set(case.query or {})
        for reading in READINGS if name else ():
            assert list(of.spec.validator(name, reading).iter_errors(_sent(of, operation_id, case))) == []


def _sent(of: Facts, operation_id: str, case: Any) -> Any:
    """Uploads as text: that what is uploaded is one of the listed texts is seen by itself."""
    if "File" in str(of.spec.body_schema(operation_id)):
        return as_json(case.body)
    return case.body


@each_operation(with_body=True)
def test_what_the_spec_admits_the_negative_reading_admits(of: Facts, operation_id: str) -> None:
    name = of.spec.body_schema(operation_id)
    assert name
    for case in of.spec.generated("base", GenerationMode.POSITIVE, operation_id):
        assert list(of.spec.validator(name, "negative").iter_errors(as_json(case.body))) == []


@pytest.mark.parametrize(
    ("of", "operation_id", "least"),
    [pytest.param(f, o, number, id=f"{n}: {o}") for n, f in EACH.items() for o, number in f.least.items()],
)
def test_negative_data_breaks_a_documented_rule(of: Facts, operation_id: str, least: int) -> None:
    name = of.spec.body_schema(operation_id)
    assert name
    cases = of.spec.generated("negative", GenerationMode.NEGATIVE, operation_id)
    bodies = [case.body for case in cases if isinstance(case.body, dict)]
    broken = [body for body in bodies if not of.spec.validator(name, "negative").is_valid(body)]
    assert len(broken) > least
    assert not any(of.spec.validator(name).is_valid(body) for body in broken)


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        (lambda wire: wire, True),
        (lambda wire: wire.replace("\n", "\r\n").replace("data: ", "data:"), True),
        (lambda wire: ": ping\n\n" + wire, True),
        (lambda wire: wire.replace('"model":"gpt-4"', '"model":4'), False),
        (lambda wire: wire.replace("[DONE]", "DONE"), False),
        (lambda wire: wire.replace('"finish_reason":null', '"finish_reason":""'), False),
        (lambda wire: wire.replace('{"id"', "{'id'"), False),
    ],
    ids=["as-is", "crlf", "comment", "model", "terminator", "finish_reason", "not-json"],
)
def test_schemathesis_judges_every_event_of_a_stream(
    facts: Facts, change: Callable[[str], str], *, is_valid: bool
) -> None:
    answer = facts.spec.operation("createChatCompletion")["responses"]["200"]
    wire = answer["content"]["text/event-stream"]["x-wire-example"]
    failures = facts.spec.judge("createChatCompletion", "text/event-stream; charset=utf-8", change(wire))
    assert (failures == []) is is_valid
