"""One request and what came back, as it was seen on the wire, with every key already removed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from ozwell_harness import sse
from ozwell_harness.model.document import read_json


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in wire order; look-up by name ignores case (RFC 9110 section 5.1)."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of ``name``, or ``default``."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return every value of ``name``, in wire order."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent. ``path`` is below the base URL; a configured key reads ``$OZWELL_API_KEY`` and the like."""

    method: str
    path: str
    url: str
    headers: Headers = Headers()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Body bytes up to offset ``end`` had arrived ``at`` seconds after the request was sent."""

    at: float
    end: int


class FailureKind(StrEnum):
    """Why an exchange did not complete; ``LEFT``: the harness hung up on purpose, no fault of the target."""

    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    CUT = "cut"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Failure:
    """A transport failure: its kind and one plain sentence."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Leak:
    """A key that the target sent back: which one, and where it stood (``header x-debug``, ``body``)."""

    key: str
    where: str


@dataclass(frozen=True)
class Response:
    """What came back; ``body`` is decoded of its content coding and may be partial when the exchange failed."""

    status: int
    headers: Headers = Headers()
    body: bytes = b""
    arrivals: tuple[Arrival, ...] = ()
    http_version: str = "HTTP/1.1"

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty when there is no Content-Type."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def document(self) -> Any:
        """The body as JSON; a byte order mark before it is passed over, as RFC 8259 section 8.1 allows a reader.

        Raises:
            ValueError: it is not exactly one JSON document in UTF-8 (RFC 8259: no NaN).
            RecursionError: it nests too deep to be read here.
        """
        text = self.body.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        return read_json(text)

    @cached_property
    def stream(self) -> sse.Stream:
        """The body read as an event stream."""
        return sse.parse(self.body)

    def arrived_at(self, end: int) -> float:
        """Seconds after the request was sent when the body's first ``end`` bytes were there."""
        return next((arrival.at for arrival in self.arrivals if arrival.end >= end), 0.0)


@dataclass(frozen=True)
class Exchange:
    """One request and its outcome.

    Attributes:
        id: position in the run's record, from 1.
        label: what it was made for, in a few words.
        response: None when nothing came back; partial when ``failure`` is set too.
        started: epoch seconds just before sending.
        elapsed: seconds from sending to the last byte (or the failure).
        leaks: keys that the target sent back, found before they were removed.
        excess: more bytes followed than the answer announced.
    """

    id: int
    label: str
    request: Request
    response: Response | None = None
    failure: Failure | None = None
    started: float = 0.0
    elapsed: float = 0.0
    leaks: tuple[Leak, ...] = ()
    excess: bool = False

    @property
    def status(self) -> int | None:
        """The HTTP status, or None when no answer came."""
        return self.response.status if self.response else None
