"""What faults of state and of the wire build on: a store that passes everything through, and whole bodies as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ozwell_harness.mock.call import Reply
from ozwell_harness.mock.dialogue import Dialogue
from ozwell_harness.mock.faults.base import JsonObject
from ozwell_harness.mock.store import Store, StoredFile
from ozwell_harness.mock.stream_items import StreamItem


class StoreWrapper:
    """Passes everything through to another store; a fault overrides what it breaks."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        """Keep a file."""
        await self.inner.put_file(tenant, file, content)

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        """A file's record, or None."""
        return await self.inner.get_file(tenant, file_id)

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        """A file's bytes, or None."""
        return await self.inner.file_content(tenant, file_id)

    async def delete_file(self, tenant: str, file_id: str) -> bool:
        """Forget a file; False if there was none."""
        return await self.inner.delete_file(tenant, file_id)

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        """All files, newest first."""
        return await self.inner.list_files(tenant, purpose)

    async def turns(self, tenant: str, conversation: str) -> Dialogue:
        """The turns of a conversation so far."""
        return await self.inner.turns(tenant, conversation)

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:
        """Add turns to a conversation."""
        await self.inner.append_turns(tenant, conversation, turns)


def whole_body(reply: Reply) -> bytes:
    """The body of a reply, streams joined."""
    if isinstance(reply.body, bytes):
        return reply.body
    return b"".join(item for item in reply.body if isinstance(item, bytes))


def on_bytes(items: Iterable[StreamItem], change: Callable[[bytes], bytes]) -> Iterator[StreamItem]:
    """Change every flushed piece of a stream and leave the acts between them alone."""
    return (change(item) if isinstance(item, bytes) else item for item in items)


def choices_of(chunk: JsonObject) -> list[JsonObject]:
    """The increments of a chunk: its choices, or the chunk itself in the responses dialect."""
    if chunk["object"] == "response.chunk":
        return [chunk]
    choices: list[JsonObject] = chunk["choices"]
    return choices


def is_event(item: StreamItem) -> bool:
    """Whether an item carries a chunk, not an act and not the end."""
    return isinstance(item, bytes) and item.startswith(b"data: {")
