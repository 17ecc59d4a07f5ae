"""The sockets that a mock listens on."""

from __future__ import annotations

import socket
import sys

from ozwell_harness.mock.errors import MockSettingsError

# Elsewhere the option exists, but the latest socket gets all connections.
_DEALT_OUT = sys.platform == "linux"


class MockStartError(MockSettingsError):
    """The mock cannot listen on the address asked for, or cannot be started there."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one.

    Raises:
        MockStartError: the address cannot be bound.
    """
    listener = _socket(host)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise MockStartError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from None
    return listener


def bind_for_workers(host: str, port: int, workers: int) -> list[socket.socket]:
    """A socket for each worker on one port; where the system deals out no connections, one that they share.

    Raises:
        MockStartError: the address cannot be bound.
    """
    first = bind(host, port)
    if not _DEALT_OUT:  # pragma: no cover - not Linux
        return [first, *(first.dup() for _ in range(workers - 1))]
    # Bound without the option first: with it, a second mock could take the same port unnoticed.
    port = int(first.getsockname()[1])
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sockets = [first]
    try:
        for _ in range(workers - 1):
            another = _socket(host)
            sockets.append(another)
            another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            another.bind((host, port))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise MockStartError(f"Cannot listen on {host} port {port} with several workers: {error.strerror}.") from None
    return sockets


def _socket(host: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener
