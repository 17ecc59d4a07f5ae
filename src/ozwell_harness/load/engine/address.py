"""Opens connections to one origin; its name is resolved once, so that look-ups are no part of what is measured."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gevent import socket as gsocket

from ozwell_harness.load.engine.channel import Channel, PlainChannel, TlsChannel
from ozwell_harness.load.reply import ErrorKind, ReplyError


class ConnectFailedError(Exception):
    """No connection; ``error`` says why."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.error = ReplyError(kind, message)


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a base URL, and the path in front of every request."""

    host: str
    port: int
    tls: bool
    prefix: str
    authority: str

    @classmethod
    def of(cls, base_url: str) -> Origin:
        """Read a base URL.

        Raises:
            ValueError: it is not an absolute http or https URL.
        """
        url = urlsplit(base_url.rstrip("/"))
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError(f"{base_url!r} is not an absolute http or https URL")
        tls = url.scheme == "https"
        authority = url.netloc.rpartition("@")[2]
        return cls(url.hostname, url.port or (443 if tls else 80), tls, url.path, authority)


class Connector:
    """Makes channels to one origin."""

    def __init__(self, origin: Origin, timeout_s: float, ca_file: str | None = None) -> None:
        self._origin = origin
        self._timeout_s = timeout_s
        self._context = ssl.create_default_context(cafile=ca_file) if origin.tls else None
        self._addresses: list[tuple[Any, ...]] = []

    def connect(self) -> Channel:
        """Open a connection, TLS included, within the timeout.

        Raises:
            ConnectFailedError: there is none.
        """
        deadline = time.monotonic() + self._timeout_s
        addresses = self._resolve()
        for index, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = gsocket.socket(family, kind, protocol)
            try:
                return self._open(sock, address, deadline)
            except BaseException as error:
                sock.close()
                if not isinstance(error, OSError):
                    raise
                if index == len(addresses) - 1:
                    raise self._failed(error) from None
        raise ConnectFailedError(ErrorKind.DNS, f"{self._origin.host} has no address")

    def _open(self, sock: Any, address: Any, deadline: float) -> Channel:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel: Channel = PlainChannel(sock)
        if self._context is not None:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            channel = TlsChannel(PlainChannel(sock), self._context, self._origin.host)
        # From here on a watchdog keeps the time: a timer for each read would cost more than the read.
        sock.settimeout(None)
        return channel

    def _resolve(self) -> list[tuple[Any, ...]]:
        if not self._addresses:
            try:
                self._addresses = gsocket.getaddrinfo(self._origin.host, self._origin.port, type=socket.SOCK_STREAM)
            except OSError as error:
                message = f"{self._origin.host} cannot be resolved: {error.strerror or error}"
                raise ConnectFailedError(ErrorKind.DNS, message) from None
        return self._addresses

    def _failed(self, error: OSError) -> ConnectFailedError:
        where = self._origin.authority
        if isinstance(error, ssl.SSLCertVerificationError):
            return ConnectFailedError(ErrorKind.TLS, f"{where} is not trusted: {error.verify_message}")
        if isinstance(error, ssl.SSLError):
            return ConnectFailedError(ErrorKind.TLS, f"no TLS with {where}: {error.reason or error}")
        if isinstance(error, TimeoutError):
            return ConnectFailedError(ErrorKind.CONNECT_TIMEOUT, f"no connection to {where} in time")
        if isinstance(error, ConnectionRefusedError):
            return ConnectFailedError(ErrorKind.REFUSED, f"{where} refuses connections")
        return ConnectFailedError(ErrorKind.CONNECT, f"no connection to {where}: {error.strerror or error}")
