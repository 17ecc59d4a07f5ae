"""Rules: an invalid request is judged only when it breaks a documented rule as it goes over the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from making import profile

from ozwell_harness.contract.readings import rules
from ozwell_harness.contract.violations import Rules

URL = "http://target.invalid/v1/x"
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.fixture(scope="module")
def ozwell() -> Rules:
    return Rules(rules(profile()))


def chat(rules_: Rules, **fields: Any) -> Any:
    body = {"model": "m", "messages": MESSAGES} | fields
    return rules_.violation("createChatCompletion", URL, "application/json", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"temperature": 2.1}, "/temperature maximum"),
        ({"temperature": "hot"}, "/temperature type"),
        ({"n": 0}, "/n minimum"),
        ({"messages": "Hi"}, "/messages type"),
        ({"messages": []}, "/messages minItems"),
        ({"messages": [{"role": "user", "content": "Hi"}, {"role": "nobody"}]}, "/messages/*/role anyOf"),
        ({"messages": [{"role": "user", "content": 5}]}, "/messages/*/content type"),
        ({"messages": [{"role": "user", "content": [5]}]}, "/messages/*/content/* type"),
        ({"messages": [{"content": "Hi"}]}, "/messages/* required"),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, "/messages/* required"),
        ({"messages": ["Hi"]}, "/messages/* type"),
        ({"stop": 5}, "/stop type"),
        ({"stop": ["a", 5]}, "/stop/* type"),
        ({"tool_choice": "never"}, "/tool_choice type"),
    ],
)
def test_broken_rule_is_named_once_for_all_places(ozwell: Rules, fields: dict[str, Any], rule: str) -> None:
    violation = chat(ozwell, **fields)
    assert violation.rule == rule
    assert next(iter(fields)) in violation.told


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temperature": 2},
        {"n": 129},
        {"unknown": 1},
        {"temperature": None},
        {"stream_options": 5},
        {"max_tokens": 10**9},
    ],
    ids=str,
)
def test_what_a_lenient_server_may_accept_breaks_no_rule(ozwell: Rules, fields: dict[str, Any]) -> None:
    assert chat(ozwell, **fields) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"5"])
def test_a_body_that_is_no_object(ozwell: Rules, body: bytes) -> None:
    assert ozwell.violation("createEmbedding", URL, "application/json", body) is not None


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("limit=0", "limit minimum"),
        ("limit=-1", "limit minimum"),
        ("limit=101", "limit maximum"),
        ("limit=abc", "limit type"),
        ("limit=true&purpose=x", "limit type"),
        ("limit=1", None),
        ("limit=100", None),
        ("limit=", None),
        ("limit=1.0", None),
        ("limit=1e1", None),
        ("limit=%20%205", None),
        ("limit=nan", None),
        ("limit=%D9%A3", None),
        ("limit=1&limit=abc", None),
        ("other=abc", None),
        ("", None),
    ],
)
def test_limit(ozwell: Rules, query: str, rule: str | None) -> None:
    violation = ozwell.violation("listFiles", f"{URL}?{query}", "", b"")
    assert (violation and violation.rule) == rule


def test_limit_is_the_dialects() -> None:
    openai = Rules(rules(profile("openai")))
    assert openai.violation("listFiles", f"{URL}?limit=101", "", b"") is None
    assert openai.violation("listFiles", f"{URL}?limit=10001", "", b"") is not None


FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\nx\r\n'
PURPOSE = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (FILE + PURPOSE + b"--b--", None),
        (FILE + b"--b--", "form purpose"),
        (PURPOSE + b"--b--", "form file"),
        (b"--b--", "form"),
        (b"", "form"),
    ],
)
def test_form(ozwell: Rules, body: bytes, rule: str | None) -> None:
    violation = ozwell.violation("createFile", URL, "multipart/form-data", body)
    assert (violation and violation.rule) == rule
