"""Cursors that skip, repeat, go in circles or count, and pages that lie about themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.pages import LARGEST_LIMIT, Identified, Page
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store, StoredFile

AREA = Area("pagination")

LIST = Operation.LIST_FILES

Items = Sequence[Identified]


def _after(name: str, description: str, choose: Callable[[Items, int, Page], Items], *breaks: str) -> None:
    """Register a fault of pages after a cursor; ``choose`` gets the whole list and the cursor's place in it."""

    @AREA.page(name, description, LIST, breaks=breaks)
    def change(page: Page, call: Call) -> Page:  # noqa: ARG001
        if page.query.after is None:
            return page
        place = [item.id for item in page.everything].index(page.query.after)
        return replace(page, items=choose(page.everything, place, page)[: page.query.limit])


def _before(name: str, description: str, choose: Callable[[Items, int, int], Items], *breaks: str) -> None:
    """Register a fault of pages before a cursor; ``choose`` gets the list, the cursor's place and the limit."""

    @AREA.page(name, description, LIST, breaks=breaks)
    def change(page: Page, call: Call) -> Page:  # noqa: ARG001
        if page.query.before is None:
            return page
        place = [item.id for item in page.everything].index(page.query.before)
        return replace(page, items=choose(page.everything, place, page.query.limit))


