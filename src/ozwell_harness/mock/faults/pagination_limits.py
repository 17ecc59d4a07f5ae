"""Limits of pages that are off by a little, refused, or taken where they should be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.pages import DEFAULT_LIMIT, LARGEST_LIMIT, Page
from ozwell_harness.mock.routing import Operation

AREA = Area("pagination")

LIST = Operation.LIST_FILES


def _reads(name: str, description: str, read: Callable[[str | None], str | None], *breaks: str) -> None:
    """Register a fault that reads the limit as another one; None is no limit."""

    @AREA.request(name, description, LIST, breaks=breaks)
    def change(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        rest = {key: value for key, value in query.items() if key != "limit"}
        limit = read(query.get("limit"))
        return rest if limit is None else {**rest, "limit": limit}


def _refuses(name: str, description: str, refused: str, *breaks: str) -> None:
    """Register a fault that refuses one limit."""

    @AREA.request(name, description, LIST, breaks=breaks)
    def refuse(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if query.get("limit") == refused:
            raise invalid_value("limit", "The limit is out of range.")
        return query


def _sized(name: str, description: str, size: Callable[[int], int], *breaks: str) -> None:
    """Register a fault that puts more or fewer items on a page than its limit says."""

    @AREA.page(name, description, LIST, breaks=breaks)
    def change(page: Page, call: Call) -> Page:  # noqa: ARG001
        if page.query.before is not None:
            return page
        ids = [item.id for item in page.everything]
        start = 0 if page.query.after is None else ids.index(page.query.after) + 1
        items = page.everything[start : start + size(page.query.limit)]
        return replace(page, items=items, has_more=start + len(items) < len(ids))


def _default(number: int) -> Callable[[str | None], str | None]:
    return lambda limit: str(number) if limit is None else limit


_refuses("limit-one-refused", "A limit of 1 is refused.", "1", "pagination.limit-one")
_refuses("limit-two-refused", "A limit of 2 is refused.", "2", "pagination.limit-two")
_refuses("limit-hundred-refused", "The greatest limit is refused.", str(LARGEST_LIMIT), "pagination.limit-hundred")
_sized("limit-one-doubled", "A limit of 1 gives two items.", lambda n: 2 if n == 1 else n, "pagination.limit-one")
_sized("limit-off-by-one", "A page holds one item more than its limit, from a limit of 2 on.",
       lambda n: n + 1 if 1 < n < DEFAULT_LIMIT else n, "pagination.limit-two")  # fmt: skip
_reads("default-ten", "A page without limit holds 10 items.", _default(10), "pagination.default-limit")
_reads("default-off-by-one", "A page without limit holds 19 items.", _default(DEFAULT_LIMIT - 1),
       "pagination.default-limit")  # fmt: skip
_reads("default-one-more", "A page without limit holds 21 items.", _default(DEFAULT_LIMIT + 1),
       "pagination.default-limit")  # fmt: skip
_reads("default-hundred", "A page without limit holds 100 items.", _default(LARGEST_LIMIT),
       "pagination.default-limit")  # fmt: skip
_reads("limit-zero-accepted", "A limit of 0 is taken as none.", lambda n: None if n == "0" else n,
       "pagination.limit-zero-refused")  # fmt: skip
_reads("limit-above-clamped", "A limit that is too high is taken as the highest.",
       lambda n: str(min(int(n), LARGEST_LIMIT)) if n and n.isdigit() else n,
       "pagination.limit-above-refused")  # fmt: skip
_reads("limit-text-ignored", "A limit that is no number is taken as none.",
       lambda n: n if n is None or n.isdigit() else None, "pagination.limit-text-refused")  # fmt: skip
