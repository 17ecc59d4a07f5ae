"""Finds the documented rule that a generated request breaks, as it goes over the wire.

A generator calls data invalid by how it made them. What is reported must be invalid by the rules themselves, so a
request is judged only when both agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs

from ozwell_harness.checks.base import shown

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_LIMIT = "limit"
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: ``rule`` is the same for all requests that break it alike, ``told`` a clause about this one."""

    rule: str
    told: str


class Rules:
    """The rules of one reading of the specification."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components = document["components"]
        self._schemas = dict(_body_schemas(document))
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._demanded = dict(_demanded(document))
        bounds = document["components"]["schemas"].get("ListLimit")
        self._bounds = (bounds["minimum"], bounds["maximum"]) if bounds else None

    def violation(self, operation: str, url: str, media_type: str, body: bytes) -> Violation | None:
        """Return the first rule that a request breaks, or None where none is surely broken."""
        broken = self._query(operation, urlsplit(url).query)
        if broken or operation not in self._schemas:
            return broken
        if media_type.startswith("multipart/"):
            return _form(body, self._components["schemas"][self._schemas[operation]].get("required", ()))
        try:
            document = json.loads(body)
        except ValueError:
            return Violation("body", "the body is not JSON" if body else "there is no body")
        except RecursionError:
            return None
        return self._body(self._schemas[operation], document)

    def allows(self, operation: str, document: Any) -> bool:
        """Tell whether a JSON body breaks no rule."""
        return self._body(self._schemas[operation], document) is None

    def _body(self, schema: str, document: Any) -> Violation | None:
        if schema not in self._validators:
            root = {"$ref": f"#/components/schemas/{schema}", "components": self._components}
            self._validators[schema] = jsonschema_rs.Draft202012Validator(root)
        error = next(iter(self._validators[schema].iter_errors(document)), None)
        if error is None:
            return None
        broken = _nearest(error)
        place = "".join(f"/{'*' if isinstance(part, int) else part}" for part in broken.path)
        exact = "".join(f"/{part}" for part in broken.path) or "the body"
        return Violation(f"{place} {broken.keyword}", f"{exact}: {_brief(broken.message)}")

    def _query(self, operation: str, query: str) -> Violation | None:
        """Judge what must be there, and ``limit``, the one documented parameter that has bounds."""
        asked = parse_qs(query, keep_blank_values=True)
        missing = next((name for name in self._demanded.get(operation, ()) if name not in asked), None)
        if missing is not None:
            return Violation(f"{missing} required", f"there is no {missing}")
        values = asked.get(_LIMIT, [])
        if len(values) != 1 or self._bounds is None:
            return None
        (text,) = values
        least, most = self._bounds
        if _INTEGER.fullmatch(text):
            beyond = "minimum" if int(text) < least else "maximum" if int(text) > most else ""
            return Violation(f"{_LIMIT} {beyond}", f"limit {text} is not from {least} to {most}") if beyond else None
        if re.search("[A-Za-z]", text) and not _is_number(text):
            return Violation(f"{_LIMIT} type", f"limit {shown(text)} is not an integer")
        return None


def _body_schemas(document: Mapping[str, Any]) -> Mapping[str, str]:
    found = {}
    for item in document["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, Mapping) else {}
            for media in content.values():
                found[operation["operationId"]] = str(media["schema"]["$ref"]).rpartition("/")[2]
    return found


def _demanded(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield operation and the names of the query parameters that it must have."""
    known = document["components"].get("parameters", {})
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, Mapping) and "operationId" in operation:
                found = [known[one["$ref"].rpartition("/")[2]] for one in operation.get("parameters") or ()]
                names = tuple(one["name"] for one in found if one["in"] == "query" and one.get("required"))
                yield operation["operationId"], names


def _form(body: bytes, required: Sequence[str]) -> Violation | None:
    """Judge a multipart body: the parts that must be there."""
    parts = set(re.findall(rb'\bname="([^"]*)"', body))
    if not parts:
        return Violation("form", "the form has no parts")
    missing = [name for name in required if name.encode() not in parts]
    return Violation(f"form {missing[0]}", f"the form has no {missing[0]}") if missing else None


@dataclass(frozen=True, slots=True)
class _Broken:
    path: tuple[str | int, ...]
    keyword: str
    message: str


def _nearest(error: jsonschema_rs.ValidationError) -> _Broken:
    """Return what is wrong; where a value fits none of several shapes, by the shape that it is nearest to."""
    branches = [branch for branch in getattr(error.kind, "context", ()) if branch]
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    if not branches:
        return _Broken(tuple(error.instance_path), keyword, error.message)
    best = min(branches, key=_distance)
    tag = next(filter(_is_tag, best), None)
    if tag is None:
        return _nearest(max(best, key=lambda one: len(one.instance_path)))
    return _Broken(tuple(tag.instance_path), keyword, f"{shown(tag.instance)} is none of the documented values")


def _distance(branch: Sequence[jsonschema_rs.ValidationError]) -> tuple[int, int, int]:
    """Rank shapes: those of the same kind first, then by the number of errors, then by how far they fit."""
    return sum(map(_is_tag, branch)), len(branch), -max(len(error.instance_path) for error in branch)


def _is_tag(error: jsonschema_rs.ValidationError) -> bool:
    """Tell whether an error says that a shape is meant for other kinds of values."""
    return bool(error.schema_path) and error.schema_path[-1] in {"const", "enum"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _brief(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 2 :]}"
