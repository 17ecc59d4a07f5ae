"""Judgements on how a streamed answer ends: its finish_reason, and its limits.

Source: OpenAI API reference, Chat, Streaming, which the Ozwell documents follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.assembly import Assembly, ItemKind, StreamedChoice
from ozwell_harness.checks.base import is_integer, shown
from ozwell_harness.checks.chat import finish_reason_of
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.checks.streaming import differs, first_choice, text_of
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

_COUNTING = re.compile(r"[\d,\s]*")


def tells_finish_reason(exchange: Exchange) -> Deviation | None:
    """Every choice that began ends with a finish_reason."""
    for choice in _choices(whole_answer(exchange)):
        if not _reasons(choice):
            return Deviation(
                "a choice ends without a finish_reason",
                "a finish_reason in the last chunk of each choice",
                f"none in choice {choice.index}",
            )
    return None


def tells_once(exchange: Exchange) -> Deviation | None:
    """No choice has more than one finish_reason."""
    for choice in _choices(begun_answer(exchange)):
        reasons = _reasons(choice)
        if len(reasons) > 1:
            actual = f"{len(reasons)} in choice {choice.index}: {shown(reasons)}"
            return Deviation("a choice has more than one finish_reason", "one finish_reason", actual)
    return None


def finishes_each_once(exchange: Exchange) -> Deviation | None:
    """Every choice has one finish_reason."""
    return tells_finish_reason(exchange) or tells_once(exchange)


def finishes_as_plain(streamed: Exchange, plain: Exchange) -> Deviation | None:
    """The same text has the same finish_reason, streamed or plain.

    Raises:
        Unjudgeable: the texts differ.
    """
    if differs(streamed, plain):
        raise Unjudgeable("the streamed and the plain answer are different texts")
    found, wanted = first_choice(whole_answer(streamed)).finish_reason, finish_reason_of(plain)
    if found == wanted:
        return None
    return Deviation(
        "the stream ends for another reason than the plain answer",
        f"finish_reason {shown(wanted)}",
        f"finish_reason {shown(found)}",
    )


def has_null_before_finish(exchange: Exchange) -> Deviation | None:
    """A finish_reason that is not yet known is null, not an empty text or false."""
    for choice in _choices(begun_answer(exchange)):
        empty = [ending for ending in choice.endings if not ending.reason]
        if empty:
            return Deviation(
                "finish_reason is empty instead of null",
                "finish_reason null until the choice ends",
                f"finish_reason {_quoted(empty[0].reason)} in event {empty[0].at}",
            )
    return None


def adds_nothing_after_finish(exchange: Exchange) -> Deviation | None:
    """No delta carries a part of the answer after the choice's finish_reason."""
    for choice in _choices(begun_answer(exchange)):
        end = _end_of(choice)
        late = [delta for delta in choice.deltas if end is not None and delta.at > end and delta.payload]
        if late:
            actual = f"{shown(late[0].text) or 'a tool call'} in event {late[0].at}, finish_reason in event {end}"
            return Deviation("a choice goes on after its finish_reason", "no content after finish_reason", actual)
    return None


def finishes_with_empty_delta(exchange: Exchange) -> Deviation | None:
    """The chunk with the finish_reason carries no part of the answer."""
    for choice in _choices(begun_answer(exchange)):
        end = _end_of(choice)
        carried = [delta for delta in choice.deltas if delta.at == end and delta.payload]
        if carried:
            return Deviation(
                "the chunk with the finish_reason carries content, too",
                "an empty delta beside the finish_reason",
                f"content {shown(carried[0].text)}" if carried[0].text else "a tool call",
            )
    return None


def is_never_cut_in_silence(exchange: Exchange) -> Deviation | None:
    """A stream that says ``[DONE]`` finished every choice it began, or told of an error.

    Raises:
        Unjudgeable: it does not say ``[DONE]``.
    """
    answer = whole_answer(exchange)
    if not answer.is_done:
        raise Unjudgeable("the stream has no [DONE]")
    unfinished = [choice.index for choice in answer.choices if not _reasons(choice)]
    if answer.live_of(ItemKind.ERROR) or (answer.choices and not unfinished):
        return None
    return Deviation(
        "an answer that was cut short looks complete",
        "a finish_reason for each choice, an error event or a broken connection",
        f"[DONE], and no finish_reason in choices {unfinished}" if unfinished else "[DONE], and no choice at all",
    )


def _reasons(choice: StreamedChoice) -> list[Any]:
    return [ending.reason for ending in choice.endings if ending.reason]


def _end_of(choice: StreamedChoice) -> int | None:
    return next((ending.at for ending in choice.endings if ending.reason), None)


def _quoted(value: Any) -> str:
    return '""' if value == "" else shown(value)


def _choices(answer: Assembly) -> tuple[StreamedChoice, ...]:
    if not answer.choices:
        raise Unjudgeable("the stream has no choice")
    return answer.choices


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
    found = first_choice(whole_answer(exchange)).finish_reason
    if found == "length":
        return None
    text, whole = text_of(exchange), answer_text(plain).strip()
    if not whole.startswith(text) or text == whole:
        raise Unjudgeable("the streamed text is not a beginning of the plain answer")
    return Deviation("a stream that was cut does not say so", 'finish_reason "length"', f"finish_reason {shown(found)}")


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
        Unjudgeable: the stop text did not end it.
    """
    if text_of(exchange) != _before_stop(plain, stop):
        raise Unjudgeable("the stop text did not end this stream")
    found = first_choice(whole_answer(exchange)).finish_reason
    if found == "stop":
        return None
    return Deviation("a stopped stream does not say so", 'finish_reason "stop"', f"finish_reason {shown(found)}")


def _before_stop(plain: Exchange, stop: str) -> str:
    before, found, _ = answer_text(plain).partition(stop)
    if not found:
        raise Unjudgeable("the plain answer does not hold the stop text")
    return before.strip()
