"""Judgements on the arguments of tool calls, plain and streamed alike.

Source: OpenAI API reference, Chat (tool_calls), which the Ozwell documents follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs

from ozwell_harness.checks.base import shown
from ozwell_harness.model import Deviation, Unjudgeable

#: By these an answer says that something is missing at its end.
_CUTTING = ("length", "content_filter")


def refuse_cut(finish_reason: Any, arguments: Iterable[Any]) -> None:
    """Leave calls alone that were cut or withheld: their arguments need not be whole.

    Raises:
        Unjudgeable: the finish_reason says so, and the arguments are not all JSON.
    """
    if finish_reason in _CUTTING and any(read_arguments(text) is None for text in arguments):
        raise Unjudgeable(f"a call was cut, as the finish_reason {finish_reason} says")


def holds_object(arguments: Any) -> Deviation | None:
    """``arguments`` is a text of one JSON object."""
    if isinstance(read_arguments(arguments), dict):
        return None
    actual = f"arguments {shown(arguments) or '(empty)'}"
    return Deviation("the arguments of a call are no JSON object", "a string of one JSON object", actual)


def read_arguments(arguments: Any) -> Any:
    """Return the arguments parsed, or None where they are no JSON."""
    try:
        return json.loads(arguments)
    except (ValueError, TypeError, RecursionError):
        return None


def all_fit(calls: Iterable[tuple[Any, Any]], schemas: Mapping[str, Mapping[str, Any]]) -> Deviation | None:
    """Calls, as name and arguments, satisfy the schemas that were declared.

    Raises:
        Unjudgeable: the arguments are no JSON object, or the tool was not declared.
    """
    for name, text in calls:
        arguments = read_arguments(text)
        if not isinstance(name, str) or name not in schemas or not isinstance(arguments, dict):
            raise Unjudgeable("a call has no declared name or no arguments")
        for error in jsonschema_rs.Draft202012Validator(dict(schemas[name])).iter_errors(arguments):
            return Deviation(
                f"the arguments do not satisfy the schema of {name}",
                f"arguments by {shown(schemas[name])}",
                error.message,
            )
    return None
