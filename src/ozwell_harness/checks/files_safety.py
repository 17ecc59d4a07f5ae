"""Judgements on files where harm is near: odd names, sizes, other tenants."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ozwell_harness.checks.base import document_of, outcome, refused, response_of, shown
from ozwell_harness.checks.files import content_is, entries
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import ErrorExpectation


def injects_no_header(exchanges: Sequence[Exchange], header: str) -> Deviation | None:
    """A line break in a filename makes no header of an answer, and no answer fails."""
    for exchange in exchanges:
        if exchange.response is not None and header in exchange.response.headers:
            return Deviation(
                "a filename with a line break injects a header", f"no header {header}", f"header {header} is there"
            )
    return are_borne(exchanges)


def are_borne(exchanges: Sequence[Exchange]) -> Deviation | None:
    """Every request is answered or refused: none makes the target fail, or the answer break."""
    for exchange in exchanges:
        whole = exchange.failure is None and exchange.status is not None
        if not whole or not 200 <= (exchange.status or 0) < 500:
            asked = f"{exchange.request.method} {exchange.request.path}"
            return Deviation(f"{asked} makes the target fail", "an answer or a 4xx", outcome(exchange))
    return None


def serves_own_content(exchanges: Sequence[Exchange], content: bytes) -> Deviation | None:
    """An oddly named file is refused, or comes back as what was uploaded."""
    deviation = are_borne(exchanges)
    if deviation:
        return deviation
    last = exchanges[-1]
    is_download = last.request.path.endswith("/content")
    return content_is(last, content) if is_download and last.status == 200 else None


def size_refusal_is_told(uploads: Sequence[Exchange], expected: ErrorExpectation) -> Deviation | None:
    """An upload that is refused for its size is refused with the right status.

    Raises:
        Unjudgeable: every upload was accepted, so no limit was met.
    """
    for exchange in uploads:
        if exchange.status != 200:
            return refused(exchange, expected)
    raise Unjudgeable("no size limit was met: the largest file that was sent was accepted")


def hides(exchange: Exchange) -> Deviation | None:
    """Another key's request for a file is refused.

    Raises:
        Unjudgeable: the other key is itself not accepted, or the answer is neither a success nor a refusal.
    """
    _other_is_accepted(exchange)
    status = response_of(exchange).status
    if 400 <= status < 500:
        return None
    if not 200 <= status < 300 or _is_error(exchange):
        raise Unjudgeable(f"another key's request was answered {outcome(exchange)}")
    return Deviation("another key reaches the file", "status 403 or 404", outcome(exchange))


def _is_error(exchange: Exchange) -> bool:
    """An error inside a 200 is another requirement's matter."""
    try:
        return document_of(exchange).keys() == {"error"}
    except Unjudgeable:
        return False


def lists_none_of(exchange: Exchange, ids: Collection[str]) -> Deviation | None:
    """Another key's list holds none of the files."""
    _other_is_accepted(exchange)
    if exchange.status == 403:
        return None
    seen = [item.get("id") for item in entries([exchange]) if item.get("id") in ids]
    if not seen:
        return None
    return Deviation("another key's list shows the files", "none of them", f"{len(seen)} of them: {shown(seen)}")


def _other_is_accepted(exchange: Exchange) -> None:
    if response_of(exchange).status == 401:
        raise Unjudgeable("the other key is itself refused with 401")
