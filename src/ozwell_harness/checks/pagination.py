"""Judgements on pages of a list: limit, cursors, order, and what a page says of itself.

A list may hold other people's items, in any stable order, and may change while it is read. What is certain: the items
that the run made itself, and that no walk by cursors shows an item twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ozwell_harness.checks.base import answers, document_of, first_duplicate, objects_at, outcome, response_of, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable


def items_of(page: Exchange) -> list[dict[str, Any]]:
    """Return the items on a page.

    Raises:
        Unjudgeable: it is no list.
    """
    return objects_at(document_of(page), "data")


def ids_of(page: Exchange) -> list[str]:
    """Return the ids on a page, in its order."""
    return [str(item.get("id")) for item in items_of(page)]


def sequence(pages: Sequence[Exchange]) -> list[str]:
    """Return the ids on all pages, in the order they were read."""
    return [found for page in pages for found in ids_of(page)]


def keeps_limit(page: Exchange, limit: int) -> Deviation | None:
    """The limit is accepted, and the page holds no more."""
    refusal = answers(page)
    if refusal:
        return refusal
    count = len(items_of(page))
    if count <= limit:
        return None
    return Deviation("the page holds more items than its limit", f"at most {limit} items", f"{count} items")


def keeps_default(page: Exchange, rest: Collection[str], default: int) -> Deviation | None:
    """A page without limit holds the default number of items, if more, of which ``rest`` are known, are to come.

    Raises:
        Unjudgeable: the list is too short to show it.
    """
    count, known = len(items_of(page)), len({*rest, *ids_of(page)})
    if count == default and known > default:
        return None
    if count <= default and known <= default:
        raise Unjudgeable(
            f"the page without limit has {known} items to choose from, and only more than {default} show the default:"
            " upload some more files to open this check"
        )
    return Deviation("the default limit is another", f"{default} of {known} items", f"{count} items")


def excludes_cursor(page: Exchange, cursor: str) -> Deviation | None:
    """The page asked for by a cursor does not hold the cursor's item."""
    ids = ids_of(page)
    if cursor not in ids:
        return None
    return Deviation("the page holds the cursor's own item", f"no item {cursor}", f"it is item {ids.index(cursor) + 1}")


def visits_all(pages: Sequence[Exchange], own: Collection[str]) -> Deviation | None:
    """A walk by ``after`` comes to every item that the run made.

    Raises:
        Unjudgeable: the walk was given up because the list is very long.
    """
    seen = set(sequence(pages))
    missing = [item for item in own if item not in seen]
    if not missing:
        return None
    if not _reached_end(pages) and not _goes_in_circles(pages):
        raise Unjudgeable(f"the list holds more than the {len(seen)} items that were walked through")
    return Deviation(
        "the walk leaves items out",
        f"all {len(own)} files of this run",
        f"{len(missing)} not visited: {shown(missing)}",
    )


def repeats_nothing(pages: Sequence[Exchange]) -> Deviation | None:
    """A walk by ``after`` shows no item twice; that it goes in circles is another matter."""
    twice = first_duplicate(sequence(pages[:-1] if _goes_in_circles(pages) else pages))
    if twice is None:
        return None
    return Deviation("the walk shows an item twice", "every item once", f"{shown(twice)} more than once")


def ends(pages: Sequence[Exchange]) -> Deviation | None:
    """A walk by ``after`` comes to an end.

    Raises:
        Unjudgeable: it was given up before, because the list is very long.
    """
    if _goes_in_circles(pages):
        return Deviation(
            "the walk never ends",
            "an empty page after the last item, or has_more false",
            f"page {len(pages)} shows only items of earlier pages: {shown(ids_of(pages[-1]))}",
        )
    if not _reached_end(pages):
        raise Unjudgeable("the list is too long to be walked to its end")
    return None


