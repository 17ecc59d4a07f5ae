"""Pages of the list of files: limit, cursors, and a walk from end to end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ozwell_harness.checks import base, pagination, params
from ozwell_harness.client import Client, page_ids
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import ListLimits, Profile
from ozwell_harness.shelf import Listing
from ozwell_harness.suite import Check, Judge, each, requirement

#: The greatest documented limit.
HUNDRED = 100
#: The cursor of the page before stands here, from 0, so that its page lacks the first item as well.
BEFORE = 3


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """A page of one file among those of one purpose, and the id of the file that ought to be on it."""

    page: Exchange
    purpose: str
    following: str


@pytest.fixture(scope="session")
def own(own_files: tuple[str, ...], listing: Listing) -> tuple[str, ...]:
    """The run's own files, as far as they are in the list."""
    return tuple(name for name in pagination.sequence(listing.pages) if name in own_files)


@pytest.fixture(scope="session")
def first(walked: list[Exchange]) -> Exchange:
    return walked[0]


@pytest.fixture(scope="session")
def second(walked: list[Exchange]) -> Exchange:
    if len(walked) < 2:
        raise Unjudgeable("the first page names no file to go on from")
    return walked[1]


@pytest.fixture(scope="session")
def cursor(first: Exchange) -> str:
    """The last item of the first page."""
    ids = page_ids(first)
    if not ids:
        raise Unjudgeable("the first page names no file to go on from")
    return ids[-1]


@pytest.fixture(scope="session")
def after_upload(continued: Exchange | None) -> Exchange:
    if continued is None:
        raise Unjudgeable("the first page names no file to go on from")
    return continued


@pytest.fixture(scope="session")
def within_filter(client: Client, walked: list[Exchange]) -> FilteredPage:
    """The next file of one purpose after a cursor."""
    place, purpose, following = pagination.seam(walked)
    query = {"limit": 1, "purpose": purpose, "after": place}
    return FilteredPage(client.get("/files", "go on among files of one purpose", query=query), purpose, following)


@pytest.fixture(scope="session")
def before_cursor(walked: list[Exchange]) -> str:
    known = pagination.sequence(walked)
    if len(known) <= BEFORE:
        raise Unjudgeable("the list is too short to be walked back")
    return known[BEFORE]


@pytest.fixture(scope="session")
def before_page(client: Client, before_cursor: str) -> Exchange:
    return client.get("/files", "walk the files back", query={"limit": 2, "before": before_cursor})


@pytest.fixture(scope="session")
def page_of_one(client: Client, request: pytest.FixtureRequest) -> Exchange:
    """A page that was asked for by purpose and cursor, too; alone only where there is no such page."""
    with contextlib.suppress(Unjudgeable):
        found: FilteredPage = request.getfixturevalue("within_filter")
        if found.page.status == 200:
            return found.page
    return client.get("/files", "list one file", query={"limit": 1})


@pytest.fixture(scope="session")
def another_reading(hundred: Exchange, filtered: Listing, shows_all: bool) -> Exchange:  # noqa: FBT001
    """A page from the start of the list that is not one of the walk: of one purpose, if no other had to be read."""
    return filtered.pages[0] if shows_all else hundred


@requirement("pagination.limit-one")
def test_limit_one(page_of_one: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, page_of_one, 1)


@requirement("pagination.after-accepted")
def test_after(second: Exchange, judge: Judge) -> None:
    judge(base.answers, second)


@requirement("pagination.limit-two")
def test_limit_two(first: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, first, 2)


@requirement("pagination.limit-hundred")
def test_limit_hundred(hundred: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, hundred, HUNDRED)


@requirement("pagination.default-limit")
def test_default_limit(
    after_upload: Exchange, walked: list[Exchange], cursor: str, profile: Profile, judge: Judge
) -> None:
    following = pagination.following(walked, cursor)
    judge(pagination.keeps_default, after_upload, following, profile.expect.list_limits.default)


