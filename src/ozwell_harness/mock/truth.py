"""The truth log: what was received and written when, to hold a client's figures against.

One JSON line for each request that the API answered; those of several workers lie in one file, each line
whole. Its clock is the machine's monotonic one, which on Linux all processes share; the first line says how it relates
to the time of day.
"""

from __future__ import annotations

import time
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ozwell_harness.mock.call import Call

FORMAT = "urn:ozwell-harness:truth:1"
FLUSH_EVERY_S = 1.0
_FLUSH_AT = 256
_DIGEST_SIZE = 8


class TruthStart(msgspec.Struct, frozen=True):
    """The first line: ``at`` monotonic nanoseconds were ``epoch`` seconds since 1970."""

    at: int
    epoch: float
    format: str = FORMAT


class TruthEntry(msgspec.Struct, frozen=True):
    """One request. Times but ``received`` count from it, in nanoseconds.

    Attributes:
        request_id: what the answer says in X-Request-Id.
        client_id: what the request said there; empty when it did not.
        digest: names the body: ``digest_of`` what the client sent. Empty when no JSON was read.
        received: when its first bytes reached the kernel (Linux), else when they were read; monotonic nanoseconds.
        began: when its generation began, the wait for a slot over; None when nothing was generated.
        events: when each piece of a stream was given to the kernel; empty for a plain answer.
        steps: positions in ``events`` of those that opened a decode step.
        ended: when the answer was complete, or given up.
        complete: it was written to its end.
    """

    request_id: str
    client_id: str
    digest: str
    operation: str
    status: int
    received: int
    began: int | None
    events: list[int]
    steps: list[int]
    ended: int
    complete: bool


def digest_of(body: bytes) -> str:
    """Name a request body: BLAKE2b of 8 bytes, in hexadecimal digits."""
    return blake2b(body, digest_size=_DIGEST_SIZE).hexdigest()


def start_log(path: Path) -> None:
    """Start a truth log anew.

    Raises:
        OSError: it cannot be written.
    """
    path.write_bytes(msgspec.json.encode(TruthStart(time.monotonic_ns(), time.time())) + b"\n")


class TruthLog:
    """Appends to a file; what is gathered is written every 256 requests, on ``flush`` and on ``close``."""

    def __init__(self, path: Path) -> None:
        """Go on with a file that ``start_log`` began.

        Raises:
            OSError: it cannot be written.
        """
        self._stream = path.open("ab", buffering=0)
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []

    def add(self, call: Call, status: int, *, complete: bool) -> None:
        """Note a request at the end of its answer; those about the mock itself are left out."""
        if call.operation is None:
            return
        trace = call.trace
        received = trace.received
        entry = TruthEntry(
            request_id=call.request_id,
            client_id=call.heads.get(b"x-request-id", b"").decode("latin-1"),
            digest=trace.digest,
            operation=call.operation.value,
            status=status,
            received=received,
            began=trace.began - received if trace.began else None,
            events=[at - received for at in trace.events],
            steps=trace.steps,
            ended=time.monotonic_ns() - received,
            complete=complete,
        )
        self._lines.append(self._encode(entry))
        if len(self._lines) >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._stream.write(b"\n".join(lines) + b"\n")

    def close(self) -> None:
        """Write what is left and close the file; more than once does no harm."""
        if not self._stream.closed:
            self.flush()
            self._stream.close()
