"""Files that are lost, mixed up, renamed, cut or shown to others once they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store, StoredFile

AREA = Area("files")

UPLOAD, LIST, RETRIEVE = Operation.CREATE_FILE, Operation.LIST_FILES, Operation.RETRIEVE_FILE
DELETE, CONTENT = Operation.DELETE_FILE, Operation.RETRIEVE_FILE_CONTENT

#: Uploads are simultaneous when one begins before another has been kept for so long, in seconds.
OVERLAP_S = 0.4
HALF_MEBI = 512 * 1024

Keep = Callable[[list[StoredFile], StoredFile, bytes], bytes | None]


class _Overlapping(StoreWrapper):
    """Lets uploads overlap, and treats the later ones as ``keep`` says: other bytes, or none at all."""

    def __init__(self, inner: Store, call: Call, keep: Keep) -> None:
        super().__init__(inner)
        self._running: list[tuple[StoredFile, bytes]] = call.notes.setdefault("uploads", [])
        self._keep = keep

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        others = [other for other, _ in self._running]
        self._running.append((file, content))
        kept = self._keep(others, file, content) if others else content
        if kept is not None:
            await self.inner.put_file(tenant, file, kept)
        await asyncio.sleep(OVERLAP_S)
        self._running.clear()


def _overlapping(name: str, description: str, keep: Keep, *breaks: str) -> None:
    """Register a fault that shows only where uploads overlap."""

    @AREA.store(name, description, UPLOAD, breaks=breaks)
    def wrap(store: Store, call: Call) -> Store:
        return _Overlapping(store, call, keep)


def _refuse(others: list[StoredFile], file: StoredFile, content: bytes) -> bytes:  # noqa: ARG001
    raise ApiError(409, "invalid_value", "Another upload is under way.")


def _with_id_of_first(others: list[StoredFile], file: StoredFile, content: bytes) -> bytes:
    object.__setattr__(file, "id", others[0].id)
    return content


def _told_as_first(others: list[StoredFile], file: StoredFile, content: bytes) -> bytes:
    object.__setattr__(file, "filename", others[0].filename)
    object.__setattr__(file, "size", others[0].size)
    return content


_overlapping("simultaneous-lost", "Of uploads made at the same time only the first is kept.", lambda *_: None,
             "files.simultaneous-kept")  # fmt: skip
_overlapping("simultaneous-refused", "Of uploads made at the same time only the first is accepted.", _refuse,
             "files.simultaneous-accepted")  # fmt: skip
_overlapping("simultaneous-ids-shared", "Uploads made at the same time get the same id.", _with_id_of_first,
             "files.simultaneous-ids-unique")  # fmt: skip
_overlapping("simultaneous-crossed", "Uploads made at the same time are answered with the first of them.",
             _told_as_first, "files.simultaneous-not-crossed")  # fmt: skip


class _Swapping(_Overlapping):
    """Gives every upload the bytes of the one that was under way before it."""

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        before = self._running[-1][1] if self._running else content
        self._running.append((file, content))
        await self.inner.put_file(tenant, file, before)
        await asyncio.sleep(OVERLAP_S)
        self._running.clear()


@AREA.store("simultaneous-contents-mixed", "Of uploads made at the same time one gets the content of another.", UPLOAD,
            breaks=("files.simultaneous-contents-apart",))  # fmt: skip
def simultaneous_contents_mixed(store: Store, call: Call) -> Store:
    """Keep the bytes of the upload before."""
    return _Swapping(store, call, lambda _others, _file, content: content)


class _Renaming(StoreWrapper):
    def __init__(self, inner: Store, rename: Callable[[str], str]) -> None:
        super().__init__(inner)
        self._rename = rename

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        object.__setattr__(file, "filename", self._rename(file.filename))
        await self.inner.put_file(tenant, file, content)


def _renames(name: str, description: str, rename: Callable[[str], str], *breaks: str) -> None:
    """Register a fault that keeps files under another name."""

    @AREA.store(name, description, UPLOAD, breaks=breaks)
    def wrap(store: Store, call: Call) -> Store:  # noqa: ARG001
        return _Renaming(store, rename)


_renames("names-prefixed", "Filenames get a prefix.", lambda name: f"upload_{name}", "files.upload-filename",
         "files.unicode-filename", "files.quoted-filename", "files.long-filename")  # fmt: skip
_renames("names-without-extension", "Filenames lose their extension.", lambda name: name.removesuffix(".txt"),
         "files.upload-filename", "files.unicode-filename", "files.quoted-filename",
         "files.long-filename")  # fmt: skip
_renames("names-ascii", "Characters beyond ASCII in a filename become question marks.",
         lambda name: name.encode("ascii", "replace").decode(), "files.unicode-filename")  # fmt: skip
_renames("names-mojibake", "Filenames are read as Latin-1.", lambda name: name.encode().decode("latin-1"),
         "files.unicode-filename")  # fmt: skip
_renames("names-unquoted", "Quotation marks vanish from filenames.", lambda name: name.replace('"', ""),
         "files.quoted-filename")  # fmt: skip
_renames("names-cut-at-quote", "A filename ends at its first quotation mark.", lambda name: name.partition('"')[0],
         "files.quoted-filename")  # fmt: skip
_renames("names-cut", "Filenames are cut at 128 characters.", lambda name: name[:128],
         "files.long-filename")  # fmt: skip


@AREA.body("text-only", "Only text is accepted.", UPLOAD, breaks=("files.binary-accepted",))
def text_only(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Refuse what is no UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_value", "The file is no text.", param="file") from None
    return content


def _refuses(name: str, description: str, status: int, refused: Callable[[bytes], bool], *breaks: str) -> None:
    """Register a fault that refuses some contents."""

    @AREA.body(name, description, UPLOAD, breaks=breaks)
    def refuse(content: bytes, call: Call) -> bytes:  # noqa: ARG001
        if refused(content):
            raise ApiError(status, "request_too_large", "The file has an unsuitable size.", param="file")
        return content


_refuses("empty-refused", "An empty file is refused.", 400, lambda content: not content, "files.empty-accepted")
_refuses("large-refused", "A file beyond 512 KiB is refused with 413.", 413, lambda c: len(c) > HALF_MEBI,
         "files.large-accepted")  # fmt: skip
_refuses("large-refused-409", "A file beyond 512 KiB is refused with 409.", 409, lambda c: len(c) > HALF_MEBI,
         "files.large-accepted", "files.too-large-told")  # fmt: skip


class _Changing(StoreWrapper):
    def __init__(self, inner: Store, change: Callable[[StoredFile, bytes], bytes | None]) -> None:
        super().__init__(inner)
        self._change = change

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        file = await self.inner.get_file(tenant, file_id)
        content = await self.inner.file_content(tenant, file_id)
        return None if file is None or content is None else self._change(file, content)


def _downloads(name: str, description: str, change: Callable[[StoredFile, bytes], bytes | None], *breaks: str) -> None:
    """Register a fault that changes what a download holds."""

    @AREA.store(name, description, CONTENT, breaks=breaks)
    def wrap(store: Store, call: Call) -> Store:  # noqa: ARG001
        return _Changing(store, change)


def _is_text(content: bytes) -> bool:
    return b"\0" not in content


_downloads("text-line-ends", "CRLF comes back as LF in text files.",
           lambda _, c: c.replace(b"\r\n", b"\n") if _is_text(c) else c, "files.content-text")  # fmt: skip
_downloads("text-trimmed", "The last line end of a short text file is lost.",
           lambda _, c: c.rstrip(b"\r\n") if _is_text(c) and len(c) < HALF_MEBI else c,
           "files.content-text")  # fmt: skip
_downloads("text-with-bom", "A byte order mark stands before a text file with CRLF.",
           lambda _, c: b"\xef\xbb\xbf" + c if _is_text(c) and b"\r\n" in c else c, "files.content-text")  # fmt: skip
_downloads("binary-decoded", "Bytes that are no UTF-8 come back replaced.",
           lambda _, c: c.decode("utf-8", "replace").encode(), "files.content-binary")  # fmt: skip
_downloads("cut-at-nul", "A file ends at its first NUL.", lambda _, c: c.split(b"\0")[0],
           "files.content-binary")  # fmt: skip
_downloads("empty-as-null", "An empty file comes back as null.", lambda _, c: c or b"null",
           "files.content-empty")  # fmt: skip
_downloads("large-cut", "A file beyond 512 KiB is cut there.", lambda _, c: c[:HALF_MEBI],
           "files.content-large")  # fmt: skip
_downloads("last-byte-lost", "Files of whole kibibytes lose their last byte.",
           lambda _, c: c[:-1] if c and len(c) % 1024 == 0 else c, "files.content-large")  # fmt: skip
_downloads("unicode-not-served", "A file with a name beyond ASCII cannot be downloaded.",
           lambda f, c: c if f.filename.isascii() else None, "files.unicode-filename-downloads")  # fmt: skip
_downloads("path-followed", "A filename like a path leads to another file.",
           lambda f, c: b"root:x:0:0\n" if f.filename.startswith("..") else c,
           "files.path-like-filename-harmless")  # fmt: skip


class _Of(StoreWrapper):
    """Looks into the main tenant's place, whoever asks."""

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:  # noqa: ARG002
        return await self.inner.get_file("main", file_id)

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:  # noqa: ARG002
        return await self.inner.file_content("main", file_id)

    async def delete_file(self, tenant: str, file_id: str) -> bool:  # noqa: ARG002
        return await self.inner.delete_file("main", file_id)

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:  # noqa: ARG002
        return await self.inner.list_files("main", purpose)


for _name, _operation in (("list", LIST), ("retrieve", RETRIEVE), ("download", CONTENT), ("delete", DELETE)):

    @AREA.store(f"other-key-can-{_name}", f"Another tenant's key can {_name} the files.", _operation,
                breaks=(f"files.other-key-cannot-{_name}",))  # fmt: skip
    def _open(store: Store, call: Call) -> Store:  # noqa: ARG001
        return _Of(store)
