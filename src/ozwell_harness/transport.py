"""An httpx transport that keeps an absolute deadline.

httpx bounds each read, not the whole exchange: a target that sends one byte a second would hold a run for ever.
Here every socket operation is cut down to what is left of the exchange's time.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx


class Watch:
    """Watches the exchange that a thread is making: its deadline, its connection, the bytes it received."""

    def __init__(self) -> None:
        self._local = threading.local()

    def start(self, seconds: float) -> None:
        """Give the exchange that this thread begins now ``seconds`` in all."""
        self._local.end = time.monotonic() + seconds
        self._local.connected = False
        self._local.received = 0

    def note_connection(self) -> None:
        """The current exchange opens a connection of its own."""
        self._local.connected = True

    def note_bytes(self, count: int) -> None:
        """The current exchange received ``count`` more bytes."""
        self._local.received = self.received + count

    @property
    def received(self) -> int:
        """Bytes off the wire in the current exchange."""
        return int(getattr(self._local, "received", 0))

    @property
    def reused_connection(self) -> bool:
        """The current exchange was sent on a connection that had served before."""
        return not getattr(self._local, "connected", False)

    def bound(self, timeout: float | None, expired: type[Exception]) -> float | None:
        """Return ``timeout`` cut to what is left; raise ``expired`` when nothing is."""
        end = getattr(self._local, "end", None)
        if end is None:
            return timeout
        left = float(end) - time.monotonic()
        if left <= 0:
            raise expired("the exchange took longer than its total time")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._watch.bound(timeout, httpcore.ReadTimeout))
        self._watch.note_bytes(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._watch.bound(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        bound = self._watch.bound(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, bound), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, watch: Watch) -> None:
        self._inner = httpcore.SyncBackend()
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        bound = self._watch.bound(timeout, httpcore.ConnectTimeout)
        self._watch.note_connection()
        return _Stream(self._inner.connect_tcp(host, port, bound, local_address, socket_options), self._watch)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class DeadlineTransport(httpx.BaseTransport):
    """Sends through an httpcore pool whose sockets know the deadline. Errors are httpcore's own."""

    def __init__(self, watch: Watch, ssl_context: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            network_backend=_Backend(watch),
            max_connections=64,
            max_keepalive_connections=16,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the answer is still to be read."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        if not isinstance(answer.stream, Iterable):  # pragma: no cover - httpcore's sync pool always gives one
            raise TypeError("the pool gave an asynchronous stream")
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close every pooled connection."""
        self._pool.close()
