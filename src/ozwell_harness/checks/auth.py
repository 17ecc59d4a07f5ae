"""Judgements on who is let in (RFC 6750, RFC 9110 section 11)."""

from __future__ import annotations

import re

from ozwell_harness.checks.base import error_of, outcome, response_of, shown, status_words
from ozwell_harness.checks.operations import is_json
from ozwell_harness.envelope import Envelope
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import ErrorExpectation

#: The scheme at the start of a challenge; several may stand in one header.
_BEARER = re.compile(r"(?:^|,)\s*bearer(?=[\s,]|$)", re.IGNORECASE)


def key_is_accepted(exchange: Exchange) -> Deviation | None:
    """A request with a valid key is not refused for its key; the status alone tells, however the answer goes on."""
    if exchange.status is None:
        raise Unjudgeable(f"no answer came: {outcome(exchange)}")
    if exchange.status not in {401, 403}:
        return None
    if "authorization" not in exchange.request.headers:
        raise Unjudgeable("the target asks for a key and this run has none: set OZWELL_API_KEY")
    return Deviation("a valid key is refused", "neither 401 nor 403", outcome(exchange))


def is_refused(
    exchange: Exchange, expected: ErrorExpectation, credential: str, with_valid_key: int | None = None
) -> Deviation | None:
    """A request with anything but a valid key is refused for it; ``credential`` names what it came with.

    Raises:
        Unjudgeable: ``with_valid_key``, a status that a valid key got, is the same error: what fails for everyone
            refuses nobody.
    """
    status = response_of(exchange).status
    if status in expected.statuses:
        return None
    asked = f"{exchange.request.method} {exchange.request.path}"
    if status == with_valid_key and status >= 300:
        raise Unjudgeable(f"{asked} with {credential} is answered with {status}, and so is a valid key")
    return Deviation(f"{asked} with {credential} is not refused for it", status_words(expected), outcome(exchange))


def refusal_is_json(exchange: Exchange) -> Deviation | None:
    """A refused stream is refused with a JSON document, never with an event stream."""
    response = response_of(exchange)
    if response.status != 401:
        raise Unjudgeable(f"it is answered with {response.status}, not 401")
    if is_json(response):
        return None
    labelled = response.media_type or "no Content-Type"
    return Deviation(
        "a refused stream is not answered with JSON", "application/json", f"{labelled}; {outcome(exchange)}"
    )


def challenges(exchange: Exchange) -> Deviation | None:
    """A 401 says how to authenticate, by the scheme that the API has (RFC 9110 section 11.6.1, RFC 6750 section 3)."""
    response = response_of(exchange)
    if response.status != 401:
        raise Unjudgeable(f"it is answered with {response.status}, not 401")
    values = response.headers.get_all("www-authenticate")
    if any(_BEARER.search(value) for value in values):
        return None
    expected = "a WWW-Authenticate header with Bearer"
    return Deviation("a 401 does not say how to authenticate", expected, ", ".join(values).strip() or "none")


def missing_key_has_own_code(missing: Exchange, wrong: Exchange, envelope: Envelope) -> Deviation | None:
    """The error for a missing key has another code than the one for a wrong key."""
    codes = [error_of(exchange, envelope).get("code") for exchange in (missing, wrong)]
    if not all(isinstance(code, str) for code in codes):
        raise Unjudgeable("an error has no code")
    if codes[0] != codes[1]:
        return None
    return Deviation("a missing key and a wrong key have the same code", "missing_api_key", f"code {shown(codes[0])}")