def order_is_stable(page: Exchange, walked: Sequence[Exchange]) -> Deviation | None:
    """What two readings of a list both show stands in the same order."""
    first, second = sequence(walked), ids_of(page)
    before = [item for item in dict.fromkeys(first) if item in second]
    now = [item for item in dict.fromkeys(second) if item in first]
    if len(now) < 2:
        raise Unjudgeable("the two readings have fewer than two items in common")
    if before == now:
        return None
    return Deviation("the order of the list changes between calls", shown(before), shown(now))


def goes_on_alike(page: Exchange, walked: Sequence[Exchange], cursor: str) -> Deviation | None:
    """After an item was added to the list, a cursor still leads to what followed it."""
    known = list(dict.fromkeys(sequence(walked)))
    if cursor not in known:
        raise Unjudgeable("the cursor's item was not walked through")
    wanted = known[known.index(cursor) + 1 :]
    # An item that nobody had seen before may stand anywhere: it is the one that was added.
    found = [item for item in ids_of(page) if item in known]
    if not wanted:
        raise Unjudgeable("nothing followed the cursor's item")
    if found and found == wanted[: len(found)]:
        return None
    return Deviation(
        "an item added during a walk shifts the next page", shown(wanted[: max(1, len(found))]), shown(ids_of(page))
    )


def gives_previous(page: Exchange, walked: Sequence[Exchange], cursor: str, limit: int) -> Deviation | None:
    """The page before a cursor holds the items right before it, in any order."""
    wanted, found = _previous(walked, cursor, limit), ids_of(page)
    if sorted(found) == sorted(wanted):
        return None
    return Deviation("before does not give the previous page", shown(wanted), shown(found))


def keeps_order(page: Exchange, walked: Sequence[Exchange]) -> Deviation | None:
    """The page before a cursor is in the list's own order."""
    found = ids_of(page)
    wanted = [item for item in dict.fromkeys(sequence(walked)) if item in found]
    if len(wanted) < 2:
        raise Unjudgeable("the page holds fewer than two known items")
    if found == wanted:
        return None
    return Deviation("the page before a cursor is in another order than the list", shown(wanted), shown(found))


def has_more_is_true(pages: Sequence[Exchange]) -> Deviation | None:
    """``has_more``, where a page carries it, says whether the walk went on.

    Raises:
        Unjudgeable: no page of the walk carries it where that is known.
    """
    judged = 0
    for number, page in enumerate(pages, start=1):
        said, wanted = document_of(page).get("has_more"), _should_have_more(pages, number)
        if said is None or wanted is None:
            continue
        judged += 1
        if said is not wanted:
            told = "more items follow" if wanted else "it is the last"
            return Deviation(
                f"has_more is wrong on page {number}", f"has_more {shown(wanted)}: {told}", f"has_more {shown(said)}"
            )
    if not judged:
        raise Unjudgeable("no page carries has_more")
    return None


def tells_of_more(page: Exchange, walked: Sequence[Exchange], cursor: str) -> Deviation | None:
    """``has_more`` on the page after ``cursor`` is true where a walk showed more after it than the page holds.

    Raises:
        Unjudgeable: the page does not carry it, or holds all that is known to follow.
    """
    said, shown_here = document_of(page).get("has_more"), ids_of(page)
    left = [item for item in following(walked, cursor) if item not in shown_here]
    if said is None or not left:
        raise Unjudgeable("the page carries no has_more, or nothing is known to follow it")
    if said is True:
        return None
    told = f"has_more true: {len(left)} more items follow"
    return Deviation("has_more is wrong on a page after a cursor", told, f"has_more {shown(said)}")


def edge_is_true(page: Exchange, name: str, place: int) -> Deviation | None:
    """``first_id`` or ``last_id``, where a page carries it, is the id of the item at ``place``.

    Raises:
        Unjudgeable: the page does not carry it, or is empty.
    """
    document, ids = document_of(page), ids_of(page)
    if document.get(name) is None or not ids:
        raise Unjudgeable(f"the page carries no {name}")
    if document[name] == ids[place]:
        return None
    return Deviation(f"{name} is wrong", f"{name} {shown(ids[place])}", f"{name} {shown(document[name])}")


