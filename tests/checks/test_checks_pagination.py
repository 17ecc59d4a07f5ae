from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, pagination, params
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import load_profile

BAD_REQUEST = load_profile("ozwell").expect.errors["bad_request"]


def page(ids: str, *, purpose: str = "assistants", **fields: Any) -> Exchange:
    """A page of files named by single letters; capitals are of another purpose."""
    data = [{"id": letter, "purpose": "fine-tune" if letter.isupper() else purpose} for letter in ids]
    return exchange(json={"object": "list", "data": data} | fields)


def walk(*pages: str, last: bool | None = None) -> list[Exchange]:
    """A walk; ``last`` is has_more of the last page, true on all before it; None leaves it out."""
    told = [{} if last is None else {"has_more": True}] * (len(pages) - 1) + [
        {} if last is None else {"has_more": last}
    ]
    return [page(ids, **more) for ids, more in zip(pages, told, strict=True)]


WALK = walk("a", "bc", "def", last=False)
#: The same without has_more: the walk goes on to an empty page.
PLAIN = walk("a", "bc", "def", "")
CIRCLE = walk("a", "bc", "def", "abc")
REFUSING = Case(
    params.refuses,
    {"400": refusal()},
    {"a page": page("a"), "500": exchange(500), "nothing": unanswered()},
    more=("limit 0", BAD_REQUEST),
)


def limited(count: int) -> Case:
    letters = "abcdefghijklmnopqrstuvwxyz" * 5
    return Case(
        pagination.keeps_limit,
        {"as many": page(letters[:count]), "fewer": page(letters[: count - 1]), "none": page("")},
        {"one more": page(letters[: count + 1]), "refused": refusal(), "all": page(letters)},
        {"no list": exchange(json={"data": "abc"})},
        more=(count,),
    )


