"""Makes a failing JSON body smaller, with as few tries as can be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Body = dict[str, Any]

#: Tells whether a body still fails in the same way.
Fails = Callable[[Mapping[str, Any]], bool]

#: What a long member may shrink to.
_PLAIN: Mapping[str, Any] = {"messages": [{"role": "user", "content": "Hi"}], "input": "Hi"}
_REQUIRED = frozenset({"model", "messages", "input", "max_tokens"})


class SpentError(Exception):
    """No more tries."""


def smallest(body: Body, fails: Fails, suspects: Collection[str] = ()) -> Body:
    """Return the smallest body found that still fails.

    Args:
        body: what fails.
        fails: tells of another body; may raise ``SpentError``, which ends the search.
        suspects: names of members that the failure seems to be about.
    """
    search = _Search(body, fails)
    try:
        search.settle(lambda best: _guesses(best, suspects))
        search.settle(_halves)
        search.settle(_ones)
        search.settle(_plainer)
    except SpentError:
        pass
    return search.best


class _Search:
    def __init__(self, body: Body, fails: Fails) -> None:
        self.best = dict(body)
        self._fails = fails

    def settle(self, shorten: Callable[[Body], Iterator[Body]]) -> None:
        """Try what ``shorten`` offers, and go on from the first that still fails, until none does."""
        while (shorter := next(filter(self._fails, shorten(self.best)), None)) is not None:
            self.best = shorter


def _guesses(body: Body, suspects: Collection[str]) -> Iterator[Body]:
    """Yield the body with nothing but what is required and what is suspected, in plain words and in its own."""
    kept = {name: value for name, value in body.items() if name in _REQUIRED or name in suspects}
    plain = kept | {name: value for name, value in _PLAIN.items() if name in kept and name not in suspects}
    yield from (guess for guess in (plain, kept) if len(repr(guess)) < len(repr(body)))


def _halves(body: Body) -> Iterator[Body]:
    """Yield the body without half of its members; halves of two or three are left to ``_ones``."""
    names = list(body)
    if len(names) > 3:
        middle = len(names) // 2
        yield _without(body, names[middle:])
        yield _without(body, names[:middle])


def _ones(body: Body) -> Iterator[Body]:
    """Yield the body without each member; the last ones first, which are seldom required."""
    for name in reversed(list(body)):
        yield _without(body, [name])


def _plainer(body: Body) -> Iterator[Body]:
    """Yield the body with a plain value in the place of a long one."""
    for name, plain in _PLAIN.items():
        if name in body and len(repr(body[name])) > len(repr(plain)):
            yield body | {name: plain}


def _without(body: Body, names: Collection[str]) -> Body:
    return {name: value for name, value in body.items() if name not in names}
