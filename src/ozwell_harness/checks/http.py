"""Judgements on what a target makes of unusual but possible requests, and of requests at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from ozwell_harness.checks.base import outcome, shown
from ozwell_harness.checks.wire import any_answer
from ozwell_harness.model import Deviation, Exchange, FailureKind, Unjudgeable

#: Statuses that refuse a request for what is in it (RFC 9110 section 15.5, RFC 6585 section 5).
_REFUSES_CONTENT = frozenset({400, 413, 414, 422, 431})


def accepts_chunked_body(exchange: Exchange) -> Deviation | None:
    """A request whose body is sent in chunks is answered like any other."""
    if exchange.failure is None and exchange.status == 200:
        return None
    return Deviation("a chunked request body is not accepted", "status 200", outcome(exchange))


def accepts_charset(exchange: Exchange) -> Deviation | None:
    """JSON whose label names its charset is answered like any other (RFC 8259 section 11: it has no effect)."""
    if exchange.failure is None and exchange.status == 200:
        return None
    if exchange.status not in {400, 406, 415, 422}:
        raise Unjudgeable(f"it is refused for another reason: {outcome(exchange)}")
    return Deviation("JSON labelled with its charset is not accepted", "status 200", outcome(exchange))


def deep_nesting_is_refused(exchange: Exchange) -> Deviation | None:
    """A document nested thousands of levels deep is refused with a 4xx."""
    if exchange.failure is None and exchange.status in {401, 403, 404}:
        raise Unjudgeable(f"it is refused for another reason: {outcome(exchange)}")
    if exchange.failure is None and exchange.status in _REFUSES_CONTENT:
        return None
    return Deviation("a deeply nested body is not refused", "status 400", outcome(exchange))


def oversized_body_is_refused(exchange: Exchange) -> Deviation | None:
    """A body beyond the size limit is refused with 413 or 400."""
    if exchange.status is None:
        raise Unjudgeable("the connection was closed during the upload, which a server may do beyond its limit")
    if exchange.status == 200:
        raise Unjudgeable(f"the limit of this target lies beyond {len(exchange.request.body)} bytes")
    if exchange.status in _REFUSES_CONTENT:
        return None
    return Deviation("an oversized body is not refused as such", "status 413 or 400", outcome(exchange))


def usable_after_error(error: Exchange, following: Sequence[Exchange]) -> Deviation | None:
    """Valid requests that follow a refused one are answered: nothing of the refused one is left on the connection."""
    if error.failure is not None or error.status is None or error.status < 400:
        raise Unjudgeable("no error went before")
    for exchange in following:
        broken = exchange.failure is not None and exchange.failure.kind in {FailureKind.RESET, FailureKind.PROTOCOL}
        if broken or exchange.status == 400:
            return Deviation("a valid request after an error fails", "status 200", outcome(exchange))
    return None


def answers_do_not_cross(answers: Sequence[Exchange], nonces: Sequence[str]) -> Deviation | None:
    """No answer holds what only another, simultaneous request said."""
    texts = [(nonce, any_answer(e).body.decode("utf-8", "replace")) for e, nonce in _answered(answers, nonces)]
    for own, text in texts:
        for other in nonces:
            if other != own and other in text:
                return Deviation("an answer holds another request's text", f"{own} only", f"{other}: {shown(text)}")
    return None


def answers_hold_their_own(answers: Sequence[Exchange], nonces: Sequence[str]) -> Deviation | None:
    """Each answer holds the text that its request asked for."""
    for exchange, nonce in _answered(answers, nonces):
        if nonce not in any_answer(exchange).body.decode("utf-8", "replace"):
            return Deviation("an answer does not hold its request's text", f"{nonce} in it", outcome(exchange))
    return None


def _answered(answers: Sequence[Exchange], nonces: Sequence[str]) -> list[tuple[Exchange, str]]:
    pairs = [(e, n) for e, n in zip(answers, nonces, strict=True) if e.failure is None and e.status == 200]
    if len(pairs) < 2:
        raise Unjudgeable("fewer than two of the simultaneous requests were answered")
    return pairs
