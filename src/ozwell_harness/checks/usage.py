"""Judgements on the ``usage`` of an answer, alike for chat completions and responses."""

from __future__ import annotations

from typing import Any

from ozwell_harness.checks.base import at, document_of, is_integer, shown
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def usage_of(exchange: Exchange) -> dict[str, Any]:
    """Return the usage of a 200.

    Raises:
        Unjudgeable: there is none.
    """
    usage = at(document_of(exchange), "usage")
    if not isinstance(usage, dict):
        raise Unjudgeable("usage is not an object")
    return usage


def count_of(exchange: Exchange, name: str) -> int:
    """Return one count of the usage.

    Raises:
        Unjudgeable: it is absent or not an integer.
    """
    count = usage_of(exchange).get(name)
    if not isinstance(count, int) or isinstance(count, bool):
        raise Unjudgeable(f"usage has no integer {name}")
    return count


def is_present(exchange: Exchange) -> Deviation | None:
    """The answer says what it cost."""
    document = document_of(exchange)
    if isinstance(document.get("usage"), dict):
        return None
    actual = f"usage {shown(document['usage'])}" if "usage" in document else "no usage"
    return Deviation("the answer does not say what it cost", f"a usage object with {', '.join(COUNTS)}", actual)


def counts_are_whole(exchange: Exchange) -> Deviation | None:
    """All three counts are integers, none below 0."""
    usage = usage_of(exchange)
    for name in COUNTS:
        count: Any = usage.get(name)
        if not is_integer(count) or count < 0:
            actual = f"{name} {shown(count)}" if name in usage else f"no {name}"
            return Deviation(f"the field {name} is not a count", f"{name}: an integer of 0 or more", actual)
    return None


def prompt_is_counted(exchange: Exchange) -> Deviation | None:
    """A prompt costs at least one token."""
    if count_of(exchange, "prompt_tokens") > 0:
        return None
    return Deviation("the prompt costs no tokens", "prompt_tokens above 0", f"usage {shown(usage_of(exchange))}")


def completion_is_counted(exchange: Exchange) -> Deviation | None:
    """An answer that is not empty costs at least one token."""
    text = answer_text(exchange)
    if not text.strip():
        raise Unjudgeable("the answer is empty, so nothing need be counted")
    if count_of(exchange, "completion_tokens") > 0:
        return None
    return Deviation("the answer costs no tokens", "completion_tokens above 0", f"0 for {shown(text)}")


def total_is_sum(exchange: Exchange) -> Deviation | None:
    """total_tokens is prompt_tokens plus completion_tokens."""
    prompt, completion, total = (count_of(exchange, name) for name in COUNTS)
    if total == prompt + completion:
        return None
    return Deviation("the total_tokens are not the sum", f"{prompt} + {completion} = {prompt + completion}", f"{total}")


def grows_with_prompt(shorter: Exchange, longer: Exchange) -> Deviation | None:
    """A much longer prompt costs more prompt tokens."""
    few, many = count_of(shorter, "prompt_tokens"), count_of(longer, "prompt_tokens")
    if many > few:
        return None
    return Deviation(
        "a longer prompt does not cost more", f"prompt_tokens above {few}, which the short prompt cost", f"{many}"
    )
