"""The items of a running stream: bytes to flush, and acts in between."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Wait until the next token is due. Emitted before each decode step."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for a number of seconds, whatever the pace."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection with a TCP reset."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection in the middle of the body: no last chunk."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Keep the connection open and send nothing more until the client leaves."""


@dataclass(frozen=True, slots=True)
class Deafen:
    """From here on go on generating even when the client has left."""


Act = Pace | Pause | Reset | Drop | Hang | Deafen
StreamItem = bytes | Act

PACE = Pace()
