"""Judgements on what a target must not give away, and on its health after a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ozwell_harness.checks.base import outcome
from ozwell_harness.checks.wire import any_answer
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Knock, Profile

_OK = frozenset({200})


def key_not_echoed(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001 - one signature for all
    """No answer holds a key."""
    any_answer(exchange)
    if not exchange.leaks:
        return None
    places = ", ".join(f"${leak.key} in {leak.where}" for leak in exchange.leaks)
    return Deviation("the target sends a key back", "no key in any header or body", places)


def trace_is_refused(exchange: Exchange) -> Deviation | None:
    """TRACE is not answered with a success, which would hand request headers to scripts (RFC 9110 section 9.3.8)."""
    if exchange.status is None:
        raise Unjudgeable(f"TRACE gets no answer: {outcome(exchange)}")
    if exchange.status >= 300:
        return None
    return Deviation("TRACE is not refused", "status 405", outcome(exchange))


def traversal_is_harmless(exchange: Exchange) -> Deviation | None:
    """An id that climbs out of its folder is refused like any unknown id."""
    if exchange.status is None:
        raise Unjudgeable(f"it gets no answer: {outcome(exchange)}")
    if 400 <= exchange.status < 500:
        return None
    return Deviation("an id that climbs out of its folder is not refused", "status 404 or 400", outcome(exchange))


def sign_of_life(knock: Knock, exchanges: Iterable[Exchange]) -> Knock:
    """Return how to knock at the end of a run.

    Where a knock is refused by a target that lives, and so by one that has lost everything, it is better to ask once
    more for something under its path that was there before.
    """
    place = knock.path.partition("?")[0]
    there = [
        exchange.request.path
        for exchange in exchanges
        if exchange.request.method == "GET" and exchange.request.path.startswith(f"{place}?") and exchange.status == 200
    ]
    if knock.statuses == _OK or not there:
        return knock
    return replace(knock, path=there[-1], label="read what was read before", statuses=_OK)


def still_answers(exchange: Exchange, statuses: frozenset[int]) -> Deviation | None:
    """The target answers as before, with one of ``statuses``."""
    if exchange.failure is None and exchange.status in statuses:
        return None
    expected = f"status {' or '.join(str(status) for status in sorted(statuses))}"
    return Deviation("the target does not answer any more at the end of the run", expected, outcome(exchange))
