"""Judgements on the configuration of a model: what is put, what is answered, what chats make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.accepted import same_number
from ozwell_harness.checks.base import document_of, outcome, shown
from ozwell_harness.checks.chat import finish_reason_of
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: No tokenizer in use makes more words of one token, on average over a sentence.
_WORDS_PER_TOKEN = 4


def takes(exchange: Exchange) -> Deviation | None:
    """The path takes the method: it is answered or refused, and not for being asked in this way."""
    status = exchange.status or 0
    if exchange.failure is None and status != 405 and (200 <= status < 300 or 400 <= status < 500):
        return None
    asked = f"{exchange.request.method} {exchange.request.path}"
    return Deviation(f"{asked} is not taken", "an answer, or a refusal of what was sent", outcome(exchange))


def told_by(exchange: Exchange) -> Mapping[str, Any]:
    """Return where the answer tells the values: in itself, or under ``config``.

    Raises:
        Unjudgeable: it is no 200 with an object.
    """
    document = document_of(exchange)
    inner = document.get("config")
    return inner if isinstance(inner, dict) else document


def values_are_told(exchange: Exchange, put: Mapping[str, float]) -> Deviation | None:
    """The answer tells every value that was put."""
    missing = sorted(put.keys() - told_by(exchange).keys())
    if not missing:
        return None
    return Deviation("the answer does not tell what was put", f"a {missing[0]}", outcome(exchange))


def values_are_true(exchange: Exchange, put: Mapping[str, float]) -> Deviation | None:
    """What the answer tells of the values that were put is what was put.

    Raises:
        Unjudgeable: it tells none of them.
    """
    told = told_by(exchange)
    found = {name: told[name] for name in put if name in told}
    if not found:
        raise Unjudgeable("the answer tells none of the values")
    for name, value in found.items():
        if not same_number(value, put[name]):
            return Deviation(
                f"the answer tells another {name} than was put", f"{name} {shown(put[name])}", f"{name} {shown(value)}"
            )
    return None


def left_out_is_kept(exchange: Exchange, before: Mapping[str, float]) -> Deviation | None:
    """A value that was left out this time is what was put before.

    Raises:
        Unjudgeable: the answer does not tell it.
    """
    told = told_by(exchange)
    for name, value in before.items():
        if name not in told:
            raise Unjudgeable(f"the answer does not tell {name}")
        if not same_number(told[name], value):
            return Deviation(
                f"{name} changes although it was left out", f"{name} {shown(value)}", f"{name} {shown(told[name])}"
            )
    return None


def cuts_chat(chat: Exchange, max_tokens: int) -> Deviation | None:
    """A chat that names no max_tokens is no longer than the configured ones allow, or says that it was cut.

    Raises:
        Unjudgeable: the chat is not answered.
    """
    words = len(answer_text(chat).split())
    if words <= max_tokens * _WORDS_PER_TOKEN or finish_reason_of(chat) == "length":
        return None
    return Deviation(
        "a chat does not keep to the configured max_tokens",
        f"at most {max_tokens} tokens",
        f"a content of {words} words",
    )
