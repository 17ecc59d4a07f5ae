"""Ids that a target gave lately: none may be given twice."""

from __future__ import annotations

#: Ids that a worker remembers, so that its memory does not grow.
_REMEMBERED = 10_000


class Given:
    """Remembers the latest ids; ``count`` is of all."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self.count = 0

    def __contains__(self, given: object) -> bool:
        return given in self._ids

    def add(self, given: str) -> None:
        """Remember one; the oldest gives way."""
        self.count += 1
        self._ids[given] = None
        if len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]
