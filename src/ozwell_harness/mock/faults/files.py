"""Files that change, stay, leak or vanish, and lists that lie about their pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.pages import Page
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store, StoredFile

FILES = Area("files")
PAGES = Area("pagination")
AREAS = (FILES, PAGES)

LISTS = (Operation.LIST_FILES, Operation.LIST_MODELS)


@FILES.body("line-ends-changed", "Line ends of an uploaded file are rewritten.", Operation.CREATE_FILE,
            breaks=("files.content-binary", "files.content-text", "files.upload-bytes"))  # fmt: skip
def line_ends_changed(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Turn CRLF into LF."""
    return content.replace(b"\r\n", b"\n")


@FILES.store("delete-does-nothing", "Delete confirms, and the file is still there.", Operation.DELETE_FILE,
             breaks=("files.deleted-not-retrieved", "files.deleted-not-downloaded", "files.deleted-not-deleted-again",
                     "files.deleted-not-listed"))  # fmt: skip
def delete_does_nothing(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Only look whether the file is there."""
    return _Undeleting(store)


@FILES.store("shared-by-tenants", "Every key sees the files of the main tenant.",
             breaks=("files.other-key-cannot-list", "files.other-key-cannot-retrieve",
                     "files.other-key-cannot-download"))  # fmt: skip
def shared_by_tenants(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Look in the main tenant's place."""
    return _Leaking(store)


@PAGES.page(
    "after-inclusive", "The page begins with the cursor itself.", *LISTS, breaks=("pagination.after-excludes-cursor",)
)
def after_inclusive(page: Page, call: Call) -> Page:  # noqa: ARG001
    """Put the cursor in front and keep the length."""
    cursor = [item for item in page.everything if item.id == page.query.after]
    return replace(page, items=[*cursor, *page.items][: page.query.limit])


@PAGES.page("limit-ignored", "`limit` does not shorten the page.", *LISTS, breaks=("pagination.limit-two",))
def limit_ignored(page: Page, call: Call) -> Page:  # noqa: ARG001
    """Give everything, whatever the limit, where there is no cursor."""
    if page.query.after or page.query.before:
        return page
    return replace(page, items=page.everything, has_more=False)


@PAGES.page("has-more-always", "`has_more` is true on the last page too.", *LISTS, breaks=("pagination.has-more-true",))
def has_more_always(page: Page, call: Call) -> Page:  # noqa: ARG001
    """Claim that there is more."""
    return replace(page, has_more=True)


class _Undeleting(StoreWrapper):
    async def delete_file(self, tenant: str, file_id: str) -> bool:
        return await self.inner.get_file(tenant, file_id) is not None


class _Leaking(StoreWrapper):
    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:  # noqa: ARG002
        return await self.inner.get_file("main", file_id)

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:  # noqa: ARG002
        return await self.inner.file_content("main", file_id)

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:  # noqa: ARG002
        return await self.inner.list_files("main", purpose)
