"""What a webhook tells of an answer: what was meant, under the name and with the text that were really sent.

A fault that garbles an answer must not look like one of the webhook that tells of it.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from ozwell_harness.mock.webhooks.message import JsonObject

_decode = msgspec.json.Decoder().decode
_NAMES = ("id", "document_id")


def as_answered(meant: JsonObject, body: bytes) -> JsonObject:
    """Return ``meant`` with the id and the text of the answer in ``body``, as far as it has any."""
    answered: Any = None
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        answered = _decode(body)
    if not isinstance(answered, dict):
        return meant
    names = {name: answered[name] for name in _NAMES if name in meant and is_name(answered.get(name))}
    sent, told = _message(answered), _message(meant)
    if told is not None and sent is not None and isinstance(sent.get("content"), str):
        told["content"] = sent["content"]
    return {**meant, **names}


def is_name(value: Any) -> bool:
    """Whether a value can name anything."""
    return isinstance(value, str) and value != ""


def _message(completion: JsonObject) -> JsonObject | None:
    try:
        message = completion["choices"][0]["message"]
    except (KeyError, IndexError, TypeError):
        return None
    return message if isinstance(message, dict) else None
