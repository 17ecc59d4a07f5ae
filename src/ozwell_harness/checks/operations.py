"""Which documented operation a request asks for, and whether its body is one that the specification allows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.model import Exchange, Headers, Request, Response, Unjudgeable
from ozwell_harness.profile import Profile

#: Refusals by a server's HTTP layer (or a gateway before it), which the API behind never sees.
BEFORE_THE_API = frozenset({408, 413, 414, 431})

#: An encoded path that climbs out of its folder: gateways refuse it before the API sees it.
_CLIMBING = re.compile(r"\.\.%(?:2f|5c)", re.IGNORECASE)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Operation:
    """A documented operation.

    Attributes:
        template: path with its parameters in braces, as in the specification.
        body_schema: name of the component schema of its JSON body, or None.
        successes: documented statuses of a success.
    """

    method: str
    template: str
    body_schema: str | None = None
    successes: frozenset[int] = frozenset({200})

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def is_download(self) -> bool:
        """Whether it answers with a file's bytes, of any type, rather than with JSON."""
        return self.template.endswith("/content")


def operation_of(request: Request, profile: Profile) -> Operation | None:
    """Return the operation of the profile's specification that ``request`` asks for, or None."""
    return find_operation(request.method, request.path, profile)


def find_operation(method: str, path: str, profile: Profile) -> Operation | None:
    """Return the operation of the profile's specification that a method and a path ask for, or None."""
    if method not in _METHODS or _CLIMBING.search(path):
        return None
    segments = path.partition("?")[0].split("/")
    for template, item in profile.specification["paths"].items():
        declared = item.get(method.lower())
        if declared is not None and _fits(template.split("/"), segments):
            return Operation(method, template, _body_schema(declared), _successes(declared))
    return None


def _successes(declared: Mapping[str, Any]) -> frozenset[int]:
    return frozenset(int(status) for status in declared["responses"] if status.startswith("2"))


def _fits(template: list[str], segments: list[str]) -> bool:
    return len(template) == len(segments) and all(
        part == segment or (part.startswith("{") and segment != "")
        for part, segment in zip(template, segments, strict=True)
    )


def _body_schema(declared: Mapping[str, Any]) -> str | None:
    schema = declared.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return str(schema["$ref"]).rpartition("/")[2] if "$ref" in schema else None


def documented_operation(exchange: Exchange, profile: Profile) -> Operation:
    """Return the operation that was asked for.

    Raises:
        Unjudgeable: the specification has no such operation, so it promises nothing about the answer.
    """
    operation = operation_of(exchange.request, profile)
    if operation is None:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} is no documented operation")
    return operation


def sends_valid_body(request: Request, operation: Operation, profile: Profile) -> bool:
    """Tell whether the request's JSON body is one that the specification allows; other bodies are taken as valid."""
    if operation.body_schema is None:
        return True
    if not _is_json_type(_media_type(request.headers) or JSON):
        return False
    try:
        document = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return not profile.schema_errors(operation.body_schema, document)


def asks_for_stream(request: Request) -> bool:
    """Tell whether the request's JSON body asks for an event stream."""
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("stream") is True


def is_json(response: Response) -> bool:
    """Tell whether an answer is labelled as JSON (RFC 8259, or a ``+json`` type of RFC 6839)."""
    return _is_json_type(response.media_type)


def _is_json_type(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def _media_type(headers: Headers) -> str:
    return (headers.get("content-type") or "").partition(";")[0].strip().lower()


def api_error(exchange: Exchange, profile: Profile) -> Response:
    """Return the error answer that the API gave to a documented operation.

    Raises:
        Unjudgeable: it is none, or was given before the API could see the request.
    """
    documented_operation(exchange, profile)
    response = exchange.response
    if response is None or exchange.failure is not None or response.status < 400:
        raise Unjudgeable("it is no error answer")
    if response.status in BEFORE_THE_API:
        raise Unjudgeable(f"a {response.status} may come from a gateway")
    return response
