"""Judgements on one webhook by itself: its method, labels, body and headers, its signature.

Source: Standard Webhooks 1.0, and the API Integration Documentation of Open WebUI, Webhook Integration.
"""

from __future__ import annotations

from ozwell_harness.checks.base import shown, validates
from ozwell_harness.checks.webhook_subjects import payload
from ozwell_harness.model import Delivery, Deviation, Signing, Unjudgeable
from ozwell_harness.profile import Profile

#: Seconds between the time in the header and the arrival.
FRESH_S = 300.0


def is_posted(delivery: Delivery) -> Deviation | None:
    """The webhook is a POST."""
    if delivery.request.method == "POST":
        return None
    return Deviation("a webhook is not a POST", "POST", delivery.request.method)


def is_json(delivery: Delivery) -> Deviation | None:
    """Its media type is that of JSON."""
    labels = delivery.request.headers.get_all("content-type")
    if len(labels) == 1 and labels[0].partition(";")[0].strip().lower() == "application/json":
        return None
    return Deviation("a webhook is not labelled as JSON", "Content-Type: application/json", shown(list(labels)))


def is_object(delivery: Delivery) -> Deviation | None:
    """Its body is a JSON object."""
    if payload(delivery) is not None:
        return None
    body = delivery.request.body[:300].decode("utf-8", "replace")
    return Deviation("the body of a webhook is not one JSON object", "one JSON object", shown(body) or "no body")


def is_valid(delivery: Delivery, profile: Profile, event: str, schema: str) -> Deviation | None:
    """A webhook of ``event`` validates against a component schema of the profile's specification."""
    document = payload(delivery)
    if document is None or document.get("type") != event:
        raise Unjudgeable(f"it is no {event} webhook")
    return validates(document, profile, schema)


def has_id(delivery: Delivery) -> Deviation | None:
    """Its header holds an id."""
    if (delivery.webhook_id or "").strip():
        return None
    return Deviation("a webhook has no id", "a header with its id", _headers(delivery))


def has_seconds(delivery: Delivery) -> Deviation | None:
    """Its header holds an integer as the time of the attempt."""
    if seconds_of(delivery) is not None:
        return None
    found = "no such header" if delivery.timestamp is None else shown(delivery.timestamp)
    return Deviation("a webhook has no readable time of the attempt", "whole seconds since 1970", found)


def is_fresh(delivery: Delivery) -> Deviation | None:
    """The time in its header is about that of its arrival."""
    seconds = seconds_of(delivery)
    if seconds is None:
        raise Unjudgeable("its time cannot be read")
    apart = seconds - delivery.started
    if abs(apart) <= FRESH_S:
        return None
    return Deviation(
        "the time in the header of a webhook is not that of the attempt",
        f"within {FRESH_S:g} s of {delivery.started:.0f}, when it arrived",
        f"{seconds}, {abs(apart):.0f} s {'later' if apart > 0 else 'earlier'}",
    )


def has_signature(delivery: Delivery) -> Deviation | None:
    """Its header holds a signature that can be read."""
    if delivery.signing in {Signing.RIGHT, Signing.WRONG}:
        return None
    return Deviation("a webhook has no signature of version v1", "v1, and base64 after a comma", _headers(delivery))


def is_signed(delivery: Delivery, secret: str) -> Deviation | None:
    """Its signature is right; ``secret`` is the name of the variable that holds the secret."""
    if delivery.signing not in {Signing.RIGHT, Signing.WRONG}:
        raise Unjudgeable("it has no signature that can be read")
    if delivery.signing is Signing.RIGHT:
        return None
    found = f"it fits {delivery.hint}" if delivery.hint else "it fits none of these; does the target have this secret?"
    return Deviation(
        "the signature of a webhook is wrong",
        f"base64 of the HMAC-SHA256 of id, time and body, with full stops between, with the secret in ${secret}",
        found,
    )


def holds_no_key(delivery: Delivery) -> Deviation | None:
    """It holds neither a key nor the secret."""
    if not delivery.leaks:
        return None
    places = ", ".join(f"${leak.key} in {leak.where}" for leak in delivery.leaks)
    return Deviation("a webhook holds a secret", "no key and no secret in it", places)


def seconds_of(delivery: Delivery) -> int | None:
    """Return the time of the attempt from the header, or None."""
    text = (delivery.timestamp or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _headers(delivery: Delivery) -> str:
    return shown(", ".join(f"{name}: {value}" for name, value in delivery.request.headers))
