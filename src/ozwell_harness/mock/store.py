"""Files and conversations, kept per tenant and bounded in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ozwell_harness.mock.dialogue import Dialogue
from ozwell_harness.mock.errors import MockError

TURNS_KEPT = 60
CONVERSATIONS_KEPT = 2000


class StoreFullError(MockError):
    """The store's bound on memory is reached; something must be deleted first."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file. `size` is in bytes, `created_at` in epoch seconds."""

    id: str
    size: int
    created_at: int
    filename: str
    purpose: str


class Store(Protocol):
    """What the operations need of a place that keeps state. Every method sees one tenant only."""

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        """Keep a file.

        Raises:
            StoreFullError: there is no room.
        """
        ...

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        """A file's record, or None."""
        ...

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        """A file's bytes, or None."""
        ...

    async def delete_file(self, tenant: str, file_id: str) -> bool:
        """Forget a file; False if there was none."""
        ...

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        """All files, newest first, of one purpose if given."""
        ...

    async def turns(self, tenant: str, conversation: str) -> Dialogue:
        """The turns of a conversation so far; empty if unknown."""
        ...

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:
        """Add turns to a conversation; the oldest turns and conversations give way."""
        ...


class MemoryStore:
    """Keeps everything in this process, within the given numbers of bytes."""

    def __init__(self, file_bytes: int, conversation_bytes: int) -> None:
        self._file_room = file_bytes
        self._conversation_room = conversation_bytes
        self._files: dict[str, dict[str, tuple[StoredFile, bytes]]] = {}
        self._conversations: OrderedDict[tuple[str, str], Dialogue] = OrderedDict()

    def fill(self, tenant: str, files: Iterable[tuple[StoredFile, bytes]]) -> None:
        """Keep files that nobody uploaded, oldest first.

        Raises:
            StoreFullError: there is no room.
        """
        for file, content in files:
            self._keep(tenant, file, content)

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        """Keep a file.

        Raises:
            StoreFullError: there is no room.
        """
        self._keep(tenant, file, content)

    def _keep(self, tenant: str, file: StoredFile, content: bytes) -> None:
        cost = file_cost(file, content)
        if cost > self._file_room:
            raise StoreFullError("The mock's memory for files is used up.")
        self._file_room -= cost
        self._files.setdefault(tenant, {})[file.id] = (file, content)

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        """A file's record, or None."""
        entry = self._files.get(tenant, {}).get(file_id)
        return entry[0] if entry else None

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        """A file's bytes, or None."""
        entry = self._files.get(tenant, {}).get(file_id)
        return entry[1] if entry else None

    async def delete_file(self, tenant: str, file_id: str) -> bool:
        """Forget a file; False if there was none."""
        entry = self._files.get(tenant, {}).pop(file_id, None)
        if entry is None:
            return False
        self._file_room += file_cost(*entry)
        return True

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        """All files, newest first, of one purpose if given."""
        files = reversed(self._files.get(tenant, {}).values())
        return [file for file, _ in files if purpose is None or file.purpose == purpose]

    async def turns(self, tenant: str, conversation: str) -> Dialogue:
        """The turns of a conversation so far; empty if unknown."""
        return self._conversations.get((tenant, conversation), ())

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:
        """Add turns to a conversation; the oldest turns and conversations give way."""
        key = (tenant, conversation)
        before = self._conversations.pop(key, ())
        after = (before + turns)[-TURNS_KEPT:]
        self._conversations[key] = after
        self._conversation_room += _size(before) - _size(after) - (0 if before else len(conversation))
        while len(self._conversations) > CONVERSATIONS_KEPT or self._conversation_room < 0:
            (_, name), dropped = self._conversations.popitem(last=False)
            self._conversation_room += _size(dropped) + len(name)


def _size(turns: Dialogue) -> int:
    return sum(turn.size for turn in turns)


def file_cost(file: StoredFile, content: bytes) -> int:
    """What keeping a file counts as, in bytes."""
    return len(content) + len(file.filename) + 256
