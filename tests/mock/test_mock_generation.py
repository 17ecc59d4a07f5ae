"""The pure parts: tokens, cutting, schema filling, patterns, forms."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozwell_harness.mock.completion import Finish
from ozwell_harness.mock.generation.generator import cut
from ozwell_harness.mock.generation.hints import hints_of
from ozwell_harness.mock.generation.patterns import matching
from ozwell_harness.mock.generation.schema_filler import fill
from ozwell_harness.mock.multipart import parameters
from ozwell_harness.mock.tokenizer import LONGEST_PIECE, pieces_of, surely_exceeds

PACKAGE = Path(__file__).parents[2] / "src" / "ozwell_harness" / "mock"


@settings(derandomize=True)
@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    pieces = pieces_of(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= LONGEST_PIECE for piece in pieces)
    assert not surely_exceeds(text, len(pieces))


@settings(derandomize=True)
@given(
    st.lists(st.text("abc ", min_size=1, max_size=3), max_size=12),
    st.text("abc", min_size=1, max_size=3),
    st.integers(1, 14),
)
def test_cutting_meets_its_contract(pieces: list[str], stop: str, most: int) -> None:
    kept, finish = cut(tuple(pieces), (stop,), most)
    text, whole = "".join(kept), "".join(pieces)
    assert whole.startswith(text)
    assert stop not in text
    assert len(kept) <= most
    if finish is Finish.LENGTH:
        assert len(kept) == most < len(pieces)
    elif text != whole:
        assert whole[len(text) :].startswith(stop)


SCHEMAS: list[Any] = [
    {"type": "string"},
    {"type": ["null", "integer"], "minimum": 5, "multipleOf": 3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
    {"type": "integer", "maximum": -3},
    {"type": "number", "minimum": 0.25, "maximum": 0.3},
    {"const": None},
    {"enum": [3, "x"]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "minItems": 12, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
    {"type": "array", "maxItems": 0},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "maxProperties": 1, "required": ["b"]},
    {"type": "object", "properties": {"a": False}},
    {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"required": ["b"]}], "type": "object"},
    {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
    {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}},
    {"$defs": {"a/b~c": {"type": "integer"}}, "$ref": "#/$defs/a~1b~0c"},
    {"type": "string", "minLength": 40},
    {"type": "string", "maxLength": 2},
    {"type": "string", "format": "date", "maxLength": 10},
    {"type": "string", "pattern": "^[A-Z][a-z]+$"},
    {"properties": {"x": {"type": "integer"}}, "required": ["x"]},
    {"items": {"type": "string"}},
    {"minimum": 4},
    True,
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("prompt", ["", "Ada is 36 years old and lives in Oslo, 0.27 of the time; x"])
def test_filled_instances_are_valid(schema: Any, prompt: str) -> None:
    jsonschema_rs.Draft202012Validator(schema).validate(fill(schema, hints_of(prompt)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")])
        | st.builds(
            lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
            st.integers(-99, 99),
            st.integers(0, 9),
        ),
        lambda inner: (
            st.builds(
                lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)
            )
            | st.builds(
                lambda properties: {
                    "type": "object",
                    "properties": properties,
                    "required": sorted(properties),
                    "additionalProperties": False,
                },
                st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=4),
            )
            | st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3))
        ),
        max_leaves=8,
    )
)
def test_any_nested_schema_is_filled(schema: dict[str, Any]) -> None:
    jsonschema_rs.Draft202012Validator(schema).validate(fill(schema, hints_of("Ada is 7")))


KEYWORDS = [
    "type",
    "properties",
    "items",
    "enum",
    "anyOf",
    "allOf",
    "$ref",
    "required",
    "minItems",
    "pattern",
    "minimum",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=10,
)


@given(JUNK)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_schema_breaks_the_filler(schema: Any) -> None:
    fill(schema, hints_of("Ada is 7"))


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{3}-[0-9]{2,4}$", r"^\d{4}-\d{2}-\d{2}$", "^(foo|bar)+$", "^[^abc]$", r"^\w+@\w+\.(com|org)$",
        "^a?b*c{2}$",
        r"^\+?[1-9]\d{1,14}$", "^[a-zA-Z_][\\w-]*$", r"^(?:x|y)\.z$", "^.{5}$", r"\bword\b", r"^[\d.]+$", "^[]x]$",
        r"^\x41\u0042$",
    ],
)  # fmt: skip
def test_patterns_are_matched(pattern: str) -> None:
    assert re.search(pattern, matching(pattern))


@pytest.mark.parametrize("pattern", ["(", "[", "a{", "\\", "(?<=x", "a{999999999}", "(" * 5000])
def test_broken_patterns_are_harmless(pattern: str) -> None:
    assert len(matching(pattern)) < 100


def test_header_parameters() -> None:
    assert parameters("form-data; name=\"a;b\"; filename*=UTF-8''%e2%82%ac; filename=x") == {
        "name": "a;b",
        "filename": "\u20ac",
    }
    assert parameters("multipart/form-data; BOUNDARY=abc") == {"boundary": "abc"}


def test_mock_imports_nothing_of_the_harness_but_itself() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("ozwell_harness") or name.startswith("ozwell_harness.mock"), (path, name)
