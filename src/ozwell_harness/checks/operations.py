"""Which documented operation a request asks for, and whether its body is one that the specification allows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ozwell_harness.model import Exchange, Request, Response, Unjudgeable
from ozwell_harness.profile import Profile

#: Refusals by a server's HTTP layer (or a gateway before it), which the API behind never sees.
_BEFORE_THE_API = frozenset({408, 413, 414, 431})

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Operation:
    """A documented operation.

    Attributes:
        template: path with its parameters in braces, as in the specification.
        body_schema: name of the component schema of its JSON body, or None.
    """

    method: str
    template: str
    body_schema: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def is_download(self) -> bool:
        """Whether it answers with a file's bytes, of any type, rather than with JSON."""
        return self.template.endswith("/content")


def operation_of(request: Request, profile: Profile) -> Operation | None:
    """Return the operation of the profile's specification that ``request`` asks for, or None."""
    if request.method not in _METHODS:
        return None
    segments = request.path.partition("?")[0].split("/")
    for template, item in profile.specification["paths"].items():
        declared = item.get(request.method.lower())
        if declared is not None and _fits(template.split("/"), segments):
            return Operation(request.method, template, _body_schema(declared))
    return None


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
    try:
        document = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return not profile.schema_errors(operation.body_schema, document)


def is_json(response: Response) -> bool:
    """Tell whether an answer is labelled as JSON (RFC 8259, or a ``+json`` type of RFC 6839)."""
    return response.media_type == JSON or response.media_type.endswith("+json")


def without_mark(response: Response) -> Response:
    """Return the answer without a byte order mark, so that a body is judged for what else is wrong with it."""
    if not response.body.startswith(BYTE_ORDER_MARK):
        return response
    return replace(response, body=response.body.removeprefix(BYTE_ORDER_MARK))


def api_error(exchange: Exchange, profile: Profile) -> Response:
    """Return the error answer that the API gave to a documented operation.

    Raises:
        Unjudgeable: it is none, or was given before the API could see the request.
    """
    documented_operation(exchange, profile)
    response = exchange.response
    if response is None or exchange.failure is not None or response.status < 400:
        raise Unjudgeable("it is no error answer")
    if response.status in _BEFORE_THE_API:
        raise Unjudgeable(f"a {response.status} may come from a gateway")
    return response
