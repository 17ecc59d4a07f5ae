"""Judgements on parameters, alike for chat completions and responses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ozwell_harness.checks.base import (
    answers,
    answers_json_object,
    document_of,
    error_of,
    objects_at,
    outcome,
    refused,
    shown,
    status_words,
)
from ozwell_harness.checks.chat import FINISH_REASONS, choices_of, finish_reason_of, has_content
from ozwell_harness.checks.text import answer_text, answer_texts
from ozwell_harness.checks.usage import count_of
from ozwell_harness.model import Deviation, Exchange, FailureKind, Unjudgeable
from ozwell_harness.profile import ErrorExpectation

#: No tokenizer in use makes more words of one token, on average over a sentence.
_WORDS_PER_TOKEN = 4

#: Two choices cost twice as much as one, but for a token that ends an answer and is counted here and not there.
_TWO_AT_LEAST = 1.5


def worded(fields: Mapping[str, Any]) -> str:
    """Say which fields were sent: ``temperature 2.01``."""
    return " and ".join(f"{name} {shown(json.dumps(value, ensure_ascii=False))}" for name, value in fields.items())


def accepts(exchange: Exchange, what: str, unsupported: ErrorExpectation | None = None) -> Deviation | None:
    """A request with ``what`` is answered with 200.

    ``unsupported`` is how the dialect lets a model say that it does not take a parameter at all; None when it may not.

    Raises:
        Unjudgeable: the model does not take it, or no answer came in time.
    """
    if exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT:
        raise Unjudgeable(f"a request with {what} ended thus: {exchange.failure.message}")
    if answers(exchange) is None:
        return None
    if unsupported is not None and _refused_so(exchange, unsupported):
        raise Unjudgeable(f"the model does not take {what}: {outcome(exchange)}")
    return Deviation(f"a request with {what} is not accepted", "status 200", outcome(exchange))


def _refused_so(exchange: Exchange, expected: ErrorExpectation) -> bool:
    if refused(exchange, expected):
        return False
    try:
        code = error_of(exchange, expected.envelope).get("code")
    except Unjudgeable:
        return False
    return expected.codes is None or code in tuple(expected.codes)


def refuses(exchange: Exchange, what: str, expected: ErrorExpectation) -> Deviation | None:
    """A request with ``what`` is refused as a bad one."""
    if refused(exchange, expected) is None:
        return None
    turned_away = exchange.status is not None and 400 <= exchange.status < 500
    how = "is refused, but with another status" if turned_away else "is not refused"
    return Deviation(f"a request with {what} {how}", status_words(expected), outcome(exchange))


def choices_are_whole(exchange: Exchange) -> Deviation | None:
    """Every choice is an assistant's message with a content and a finish_reason."""
    for choice in choices_of(exchange):
        message = choice.get("message")
        sound = isinstance(message, dict) and message.get("role") == "assistant" and has_content(choice)
        if not sound or choice.get("finish_reason") not in tuple(FINISH_REASONS):
            return Deviation(
                "a choice is not whole",
                "role assistant, a content and a known finish_reason in each",
                f"choice {shown(choice)}",
            )
    return None


def caps_tokens(exchange: Exchange, cap: int) -> Deviation | None:
    """The answer is no longer than ``cap`` tokens, as counted and as seen.

    Raises:
        Unjudgeable: the answer is short and its tokens are not counted.
    """
    words = len(answer_text(exchange).split())
    if words > cap * _WORDS_PER_TOKEN:
        return Deviation(
            "the answer is longer than max_tokens allows", f"at most {cap} tokens", f"a content of {words} words"
        )
    counted = count_of(exchange, "completion_tokens")
    if counted <= cap:
        return None
    return Deviation("the answer is longer than max_tokens allows", f"completion_tokens up to {cap}", f"{counted}")


def finishes_by_length(exchange: Exchange, cap: int) -> Deviation | None:
    """An answer that was cut at ``cap`` tokens says so.

    Raises:
        Unjudgeable: the model ended by itself before the cap.
    """
    finish = finish_reason_of(exchange)
    if finish == "length":
        return None
    if count_of(exchange, "completion_tokens") < cap:
        raise Unjudgeable(f"the model used fewer than {cap} tokens, so nothing was cut")
    return Deviation("a cut answer does not say so", "finish_reason length", f"finish_reason {shown(finish)}")


def leaves_out(exchange: Exchange, stops: Sequence[str]) -> Deviation | None:
    """None of the stop texts is in the answer, whichever choice."""
    for text in answer_texts(exchange):
        leaked = [stop for stop in stops if stop in text]
        if leaked:
            return Deviation(
                "a stop text is in the answer", f"no {shown(leaked[0])} in the content", f"content {shown(text)}"
            )
    return None


def counts_no_further(exchange: Exchange, stop: int) -> Deviation | None:
    """A count that was to stop at ``stop`` does not go on beyond it, in no choice."""
    for text in answer_texts(exchange):
        if (stop - 1, stop + 1) in pairwise(_numbers(text)):
            return Deviation(
                "the answer goes on after the stop text", f"nothing after {stop - 1}", f"content {shown(text)}"
            )
    return None


def finishes_by_stop(exchange: Exchange, stop: int) -> Deviation | None:
    """A count that ended just before ``stop`` finished by ``stop``.

    Raises:
        Unjudgeable: the model did not count up to there.
    """
    if _numbers(answer_text(exchange))[-2:] != [stop - 2, stop - 1]:
        raise Unjudgeable(f"the model did not count up to {stop}: {shown(answer_text(exchange))}")
    finish = finish_reason_of(exchange)
    if finish == "stop":
        return None
    return Deviation("a stopped answer does not say so", "finish_reason stop", f"finish_reason {shown(finish)}")


def _numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d{1,9}", text)]


def counts_both(two: Exchange, one: Exchange) -> Deviation | None:
    """Two choices, each of which says at least what another answer says, cost about twice as much as that one.

    Raises:
        Unjudgeable: they say less, or the other answer was counted with more than what is seen of it.
    """
    text, cost = answer_text(one).strip(), count_of(one, "completion_tokens")
    texts = answer_texts(two)
    if not text or len(texts) != 2 or not all(found.startswith(text) for found in texts):
        raise Unjudgeable("the answers say other things, so their costs cannot be compared")
    if not 0 < cost <= len(text):
        raise Unjudgeable(f"{cost} completion tokens for {shown(text)} count more than is seen")
    counted = count_of(two, "completion_tokens")
    if counted >= cost * _TWO_AT_LEAST:
        return None
    return Deviation(
        "only one of two choices is counted",
        f"completion_tokens near {2 * cost} or more, since one such choice costs {cost}",
        f"completion_tokens {counted} for {shown(texts)}",
    )


def answers_as_by_default(exchange: Exchange, what: str) -> Deviation | None:
    """A request with nulls is answered as one that leaves the fields out: one plain choice."""
    deviation = accepts(exchange, what) or answers_json_object(exchange)
    if deviation:
        return deviation
    choices = objects_at(document_of(exchange), "choices")
    if len(choices) == 1:
        return None
    return Deviation("nulls change the answer", "one choice, as without them", f"{len(choices)} choices")


def repeats(exchanges: Sequence[Exchange]) -> Deviation | None:
    """Answers to one request with one seed say the same."""
    first, *others = (answer_text(exchange) for exchange in exchanges)
    different = next((text for text in others if text != first), None)
    if different is None:
        return None
    return Deviation("the same seed gives different answers", f"content {shown(first)}", f"content {shown(different)}")
