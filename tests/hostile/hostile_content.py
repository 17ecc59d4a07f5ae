"""Targets that are the reference mock but for one thing: its content spoilt, its transport odd, half of it missing."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

from hostile_cases import TRUST, tls
from hostile_proxy import (
    Passing,
    Spoil,
    each_document,
    each_value,
    only_chat_and_models,
    poisoned,
    through,
)
from hostile_running import Case
from hostile_wire import Asked, GoneError, Handler, Line, head, serve

from ozwell_harness.mock.server import MockHandle

Make = Callable[[MockHandle], Case]


def case(handler: Callable[[MockHandle], Handler], *options: str, **served: Any) -> Make:
    """A case that is judged with the mock's key and models."""

    def make(mock: MockHandle) -> Case:
        names = ("OZWELL_API_KEY", "OZWELL_MODEL", "OZWELL_EMBEDDING_MODEL")
        environment = {name: mock.env[name] for name in names}
        timeouts: dict[str, float] = {}
        return Case(lambda: serve(handler(mock), **served), options, timeouts, environment)

    return make


def spoilt(spoil: Spoil) -> Make:
    return case(lambda mock: through(mock, spoil))


def nested(levels: int) -> Spoil:
    deep = b'{"object": "list", "data": ' + b"[" * levels + b"]" * levels + b"}"
    return each_document(lambda _document: deep)


_NUMBER = re.compile(rb"(?<=[:\[,])-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?(?=[,}\]])")
_TEXT = re.compile(rb'":"')
_ID = re.compile(rb'"id":')


def numbers(text: bytes) -> Spoil:
    return each_document(lambda document: _NUMBER.sub(text, document))


def surrogate(_name: str, value: Any) -> Any:
    return f"{value}\ud800" if isinstance(value, str) else value


SPOILT: dict[str, Make] = {
    "integers of 5,000 digits": spoilt(numbers(b"1" * 5_000)),
    "numbers beyond all bounds": spoilt(numbers(b"1e999")),
    "lone surrogates": spoilt(each_value(surrogate)),
    "names given twice": spoilt(each_document(lambda document: _ID.sub(b'"id":7,"id":', document))),
    "invalid UTF-8": spoilt(each_document(lambda document: _TEXT.sub(b'":"\xff\xfe\xed\xa0\x80', document))),
    "documents of 900 levels": spoilt(nested(900)),
}
POISONED: dict[str, Make] = {"poison": case(poisoned)}

# Odd but legal


def old_fashioned(line: Line, _asked: Asked, passing: Passing) -> None:
    """HTTP/1.0, a reason phrase of its own, a connection for each answer, closed without a word."""
    line.say(passing.raw(version="1.0", reason="Splendid <b>indeed</b>"))
    raise GoneError


def new_fashioned(line: Line, asked: Asked, passing: Passing) -> None:
    """Interim answers, cookies, gzip, chunks of odd sizes."""
    line.say(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
    fields = [*(f"{name}: {value}" for name, value in passing.headers), "Set-Cookie: track=me; Path=/; HttpOnly"]
    body = passing.body
    if not passing.is_stream and asked.method != "HEAD":
        body = gzip.compress(body)
        fields.append("Content-Encoding: gzip")
    start = head(f"{passing.status} OK", passing.kind, *(f for f in fields if not f.lower().startswith("content-type")))
    line.say(start[:-2] + b"Transfer-Encoding: chunked\r\n\r\n")
    for at in range(0, len(body), 9_999):
        piece = body[at : at + 9_999]
        line.say(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece))
    line.say(b"0\r\nX-Trailer: x\r\n\r\n")


def spoken(say: Callable[[Line, Asked, Passing], None]) -> Callable[[MockHandle], Handler]:
    return lambda mock: through(mock, lambda _asked, passing: passing, say)


LEGAL: dict[str, Make] = {
    "HTTP/1.0, a path prefix, IPv6": case(spoken(old_fashioned), host="::1", prefix="/some/prefix"),
    "interim answers, chunks, cookies, a private authority": case(spoken(new_fashioned), *TRUST, tls=tls("trusted")),
}

# Half of the API

PARTIAL: dict[str, Make] = {
    "only chat and models, by ozwell": case(only_chat_and_models),
    "only chat and models, by openai": case(only_chat_and_models, "--profile", "openai"),
}

CONTENT: dict[str, Make] = SPOILT | POISONED | LEGAL | PARTIAL
