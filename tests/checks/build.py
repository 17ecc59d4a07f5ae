"""Exchanges made by hand, for the tests of checks."""

from __future__ import annotations

import json as json_text
from itertools import count
from typing import Any

from ozwell_harness.model import Arrival, Exchange, Failure, FailureKind, Headers, Leak, Request, Response

_numbers = count(1)
_UNSET: Any = object()

Fields = dict[str, str] | tuple[tuple[str, str], ...]


def fields_of(headers: Fields) -> tuple[tuple[str, str], ...]:
    return tuple(headers.items()) if isinstance(headers, dict) else headers


def request(method: str = "POST", path: str = "/chat/completions", *, body: Any = b"", headers: Fields = ()) -> Request:
    """A request below the base URL; ``body`` as bytes, or anything else as JSON."""
    given = fields_of(headers)
    if not isinstance(body, bytes):
        body = json_text.dumps(body, ensure_ascii=False).encode()
        if not any(name.lower() == "content-type" for name, _ in given):
            given = (("Content-Type", "application/json"), *given)
    return Request(method, path, f"http://target.invalid/v1{path}", Headers(given), body)


def exchange(
    status: int = 200,
    *,
    json: Any = _UNSET,
    body: bytes = b"",
    headers: Fields = (),
    asked: Request | None = None,
    failure: FailureKind | None = None,
    leaks: tuple[Leak, ...] = (),
    arrivals: tuple[Arrival, ...] = (),
    started: float = 1_763_683_200.0,
    elapsed: float = 0.5,
    label: str = "made by hand",
) -> Exchange:
    """A completed exchange; ``json`` fills the body and labels it ``application/json`` unless ``headers`` do."""
    given = fields_of(headers)
    if json is not _UNSET:
        body = json_text.dumps(json, ensure_ascii=False).encode()
        if not any(name.lower() == "content-type" for name, _ in given):
            given = (("Content-Type", "application/json"), *given)
    response = Response(status, Headers(given), body, arrivals or (Arrival(elapsed, len(body)),))
    return Exchange(
        id=next(_numbers),
        label=label,
        request=asked or request(),
        response=response,
        failure=Failure(failure, f"it failed: {failure}") if failure else None,
        started=started,
        elapsed=elapsed,
        leaks=leaks,
    )


def unanswered(kind: FailureKind = FailureKind.RESET, *, asked: Request | None = None) -> Exchange:
    """An exchange to which nothing came back."""
    return Exchange(next(_numbers), "made by hand", asked or request(), failure=Failure(kind, f"it failed: {kind}"))


def stream(
    *chunks: Any, done: bytes = b"data: [DONE]\n\n", failure: FailureKind | None = None, **more: Any
) -> Exchange:
    """An exchange answered by an event stream, one event and one arrival a chunk; bytes are taken as they are."""
    pieces = [c if isinstance(c, bytes) else b"data: " + json_text.dumps(c).encode() + b"\n\n" for c in chunks] + [done]
    ends = [sum(map(len, pieces[: n + 1])) for n in range(len(pieces))]
    arrivals = tuple(Arrival(0.1 * (n + 1), end) for n, end in enumerate(ends))
    more.setdefault("headers", {"Content-Type": "text/event-stream"})
    return exchange(body=b"".join(pieces), arrivals=arrivals, failure=failure, **more)


def refusal(
    status: int = 400,
    *,
    message: Any = "Wrong.",
    type: Any = "invalid_request_error",  # noqa: A002 - the wire's own name
    code: Any = "invalid_value",
    param: Any = _UNSET,
    **more: Any,
) -> Exchange:
    """A well-formed error answer."""
    error = {"message": message, "type": type, "code": code} | ({} if param is _UNSET else {"param": param})
    return exchange(status, json={"error": error}, **more)
