"""What a request asked for, read from its JSON body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.base import is_integer
from ozwell_harness.model import Exchange


def asked_of(exchange: Exchange) -> Mapping[str, Any]:
    """Return the JSON object that was sent; empty where the body is none."""
    try:
        document = json.loads(exchange.request.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def choices_asked(exchange: Exchange) -> int:
    """Return how many choices were asked for (``n``, 1 by default)."""
    count: Any = asked_of(exchange).get("n")
    return int(count) if is_integer(count) else 1


def stop_asked(exchange: Exchange) -> str | None:
    """Return the stop text that was asked for, where it is a single one."""
    stop = asked_of(exchange).get("stop")
    return stop if isinstance(stop, str) else None


def is_capped(exchange: Exchange) -> bool:
    """Tell whether the request caps the answer's tokens."""
    asked = asked_of(exchange)
    return asked.get("max_tokens") is not None or asked.get("max_completion_tokens") is not None


def forces_call(exchange: Exchange) -> bool:
    """Tell whether the request forces a tool call: tool_choice ``required`` or a named tool."""
    choice = asked_of(exchange).get("tool_choice")
    return choice == "required" or isinstance(choice, dict)
