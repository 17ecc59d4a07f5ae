"""Writes a worker's record: lines are gathered, and written a few at a time so that no stream waits for the disk."""

from __future__ import annotations

import logging
from pathlib import Path

import gevent

from ozwell_harness.load.samples import Record, encode

logger = logging.getLogger("ozwell_harness.load")

_INTERVAL_S = 0.2
_SLICE = 100


class Journal:
    """Appends records to one file. Nothing is lost but what came in the last moments before a kill.

    When the file can be written no more (a full disk), nothing more is kept: it then has no end, so that whoever reads
    it knows that this worker's record is not whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("wb", buffering=0)
        self._pending: list[Record] = []
        self._broken = False
        self._greenlet = gevent.spawn(self._run)

    def add(self, record: Record) -> None:
        """Take a record."""
        if not self._broken:
            self._pending.append(record)

    def close(self) -> None:
        """Write what is left; more than once does no harm."""
        if not self._stream.closed:
            self._greenlet.kill(block=False)
            self._write(len(self._pending))
            self._stream.close()

    def _run(self) -> None:
        while not self._broken:
            gevent.sleep(_INTERVAL_S)
            while self._pending:
                self._write(_SLICE)
                gevent.sleep(0)

    def _write(self, count: int) -> None:
        batch, self._pending = self._pending[:count], self._pending[count:]
        lines = memoryview(encode(batch))
        try:
            while lines:
                lines = lines[self._stream.write(lines) :]
        except OSError as error:
            logger.error("The record %s cannot be written: %s.", self._path, error.strerror)  # noqa: TRY400
            self._broken = True
            self._pending.clear()