def is_refused(page: Exchange) -> Deviation | None:
    """A senseless request for a page is refused with a 4xx."""
    if 400 <= response_of(page).status < 500:
        return None
    return Deviation("the request is not refused", "a 4xx", outcome(page))


def filtered_goes_on(page: Exchange, wanted: str, purpose: str) -> Deviation | None:
    """Filter and cursor together lead to the next file of the purpose; how many files follow it is another matter."""
    found = items_of(page)
    if found and found[0].get("id") == wanted and all(item.get("purpose") == purpose for item in found):
        return None
    told = [{name: item.get(name) for name in ("id", "purpose")} for item in found]
    return Deviation("filter and cursor do not combine", f"the next file of purpose {purpose}, {wanted}", shown(told))


def filtered_has_more(page: Exchange, walked: Sequence[Exchange], last: str, purpose: str) -> Deviation | None:
    """``has_more`` on a filtered page whose last item is ``last`` says whether the filter lets more through.

    Raises:
        Unjudgeable: the page does not carry it, or the walk did not come to the end of the list.
    """
    said = document_of(page).get("has_more")
    items = [item for walked_page in walked for item in items_of(walked_page)]
    ids = [item.get("id") for item in items]
    if said is None or last not in ids or last not in ids_of(page):
        raise Unjudgeable("the page carries no has_more, or not the item that it ought to hold")
    more = any(item.get("purpose") == purpose for item in items[ids.index(last) + 1 :])
    if not more and not _reached_end(walked):
        raise Unjudgeable("the list is too long to know whether more follows")
    if said is more:
        return None
    told = f"{'more' if more else 'no more'} files of purpose {purpose} follow"
    return Deviation("has_more is wrong with a filter", f"has_more {shown(more)}: {told}", f"has_more {shown(said)}")


def following(walked: Sequence[Exchange], cursor: str) -> list[str]:
    """Return the ids that a walk showed after ``cursor``; none where it did not come to it."""
    known = list(dict.fromkeys(sequence(walked)))
    return known[known.index(cursor) + 1 :] if cursor in known else []


def seam(walked: Sequence[Exchange]) -> tuple[str, str, str]:
    """Return a cursor, its purpose, and the next item of that purpose, where another purpose stands between.

    Raises:
        Unjudgeable: the list has no such place.
    """
    items = [item for page in walked for item in items_of(page)]
    for place, item in enumerate(items):
        later = [other for other in items[place + 1 :] if other.get("purpose") == item.get("purpose")]
        if later and items[place + 1].get("purpose") != item.get("purpose"):
            return str(item.get("id")), str(item.get("purpose")), str(later[0].get("id"))
    raise Unjudgeable("the list has no two files of one purpose with another between them")


def _previous(walked: Sequence[Exchange], cursor: str, limit: int) -> list[str]:
    known = list(dict.fromkeys(sequence(walked)))
    if cursor not in known:
        raise Unjudgeable("the cursor's item was not walked through")
    place = known.index(cursor)
    return known[max(0, place - limit) : place]


def _goes_in_circles(pages: Sequence[Exchange]) -> bool:
    seen = set(sequence(pages[:-1]))
    last = ids_of(pages[-1])
    return bool(last) and all(item in seen for item in last)


def _reached_end(pages: Sequence[Exchange]) -> bool:
    return not ids_of(pages[-1]) or document_of(pages[-1]).get("has_more") is False


def _should_have_more(pages: Sequence[Exchange], number: int) -> bool | None:
    """Say whether more follows page ``number`` (from 1): None where it cannot be known."""
    seen = set(sequence(pages[:number]))
    rest = sequence(pages[number:])
    if any(item not in seen for item in rest):
        return True
    return False if number < len(pages) and not ids_of(pages[number]) else None