@each(
    {
        "pagination.limit-zero-refused": lambda _: 0,
        "pagination.limit-above-refused": lambda limits: limits.maximum + 1,
        "pagination.limit-text-refused": lambda _: "ten",
    },
    argument="choose",
)
def test_bad_limit(choose: Callable[[ListLimits], object], client: Client, profile: Profile, judge: Judge) -> None:
    limit = choose(profile.expect.list_limits)
    exchange = client.get("/files", f"list files with limit {limit}", query={"limit": limit})
    judge(params.refuses, exchange, f"limit {limit}", profile.expect.errors["bad_request"])


@requirement("pagination.after-excludes-cursor")
def test_after_excludes_cursor(first: Exchange, second: Exchange, judge: Judge) -> None:
    judge(pagination.excludes_cursor, second, page_ids(first)[-1])


@requirement("pagination.walk-visits-all")
def test_walk_visits_all(walked: list[Exchange], own: tuple[str, ...], judge: Judge) -> None:
    judge(pagination.visits_all, walked, own)


@each({"pagination.walk-repeats-nothing": pagination.repeats_nothing, "pagination.walk-ends": pagination.ends})
def test_walk(check: Check, walked: list[Exchange], judge: Judge) -> None:
    judge(check, walked)


@requirement("pagination.insertion-shifts-nothing")
def test_insertion(after_upload: Exchange, walked: list[Exchange], cursor: str, judge: Judge) -> None:
    judge(pagination.goes_on_alike, after_upload, walked, cursor)


@requirement("pagination.order-stable")
def test_order(another_reading: Exchange, walked: list[Exchange], judge: Judge) -> None:
    judge(pagination.order_is_stable, another_reading, walked)


@requirement("pagination.before-accepted")
def test_before(before_page: Exchange, judge: Judge) -> None:
    judge(base.answers, before_page)


@requirement("pagination.before-excludes-cursor")
def test_before_excludes_cursor(before_page: Exchange, before_cursor: str, judge: Judge) -> None:
    judge(pagination.excludes_cursor, before_page, before_cursor)


@requirement("pagination.before-gives-previous")
def test_before_gives_previous(before_page: Exchange, walked: list[Exchange], before_cursor: str, judge: Judge) -> None:
    judge(pagination.gives_previous, before_page, walked, before_cursor, 2)


@requirement("pagination.before-keeps-order")
def test_before_keeps_order(before_page: Exchange, walked: list[Exchange], judge: Judge) -> None:
    judge(pagination.keeps_order, before_page, walked)


@requirement("pagination.unknown-cursor-refused")
def test_unknown_cursor(client: Client, judge: Judge) -> None:
    query = {"limit": 2, "after": "file-no-such-file-7f3c"}
    judge(pagination.is_refused, client.get("/files", "list files after an unknown cursor", query=query))


@requirement("pagination.has-more-true")
def test_has_more(walked: list[Exchange], continued: Exchange | None, judge: Judge) -> None:
    judge(pagination.has_more_is_true, walked)
    # A walk of two pages has none after a cursor that more pages follow; a long list has one of the default limit.
    with contextlib.suppress(Unjudgeable):
        if continued is not None:
            judge(pagination.tells_of_more, continued, walked, page_ids(walked[0])[-1])


@requirement("pagination.first-id-true")
def test_first_id(another_reading: Exchange, walked: list[Exchange], judge: Judge) -> None:
    judge.every(pagination.edge_is_true, [another_reading, *walked], "first_id", 0)


@requirement("pagination.last-id-true")
def test_last_id(another_reading: Exchange, walked: list[Exchange], judge: Judge) -> None:
    judge.every(pagination.edge_is_true, [another_reading, *walked], "last_id", -1)


@requirement("pagination.filter-and-cursor")
def test_filter_and_cursor(within_filter: FilteredPage, judge: Judge) -> None:
    judge(pagination.filtered_goes_on, within_filter.page, within_filter.following, within_filter.purpose)


@requirement("pagination.filter-has-more-true")
def test_filter_has_more(within_filter: FilteredPage, walked: list[Exchange], judge: Judge) -> None:
    judge(pagination.filtered_has_more, within_filter.page, walked, within_filter.following, within_filter.purpose)
