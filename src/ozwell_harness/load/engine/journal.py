"""Writes a worker's record: lines are gathered, and written a few at a time so that no stream waits for the disk."""

from __future__ import annotations

from pathlib import Path

import gevent

from ozwell_harness.load.samples import Record, encode

_INTERVAL_S = 0.2
_SLICE = 100


class Journal:
    """Appends records to one file. Nothing is lost but what came in the last moments before a kill."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb", buffering=0)
        self._pending: list[Record] = []
        self._greenlet = gevent.spawn(self._run)

    def add(self, record: Record) -> None:
        """Take a record."""
        self._pending.append(record)

    def close(self) -> None:
        """Write what is left; more than once does no harm."""
        if not self._stream.closed:
            self._greenlet.kill(block=False)
            self._write(len(self._pending))
            self._stream.close()

    def _run(self) -> None:
        while True:
            gevent.sleep(_INTERVAL_S)
            while self._pending:
                self._write(_SLICE)
                gevent.sleep(0)

    def _write(self, count: int) -> None:
        batch, self._pending = self._pending[:count], self._pending[count:]
        if batch:
            self._stream.write(encode(batch))


class NoJournal:
    """Keeps nothing: Locust run by hand shows its own figures."""

    def add(self, record: Record) -> None:
        """Drop a record."""

    def close(self) -> None:
        """Nothing is held."""
