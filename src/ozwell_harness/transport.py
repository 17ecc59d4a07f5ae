"""A connection pool that keeps an absolute deadline.

httpcore bounds each read, not the whole exchange: a target that sends one byte a second would hold a run for ever.
Here every socket operation is cut down to what is left of the exchange's time.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

#: The beginning of a TLS alert (RFC 8446 section 5.1): what a TLS server sends to a client that speaks plain HTTP.
_TLS_ALERT = b"\x15\x03"
#: Of what is received so many bytes are remembered: enough to tell an answer's end from what follows it.
LAST_BYTES = 64
#: Bytes written at once: the deadline is looked at in between.
_WRITTEN_AT_ONCE = 64 * 1024


class Watch:
    """Watches the exchange that a thread is making: its deadline, its connection, what it received."""

    def __init__(self) -> None:
        self._local = threading.local()

    def start(self, seconds: float) -> None:
        """Give the exchange that this thread begins now ``seconds`` in all."""
        self._local.end = time.monotonic() + seconds
        self._local.connected = False
        self._local.reads = 0
        self._local.beginning = self._local.end_read = b""

    def note_connection(self) -> None:
        """The current exchange opens a connection of its own."""
        self._local.connected = True

    def note_read(self, data: bytes) -> None:
        """The current exchange received ``data``; an empty one tells that the other side closed."""
        if data:
            self._local.reads = self.reads + 1
            self._local.beginning = getattr(self._local, "beginning", b"") or data[:2]
            self._local.end_read = (self.last_bytes + data[-LAST_BYTES:])[-LAST_BYTES:]

    @property
    def reads(self) -> int:
        """How often the current exchange received something off the wire."""
        return int(getattr(self._local, "reads", 0))

    @property
    def last_bytes(self) -> bytes:
        """The last bytes that the current exchange received, at most ``LAST_BYTES``."""
        return bytes(getattr(self._local, "end_read", b""))

    @property
    def met_tls(self) -> bool:
        """The current exchange was answered in TLS, which it did not speak."""
        return getattr(self._local, "beginning", b"") == _TLS_ALERT

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


class _Sockets:
    """The sockets that are open, so that another thread can shut them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def add(self, stream: httpcore.NetworkStream) -> None:
        with self._lock:
            self._open.add(stream.get_extra_info("socket"))

    def discard(self, stream: httpcore.NetworkStream) -> None:
        with self._lock:
            self._open.discard(stream.get_extra_info("socket"))

    def shut(self) -> None:
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    # Not an SSLSocket's own shutdown: it takes the TLS layer from under a thread that is reading.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, watch: Watch, sockets: _Sockets) -> None:
        self._inner = inner
        self._watch = watch
        self._sockets = sockets
        sockets.add(inner)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._watch.bound(timeout, httpcore.ReadTimeout))
        self._watch.note_read(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
            piece = buffer[start : start + _WRITTEN_AT_ONCE]
            self._inner.write(piece, self._watch.bound(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._sockets.discard(self._inner)
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._sockets.discard(self._inner)
        bound = self._watch.bound(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, bound), self._watch, self._sockets)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, watch: Watch, sockets: _Sockets) -> None:
        self._inner = httpcore.SyncBackend()
        self._watch = watch
        self._sockets = sockets

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
        try:
            inner = self._inner.connect_tcp(host, port, bound, local_address, socket_options)
        except UnicodeError as error:
            # A label of the host name is empty or too long (RFC 1035 section 2.3.4).
            raise httpcore.ConnectError(f"the host name is not valid: {error}") from error
        return _Stream(inner, self._watch, self._sockets)


class Wire:
    """A connection pool whose sockets know the deadline, and can be shut from outside."""

    def __init__(self, watch: Watch, ssl_context: ssl.SSLContext) -> None:
        self._sockets = _Sockets()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            network_backend=_Backend(watch, self._sockets),
            max_connections=64,
            max_keepalive_connections=16,
        )

    def open(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return the answer, its body still to be read. Nothing is followed, no cookie is kept.

        Raises:
            httpcore's own errors.
        """
        return self._pool.handle_request(request)

    def cut(self) -> None:
        """Shut every connection at once, also those that a thread is waiting for."""
        self._sockets.shut()

    def close(self) -> None:
        """Close every pooled connection."""
        self._pool.close()
