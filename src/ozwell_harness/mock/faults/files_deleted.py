"""Files that are there too late, or still there, or gone although they should not be."""

from __future__ import annotations

from collections.abc import Sequence

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store, StoredFile

AREA = Area("files")

LIST, RETRIEVE = Operation.LIST_FILES, Operation.RETRIEVE_FILE
DELETE, CONTENT = Operation.DELETE_FILE, Operation.RETRIEVE_FILE_CONTENT


class _Remembering(StoreWrapper):
    """Knows what was deleted: record and bytes by tenant and id."""

    def __init__(self, inner: Store, call: Call) -> None:
        super().__init__(inner)
        self.operation = call.operation
        self.gone: dict[tuple[str, str], tuple[StoredFile, bytes]] = call.notes.setdefault("deleted", {})

    async def delete_file(self, tenant: str, file_id: str) -> bool:
        file, content = await self.inner.get_file(tenant, file_id), await self.inner.file_content(tenant, file_id)
        if file is not None and content is not None:
            self.gone[tenant, file_id] = (file, content)
        return await self.inner.delete_file(tenant, file_id)


class _Retrieving(_Remembering):
    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        gone = self.gone.get((tenant, file_id))
        return gone[0] if gone else await self.inner.get_file(tenant, file_id)


class _Downloading(_Retrieving):
    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        gone = self.gone.get((tenant, file_id))
        return gone[1] if gone else await self.inner.file_content(tenant, file_id)


class _Agreeing(_Remembering):
    async def delete_file(self, tenant: str, file_id: str) -> bool:
        return (tenant, file_id) in self.gone or await super().delete_file(tenant, file_id)


class _Listing(_Remembering):
    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        still = [f for (owner, _), (f, _) in self.gone.items() if owner == tenant and purpose in (None, f.purpose)]
        return [*still, *await self.inner.list_files(tenant, purpose)]


@AREA.store("deleted-retrieved", "A deleted file can still be retrieved.", DELETE, RETRIEVE,
            breaks=("files.deleted-not-retrieved",))  # fmt: skip
def deleted_retrieved(store: Store, call: Call) -> Store:
    """Keep the record."""
    return _Retrieving(store, call)


@AREA.store("deleted-downloaded", "A deleted file can still be downloaded.", DELETE, CONTENT,
            breaks=("files.deleted-not-downloaded",))  # fmt: skip
def deleted_downloaded(store: Store, call: Call) -> Store:
    """Keep the bytes."""
    return _Downloading(store, call)


@AREA.store("deleted-again", "A deleted file can be deleted again.", DELETE,
            breaks=("files.deleted-not-deleted-again",))  # fmt: skip
def deleted_again(store: Store, call: Call) -> Store:
    """Confirm what is done already."""
    return _Agreeing(store, call)


@AREA.store("deleted-listed", "A deleted file is still listed.", DELETE, LIST, breaks=("files.deleted-not-listed",))
def deleted_listed(store: Store, call: Call) -> Store:
    """Keep the entry."""
    return _Listing(store, call)


class _TakingAlong(StoreWrapper):
    async def delete_file(self, tenant: str, file_id: str) -> bool:
        files = await self.inner.list_files(tenant, None)
        length = next((len(file.filename) for file in files if file.id == file_id), None)
        for file in files:
            if len(file.filename) == length and file.id != file_id and not file.filename.startswith("sheet"):
                await self.inner.delete_file(tenant, file.id)
        return await self.inner.delete_file(tenant, file_id)


@AREA.store("delete-takes-others", "A delete takes files with names of the same length with it.", DELETE,
            breaks=("files.delete-spares-others",))  # fmt: skip
def delete_takes_others(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Delete by the length of the name."""
    return _TakingAlong(store)


class _Late(StoreWrapper):
    """Finds an uploaded file only when it is asked for a second time."""

    def __init__(self, inner: Store, call: Call) -> None:
        super().__init__(inner)
        self._asked: set[str] = call.notes.setdefault("asked", set())

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        file = await self.inner.get_file(tenant, file_id)
        known = file_id in self._asked
        if file is not None:
            self._asked.add(file_id)
        return file if known else None


@AREA.store("readable-later", "An uploaded file is not found when it is retrieved for the first time.", RETRIEVE,
            breaks=("files.readable-at-once",))  # fmt: skip
def readable_later(store: Store, call: Call) -> Store:
    """Answer the first time as if it were not there."""
    return _Late(store, call)


class _Hiding(StoreWrapper):
    """Leaves a file of the client's own out of the list."""

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        return [file for file in await self.inner.list_files(tenant, purpose) if file.filename != "note.txt"]


@AREA.store("listed-not", "Short text files are missing from the list.", LIST, breaks=("files.uploads-listed",))
def listed_not(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Leave one out."""
    return _Hiding(store)


class _Doubling(StoreWrapper):
    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        files = list(await self.inner.list_files(tenant, purpose))
        return [*files, *files[:1]]


@AREA.store("listed-twice", "The newest file is listed twice.", LIST, breaks=("files.list-ids-unique",))
def listed_twice(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Repeat it at the end."""
    return _Doubling(store)
