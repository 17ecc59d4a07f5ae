"""What time it was, by every clock that an exchange knows of: judgements on time must not blame a skewed one."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from ozwell_harness.model import Exchange


def clocks(exchange: Exchange) -> tuple[float, ...]:
    """Return epoch seconds: when the request was sent, when the answer was there, and the target's Date, if any.

    Date is RFC 9110 section 6.6.1; an unreadable one is left out.
    """
    here = (exchange.started, exchange.started + exchange.elapsed)
    text = exchange.response.headers.get("date") if exchange.response else None
    try:
        return (*here, parsedate_to_datetime(text or "").timestamp())
    except (ValueError, TypeError):
        return here


def is_about_now(epoch_s: int, exchange: Exchange, *, tolerance_s: float) -> bool:
    """Tell whether a time lies within ``tolerance_s`` seconds of the exchange, by any of its clocks."""
    # Integers in JSON know no bound: rounded to integers, none overflows.
    return any(abs(epoch_s - round(clock)) <= tolerance_s for clock in clocks(exchange))
