"""Cursor pagination: limit, after, before (API Endpoints Reference, Pagination)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ozwell_harness.mock.errors import invalid_value

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100

_WHOLE = re.compile(r"[0-9]{1,18}\Z")


class Identified(Protocol):
    """Anything that a cursor can name."""

    @property
    def id(self) -> str:
        """The cursor."""
        ...


_I = TypeVar("_I", bound=Identified)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What part of a list is wanted."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        items: what is on the page, in the order of the list.
        has_more: whether the list goes on beyond the page, in the direction of the walk.
        query: what was asked.
        everything: the whole filtered list that the page was cut from.
    """

    items: Sequence[Identified]
    has_more: bool
    query: PageQuery
    everything: Sequence[Identified]


def parse_page_query(query: Mapping[str, str]) -> PageQuery:
    """Read limit, after and before.

    Raises:
        ApiError: 400 for a limit outside 1 to 100 or not a whole number.
    """
    limit = DEFAULT_LIMIT
    text = query.get("limit")
    if text is not None:
        limit = int(text) if _WHOLE.match(text) else 0
        if not 1 <= limit <= LARGEST_LIMIT:
            raise invalid_value("limit", f"'limit' must be a whole number from 1 to {LARGEST_LIMIT}.")
    return PageQuery(limit, query.get("after"), query.get("before"))


def cut_page(everything: Sequence[_I], query: PageQuery) -> Page:
    """The page that a query asks for; with `before`, the items that end right before the cursor.

    Raises:
        ApiError: 400 for a cursor that is not in the list.
    """
    start, end = 0, len(everything)
    if query.after is not None:
        start = _position(everything, query.after, "after") + 1
    if query.before is not None:
        end = _position(everything, query.before, "before")
    window = everything[start:end]
    backwards = query.before is not None and query.after is None
    items = window[-query.limit :] if backwards else window[: query.limit]
    return Page(items, len(window) > len(items), query, everything)


def _position(items: Sequence[Identified], cursor: str, param: str) -> int:
    for position, item in enumerate(items):
        if item.id == cursor:
            return position
    raise invalid_value(param, f"'{param}' is not the id of an item of this list.")
