"""Servers that misbehave on purpose, byte by byte, on real sockets of this machine."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

#: A hostile server stops by itself after so many seconds, whatever its client does.
LONGEST_S = 30.0


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def streamed(self) -> bool:
        return b'"stream": true' in self.body


class GoneError(Exception):
    """The client went away, or the server is being stopped."""


@dataclass
class Line:
    """One connection, seen by a handler."""

    connection: socket.socket
    stopping: threading.Event

    def say(self, data: bytes) -> None:
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise GoneError from error

    def wait(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise GoneError

    def hang(self) -> None:
        """Do nothing until the client goes away."""
        self.connection.settimeout(0.1)
        for _ in range(int(LONGEST_S * 10)):
            if self.stopping.is_set():
                break
            try:
                if not self.connection.recv(65536):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        raise GoneError

    def dribble(self, data: bytes, pause_s: float) -> None:
        for byte in data:
            self.say(bytes([byte]))
            self.wait(pause_s)

    def flood(self, piece: bytes, total: int) -> None:
        """Say ``piece`` again and again, about ``total`` bytes in all."""
        for _ in range(total // len(piece)):
            if self.stopping.is_set():
                raise GoneError
            self.say(piece)


#: Answers one request; returns to hear the next one on the same connection, raises ``GoneError`` to close it.
Handler = Callable[[Line, Asked], None]


def close(_line: Line, _asked: Asked | None = None) -> None:
    raise GoneError


def answer(
    body: bytes | dict[str, Any] | list[Any] = b"{}",
    *,
    status: str = "200 OK",
    kind: str = "application/json",
    headers: tuple[str, ...] = (),
    version: str = "1.1",
) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/{version} {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def always(data: bytes) -> Handler:
    """Answer everything alike."""
    return lambda line, _asked: line.say(data)


def head(status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]).encode() + b"\r\n\r\n"


def then_close(handler: Handler) -> Handler:
    def closing(line: Line, asked: Asked) -> None:
        handler(line, asked)
        raise GoneError

    return closing


@dataclass
class Served:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0


@contextlib.contextmanager
def serve(
    handler: Handler,
    *,
    prefix: str = "",
    tls: ssl.SSLContext | None = None,
    scheme: str | None = None,
    host: str = "127.0.0.1",
    reads: bool = True,
) -> Iterator[Served]:
    """Run a server; ``reads`` False: the handler is called before anything was read."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=64)
    stopping = threading.Event()
    shown = f"[{host}]" if ":" in host else host
    scheme = scheme or ("https" if tls else "http")
    served = Served(f"{scheme}://{shown}:{listener.getsockname()[1]}{prefix}/v1")

    def talk(raw: socket.socket) -> None:
        with contextlib.suppress(GoneError, OSError), raw:
            connection = tls.wrap_socket(raw, server_side=True) if tls else raw
            with connection:
                connection.settimeout(LONGEST_S)
                line = Line(connection, stopping)
                while not stopping.is_set():
                    asked = read_request(connection) if reads else Asked("", "", {}, b"")
                    served.asked.append(asked)
                    handler(line, asked)

    def accept() -> None:
        while not stopping.is_set():
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            served.connections += 1
            threading.Thread(target=talk, args=(raw,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read_request(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    start, _, body = data.partition(b"\r\n\r\n")
    first, *fields = start.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    if headers.get("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
        body = _unchunked(body)
        headers["content-length"] = str(len(body))
    while len(body) < int(headers.get("content-length", 0)):
        body += _more(connection)
    return Asked(method, path, headers, body)


def _unchunked(data: bytes) -> bytes:
    size, _, rest = data.partition(b"\r\n")
    length = int(size, 16)
    return rest[:length] + _unchunked(rest[length + 2 :]) if length else b""


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(1 << 20)
    if not piece:
        raise GoneError
    return piece
