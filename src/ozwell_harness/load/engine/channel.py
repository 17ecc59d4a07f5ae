"""Byte channels: a connected socket, plain or under TLS, whose reads carry arrival stamps."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any, Protocol

from ozwell_harness.load.engine.stamps import READ_SIZE, stamper_for


class Channel(Protocol):
    """A connection as the client uses it. Errors are ``OSError`` (``ssl.SSLError`` is one)."""

    def send(self, data: bytes) -> None:
        """Write all of ``data``."""

    def receive(self) -> tuple[int, int, bytes]:
        """Return (arrival, receive lag, bytes) of the next read, in nanoseconds; no bytes at the end."""
        ...

    def usable(self) -> bool:
        """Tell whether an idle connection is still open, with nothing unasked for in it."""
        ...

    def abort(self) -> None:
        """End it from another greenlet: a waiting ``receive`` returns no bytes."""

    def close(self) -> None:
        """Close it."""


class PlainChannel:
    """A TCP connection."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._send_now = sock._sock.send  # noqa: SLF001 - gevent's own is prepared to wait, which costs
        self.receive = stamper_for(sock).read

    def send(self, data: bytes) -> None:
        """Write all of ``data``; nearly always the kernel takes it at once."""
        try:
            sent = self._send_now(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._sock.sendall(memoryview(data)[sent:])

    def usable(self) -> bool:
        """Peek: silence is what an idle connection should give."""
        try:
            self._sock._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)  # noqa: SLF001 - gevent's would wait
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def abort(self) -> None:
        """Shut both directions down."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class TlsChannel:
    """TLS over a channel, through memory buffers: so the kernel's stamps of the encrypted bytes are kept."""

    def __init__(self, plain: PlainChannel, context: ssl.SSLContext, hostname: str) -> None:
        """Shake hands.

        Raises:
            ssl.SSLError: the certificate is not trusted, or the peer does not speak TLS.
            OSError: the connection broke.
        """
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._stamp, self._lag = 0, 0
        self._handshake()

    def _handshake(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill():
                    raise ConnectionResetError("the connection was closed during the TLS handshake") from None
            except ssl.SSLError:
                self._flush()  # the alert tells the peer why
                raise
            else:
                self._flush()
                return

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._plain.send(self._outgoing.read())

    def _fill(self) -> bool:
        self._stamp, self._lag, data = self._plain.receive()
        self._incoming.write(data)
        return bool(data)

    def send(self, data: bytes) -> None:
        """Encrypt and write all of ``data``."""
        self._tls.write(data)
        self._flush()

    def receive(self) -> tuple[int, int, bytes]:
        """Return decrypted bytes with the stamp of the read that completed them."""
        while True:
            try:
                return self._stamp, self._lag, self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill():
                    return self._stamp, self._lag, b""
            except ssl.SSLZeroReturnError:
                return self._stamp, self._lag, b""

    def usable(self) -> bool:
        """An idle TLS connection may hold session tickets; they are read, anything else makes it unusable."""
        if not self._plain.usable():
            return self._drained()
        return True

    def _drained(self) -> bool:
        try:
            if not self._fill():
                return False
            self._tls.read(1)
        except ssl.SSLWantReadError:
            return self._plain.usable()
        except OSError:
            return False
        return False

    def abort(self) -> None:
        """Shut the connection under it down."""
        self._plain.abort()

    def close(self) -> None:
        """Close the connection under it; no close_notify is sent, because the answer is already complete."""
        self._plain.close()
