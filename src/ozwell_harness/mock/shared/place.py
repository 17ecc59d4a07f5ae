"""Where state is kept, as the command line and the environment write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ozwell_harness.mock.delays import parse_duration
from ozwell_harness.mock.errors import MockSettingsError

MEMORY_STATE = "memory"

_DEFAULT_PORT = 6379
_ADVICE = "Use memory or redis://HOST:PORT/DATABASE?prefix=NAME."
_SCHEMES = ("redis", "rediss", "unix")


class UnsupportedStateError(MockSettingsError):
    """The place asked for to keep state in is not one this mock knows. The message never shows what may be a secret."""


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """A namespace in a Redis database.

    Attributes:
        host: name or address; empty with a socket.
        socket: path of a Unix domain socket; empty with a host.
        prefix: what the name of every key begins with. Mocks with the same prefix share their state.
        within_s: seconds within which Redis must have answered.
        tls: whether the connection is encrypted.
    """

    host: str = "127.0.0.1"
    port: int = _DEFAULT_PORT
    socket: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    prefix: str = "ozwell-mock"
    within_s: float = 3.0

    @property
    def shown(self) -> str:
        """How the place may be called in messages: without user and password."""
        if self.socket:
            return f"unix://{self.socket}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"


def parse_state(text: str) -> RedisPlace | None:
    """Read ``redis://``, ``rediss://`` or ``unix://`` with optional ``prefix`` and ``timeout``; None is memory.

    Raises:
        UnsupportedStateError: it is none of these.
    """
    if text == MEMORY_STATE:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        raise UnsupportedStateError(f"The place for state is no valid URL. {_ADVICE}") from None
    if parts.scheme not in _SCHEMES:
        what = f"Places of the kind '{parts.scheme}' are" if parts.scheme else "That is"
        raise UnsupportedStateError(f"{what} not supported for state. {_ADVICE}")
    options = _options(parts)
    return RedisPlace(
        host="" if parts.scheme == "unix" else parts.hostname or "127.0.0.1",
        port=port,
        socket=unquote(parts.path) if parts.scheme == "unix" else "",
        database=_database(parts, options),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "rediss",
        prefix=options.get("prefix", "ozwell-mock"),
        within_s=_timeout(options),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    known = {"prefix", "timeout", "db"} if parts.scheme == "unix" else {"prefix", "timeout"}
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if parts.fragment or not options.keys() <= known or not options.get("prefix", "x"):
        raise UnsupportedStateError(
            f"The place for state may have the options {', '.join(sorted(known))}, not empty, and no others. "
            "Write what is special in a password as %23 for #, %3F for ? and so on."
        )
    return options


def _database(parts: SplitResult, options: dict[str, str]) -> int:
    text = options.get("db", "0") if parts.scheme == "unix" else parts.path.strip("/") or "0"
    if not text.isdecimal():
        raise UnsupportedStateError(f"The database of the place for state must be a number. {_ADVICE}")
    return int(text)


def _timeout(options: dict[str, str]) -> float:
    seconds = parse_duration(options.get("timeout", "3s"))
    if not seconds:
        raise UnsupportedStateError("The timeout of the place for state must be longer than 0 seconds.")
    return seconds