CASES = {
    "pagination.limit-one": limited(1),
    "pagination.limit-two": limited(2),
    "pagination.limit-hundred": limited(100),
    "pagination.default-limit": Case(
        pagination.keeps_default,
        {"three of six": page("abc"), "of a list that grew": page("zab")},
        {"all": page("abcdef"), "fewer": page("ab"), "one more": page("abcd")},
        {"refused": refusal()},
        more=(set("abcdef"), 3),
    ),
    "pagination.limit-zero-refused": REFUSING,
    "pagination.limit-above-refused": REFUSING,
    "pagination.limit-text-refused": REFUSING,
    "pagination.after-accepted": Case(base.answers, {"200": page("b")}, {"400": refusal()}),
    "pagination.after-excludes-cursor": Case(
        pagination.excludes_cursor,
        {"excluded": page("bc"), "nothing after it": page("")},
        {"included": page("ab")},
        {"refused": refusal()},
        more=("a",),
    ),
    "pagination.walk-visits-all": Case(
        pagination.visits_all,
        {"all": WALK, "without has_more": PLAIN, "other files, too": walk("x", "ya", "zcf", last=False)},
        {"one left out": walk("a", "bd", "ef", last=False), "in circles": walk("a", "bc", "ab"), "cut": walk("a", "")},
        {"a long list": walk("a", "bc", "xyz"), "a page refused": [*WALK[:2], refusal()]},
        more=(["a", "c", "f"],),
    ),
    "pagination.walk-repeats-nothing": Case(
        pagination.repeats_nothing,
        {"none": WALK, "with a last empty page": PLAIN, "in circles": CIRCLE},
        {"the cursor": walk("a", "ab", "bcd"), "within a page": walk("a", "bb")},
    ),
    "pagination.walk-ends": Case(
        pagination.ends,
        {"has_more false": WALK, "an empty page": PLAIN},
        {
            "in circles": CIRCLE,
            "the same page for ever": walk("a", "a"),
            "in spite of has_more": walk("a", "a", last=True),
        },
        {"a long list": walk("a", "bc", "def")},
    ),
    "pagination.insertion-shifts-nothing": Case(
        pagination.goes_on_alike,
        {"the same": page("de"), "fewer": page("d"), "the new one, too": page("dz"), "oldest first": page("defz")},
        {"shifted": page("cd"), "skipped": page("ef"), "turned round": page("ed"), "empty": page("")},
        {"refused": refusal()},
        more=(WALK, "c"),
    ),
    "pagination.order-stable": Case(
        pagination.order_is_stable,
        {
            "same": page("abcdef"),
            "a new one first": page("zabc"),
            "a new one last": page("efz"),
            "one gone": page("acd"),
        },
        {"turned round": page("fedcba"), "two changed": page("abdc")},
        {"one in common": page("az")},
        more=(WALK,),
    ),
    "pagination.before-accepted": Case(base.answers, {"200": page("b")}, {"400": refusal()}),
    "pagination.before-excludes-cursor": Case(
        pagination.excludes_cursor, {"excluded": page("bc")}, {"included": page("cd")}, more=("d",)
    ),
    "pagination.before-gives-previous": Case(
        pagination.gives_previous,
        {"the two before": page("bc"), "closest first": page("cb")},
        {"the first two": page("ab"), "the two after": page("ef"), "ignored": page("abcdef"), "none": page("")},
        {"refused": refusal()},
        more=(WALK, "d", 2),
    ),
    "pagination.before-keeps-order": Case(
        pagination.keeps_order, {"same": page("bc")}, {"turned round": page("cb")}, {"one": page("c")}, more=(WALK,)
    ),
    "pagination.unknown-cursor-refused": Case(
        pagination.is_refused,
        {"400": refusal(), "404": refusal(404)},
        {"an empty page": page(""), "the first page": page("ab"), "500": exchange(500)},
        {"nothing": unanswered()},
    ),
    "pagination.has-more-true": Case(
        pagination.has_more_is_true,
        {"true": WALK, "and an empty page": [*WALK[:2], page("def", has_more=False), page("", has_more=False)]},
        {
            "always false": [page("a", has_more=False), page("bc", has_more=False), page("")],
            "always true": walk("a", "bc", "def", "", last=True),
            "a number": [page("a", has_more=1), page("b")],
        },
        {"absent": PLAIN, "one page": walk("a", last=False)},
    ),
    "pagination.first-id-true": Case(
        pagination.edge_is_true,
        {"first": page("ab", first_id="a")},
        {"last": page("ab", first_id="b")},
        {"absent": page("ab"), "null": page("ab", first_id=None), "empty": page("", first_id="a")},
        more=("first_id", 0),
    ),
    "pagination.last-id-true": Case(
        pagination.edge_is_true,
        {"last": page("ab", last_id="b")},
        {"first": page("ab", last_id="a")},
        {"absent": page("ab")},
        more=("last_id", -1),
    ),
    "pagination.filter-and-cursor": Case(
        pagination.filtered_goes_on,
        {"the next": page("c"), "more": page("cd")},
        {"the other": page("B"), "the first": page("a"), "none": page(""), "one of another": page("cD")},
        {"refused": refusal()},
        more=("c", "assistants"),
    ),
    "pagination.filter-has-more-true": Case(
        pagination.filtered_has_more,
        {"more": (page("c", has_more=True), WALK, "c"), "no more": (page("f", has_more=False), WALK, "f")},
        {"denied": (page("c", has_more=False), WALK, "c"), "claimed": (page("f", has_more=True), WALK, "f")},
        {
            "left out": (page("c"), WALK, "c"),
            "another item": (page("b", has_more=False), WALK, "c"),
            "a list without end": (page("f", has_more=False), walk("a", "bc", "def"), "f"),
        },
        more=("assistants",),
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("pagination", CASES)


def test_a_short_list_cannot_show_the_default() -> None:
    assert verdict(pagination.keeps_default, page("abcdef"), set("abcdefg"), 20) == "silent"


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        (walk("a", "bC", "d"), ("b", "assistants", "d")),
        (walk("A", "bC"), ("A", "fine-tune", "C")),
        (walk("aB", "Cd"), ("a", "assistants", "d")),
    ],
)
def test_seam_has_another_purpose_between(pages: list[Exchange], found: tuple[str, str, str]) -> None:
    assert pagination.seam(pages) == found


@pytest.mark.parametrize("pages", [walk("ab", "c"), walk("a", "B"), walk("aB"), walk("")])
def test_a_list_may_have_no_seam(pages: list[Exchange]) -> None:
    with pytest.raises(Unjudgeable):
        pagination.seam(pages)


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        (page("bc", has_more=True), "good"),
        (page("bc", has_more=False), "bad"),
        (page("bcdef", has_more=False), "silent"),
        (page("bc"), "silent"),
    ],
)
def test_a_page_after_a_cursor_tells_of_what_follows(following: Exchange, expected: str) -> None:
    assert verdict(pagination.tells_of_more, following, WALK, "a") == expected
