"""Decides whether a call is made again, and when. Pure.

What hides a finding is never done: every attempt stays in the record, where the checks of all exchanges judge it, and
only what is safe (RFC 9110 section 9.2.1) is sent again without being asked to.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from ozwell_harness.model import Exchange, FailureKind

_TRANSIENT_STATUSES = frozenset({502, 503, 504})
_DIGITS = re.compile(r"[0-9]+")
_A_DAY_S = 86_400.0
_UNSAID_S = 1.0


def retry_after_s(exchange: Exchange) -> float | None:
    """Return how long the target asks to wait, in seconds; None when it asks for nothing.

    That is a 429, which asks for 1 second when it does not say, and a 503 that says. Reads Retry-After (RFC 9110
    section 10.2.3: seconds or a date), and for a 429 also X-RateLimit-Reset in epoch seconds. The wait begins with the
    end of the answer.
    """
    response = exchange.response
    if response is None or response.status not in {429, 503}:
        return None
    answered = exchange.started + exchange.elapsed
    asked = (response.headers.get("retry-after") or "").strip()
    if _DIGITS.fullmatch(asked):
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - answered)
    except (ValueError, TypeError, OverflowError):
        pass
    if response.status == 503:
        return None
    reset = (response.headers.get("x-ratelimit-reset") or "").strip()
    left = float(reset) - answered if _DIGITS.fullmatch(reset) else 0.0
    # A reset that lies in the past says nothing, as if there were none.
    return min(left, _A_DAY_S) if left > 0 else _UNSAID_S


def is_transient(exchange: Exchange) -> bool:
    """Tell whether a call met what passes, and does no harm when it is sent again.

    That is a request that was never sent, for want of a connection; and a GET that met a 502, 503 or 504, or a
    connection that was reset before an answer.
    """
    if exchange.failure is not None and exchange.failure.kind is FailureKind.CONNECT:
        return True
    if exchange.request.method != "GET":
        return False
    return exchange.status in _TRANSIENT_STATUSES or is_unheard(exchange)


def is_unheard(exchange: Exchange) -> bool:
    """Tell whether the connection failed before any answer: the target refuses it, or is not there any more."""
    lost = exchange.failure is not None and exchange.failure.kind in {FailureKind.CONNECT, FailureKind.RESET}
    return exchange.response is None and lost
