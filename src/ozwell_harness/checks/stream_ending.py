"""Judgements on how a streamed answer ends: its finish_reason, and that it is never cut in silence.

Source: OpenAI API reference, Chat, Streaming, which the Ozwell documents follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ozwell_harness.checks.asking import is_capped, stop_asked
from ozwell_harness.checks.assembly import Assembly, ItemKind, StreamedChoice, is_reason
from ozwell_harness.checks.base import shown
from ozwell_harness.checks.chat import finish_reason_of
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.checks.stream_text import differs
from ozwell_harness.checks.streaming import first_choice, known_reason
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable


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
        Unjudgeable: the texts differ, or the finish_reason is none that there is.
    """
    if differs(streamed, plain):
        raise Unjudgeable("the streamed and the plain answer are different texts")
    found, wanted = known_reason(first_choice(whole_answer(streamed))), finish_reason_of(plain)
    if found == wanted:
        return None
    return Deviation(
        "the stream ends for another reason than the plain answer",
        f"finish_reason {shown(wanted)}",
        f"finish_reason {shown(found)}",
    )


def has_null_before_finish(exchange: Exchange) -> Deviation | None:
    """A finish_reason that is not yet known is null: no empty text, no false, no name of a null."""
    for choice in _choices(begun_answer(exchange)):
        empty = [ending for ending in choice.endings if not is_reason(ending.reason)]
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


def is_never_cut_in_silence(exchange: Exchange, plain: Exchange | None = None) -> Deviation | None:
    """An answer that broke off says so, by an error event or a broken connection.

    With ``plain``, the plain answer to the same request but for stop texts, an answer broke off when it is the
    beginning of that one and has no finish_reason. Without it, one that says ``[DONE]`` and has no finish_reason is
    taken as such.

    Raises:
        Unjudgeable: max_tokens cut it on purpose, there is no choice, or the whole text is not known.
    """
    answer = whole_answer(exchange)
    unfinished = [choice for choice in _choices(answer) if not _reasons(choice)]
    if answer.live_of(ItemKind.ERROR) or answer.live_of(ItemKind.BROKEN) or not unfinished:
        return None
    if plain is None:
        cut = unfinished if answer.is_done else []
    else:
        whole = _whole_text(exchange, plain)
        cut = [choice for choice in unfinished if _is_beginning(choice.content.strip(), whole)]
    if not cut:
        return None
    return Deviation(
        "an answer that was cut short looks complete",
        "the whole answer, an error event or a broken connection",
        f"{shown(cut[0].content)} and no finish_reason in choice {cut[0].index}",
    )


def uncut(exchanges: Iterable[Exchange], plain: Exchange) -> list[Exchange]:
    """Return the streams that were not cut in silence: what a cut one lacks is no deviation of its own.

    Where a target is seen to cut any, those of which that cannot be known are left out, too.
    """
    known = [(exchange, _is_cut(exchange, plain)) for exchange in exchanges]
    seen_to_cut = any(cut for _, cut in known)
    return [exchange for exchange, cut in known if cut is False or (cut is None and not seen_to_cut)]


def _is_cut(exchange: Exchange, plain: Exchange) -> bool | None:
    try:
        return is_never_cut_in_silence(exchange, plain) is not None
    except Unjudgeable:
        return None


def _whole_text(exchange: Exchange, plain: Exchange) -> str:
    if is_capped(exchange):
        raise Unjudgeable("max_tokens cuts this answer on purpose")
    whole, stop = answer_text(plain), stop_asked(exchange)
    return (whole.partition(stop)[0] if stop else whole).strip()


def _is_beginning(text: str, whole: str) -> bool:
    return text != whole and whole.startswith(text)


def _reasons(choice: StreamedChoice) -> list[Any]:
    return [ending.reason for ending in choice.endings if is_reason(ending.reason)]


def _end_of(choice: StreamedChoice) -> int | None:
    return next((ending.at for ending in choice.endings if is_reason(ending.reason)), None)


def _quoted(value: Any) -> str:
    return '""' if value == "" else shown(value)


def _choices(answer: Assembly) -> tuple[StreamedChoice, ...]:
    if not answer.choices:
        raise Unjudgeable("the stream has no choice")
    return answer.choices
