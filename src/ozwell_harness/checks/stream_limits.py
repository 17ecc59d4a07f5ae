"""Judgements on the limits of a streamed answer: max_tokens and stop texts.

Source: OpenAI API reference, Chat (max_tokens, stop), which the Ozwell documents follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.base import is_integer, shown
from ozwell_harness.checks.stream_framing import whole_answer
from ozwell_harness.checks.stream_text import text_of
from ozwell_harness.checks.stream_usage import usage_of
from ozwell_harness.checks.streaming import first_choice, known_reason
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

_COUNTING = re.compile(r"[\d,\s]*")


def caps_tokens(exchange: Exchange, plain: Exchange, cap: int) -> Deviation | None:
    """A stream is no longer than ``max_tokens``; ``plain`` is the answer to the same request without it.

    Raises:
        Unjudgeable: the plain answer is itself too short to tell.
    """
    answer = whole_answer(exchange)
    counted = [usage["completion_tokens"] for _, usage in answer.usages if _counts(usage)]
    if counted and counted[-1] > cap:
        return Deviation("max_tokens does not cap a stream", f"at most {cap} tokens", f"{counted[-1]} tokens")
    text, whole = text_of(exchange), answer_text(plain).strip()
    if len(whole.split()) <= cap * 4:
        raise Unjudgeable("the answer without max_tokens is itself short")
    if text == whole:
        return Deviation("max_tokens does not cap a stream", f"at most {cap} tokens", f"the whole answer {shown(text)}")
    return None


def _counts(usage: Any) -> bool:
    return isinstance(usage, Mapping) and is_integer(usage.get("completion_tokens"))


def finishes_by_length(exchange: Exchange, plain: Exchange) -> Deviation | None:
    """A stream that was cut by max_tokens says so; ``plain`` is the answer to the same request without it.

    Raises:
        Unjudgeable: the text is no beginning of the plain answer, so the model may have ended by itself.
    """
    found = known_reason(first_choice(whole_answer(exchange)))
    if found == "length":
        return None
    text, whole = text_of(exchange), answer_text(plain).strip()
    if not whole.startswith(text) or text == whole:
        raise Unjudgeable("the streamed text is not a beginning of the plain answer")
    return Deviation("a stream that was cut does not say so", 'finish_reason "length"', f"finish_reason {shown(found)}")


def counts_to_cap(exchange: Exchange, cap: int) -> Deviation | None:
    """A stream that ``max_tokens`` cut costs as many completion tokens as it allows.

    Raises:
        Unjudgeable: something else ended it, or it tells no usage.
    """
    if first_choice(whole_answer(exchange)).finish_reason != "length":
        raise Unjudgeable("max_tokens did not cut this stream")
    counted = usage_of(exchange)["completion_tokens"]
    if counted == cap:
        return None
    return Deviation(
        "the usage of a cut stream counts other tokens than were sent", f"completion_tokens {cap}", f"{counted}"
    )


def leaves_stop_out(exchange: Exchange, stop: str) -> Deviation | None:
    """The stop text is not in the answer."""
    text = first_choice(whole_answer(exchange)).content
    if stop not in text:
        return None
    return Deviation("the stop text is streamed", f"a text that ends before {shown(stop)}", f"content {shown(text)}")


def stops_exactly(exchange: Exchange, plain: Exchange, stop: str) -> Deviation | None:
    """The text ends right before the stop text: nothing of it was streamed in advance, and nothing is missing.

    ``plain`` is the answer to the same request without a stop text.

    Raises:
        Unjudgeable: the plain answer lacks the stop text, or the model counted otherwise this time.
    """
    text, wanted = text_of(exchange), _before_stop(plain, stop)
    if text == wanted:
        return None
    leaked = text.startswith(wanted) and stop.startswith(text.removeprefix(wanted).strip())
    if not _COUNTING.fullmatch(text) or not (leaked or wanted.startswith(text)):
        raise Unjudgeable("the model did not count as in the plain answer")
    return Deviation("the stream does not end right before the stop text", shown(wanted), shown(text))


def finishes_by_stop(exchange: Exchange, plain: Exchange, stop: str) -> Deviation | None:
    """A stream that a stop text ended says so.

    Raises:
        Unjudgeable: the stop text did not end it, or it has no finish_reason.
    """
    if text_of(exchange) != _before_stop(plain, stop):
        raise Unjudgeable("the stop text did not end this stream")
    found = known_reason(first_choice(whole_answer(exchange)))
    if found is None:
        raise Unjudgeable("the stream has no finish_reason")
    if found == "stop":
        return None
    return Deviation("a stopped stream does not say so", 'finish_reason "stop"', f"finish_reason {shown(found)}")


def _before_stop(plain: Exchange, stop: str) -> str:
    before, found, _ = answer_text(plain).partition(stop)
    if not found:
        raise Unjudgeable("the plain answer does not hold the stop text")
    return before.strip()
