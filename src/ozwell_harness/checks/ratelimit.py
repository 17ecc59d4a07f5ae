"""Judgements on rate-limit headers and on the 429 itself; ``spending`` judges what a sequence of requests shows.

Source: the documents' sections on rate limits. Retry-After is RFC 9110 section 10.2.3, status 429 RFC 6585 section 4.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from ozwell_harness.checks.base import response_of, shown
from ozwell_harness.checks.clock import clocks
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.rates import PER_MINUTE, Rates

LIMIT = "X-RateLimit-Limit"
REMAINING = "X-RateLimit-Remaining"
RESET = "X-RateLimit-Reset"
RETRY_AFTER = "Retry-After"

#: What rounding to whole seconds, in Date too, may add up to.
ROUNDING_S = 2.0

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")


def read(exchange: Exchange, name: str) -> int | None:
    """Return a header's integer; None when it is absent or no integer."""
    text = exchange.response.headers.get(name) if exchange.response else None
    return int(text) if text is not None and _INTEGER.fullmatch(text.strip()) else None


def value_of(exchange: Exchange, name: str) -> int:
    """Return a header's integer.

    Raises:
        Unjudgeable: it is absent or no integer.
    """
    found = read(exchange, name)
    if found is None:
        raise Unjudgeable(f"the answer has no {name} with an integer")
    return found


def has_header(exchange: Exchange, name: str) -> Deviation | None:
    """The answer carries the header."""
    response = response_of(exchange)
    if name in response.headers:
        return None
    return Deviation(f"{name} is missing on a {response.status}", f"a header {name}", "no such header")


def is_integer(exchange: Exchange, name: str) -> Deviation | None:
    """The header, where it is there, is an integer.

    Raises:
        Unjudgeable: it is absent.
    """
    text = response_of(exchange).headers.get(name)
    if text is None:
        raise Unjudgeable(f"the answer has no {name}")
    if _INTEGER.fullmatch(text.strip()):
        return None
    return Deviation(f"{name} is not an integer", f"{name}: an integer", f"{name}: {shown(text)}")


def limit_is_positive(exchange: Exchange) -> Deviation | None:
    """The limit is above 0."""
    found = value_of(exchange, LIMIT)
    return None if found > 0 else Deviation("the limit is not above 0", f"{LIMIT} above 0", f"{LIMIT}: {found}")


def remaining_is_in_range(exchange: Exchange) -> Deviation | None:
    """What remains is not below 0 and not above the limit."""
    found, limit = value_of(exchange, REMAINING), read(exchange, LIMIT)
    if found >= 0 and (limit is None or found <= limit):
        return None
    most = f"from 0 to {limit}" if limit is not None else "0 or more"
    return Deviation("what remains is out of range", f"{REMAINING} {most}", f"{REMAINING}: {found}")


def nothing_remains(exchange: Exchange) -> Deviation | None:
    """On a 429 nothing remains."""
    found = value_of(_throttled(exchange), REMAINING)
    return None if found == 0 else Deviation("a 429 says that requests remain", f"{REMAINING}: 0", f"{found}")


def window_ends(exchange: Exchange, rates: Rates) -> tuple[float, ...]:
    """Return when the window ends by an answer's reset, in epoch seconds; empty where it has none.

    It is more than one moment where the reset counts from now: each clock has its own.
    """
    reset = read(exchange, RESET)
    return () if reset is None else rates.ends(reset, clocks(exchange))


def reset_is_ahead(exchange: Exchange, rates: Rates = PER_MINUTE) -> Deviation | None:
    """The reset is a moment that is not past."""
    found, times = value_of(exchange, RESET), clocks(exchange)
    if found >= 0 and max(window_ends(exchange, rates)) >= min(times) - ROUNDING_S:
        return None
    expected = f"{rates.reset_words}, after {min(times):.0f}"
    return Deviation("the reset is not in the future", expected, f"{RESET}: {found}")


def reset_is_near(exchange: Exchange, rates: Rates = PER_MINUTE) -> Deviation | None:
    """The reset is at most one window away."""
    found, latest = value_of(exchange, RESET), max(clocks(exchange)) + rates.window_s + ROUNDING_S
    if min(window_ends(exchange, rates)) <= latest:
        return None
    return Deviation(
        "the reset is more than one window away",
        f"{rates.reset_words}, at most {rates.window_s:.0f} s ahead: up to {latest:.0f}",
        f"{RESET}: {found}",
    )


def asks_to_wait(exchange: Exchange) -> Deviation | None:
    """Retry-After on a 429 is a number of seconds of 0 or more, or an HTTP date.

    Raises:
        Unjudgeable: it is absent.
    """
    text = _retry_after(exchange)
    if re.fullmatch(r"[0-9]+", text) or _date(text) is not None:
        return None
    return Deviation(
        "Retry-After cannot be read", "whole seconds of 0 or more, or an HTTP date", f"{RETRY_AFTER}: {text}"
    )


def wait_fits_reset(exchange: Exchange, rates: Rates = PER_MINUTE) -> Deviation | None:
    """Retry-After and X-RateLimit-Reset name the same moment, give or take the rounding.

    Raises:
        Unjudgeable: one of them is absent or cannot be read.
    """
    reset, text = value_of(exchange, RESET), _retry_after(exchange)
    moments = _moments(text, clocks(exchange))
    if any(abs(end - moment) <= ROUNDING_S for end in window_ends(exchange, rates) for moment in moments):
        return None
    return Deviation(
        "Retry-After and the reset disagree",
        f"{RESET} within {ROUNDING_S:.0f} s of {max(moments):.0f}, as {RETRY_AFTER}: {text} says",
        f"{RESET}: {reset}",
    )


def _moments(text: str, times: tuple[float, ...]) -> list[float]:
    if re.fullmatch(r"[0-9]{1,30}", text):
        return [time + int(text) for time in times]
    date = _date(text)
    if date is None:
        raise Unjudgeable("Retry-After cannot be read")
    return [date]


def _retry_after(exchange: Exchange) -> str:
    text = response_of(_throttled(exchange)).headers.get(RETRY_AFTER)
    if text is None:
        raise Unjudgeable("the 429 has no Retry-After")
    return text.strip()


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None


def _throttled(exchange: Exchange) -> Exchange:
    if exchange.status != 429:
        raise Unjudgeable(f"the limit was not met: the last answer is {exchange.status}")
    return exchange
