"""The way to Redis: a bounded pool of connections, bounded waits, and one refusal for whatever fails."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from ozwell_harness.mock.errors import ApiError, MockSettingsError, state_unavailable
from ozwell_harness.mock.shared.place import RedisPlace

CONNECTIONS_AT_MOST = 32

LOGGER = logging.getLogger("ozwell_harness.mock.state")


class StateUnreachableError(MockSettingsError):
    """Redis does not answer when the mock starts."""


class Link:
    """Commands to one Redis, under the names of one namespace.

    Nothing is sent twice: a command whose answer is lost may have been carried out, and what is counted must not be
    counted again.
    """

    def __init__(self, place: RedisPlace) -> None:
        self._place = place
        self._up = True
        self._pool = _pool(place)
        self.redis = Redis(connection_pool=self._pool)

    def name(self, *parts: str) -> str:
        """The name of a key in this namespace."""
        return ":".join((self._place.prefix, *parts))

    def script(self, text: str) -> AsyncScript:
        """A script that Redis carries out as one step; it is sent anew whenever Redis has forgotten it."""
        return self.redis.register_script(text)

    async def run(self, script: AsyncScript, keys: Sequence[str], *arguments: str | bytes | float) -> Any:
        """Carry out a script.

        Raises:
            ApiError: 503, Redis did not do it, or did not say so in time.
        """
        return await self.do(script(keys=keys, args=arguments))

    async def do(self, command: Awaitable[Any]) -> Any:
        """Wait for a command. What comes is bytes where the library's own types leave it open.

        Raises:
            ApiError: 503, Redis did not do it, or did not say so in time.
        """
        try:
            async with asyncio.timeout(self._place.within_s):
                result = await command
        except (RedisError, OSError) as error:
            raise self._refusal(error) from None
        if not self._up:
            self._up = True
            LOGGER.warning("%s can be used again.", self._place.shown)
        return result

    async def check(self) -> None:
        """See that Redis is there.

        Raises:
            StateUnreachableError: it is not, or does not let this mock in.
        """
        try:
            async with asyncio.timeout(self._place.within_s):
                await self.redis.ping()
        except (RedisError, OSError) as error:
            raise StateUnreachableError(
                f"The state in {self._place.shown} cannot be reached: {self._reason(error)}. "
                "Start Redis there, or use --state memory."
            ) from None

    async def close(self) -> None:
        """Give the connections back; the link is not used again."""
        await self.redis.aclose()
        await self._pool.aclose()

    def _refusal(self, error: Exception) -> ApiError:
        if self._up:
            self._up = False
            LOGGER.warning("%s cannot be used: %s.", self._place.shown, self._reason(error))
        return state_unavailable()

    def _reason(self, error: Exception) -> str:
        text = str(error).partition("\n")[0].rstrip(".")
        if self._place.password:
            text = text.replace(self._place.password, "…")
        return text or f"no answer within {self._place.within_s:g} s"


def _pool(place: RedisPlace) -> BlockingConnectionPool:
    common: dict[str, Any] = {
        "db": place.database,
        "username": place.username,
        "password": place.password,
        "socket_timeout": place.within_s,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "encoding_errors": "surrogatepass",
        # In CLIENT LIST each worker is seen by itself.
        "client_name": f"ozwell-mock-{os.getpid()}",
        "max_connections": CONNECTIONS_AT_MOST,
        "timeout": place.within_s,
    }
    if place.socket:
        return BlockingConnectionPool(connection_class=UnixDomainSocketConnection, path=place.socket, **common)
    kind = SSLConnection if place.tls else Connection
    common |= {"host": place.host, "port": place.port, "socket_connect_timeout": place.within_s}
    return BlockingConnectionPool(connection_class=kind, **common)
