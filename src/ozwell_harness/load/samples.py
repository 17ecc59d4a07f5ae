"""The record of a load run: what each worker writes, one JSON object a line, and how it is read back.

Record first, report later: nothing here is a judgement, every figure is computed from these lines afterwards.
All times are nanoseconds of the machine's monotonic clock, so that workers of one machine share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import msgspec

from ozwell_harness.load.reply import ErrorKind

#: Written in the first line of each worker's part.
FORMAT = "urn:ozwell-harness:samples:1"
#: Errors of requests that never left the harness, as far as is known.
NEVER_TRIED = frozenset({ErrorKind.UNSENT.value, ErrorKind.SCENARIO.value, ErrorKind.WORKER_LOST.value})


class Start(msgspec.Struct, frozen=True, tag="start", omit_defaults=True):
    """A worker began.

    Attributes:
        at: its zero, monotonic nanoseconds; warm-up begins here.
        epoch: the same moment in seconds since 1970.
        stamps: who stamps arrivals, ``kernel`` or ``process``.
    """

    at: int
    epoch: float
    worker: int = 0
    stamps: str = "process"
    format: str = FORMAT


class Glimpse(msgspec.Struct, frozen=True, tag="sample", omit_defaults=True, kw_only=True):
    """What is counted of a request while a run goes on; the rest of its line is not read. See ``Sample``."""

    due: int
    sent: int | None = None
    closed: int | None = None
    error: str | None = None
    censored: bool = False

    @property
    def completed(self) -> bool:
        """The target answered it as it should."""
        return self.error is None and not self.censored

    @property
    def attempted(self) -> bool:
        """It was really tried: a connection was opened for it, or at least asked for."""
        return self.sent is not None or self.error not in NEVER_TRIED

    @property
    def failed(self) -> bool:
        """It failed, or was never sent."""
        return self.error is not None and not self.censored


class Sample(Glimpse, frozen=True, tag="sample", omit_defaults=True, kw_only=True):
    """One request. Offsets count from ``sent``.

    Attributes:
        scenario: what the request was a part of; ``step`` is its own name.
        due: ``t_due``, when it was scheduled to be sent.
        sent: ``t_send``, just before its first byte was written; None when it never was.
        connect: how long opening a connection took between the two.
        first: offset of the first event of any kind (a plain answer: its first body byte).
        tokens: offsets of the token-bearing events, ``r_1`` to ``r_last``; empty for a plain answer.
        last: offset of ``r_last``; for a plain answer of its last byte.
        closed: offset of the answer's end.
        first_tokens: ``n_1``, the tokens in the first token-bearing event; 1 where unknown.
        merged: token-bearing events that shared a read with an earlier one: their stamps are upper bounds.
        lags: receive lag (application read - kernel arrival) of each read, in whole microseconds.
        finish: the first choice's finish_reason; empty without one.
        error: why it failed (``ErrorKind``, or ``http_<status>``); None when it did not.
        censored: the harness itself cut it off; neither a success nor a failure.
        broken: ids of the requirements that its answer breaks.
    """

    scenario: str
    step: str
    connect: int = 0
    first: int | None = None
    tokens: tuple[int, ...] = ()
    last: int | None = None
    first_tokens: int = 1
    streamed: bool = False
    status: int | None = None
    bytes: int = 0
    merged: int = 0
    lags: tuple[int, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish: str = ""
    detail: str = ""
    judged: bool = False
    broken: tuple[str, ...] = ()


class Tick(msgspec.Struct, frozen=True, tag="tick"):
    """The state of a worker, about once a second: ``cpu`` is the share of one core it used since the last tick."""

    at: int
    cpu: float
    in_flight: int


class Nonconformity(msgspec.Struct, frozen=True, tag="nonconformity"):
    """The first answers that break a requirement are kept: what is wrong and the exchange, keys removed."""

    requirement: str
    message: str
    example: str


class End(msgspec.Struct, frozen=True, tag="end"):
    """A worker ended in order.

    Attributes:
        finished: false when it was stopped before its time.
        left: files of its own that it could not delete.
    """

    at: int
    finished: bool
    worker: int = 0
    left: int = 0


Record: TypeAlias = Start | Sample | Tick | Nonconformity | End
#: A record of which only so much is read as counting needs: several times faster where streams are long.
Glance: TypeAlias = Start | Glimpse | Tick | Nonconformity | End

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_glancer: msgspec.json.Decoder[Glance] = msgspec.json.Decoder(Glance)


def encode(records: Iterable[Record]) -> bytes:
    """Return records as lines."""
    return b"".join(_encoder.encode(record) + b"\n" for record in records)


def decode(line: bytes) -> Record:
    """Return the record on one line.

    Raises:
        ValueError: it is no such record.
    """
    return _decoder.decode(line)


def glance(line: bytes) -> Glance:
    """Return as much of the record on one line as counting needs.

    Raises:
        ValueError: it is no such record.
    """
    return _glancer.decode(line)


_T = TypeVar("_T")


class Lines(Generic[_T]):
    """Reads a file that is still being written: every call of ``read`` yields the lines that have become whole.

    Attributes:
        offset: bytes of the whole lines so far.
    """

    def __init__(self, path: Path, read_line: Callable[[bytes], _T]) -> None:
        self._path = path
        self._read_line = read_line
        self.offset = 0

    def read(self) -> Iterator[_T]:
        """Yield the records that were completed since the last call; a missing file has none.

        Raises:
            ValueError: a whole line is no record.
        """
        try:
            with self._path.open("rb") as stream:
                stream.seek(self.offset)
                for line in stream:
                    if not line.endswith(b"\n"):
                        return
                    self.offset += len(line)
                    yield self._read_line(line)
        except FileNotFoundError:
            return


class Tail(Lines[Record]):
    """Reads whole records of a file that is still being written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, decode)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """The samples in a file of records, read anew each time they are iterated over: there may be millions."""

    path: Path

    def __iter__(self) -> Iterator[Sample]:
        for record in Tail(self.path).read():
            if isinstance(record, Sample):
                yield record
