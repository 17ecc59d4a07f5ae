"""Traces: due times, and the lengths of prompts and answers, that were recorded somewhere or made up by a script.

A trace is a file of JSON lines, or CSV with a header. Three sets of names are understood:

- ours: ``at_s`` (seconds from the start), and where wanted ``prompt_tokens`` and ``answer_tokens``;
- Mooncake's: ``timestamp`` (milliseconds), ``input_length``, ``output_length``;
- the Azure LLM inference traces': ``TIMESTAMP`` (date and time), ``ContextTokens``, ``GeneratedTokens``.

Times of the last two count from the first line. Times must not go back.
"""

from __future__ import annotations

import csv
import io
import json
import math
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ozwell_harness.load.arrivals import ArrivalsError, Schedule, Trace
from ozwell_harness.load.schedule import schedule
from ozwell_harness.load.timetable import ANY_SIZE, Size, Timetable

_NS = 1_000_000_000
_MOST_BYTES = 1 << 30
_MOST_TOKENS = 10_000_000


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a trace names things; ``seconds`` reads its time. ``strict``: other fields are slips of the pen."""

    at: str
    prompt: str
    answer: str
    seconds: Callable[[Any], float]
    from_first: bool
    strict: bool


def _number(value: Any) -> float:
    return math.nan if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)


def _moment(value: Any) -> float:
    found = datetime.fromisoformat(str(value))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


_DIALECTS = (
    _Dialect("at_s", "prompt_tokens", "answer_tokens", _number, from_first=False, strict=True),
    _Dialect("timestamp", "input_length", "output_length", lambda v: _number(v) / 1000, from_first=True, strict=False),
    _Dialect("TIMESTAMP", "ContextTokens", "GeneratedTokens", _moment, from_first=True, strict=False),
)


def timetable(arrivals: Schedule, warmup_s: float, duration_s: float, seed: int) -> Timetable:
    """Return what is due in an open loop, from a trace's file or computed.

    Raises:
        ArrivalsError: the trace cannot be read.
    """
    if isinstance(arrivals, Trace):
        return read_trace(Path(arrivals.path)).until(round((warmup_s + duration_s) * _NS))
    return Timetable(schedule(arrivals, warmup_s, duration_s, seed))


def read_trace(path: Path) -> Timetable:
    """Read a trace.

    Raises:
        ArrivalsError: it cannot be read, or a line of it makes no sense. The message names the line.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ArrivalsError(f"The trace {path} is larger than {_MOST_BYTES >> 20} MiB.")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ArrivalsError(f"The trace {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ArrivalsError(f"The trace {path} is no text in UTF-8.") from None
    return _Reader(path).read(_json_lines(path, text) if text.lstrip()[:1] == "{" else _table(path, text))


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ArrivalsError(f"Line {number} of the trace {path} is not JSON: {error}.") from None
        if not isinstance(row, dict):
            raise ArrivalsError(f"Line {number} of the trace {path} is no JSON object.")
        yield number, row


def _table(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ArrivalsError(
                    f"Line {reader.line_num} of the trace {path} has not as many cells as the first line has names."
                )
            yield reader.line_num, {name: cell for name, cell in row.items() if cell != ""}
    except csv.Error as error:
        raise ArrivalsError(f"Line {reader.line_num} of the trace {path} is not valid CSV: {error}.") from None


class _Reader:
    """Reads the rows of one trace."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times = array("q")
        self._sizes: list[Size] = []
        self._first: float | None = None

    def read(self, rows: Iterator[tuple[int, Mapping[str, Any]]]) -> Timetable:
        dialect = None
        for number, row in rows:
            dialect = dialect or self._dialect(number, row)
            self._add(number, row, dialect)
        if not self._times:
            raise ArrivalsError(f"The trace {self._path} holds no arrival: write one JSON object with at_s a line.")
        sized = any(size != ANY_SIZE for size in self._sizes)
        return Timetable(self._times, tuple(self._sizes) if sized else ())

    def _dialect(self, number: int, row: Mapping[str, Any]) -> _Dialect:
        for dialect in _DIALECTS:
            if dialect.at in row:
                return dialect
        raise self._wrong(number, "has no time: name it at_s, in seconds from the start")

    def _add(self, number: int, row: Mapping[str, Any], dialect: _Dialect) -> None:
        unknown = row.keys() - {dialect.at, dialect.prompt, dialect.answer}
        if dialect.strict and unknown:
            known = f"{dialect.at}, {dialect.prompt} and {dialect.answer}"
            raise self._wrong(number, f"has the field {min(unknown)!r}; known are {known}")
        try:
            seconds = dialect.seconds(row[dialect.at])
        except (KeyError, ValueError, OverflowError):
            raise self._wrong(number, f"has no {dialect.at} that is a time") from None
        self._first = seconds if self._first is None else self._first
        at = seconds - self._first if dialect.from_first else seconds
        if not math.isfinite(at) or at < 0 or at > 366 * 24 * 3600:
            raise self._wrong(number, f"has the time {row[dialect.at]!r}, which is before the start or in no year")
        due = round(at * _NS)
        if self._times and due < self._times[-1]:
            raise self._wrong(number, "goes back in time: sort the lines by their time")
        self._times.append(due)
        self._sizes.append(Size(*(self._tokens(number, row, name) for name in (dialect.prompt, dialect.answer))))

    def _tokens(self, number: int, row: Mapping[str, Any], name: str) -> int | None:
        if row.get(name) is None:
            return None
        try:
            found = _number(row[name])
        except ValueError:
            found = math.nan
        if not 1 <= found <= _MOST_TOKENS or found != int(found):
            raise self._wrong(number, f"has {name} {row[name]!r}: it must be a whole number of at least 1")
        return int(found)

    def _wrong(self, number: int, what: str) -> ArrivalsError:
        return ArrivalsError(f"Line {number} of the trace {self._path} {what}.")
