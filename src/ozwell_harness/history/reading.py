"""Finds the runs below a folder: every ``results.json``, and copies of it under other names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ozwell_harness.history.entries import Damaged, Entry, History
from ozwell_harness.reporting.results import FILE_NAME, SCHEMA, ResultsError, read

#: A results document names its schema first; nothing more of other files is read.
_HEAD_BYTES = 200
_NAMED = SCHEMA.rpartition(":")[0].encode()


def read_history(folder: Path) -> History:
    """Read all runs below a folder, the oldest first; what is damaged is kept by name.

    Raises:
        NotADirectoryError: there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder.")
    entries: list[Entry] = []
    damaged: list[Damaged] = []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        try:
            entries.append(Entry(name, read(path)))
        except ResultsError as error:
            damaged.append(Damaged(name, str(error)))
    entries.sort(key=lambda entry: (entry.run.started, entry.path))
    return History(str(folder), tuple(entries), tuple(damaged))


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files that are, or should be, results of a run, in the order of their names; links are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if name == FILE_NAME or (name.endswith(".json") and _NAMED in _head(path)):
                yield path


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError:
        return b""
