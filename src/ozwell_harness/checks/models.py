"""Judgements on GET /models and GET /models/{model_id}."""

from __future__ import annotations

from ozwell_harness.checks.base import document_of, first_duplicate, objects_at, shown
from ozwell_harness.checks.clock import clocks
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: How far clocks and time zones may be apart.
_DAY_S = 86_400.0


def has_a_model(listing: Exchange) -> Deviation | None:
    """At least one model is listed."""
    if objects_at(document_of(listing), "data"):
        return None
    return Deviation("no model is listed", "at least one model", "an empty data array")


def ids_are_unique(listing: Exchange) -> Deviation | None:
    """No model id is listed twice."""
    twice = first_duplicate([str(item.get("id")) for item in objects_at(document_of(listing), "data")])
    if twice is None:
        return None
    return Deviation("a model is listed twice", "every id once", f"{shown(twice)} more than once")


def were_created(listing: Exchange) -> Deviation | None:
    """No model will only be created: a date far in the future is one in milliseconds."""
    latest = max(clocks(listing)) + _DAY_S
    for item in objects_at(document_of(listing), "data"):
        created = item.get("created")
        if isinstance(created, int) and created > round(latest):
            return Deviation(
                "a model was created in the future",
                f"created in epoch seconds, up to {latest - _DAY_S:.0f}",
                f"created {shown(created)} of {shown(item.get('id'))}",
            )
    return None


def oddest_id(listing: Exchange) -> str | None:
    """Return a listed id that a router may misread, one with a slash before one with a colon or a dot, or None."""
    try:
        items = objects_at(document_of(listing), "data")
    except Unjudgeable:
        return None
    ids = [found for found in (item.get("id") for item in items) if isinstance(found, str)]
    return next((found for mark in "/:." for found in ids if mark in found), None)


def lists(listing: Exchange, model: str) -> Deviation | None:
    """The configured model is listed."""
    ids = [item.get("id") for item in objects_at(document_of(listing), "data")]
    if model in ids:
        return None
    return Deviation("the configured model is not listed", f"an entry with id {model}", f"ids {shown(ids)}")


def returns_id(retrieved: Exchange, model: str) -> Deviation | None:
    """The model that comes back is the one that was asked for."""
    found = document_of(retrieved).get("id")
    if found == model:
        return None
    return Deviation("another model is returned than was asked for", f"id {model}", f"id {shown(found)}")


def equals_entry(retrieved: Exchange, listing: Exchange) -> Deviation | None:
    """The retrieved model equals its entry in the list, in every field that both have."""
    alone = document_of(retrieved)
    entries = [item for item in objects_at(document_of(listing), "data") if item.get("id") == alone.get("id")]
    for entry in entries[:1]:
        for name in entry.keys() & alone.keys():
            if entry[name] != alone[name]:
                return Deviation(
                    f"{name} differs between the list and the retrieved model",
                    f"{name} {shown(entry[name])}, as listed",
                    f"{name} {shown(alone[name])}",
                )
    return None
