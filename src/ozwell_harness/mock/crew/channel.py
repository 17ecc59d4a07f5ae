"""What a crew and its workers tell each other, over a pair of sockets."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import Any, Generic, TypeVar

import msgspec

from ozwell_harness.mock.journal import Entry
from ozwell_harness.mock.metrics import Metrics

_LENGTH_BYTES = 4

_In = TypeVar("_In")


class Message(msgspec.Struct, frozen=True, tag=True):
    """Anything that is told."""


class Ready(Message, frozen=True):
    """A worker serves."""


class Failed(Message, frozen=True):
    """A worker cannot serve; `reason` is one plain sentence."""

    reason: str


class Ask(Message, frozen=True):
    """A worker wants to know what all workers counted, or noted if `journal`."""

    number: int
    journal: bool


class Tell(Message, frozen=True):
    """The crew wants to know the same of one worker."""

    number: int
    journal: bool


class Report(Message, frozen=True):
    """What one worker counted or noted."""

    number: int
    metrics: Metrics | None = None
    entries: list[Entry] = []


class Summary(Message, frozen=True):
    """The reports of all workers that gave one, and how many were lost so far."""

    number: int
    reports: list[Report]
    lost: int


class Stop(Message, frozen=True):
    """A worker is to end; told twice, at once."""


FromWorker = Ready | Failed | Ask | Report
FromCrew = Tell | Summary | Stop


class Channel(Generic[_In]):
    """One end of the pair, in its event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = msgspec.msgpack.Decoder(kind, dec_hook=_counter).decode

    async def receive(self) -> _In | None:
        """The next message; None when the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "big")
            message: _In = self._decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return message

    def send(self, message: Message) -> None:
        """Tell something; whether the other end is still there shows in what comes from it."""
        encoded = msgspec.msgpack.encode(message)
        self._writer.write(len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded)

    def close(self) -> None:
        """Say no more."""
        self._writer.close()


async def open_channel(end: socket.socket, kind: Any) -> Channel[Any]:
    """Take one end of a socket pair into the running loop; `kind` is what comes from the other."""
    reader, writer = await asyncio.open_unix_connection(sock=end)
    return Channel(reader, writer, kind)


def _counter(kind: type[Any], value: Any) -> Any:  # noqa: ARG001 - counters are all that msgspec does not know
    return Counter(value)
