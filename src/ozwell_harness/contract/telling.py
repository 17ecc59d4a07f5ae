"""Words for what the phase finds: one line for each cause, short enough to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks import base
from ozwell_harness.model import Deviation, Exchange

_LONGEST = 200
#: Members of a body that say little about it.
_USUAL = frozenset({"model", "messages", "input"})


def json_in(body: bytes) -> Any:
    """Return the JSON value in a body, or None where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def body_of(exchange: Exchange) -> Any:
    """Return the JSON value that was sent, or None where it was none."""
    return json_in(exchange.request.body)


def answered(exchange: Exchange) -> Mapping[str, Any]:
    """Return the JSON object that was answered; an empty one where it was none."""
    value = json_in(exchange.response.body) if exchange.response else None
    return value if isinstance(value, Mapping) else {}


def asked(exchange: Exchange) -> str:
    """Say what was asked for: the operation, and the members of its body that matter."""
    said = f"{exchange.request.method} {exchange.request.path}"
    body = body_of(exchange)
    if not isinstance(body, Mapping):
        return brief(said)
    members = [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in body.items() if name not in _USUAL]
    return brief(f"{said} with {', '.join(members)}" if members else said)


def outcome(exchange: Exchange) -> str:
    """Say how it ended."""
    return brief(base.outcome(exchange))


def compared(deviation: Deviation) -> str:
    """Say what was expected and what was seen."""
    return f"expected {brief(deviation.expected)}, got {brief(deviation.actual)}"


def brief(text: str) -> str:
    """Return ``text`` on one line, its middle left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST * 3 // 4]} … {line[-_LONGEST // 4 :]}"


def many(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
