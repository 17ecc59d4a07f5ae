"""What was asked lately: a bounded list without headers, bodies or secrets."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

PATH_AT_MOST = 300


class Entry(NamedTuple):
    """One answered request. `at` is epoch seconds, `duration_s` seconds until the last byte was handed over."""

    at: float
    request_id: str
    method: str
    path: str
    operation: str | None
    key: str | None
    status: int
    duration_s: float
    faults: tuple[str, ...]


class Journal:
    """Keeps the last entries; long paths are cut."""

    def __init__(self, length: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=length)

    def add(self, entry: Entry) -> None:
        """Add an entry; the oldest gives way."""
        cut = entry if len(entry.path) <= PATH_AT_MOST else entry._replace(path=entry.path[:PATH_AT_MOST])
        self._entries.append(cut)

    def entries(self) -> list[Entry]:
        """What is kept, oldest first."""
        return list(self._entries)
