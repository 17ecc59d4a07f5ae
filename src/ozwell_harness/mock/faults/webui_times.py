"""Times told as text that are no times, lack an offset, or are not now: the same faults for messages and documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ozwell_harness.mock.faults.base import JsonObject

_HOURS_OFF = 5


def _read(item: JsonObject) -> datetime:
    return datetime.fromisoformat(item["created_at"])


def _set(make: Callable[[datetime], Any]) -> Callable[[JsonObject], None]:
    def change(item: JsonObject) -> None:
        item["created_at"] = make(_read(item))

    return change


def _missing(item: JsonObject) -> None:
    del item["created_at"]


#: Name of the fault → what `created_at` is then, how to make it so, and the end of the id of what it breaks.
TIMES: dict[str, tuple[str, Callable[[JsonObject], None], str]] = {
    "created-missing": ("missing", _missing, "created-at-is-date-time"),
    "created-epoch": ("a number of seconds", _set(lambda at: int(at.timestamp())), "created-at-is-date-time"),
    "created-date-only": ("a date without a time", _set(lambda at: f"{at:%Y-%m-%d}"), "created-at-is-date-time"),
    "created-in-words": ("in words", _set(lambda at: f"{at:%d %B %Y, %I:%M %p}"), "created-at-is-date-time"),
    "created-without-offset": (
        "without an offset from UTC",
        _set(lambda at: at.replace(tzinfo=None).isoformat()),
        "created-at-has-offset",
    ),
    "created-local-as-utc": (
        "local time, called UTC",
        _set(lambda at: (at + timedelta(hours=_HOURS_OFF)).isoformat()),
        "created-at-is-now",
    ),
    "created-long-ago": ("the beginning of 1970", _set(lambda _: "1970-01-01T00:00:00Z"), "created-at-is-now"),
}
