"""Pages of the list of files: limit, cursors, and a walk from end to end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice, repeat

import pytest

from ozwell_harness.checks import base, pagination, params
from ozwell_harness.client import Client, page_ids
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import ListLimits, Profile
from ozwell_harness.shelf import MOST_PAGES, Listing, Sent, Shelf, Upload
from ozwell_harness.suite import Check, Judge, each, requirement

#: The greatest documented limit.
HUNDRED = 100
#: What the cursors need, where the default limit is too large to be filled.
FEW = 6
#: The cursor of the page before stands here, from 0, so that its page lacks the first item as well.
BEFORE = 3


@pytest.fixture(scope="session")
def own(shelf: Shelf, listing: Listing, profile: Profile) -> tuple[str, ...]:
    """The run's own files; with what the account holds besides, they are as many as the default limit."""
    foreign = set(pagination.sequence(listing.pages)) - shelf.made
    default = profile.expect.list_limits.default
    wanted = default if default <= HUNDRED else FEW
    for number in range(wanted - len(foreign) - len(shelf.held)):
        sent = Sent(f"filler-{number + 1}.txt", b"One of many.")
        shelf.upload(f"upload filler {number + 1}", sent)
    return shelf.held


@pytest.fixture(scope="session")
def first(client: Client, own: tuple[str, ...]) -> Exchange:  # noqa: ARG001 - are there
    return client.get("/files", "list one file", query={"limit": 1})


@pytest.fixture(scope="session")
def walked(client: Client, first: Exchange, listing: Listing) -> list[Exchange]:
    """Pages of 1, of 2, then full ones, up to one that is empty, says it is the last, or was seen before."""
    pages, seen = [first], set[str]()
    for limit in islice(chain([2], repeat(listing.limit)), MOST_PAGES):
        ids = page_ids(pages[-1])
        if not ids or seen.issuperset(ids) or _says_last(pages, listing.limit):
            break
        seen.update(ids)
        query = {"limit": limit, "after": ids[-1]}
        pages.append(client.get("/files", f"walk the files, page {len(pages) + 1}", query=query))
    return pages


def _says_last(pages: list[Exchange], limit: int) -> bool:
    """A full page is never taken for the last one: has_more itself is judged."""
    if len(pages) < 3 or len(page_ids(pages[-1])) >= limit:
        return False
    return base.document_of(pages[-1]).get("has_more") is False


@pytest.fixture(scope="session")
def second(walked: list[Exchange]) -> Exchange:
    if len(walked) < 2:
        raise Unjudgeable("the first page names no file to go on from")
    return walked[1]


@pytest.fixture(scope="session")
def cursor(second: Exchange) -> str:
    """The last item of the second page."""
    ids = page_ids(second)
    if not ids:
        raise Unjudgeable("the second page names no file to go on from")
    return ids[-1]


@pytest.fixture(scope="session")
def late(shelf: Shelf, walked: list[Exchange]) -> Upload:  # noqa: ARG001 - comes first
    return shelf.upload("upload after a walk", Sent("late.txt", b"Late."))


@pytest.fixture(scope="session")
def continued(client: Client, late: Upload, cursor: str) -> Exchange:  # noqa: ARG001 - is there
    """The page after a cursor, asked for again after another upload."""
    return client.get("/files", "go on after an upload", query={"limit": 2, "after": cursor})


@pytest.fixture(scope="session")
def default_page(client: Client, late: Upload) -> Exchange:  # noqa: ARG001 - one more file is there
    return client.get("/files", "list files without limit")


@pytest.fixture(scope="session")
def before_cursor(walked: list[Exchange]) -> str:
    known = pagination.sequence(walked)
    if len(known) <= BEFORE:
        raise Unjudgeable("the list is too short to be walked back")
    return known[BEFORE]


@pytest.fixture(scope="session")
def before_page(client: Client, before_cursor: str) -> Exchange:
    return client.get("/files", "walk the files back", query={"limit": 2, "before": before_cursor})


@requirement("pagination.limit-one")
def test_limit_one(first: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, first, 1)


@requirement("pagination.after-accepted")
def test_after(second: Exchange, judge: Judge) -> None:
    judge(base.answers, second)


@requirement("pagination.limit-two")
def test_limit_two(second: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, second, 2)


@requirement("pagination.limit-hundred")
def test_limit_hundred(hundred: Exchange, judge: Judge) -> None:
    judge(pagination.keeps_limit, hundred, HUNDRED)


@requirement("pagination.default-limit")
def test_default_limit(
    default_page: Exchange, walked: list[Exchange], late: Upload, profile: Profile, judge: Judge
) -> None:
    known = {*pagination.sequence(walked), late.id}
    judge(pagination.keeps_default, default_page, known, profile.expect.list_limits.default)


@each(
    {
        "pagination.limit-zero-refused": lambda _: 0,
        "pagination.limit-negative-refused": lambda _: -1,
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
def test_insertion(continued: Exchange, walked: list[Exchange], cursor: str, judge: Judge) -> None:
    judge(pagination.goes_on_alike, continued, walked, cursor)


@requirement("pagination.order-stable")
def test_order(default_page: Exchange, walked: list[Exchange], judge: Judge) -> None:
    judge(pagination.order_is_stable, default_page, walked)


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
def test_has_more(walked: list[Exchange], judge: Judge) -> None:
    judge(pagination.has_more_is_true, walked)


@requirement("pagination.first-id-true")
def test_first_id(walked: list[Exchange], judge: Judge) -> None:
    judge.every(pagination.edge_is_true, walked, "first_id", 0)


@requirement("pagination.last-id-true")
def test_last_id(walked: list[Exchange], judge: Judge) -> None:
    judge.every(pagination.edge_is_true, walked, "last_id", -1)


@requirement("pagination.filter-and-cursor")
def test_filter_and_cursor(client: Client, walked: list[Exchange], judge: Judge) -> None:
    place, purpose, following = pagination.seam(walked)
    query = {"limit": 1, "purpose": purpose, "after": place}
    exchange = client.get("/files", "go on among files of one purpose", query=query)
    judge(pagination.filtered_goes_on, exchange, following, purpose)
