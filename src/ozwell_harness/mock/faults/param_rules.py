"""What faults of parameters are made of: rules that are skipped, and values that are ignored or turned away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

CHAT = (Operation.CREATE_CHAT,)
RESPONSES = (Operation.CREATE_RESPONSE,)
BOTH = (*CHAT, *RESPONSES)

Test = Callable[[Any], bool]

ABSENT = object()


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a JSON value is an integer; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def takes(  # noqa: PLR0913 - each says one thing about the fault
    area: Area,
    name: str,
    description: str,
    field: str,
    when: Test,
    instead: Any,
    *,
    operations: tuple[Operation, ...] = CHAT,
    breaks: tuple[str, ...],
) -> None:
    """Register a fault that reads ``instead`` wherever ``field`` is sent with a value that satisfies ``when``.

    Reading a valid value for an invalid one skips a rule; reading another valid one ignores what was asked for.
    """

    @area.request(name, description, *operations, breaks=breaks)
    def taken(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return {**body, field: instead} if when(body.get(field, ABSENT)) else body


def turns_away(
    area: Area,
    name: str,
    description: str,
    field: str,
    when: Test,
    *,
    operations: tuple[Operation, ...] = CHAT,
    breaks: tuple[str, ...],
) -> None:
    """Register a fault that refuses requests whose ``field`` is sent with a value that satisfies ``when``."""

    @area.request(name, description, *operations, breaks=breaks)
    def turned_away(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if when(body.get(field, ABSENT)):
            raise invalid_value(field, f"'{field}' is not acceptable.")
        return body