def _without(name: str, description: str, parameter: str, *breaks: str) -> None:
    """Register a fault that ignores a parameter."""

    @AREA.request(name, description, LIST, breaks=breaks)
    def drop(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return {key: value for key, value in query.items() if key != parameter}


def _refuses(name: str, description: str, parameter: str, *breaks: str) -> None:
    """Register a fault that refuses a parameter."""

    @AREA.request(name, description, LIST, breaks=breaks)
    def refuse(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if parameter in query:
            raise invalid_value(parameter, "There is no such parameter.")
        return query


def _says(name: str, description: str, said: Callable[[Page], bool | None], *breaks: str) -> None:
    """Register a fault of has_more; None leaves it as it is."""

    @AREA.page(name, description, LIST, breaks=breaks)
    def change(page: Page, call: Call) -> Page:  # noqa: ARG001
        more = said(page)
        return page if more is None else replace(page, has_more=more)


def _edge(name: str, description: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault of first_id or last_id on pages of several items."""

    @AREA.result(name, description, LIST, breaks=breaks)
    def alter(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return answer | change(answer) if len(answer["data"]) > 1 else answer


_refuses("after-refused", "A cursor after is refused.", "after", "pagination.after-accepted")
_refuses("before-refused", "A cursor before is refused.", "before", "pagination.before-accepted")
_without("after-ignored", "A cursor after is ignored.", "after", "pagination.after-excludes-cursor",
         "pagination.unknown-cursor-refused")  # fmt: skip
_without("before-ignored", "A cursor before is ignored.", "before", "pagination.before-gives-previous")
_after("after-skips", "The item right after the cursor is left out.", lambda all_, at, _: all_[at + 2 :],
       "pagination.walk-visits-all")  # fmt: skip
_after("after-skips-on-full-page", "The second item of a page of 100 after a cursor is left out.",
       lambda all_, at, page: [*all_[at + 1 : at + 2], *all_[at + 3 :]] if page.query.limit == LARGEST_LIMIT
       else all_[at + 1 :], "pagination.walk-visits-all")  # fmt: skip
_after("after-repeats", "A page after a cursor begins with the item before the cursor.",
       lambda all_, at, _: [*all_[max(0, at - 1) : at], *all_[at + 1 :]],
       "pagination.walk-repeats-nothing")  # fmt: skip
_before("before-inclusive", "The page before a cursor ends with the cursor itself.",
        lambda all_, at, n: all_[max(0, at + 1 - n) : at + 1], "pagination.before-excludes-cursor")  # fmt: skip
_before("before-from-start", "The page before a cursor begins at the start of the list.",
        lambda all_, at, n: all_[: min(n, at)], "pagination.before-gives-previous")  # fmt: skip
_before("before-skips", "The item right before the cursor is left out.",
        lambda all_, at, n: all_[max(0, at - 1 - n) : max(0, at - 1)], "pagination.before-gives-previous")  # fmt: skip
_before("before-as-after", "The page before a cursor is the one after it.",
        lambda all_, at, n: all_[at + 1 : at + 1 + n], "pagination.before-gives-previous")  # fmt: skip
_before("before-reversed", "The page before a cursor is in reversed order.",
        lambda all_, at, n: all_[max(0, at - n) : at][::-1], "pagination.before-keeps-order")  # fmt: skip
_says("has-more-never", "has_more is always false.", lambda _: False, "pagination.has-more-true",
      "pagination.filter-has-more-true")  # fmt: skip
_says("has-more-false-after-cursor", "has_more is false on every page after a cursor.",
      lambda page: False if page.query.after else None, "pagination.has-more-true",
      "pagination.filter-has-more-true")  # fmt: skip
_says("has-more-by-fullness", "has_more says whether the page is full, or holds 20 items.",
      lambda page: len(page.items) >= min(page.query.limit, 20), "pagination.has-more-true")  # fmt: skip
_edge("first-id-last", "first_id is the id of the last item.", lambda a: {"first_id": a["last_id"]},
      "pagination.first-id-true")  # fmt: skip
_edge("last-id-first", "last_id is the id of the first item.", lambda a: {"last_id": a["first_id"]},
      "pagination.last-id-true")  # fmt: skip
_edge("last-id-before-last", "last_id is the id of the item before the last.",
      lambda a: {"last_id": a["data"][-2]["id"]}, "pagination.last-id-true")  # fmt: skip


@AREA.page("walk-starts-over", "After the last item the list begins again.", LIST, breaks=("pagination.walk-ends",))
def walk_starts_over(page: Page, call: Call) -> Page:  # noqa: ARG001
    """Always claim more, and wrap."""
    over = page.query.after is not None and not page.items
    items = page.everything[: page.query.limit] if over else page.items
    return replace(page, items=items, has_more=True)


@AREA.page("cursor-as-offset", "A cursor is remembered as a count of items, which an upload shifts.", LIST,
           breaks=("pagination.insertion-shifts-nothing",))  # fmt: skip
def cursor_as_offset(page: Page, call: Call) -> Page:
    """Count once, and go by the count from then on."""
    if page.query.after is None:
        return page
    place = [item.id for item in page.everything].index(page.query.after) + 1
    start = call.notes.setdefault("offsets", {}).setdefault(page.query.after, place)
    items = page.everything[start : start + page.query.limit]
    return page if call.query.count(b"purpose") else replace(page, items=items)


@AREA.page("full-page-reversed", "A page of 100 is in the opposite order of shorter ones.", LIST,
           breaks=("pagination.order-stable",))  # fmt: skip
def full_page_reversed(page: Page, call: Call) -> Page:  # noqa: ARG001
    """Turn the first page round when it is a large one."""
    large = page.query.limit == LARGEST_LIMIT and page.query.after is None
    return replace(page, items=page.items[::-1]) if large else page


@AREA.request("unknown-cursor-ignored", "An unknown cursor is ignored.", LIST,
              breaks=("pagination.unknown-cursor-refused",))  # fmt: skip
def unknown_cursor_ignored(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Begin at the start."""
    if "no-such" in query.get("after", ""):
        return {key: value for key, value in query.items() if key != "after"}
    return query


class _Unfiltered(StoreWrapper):
    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:  # noqa: ARG002
        return await self.inner.list_files(tenant, None)


@AREA.store("filter-lost-after-cursor", "With a cursor, the purpose filter is ignored.", LIST,
            breaks=("pagination.filter-and-cursor",))  # fmt: skip
def filter_lost_after_cursor(store: Store, call: Call) -> Store:
    """Filter first pages only."""
    return _Unfiltered(store) if b"after=" in call.query else store


@AREA.page("filter-hides-more", "has_more is false whenever a purpose is asked for.", LIST,
           breaks=("pagination.filter-has-more-true",))  # fmt: skip
def filter_hides_more(page: Page, call: Call) -> Page:
    """Never claim more with a filter."""
    return replace(page, has_more=False) if b"purpose=" in call.query else page
