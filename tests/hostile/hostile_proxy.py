"""A proxy before the reference mock that spoils what passes through it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from hostile_wire import Asked, Handler, Line, answer

from ozwell_harness.mock.server import MockHandle

#: Fields that a proxy sets itself.
_HOP = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
#: What the path of the API begins with.
_VERSION = re.compile(r"/v\d+(?=/)")


@dataclass(frozen=True)
class Passing:
    """An answer of the mock on its way."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def kind(self) -> str:
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")

    @property
    def is_json(self) -> bool:
        return self.kind.startswith("application/json")

    @property
    def is_stream(self) -> bool:
        return self.kind.startswith("text/event-stream")

    def raw(self, *, version: str = "1.1", reason: str = "OK") -> bytes:
        lines = [f"HTTP/{version} {self.status} {reason}", *(f"{n}: {v}" for n, v in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + self.body

    def with_header(self, name: str, value: str) -> Passing:
        return replace(self, headers=(*((n, v) for n, v in self.headers if n.lower() != name.lower()), (name, value)))


Spoil = Callable[[Asked, Passing], Passing]


def through(mock: MockHandle, spoil: Spoil, say: Callable[[Line, Asked, Passing], None] | None = None) -> Handler:
    """Hand each request to the mock, and its answer, spoilt, to ``say`` (by default whole, with its length)."""
    where = urlsplit(mock.base_url)

    def handle(line: Line, asked: Asked) -> None:
        passing = spoil(asked, ask(where.hostname or "", where.port or 0, asked))
        if say:
            say(line, asked, passing)
        else:
            line.say(passing.raw())

    return handle


def ask(host: str, port: int, asked: Asked) -> Passing:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        version = _VERSION.search(asked.path)
        path = asked.path[version.start() :] if version else asked.path
        headers = {name: value for name, value in asked.headers.items() if name not in _HOP | {"host"}}
        connection.request(asked.method, path, body=asked.body or None, headers=headers)
        response = connection.getresponse()
        body = response.read()
        kept = tuple((n, v) for n, v in response.getheaders() if n.lower() not in _HOP)
        return Passing(response.status, kept, body)
    finally:
        connection.close()


def each_value(change: Callable[[str, Any], Any]) -> Spoil:
    """Change every value in every JSON document, also within events; ``change`` gets its name, too."""

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: walk(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, name) for item in value]
        return change(name, value)

    def document(data: bytes) -> bytes:
        return json.dumps(walk(json.loads(data))).encode("utf-8")

    return each_document(document)


def each_document(change: Callable[[bytes], bytes]) -> Spoil:
    """Change every JSON document, also within events."""

    def event(line: bytes) -> bytes:
        if not line.startswith(b"data: ") or line == b"data: [DONE]":
            return line
        return b"data: " + change(line.removeprefix(b"data: "))

    def spoil(_asked: Asked, passing: Passing) -> Passing:
        if passing.is_json and passing.body:
            return replace(passing, body=change(passing.body))
        if passing.is_stream:
            return replace(passing, body=b"\n".join(event(line) for line in passing.body.split(b"\n")))
        return passing

    return spoil


def only_chat_and_models(mock: MockHandle) -> Handler:
    """The mock, as far as a target goes that has /chat/completions and /models and nothing else."""
    missing = answer(
        {"error": {"message": "Not Found", "type": "invalid_request_error", "code": "unknown_url"}},
        status="404 Not Found",
    )
    handle = through(mock, lambda _asked, passing: passing)

    def select(line: Line, asked: Asked) -> None:
        path = asked.path.partition("?")[0].removeprefix("/v1")
        if path in {"/chat/completions", "/models"} or path.startswith("/models/"):
            handle(line, asked)
        else:
            line.say(missing)

    return select


#: What must never act on whoever reads a report or a log: terminal sequences (7 and 8 bit), markup, reordered text.
POISON = (
    "\x1b]0;owned\x07\x1b[31m\u009b2J<script>alert('owned')</script><img src=x onerror=alert(1)>\u202e'\"&`$(owned)\r\n"
)
#: The part of it that HTTP lets into a header.
IN_HEADER = POISON.strip().replace("\x07", "")
_SPARED = frozenset({"object", "role", "type", "finish_reason", "purpose"})


def poisoned(mock: MockHandle) -> Handler:
    """The mock with poison in its messages, ids, filenames and header values; it knows its own ids again."""
    spoil_strings = each_value(lambda name, value: value + POISON if _is_free(name, value) else value)

    def spoil(asked: Asked, passing: Passing) -> Passing:
        request_id = next((value for name, value in passing.headers if name.lower() == "x-request-id"), "")
        return spoil_strings(asked, passing).with_header("X-Request-Id", request_id + IN_HEADER)

    inner = through(mock, spoil)
    return lambda line, asked: inner(line, _cured(asked))


def _is_free(name: str, value: Any) -> bool:
    return isinstance(value, str) and name not in _SPARED


def _cured(asked: Asked) -> Asked:
    """Return the request without the poison that it took over from an answer."""
    path = asked.path.replace(quote(POISON, safe=""), "").replace(quote_plus(POISON), "")
    return replace(
        asked, path=path, body=asked.body.replace(json.dumps(POISON, ensure_ascii=False)[1:-1].encode(), b"")
    )
