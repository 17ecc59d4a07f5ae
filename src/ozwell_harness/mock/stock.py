"""Files that a mock has from the start, so that its list is longer than one page."""

from __future__ import annotations

from ozwell_harness.mock.store import StoredFile

#: Who finds them in the list.
STOCKED_TENANT = "main"

_EVERY_S = 60
_PURPOSES = ("assistants", "user_data", "assistants", "batch")


def stocked_files(count: int, now: int) -> list[tuple[StoredFile, bytes]]:
    """Return ``count`` small files of several purposes, a minute apart, oldest first; ``now`` is in epoch seconds."""
    return [_file(number, now - _EVERY_S * (count - number)) for number in range(count)]


def _file(number: int, created_at: int) -> tuple[StoredFile, bytes]:
    content = f"Inventory sheet {number + 1}: {number * 7 % 11} crates.\n".encode()
    purpose = _PURPOSES[number % len(_PURPOSES)]
    name = f"sheet-{number + 1}.txt"
    return StoredFile(f"file-stock{number + 1:04d}", len(content), created_at, name, purpose), content
