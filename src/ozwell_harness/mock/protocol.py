"""The HTTP protocol under the mock: uvicorn's, made to speak the API's envelope and to lend out its connection."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from ozwell_harness.mock.arrival import StampedReader, kernel_stamps
from ozwell_harness.mock.connection import SCOPE_KEY
from ozwell_harness.mock.dialects import Dialect, dialect_of
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.trace import RECEIVED_KEY

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # pragma: no cover - httptools is not built for every system
    HttpToolsProtocol = None  # type: ignore[assignment,misc]

HEAD_BYTES_AT_MOST = 256 * 1024

LOGGER = logging.getLogger("ozwell_harness.mock.http")
LOGGER.addHandler(logging.NullHandler())


class HeadTooLargeError(Exception):
    """The request line and headers together are larger than the mock reads."""


def refusal_bytes(message: str, dialect: Dialect) -> bytes:
    """A complete 400 for what is no HTTP; the connection closes after it."""
    body = msgspec.json.encode(dialect.refusal(ApiError(400, "invalid_value", message)))
    head = (
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-request-id: {new_id('req_')}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class _SpeaksEnvelope:
    """Replaces the server's own plain-text 400."""

    transport: Any
    app: Any
    logger: logging.Logger

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not the API's
        # As far as it was read; h11 keeps nothing of it.
        dialect = dialect_of(getattr(self, "url", b""))
        self.transport.write(refusal_bytes("The request is not valid HTTP.", dialect))
        self.transport.close()
        services = getattr(self.app, "services", None)
        if services is not None:
            services.metrics.bad_http += 1


if HttpToolsProtocol is not None:

    class FastProtocol(_SpeaksEnvelope, HttpToolsProtocol):
        """On httptools, with the connection reachable from the request's scope."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.logger = LOGGER
            self._head_size = 0
            self._arrived = 0
            self._reader: StampedReader | None = None

        def connection_made(self, transport: Any) -> None:
            """Take a connection."""
            super().connection_made(transport)
            services = getattr(self.app, "services", None)
            if services is not None and services.truth is not None and kernel_stamps():
                # Only once the transport has begun to read can it be told to leave that to others.
                self.loop.call_soon(self._read_stamped)

        def connection_lost(self, exc: Exception | None) -> None:
            """Give the connection up."""
            if self._reader is not None:
                self._reader.close()
            super().connection_lost(exc)

        def _read_stamped(self) -> None:
            if not self.transport.is_closing():
                with contextlib.suppress(OSError):
                    self._reader = StampedReader(self.transport, self._take)

        def _take(self, data: bytes, arrived: int) -> None:
            self._arrived = arrived
            self.data_received(data)
            self._arrived = 0

        def on_message_begin(self) -> None:
            """Start a request."""
            super().on_message_begin()
            self._head_size = 0
            scope = cast("dict[str, Any]", self.scope)
            scope[SCOPE_KEY] = self
            scope[RECEIVED_KEY] = self._arrived or time.monotonic_ns()

        def on_url(self, url: bytes) -> None:
            """Take a part of the request target."""
            self._measure(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """Take one header."""
            self._measure(len(name) + len(value))
            super().on_header(name, value)

        def _measure(self, size: int) -> None:
            self._head_size += size
            if self._head_size > HEAD_BYTES_AT_MOST:
                raise HeadTooLargeError


class PortableProtocol(_SpeaksEnvelope, H11Protocol):
    """On h11, where httptools is missing. Faults on the wire are not available here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = LOGGER


def best_protocol() -> type[Any]:
    """The fastest protocol that this system can run."""
    return PortableProtocol if HttpToolsProtocol is None else FastProtocol
