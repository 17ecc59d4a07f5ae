"""An OpenAPI document of the harness as its tests read it: its readings, its operations, what is generated from it."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.transport.serialization import Binary

from ozwell_harness.profile import merge_patch

ROOT = Path(__file__).parents[1]
METHODS = ("get", "post", "delete", "put", "patch")
READINGS = ("base", "positive", "negative")
EXAMPLES_PER_OPERATION = 30


def read_yaml(*parts: str) -> Any:
    return yaml.load(ROOT.joinpath(*parts).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def lookup(root: Any, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        root = root[part.replace("~1", "/").replace("~0", "~")]
    return root


def walk(node: Any, at: str = "#") -> Iterator[tuple[str, Any]]:
    yield at, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield from walk(value, f"{at}/{key}")


def references(root: Any) -> set[str]:
    """Every reference in use, those of unapplied patches apart."""
    applied = {key: value for key, value in root.items() if key != "x-generation"}
    return {node["$ref"] for _, node in walk(applied) if isinstance(node, dict) and "$ref" in node}


@dataclass(frozen=True)
class Spec:
    """One document, by the name of its file."""

    file: str

    def document(self, reading: str = "base") -> dict[str, Any]:
        """The document as it stands, or with one of its generation patches; not to be changed."""
        return _document(self.file, reading)

    def resolve(self, node: Any) -> Any:
        """Follow local references until something else is there."""
        while isinstance(node, Mapping) and "$ref" in node:
            node = lookup(self.document(), node["$ref"])
        return node

    def validator(self, name: str, reading: str = "base") -> jsonschema_rs.Draft202012Validator:
        """The validator of a component schema, as the harness builds it."""
        return _validator(self.file, name, reading)

    def violations(self, schema: Any, value: Any) -> list[str]:
        root = {"allOf": [schema], "components": self.document()["components"]}
        return [error.message for error in jsonschema_rs.Draft202012Validator(root).iter_errors(value)]

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
        for path, item in self.document()["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item[method], item.get("parameters", []) + item[method].get("parameters", [])

    def operation(self, operation_id: str) -> dict[str, Any]:
        return next(o for _, _, o, _ in self.operations() if o["operationId"] == operation_id)

    def schema_examples(self) -> Iterator[tuple[Any, Any, str]]:
        """Every example with the schema beside it and its place, in media types, parameters and headers."""
        kinds = ("paths", "webhooks", "components")
        for at, node in walk({key: self.document()[key] for key in kinds if key in self.document()}):
            if isinstance(node, dict) and "schema" in node and ("example" in node or "examples" in node):
                named = {"example": {"value": node["example"]}} if "example" in node else node["examples"]
                for name, example in named.items():
                    yield node["schema"], example["value"], f"{at[2:]}/{name}"

    def body_schema(self, operation_id: str) -> str | None:
        content = self.operation(operation_id).get("requestBody", {}).get("content", {"": {"schema": {"$ref": ""}}})
        name: str = next(iter(content.values()))["schema"]["$ref"].rsplit("/")[-1]
        return name or None

    def generated(self, reading: str, mode: GenerationMode, operation_id: str) -> tuple[Any, ...]:
        """Fuzzed cases and those of the coverage phase, the same in every run."""
        return _generated(self.file, reading, mode, operation_id)

    def schemathesis(self, reading: str) -> Any:
        return _schemathesis(self.file, reading)

    def judge(self, operation_id: str, content_type: str, content: str) -> list[str]:
        """Names of the failures that Schemathesis sees in an answer."""
        found = schemathesis_operations(self.schemathesis("base"))[operation_id]
        request = httpx.Request("POST", "http://127.0.0.1:1/v1")
        headers = {"content-type": content_type}
        answer = httpx.Response(200, headers=headers, content=content.encode(), request=request)
        answer.elapsed = dt.timedelta(0)
        try:
            found.validate_response(Response.from_any(answer))
        except (Failure, FailureGroup) as error:
            return [type(error).__name__]
        return []


@cache
def _document(file: str, reading: str) -> dict[str, Any]:
    base: dict[str, Any] = read_yaml("spec", file)
    if reading == "base":
        return base
    patched: dict[str, Any] = merge_patch(base, base["x-generation"][reading]["patch"])
    return patched


@cache
def _validator(file: str, name: str, reading: str) -> jsonschema_rs.Draft202012Validator:
    root = {"$ref": f"#/components/schemas/{name}", "components": _document(file, reading)["components"]}
    return jsonschema_rs.Draft202012Validator(root)


@cache
def _schemathesis(file: str, reading: str) -> Any:
    return load(_document(file, reading))


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
def _generated(file: str, reading: str, mode: GenerationMode, operation_id: str) -> tuple[Any, ...]:
    found = schemathesis_operations(_schemathesis(file, reading))[operation_id]
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


def as_json(body: Any) -> Any:
    """A generated body with its binaries as text, the way the schema describes them."""
    return {k: "" if isinstance(v, Binary) else v for k, v in body.items()} if isinstance(body, dict) else body


def transitions(schema: Any) -> set[tuple[str, str]]:
    """The links between operations that a walk may follow."""
    labels = {found.label: name for name, found in schemathesis_operations(schema).items()}
    known = schema.as_state_machine()._transitions.operations.items()
    return {(labels[source], labels[link.target.label]) for source, t in known for link in t.outgoing}
