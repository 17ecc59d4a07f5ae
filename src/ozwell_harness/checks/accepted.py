"""Judgements on what makes something: done at once (200, 201), or accepted to be done (202)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ozwell_harness.checks.base import outcome, response_of, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: RFC 9110 sections 15.3.1 to 15.3.3.
ACCEPTED = (200, 201, 202)


def is_accepted(exchange: Exchange) -> bool:
    """Tell whether a request was answered whole, and accepted."""
    return exchange.failure is None and exchange.status in ACCEPTED


def accepted_document_of(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object by which a request was accepted.

    Raises:
        Unjudgeable: another status, or not a JSON object.
    """
    response = response_of(exchange)
    asked = f"{exchange.request.method} {exchange.request.path}"
    if response.status not in ACCEPTED:
        raise Unjudgeable(f"{asked} answered {outcome(exchange)}")
    try:
        document = response.document
    except (ValueError, RecursionError):
        raise Unjudgeable(f"{asked} answered no JSON that can be read here") from None
    if not isinstance(document, dict):
        raise Unjudgeable(f"{asked} answered JSON that is not an object")
    return document


def is_accepted_with_object(exchange: Exchange) -> Deviation | None:
    """The request is accepted, and the answer is a JSON object."""
    asked = f"{exchange.request.method} {exchange.request.path}"
    if not is_accepted(exchange):
        return Deviation(f"{asked} is not accepted", "status 200, 201 or 202", outcome(exchange))
    try:
        document = response_of(exchange).document
    except RecursionError as error:
        raise Unjudgeable(f"the body cannot be read here: {error}") from None
    except ValueError:
        document = None
    if isinstance(document, dict):
        return None
    return Deviation(f"{asked} is not answered with a JSON object", "a JSON object", outcome(exchange))


def has_text(document: Mapping[str, Any], name: str, what: str) -> Deviation | None:
    """``what`` has a member ``name``, a non-empty string."""
    value = document.get(name)
    if isinstance(value, str) and value.strip():
        return None
    actual = f"{name} {shown(value)}" if name in document else f"no {name}"
    return Deviation(f"{what} has no {name} in words", f"a non-empty {name}", actual)


def all_have_text(documents: Sequence[Mapping[str, Any]], name: str, what: str) -> Deviation | None:
    """Each of several has a member ``name``, a non-empty string."""
    found = (has_text(document, name, what) for document in documents)
    return next((deviation for deviation in found if deviation), None)


def same_number(found: Any, sent: float) -> bool:
    """Tell whether a JSON value is the number that was sent; true and false are none."""
    return isinstance(found, int | float) and not isinstance(found, bool) and abs(found - sent) < 1e-6
