"""Judgements on times that are told as text: RFC 3339, and what is common of ISO 8601 beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ozwell_harness.checks.base import shown
from ozwell_harness.checks.clock import is_about_now
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: How far a clock may be off, in seconds.
CLOCK_TOLERANCE_S = 600.0

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,]\d+)?)?([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


def read_instant(value: Any) -> datetime | None:
    """Return a date with a time of day, in whole seconds; None for anything else.

    It has no ``tzinfo`` where the text gives no offset. A leap second counts as the one before it.
    """
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    date, minute, second, offset = match.groups()
    whole = "59" if second == "60" else second or "00"
    try:
        return datetime.fromisoformat(f"{date}T{minute}:{whole}{(offset or '').upper()}")
    except ValueError:
        return None


def are_date_times(values: Sequence[Any]) -> Deviation | None:
    """Every created_at is a date with a time of day."""
    for value in values:
        if read_instant(value) is None:
            return Deviation(
                "created_at is no date with a time of day",
                "text such as 2025-11-21T00:00:00Z",
                f"created_at {shown(value)}",
            )
    return None


def have_offsets(values: Sequence[Any]) -> Deviation | None:
    """Every created_at says how far it is from UTC."""
    for value in values:
        if _instant(value).tzinfo is None:
            return Deviation(
                "created_at does not say its offset from UTC", "Z or +00:00 at its end", f"created_at {shown(value)}"
            )
    return None


def are_about_now(values: Sequence[Any], exchange: Exchange) -> Deviation | None:
    """Every created_at is the time of ``exchange``, which made what it is told of.

    Raises:
        Unjudgeable: one is no date with a time of day, or gives no offset.
    """
    for value in values:
        instant = _instant(value)
        if instant.tzinfo is None:
            raise Unjudgeable("created_at does not say its offset from UTC")
        if not is_about_now(round(instant.timestamp()), exchange, tolerance_s=CLOCK_TOLERANCE_S):
            return Deviation(
                "created_at is not the time at which it was made",
                f"within {CLOCK_TOLERANCE_S / 60:.0f} minutes of {_told(exchange.started)}",
                f"created_at {shown(value)}",
            )
    return None


def never_fall(values: Sequence[Any]) -> Deviation | None:
    """No created_at is before the one that precedes it.

    Raises:
        Unjudgeable: one is no date with a time of day, or only some give an offset.
    """
    instants = [_instant(value) for value in values]
    if len({instant.tzinfo is None for instant in instants}) > 1:
        raise Unjudgeable("only some created_at say their offset from UTC")
    for place in range(1, len(instants)):
        if instants[place] < instants[place - 1]:
            return Deviation(
                "created_at runs backwards",
                f"{shown(values[place - 1])} or later",
                f"{shown(values[place])} in what was said after it",
            )
    return None


def _instant(value: Any) -> datetime:
    instant = read_instant(value)
    if instant is None:
        raise Unjudgeable(f"created_at {shown(value)} is no date with a time of day")
    return instant


def _told(epoch_s: float) -> str:
    return f"{datetime.fromtimestamp(epoch_s).astimezone():%Y-%m-%dT%H:%M:%S%z}"
