"""Judges answers by the specification alone, with a validator and a stream reader of its own."""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import yaml

SPECS = Path(__file__).parents[2] / "spec"
ERROR = {"$ref": "#/components/schemas/Error"}
WHOLE = re.compile(r"\d+\Z")


class SpecJudge:
    """Knows every documented answer; `judge` raises AssertionError on a deviation.

    Answers to paths that do not begin with `base`, a pattern, are none of its business.
    """

    def __init__(self, spec: str, base: str) -> None:
        self.seen = 0
        self._file = SPECS / spec
        self._base = re.compile(base)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    @cached_property
    def spec(self) -> dict[str, Any]:
        return yaml.safe_load(self._file.read_text())

    @cached_property
    def paths(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        found = []
        for template, item in self.spec["paths"].items():
            pattern = re.sub(r"\{model_id\}", ".+", template)
            found.append((re.compile(re.sub(r"\{[^}]+\}", "[^/]+", pattern) + r"\Z"), item))
        return found

    def judge(self, response: httpx.Response) -> None:
        path = response.request.url.raw_path.decode().partition("?")[0]
        base = self._base.match(path)
        if base is None or response.request.method in ("HEAD", "OPTIONS"):
            return
        self.seen += 1
        assert response.headers["x-request-id"]
        self._judge_headers(response)
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/json"
            self.validate(ERROR, response.json())
            assert 400 <= response.status_code < 500, response.text
            return
        content = self._documented(path[base.end() :], response)
        kind = response.headers["content-type"].partition(";")[0]
        if "*/*" in content:
            return
        media = content[kind]
        if kind == "text/event-stream":
            self.judge_stream(response.text, media["x-event-schema"])
        else:
            self.validate(media["schema"], response.json())

    def judge_stream(self, text: str, schema: dict[str, Any]) -> None:
        events = text.split("\n\n")
        assert events[-2:] == ["data: [DONE]", ""]
        for event in events[:-2]:
            assert event.startswith("data: {"), event
            assert "\n" not in event
            self.validate(schema, json.loads(event[6:]))

    def validate(self, schema: dict[str, Any], value: Any) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.spec["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole)
        errors = [f"{error.instance_path}: {error.message}" for error in self._validators[key].iter_errors(value)]
        assert not errors, (errors, value)

    def _documented(self, path: str, response: httpx.Response) -> dict[str, Any]:
        item = next(item for pattern, item in self.paths if pattern.match(path))
        answers = item[response.request.method.lower()]["responses"]
        answer = answers[str(response.status_code)]
        return answer["content"]

    def _judge_headers(self, response: httpx.Response) -> None:
        trio = [response.headers.get(f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset")]
        if response.status_code == 401:
            assert trio == [None, None, None]
            return
        if trio == [None, None, None]:
            return
        assert all(value is not None and WHOLE.match(value) for value in trio), trio
        assert 0 <= int(trio[1] or -1) <= int(trio[0] or 0)
        if response.status_code == 429:
            assert WHOLE.match(response.headers["retry-after"])
            assert trio[1] == "0"
