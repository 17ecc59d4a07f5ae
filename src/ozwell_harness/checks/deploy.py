"""Judgements on the deployment of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.accepted import (
    accepted_document_of,
    has_text,
    is_accepted,
    is_accepted_with_object,
)
from ozwell_harness.checks.base import outcome, refused, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import ErrorExpectation

#: Refusals of what was asked for: the document names no types of instances, and what runs already may be in the way.
_NOT_HERE = (400, 402, 409, 422)


def deploys(exchange: Exchange) -> Deviation | None:
    """A deployment is accepted, and answered with a JSON object.

    Raises:
        Unjudgeable: it is refused for what was asked for, which may not be had here.
    """
    if exchange.failure is None and exchange.status in _NOT_HERE:
        raise Unjudgeable(f"what was to be deployed may not be had here: {outcome(exchange)}")
    return is_accepted_with_object(exchange)


def refused_if_had(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """The deployment of an unknown model is refused as such, where nothing shows that a known one would be deployed.

    Raises:
        Unjudgeable: it is refused for the rest of what was asked for, which may not be had here.
    """
    if exchange.failure is None and exchange.status in _NOT_HERE:
        raise Unjudgeable(f"what was to be deployed may not be had here: {outcome(exchange)}")
    return refused(exchange, expected)


def status_is_told(exchange: Exchange) -> Deviation | None:
    """The answer has a status, a non-empty string."""
    return has_text(_told(exchange), "status", "the deployment")


def values_are_true(exchange: Exchange, sent: Mapping[str, Any]) -> Deviation | None:
    """What the answer repeats of the deployment, in itself or under ``config``, is what was sent.

    Raises:
        Unjudgeable: it repeats nothing.
    """
    document = _told(exchange)
    inner = document.get("config")
    told = inner if isinstance(inner, dict) else document
    found = {name: told[name] for name in sent if name in told}
    if not found:
        raise Unjudgeable("the answer repeats nothing of the deployment")
    for name, value in found.items():
        if value != sent[name] or isinstance(value, bool) != isinstance(sent[name], bool):
            return Deviation(
                f"the answer tells another {name} than was sent",
                f"{name} {shown(sent[name])}",
                f"{name} {shown(value)}",
            )
    return None


def model_is_true(exchange: Exchange, model: str) -> Deviation | None:
    """A model_id in the answer is the model that was deployed.

    Raises:
        Unjudgeable: there is none.
    """
    told = _told(exchange)
    if "model_id" not in told:
        raise Unjudgeable("the answer names no model_id")
    if told["model_id"] == model:
        return None
    return Deviation("the answer names another model", f"model_id {model}", f"model_id {shown(told['model_id'])}")


def _told(exchange: Exchange) -> Mapping[str, Any]:
    if not is_accepted(exchange):
        raise Unjudgeable(f"the deployment was answered {outcome(exchange)}")
    return accepted_document_of(exchange)
