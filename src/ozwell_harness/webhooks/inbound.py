"""Reads requests from anyone, within bounds of size and time, and writes short answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

import h11

HEAD_AT_MOST = 32 * 1024
BODY_AT_MOST = 1024 * 1024
#: Seconds for one request, from its first awaited byte to its last, and for the answer to it.
REQUEST_S = 15.0
_READ = 8 * 1024


class Unreadable(Exception):  # noqa: N818 - what a stranger sends is no error of the program
    """It is no request that is taken: the status to turn it away with, and why, in a few words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request, whole."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and where to go instead, or after how many seconds to come again."""

    status: int
    location: str | None = None
    retry_after_s: int | None = None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All header fields."""
        there = (("location", self.location),) if self.location else ()
        then = (("retry-after", str(self.retry_after_s)),) if self.retry_after_s is not None else ()
        return (("content-length", "0"), *there, *then)


class Line:
    """One connection to a sender."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_AT_MOST)

    async def read(self) -> Inbound | None:
        """Return the next request; None when the sender is done.

        Raises:
            Unreadable: it is no HTTP, too large, or takes too long.
        """
        try:
            async with asyncio.timeout(REQUEST_S):
                return await self._read()
        except h11.RemoteProtocolError as error:
            raise Unreadable(error.error_status_hint, "no whole HTTP request") from None
        except TimeoutError:
            if self._is_idle:
                return None
            raise Unreadable(HTTPStatus.REQUEST_TIMEOUT, f"not whole within {REQUEST_S:g} s") from None

    async def answer(self, answer: Answer) -> bool:
        """Send an answer; False when the connection cannot be used again."""
        headers = list(answer.headers)
        if self._state.their_state in {h11.ERROR, h11.SEND_BODY}:
            headers.append(("connection", "close"))
        reason = HTTPStatus(answer.status).phrase.encode()
        self._send(h11.Response(status_code=answer.status, headers=headers, reason=reason))
        self._send(h11.EndOfMessage())
        async with asyncio.timeout(REQUEST_S):
            await self._writer.drain()
        if self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        return True

    @property
    def _is_idle(self) -> bool:
        """Nothing of a next request has come."""
        return self._state.their_state is h11.IDLE and not self._state.trailing_data[0]

    async def _read(self) -> Inbound | None:
        event = await self._next()
        if not isinstance(event, h11.Request):
            return None
        body = bytearray()
        while not isinstance(part := await self._next(), h11.EndOfMessage):
            if not isinstance(part, h11.Data):
                raise Unreadable(HTTPStatus.BAD_REQUEST, "broken off")
            body += part.data
            if len(body) > BODY_AT_MOST:
                raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"longer than {BODY_AT_MOST:,} bytes")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        return Inbound(event.method.decode("ascii"), event.target.decode("ascii"), headers, bytes(body))

    async def _next(self) -> object:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            if self._state.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[]))
            self._state.receive_data(await self._reader.read(_READ))
        return event

    def _send(self, event: h11.Event) -> None:
        self._writer.write(self._state.send(event) or b"")
