"""Judgements on the chunks of a streamed chat completion and on the answer that they add up to.

Source: OpenAI API reference, Chat, Streaming, which the Ozwell documents follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any
from unicodedata import normalize

from ozwell_harness.checks.assembly import Assembly, ItemKind, StreamedChoice
from ozwell_harness.checks.base import document_of, is_integer, shown
from ozwell_harness.checks.chat import CLOCK_TOLERANCE_S
from ozwell_harness.checks.clock import is_about_now
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Profile

_SURROGATE = re.compile("[\ud800-\udfff]")

#: Fewer pieces, or a shorter text, could be repeated by chance.
_TELLING_PIECES = 4
_TELLING_TEXT = 10


def chunks_match_schema(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every event but ``[DONE]``, errors and broken data is a valid chunk of the profile's specification."""
    for item in begun_answer(exchange).live:
        if item.kind not in {ItemKind.CHUNK, ItemKind.ODD}:
            continue
        errors = profile.schema_errors("ChatCompletionChunk", item.document)
        if errors:
            told = "; ".join(f"{error.pointer}: {shown(error.message)}" for error in errors[:3])
            return Deviation(
                "a chunk is no valid ChatCompletionChunk",
                "a ChatCompletionChunk as the specification has it",
                f"event {item.at}: {told}",
            )
    return None


def has_one(exchange: Exchange, field: str) -> Deviation | None:
    """``field`` (id, created, model) is the same in every chunk.

    Raises:
        Unjudgeable: no chunk has it.
    """
    values = [item.document.get(field) for item in begun_answer(exchange).chunks]
    if all(value is None for value in values):
        raise Unjudgeable(f"no chunk has a field {field}")
    other = [value for value in values if value != values[0]]
    if not other:
        return None
    return Deviation(
        f"{field} changes within a stream",
        f"one {field} for the whole stream",
        f"{field} {shown(values[0])}, then {shown(other[0])}",
    )


def created_is_now(exchange: Exchange) -> Deviation | None:
    """``created`` is the time of the answer.

    Raises:
        Unjudgeable: it is not an integer.
    """
    created = _first_field(exchange, "created")
    if not is_integer(created):
        raise Unjudgeable("created is not an integer")
    if is_about_now(created, exchange, tolerance_s=CLOCK_TOLERANCE_S):
        return None
    expected = f"epoch seconds within {CLOCK_TOLERANCE_S / 60:.0f} minutes of {exchange.started:.0f}"
    return Deviation("created is not the time of the answer", expected, f"created {shown(created)}")


def model_is_as_plain(streamed: Exchange, plain: Exchange) -> Deviation | None:
    """A stream names the same model as the plain answer to the same request."""
    found, wanted = _first_field(streamed, "model"), document_of(plain).get("model")
    if found == wanted:
        return None
    return Deviation("a stream names another model than the plain answer", f"model {shown(wanted)}", shown(found))


def ids_differ(streams: Sequence[Exchange]) -> Deviation | None:
    """No two streams have the same id.

    Raises:
        Unjudgeable: fewer than two streams have an id.
    """
    ids = [found for found in map(_id_if_any, streams) if found]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two streams have an id to compare")
    if len(set(ids)) == len(ids):
        return None
    twice = next(found for found in ids if ids.count(found) > 1)
    return Deviation("two streams have the same id", "an id of its own for each", f"{shown(twice)} twice")


def _id_if_any(exchange: Exchange) -> str | None:
    try:
        found = _first_field(exchange, "id")
    except Unjudgeable:
        return None
    return found if isinstance(found, str) else None


def _first_field(exchange: Exchange, field: str) -> Any:
    chunks = begun_answer(exchange).chunks
    if not chunks or field not in chunks[0].document:
        raise Unjudgeable(f"the first chunk has no {field}")
    return chunks[0].document[field]


def has_choices(exchange: Exchange, count: int) -> Deviation | None:
    """The choices of the stream are those with the indexes 0 to ``count`` - 1."""
    found = [choice.index for choice in whole_answer(exchange).choices]
    wanted = list(range(count))
    if found == wanted:
        return None
    return Deviation("the stream has other choices than were asked for", f"indexes {wanted}", f"indexes {found}")


def begins_with_role(exchange: Exchange) -> Deviation | None:
    """The first delta of each choice has the role ``assistant``."""
    for choice in _choices(begun_answer(exchange)):
        roles = [delta.role for delta in choice.deltas[:1]]
        if roles != ["assistant"]:
            actual = f"role {shown(roles[0])} in choice {choice.index}" if roles else f"no delta in {choice.index}"
            return Deviation("the first delta does not say who speaks", 'role "assistant" in the first delta', actual)
    return None


def tells_role_once(exchange: Exchange) -> Deviation | None:
    """Only the first delta of a choice has a role."""
    for choice in _choices(begun_answer(exchange)):
        later = [delta for delta in choice.deltas[1:] if delta.role is not None]
        if later:
            return Deviation(
                "the role is repeated", "a role in the first delta only", f"{len(later)} later deltas with a role"
            )
    return None


def says_something(exchange: Exchange) -> Deviation | None:
    """The deltas add up to a text.

    Raises:
        Unjudgeable: the answer was filtered, or cut before the text began.
    """
    choice = first_choice(whole_answer(exchange))
    if choice.content.strip():
        return None
    if choice.finish_reason in ("content_filter", "length"):
        raise Unjudgeable(f"the answer ended with finish_reason {choice.finish_reason}")
    return Deviation("the deltas add up to no text", "content in the deltas", f"{len(choice.deltas)} deltas, no text")


def adds_increments(exchange: Exchange) -> Deviation | None:
    """Each delta is what is new, neither all that came so far nor the whole once more at the end."""
    pieces = first_choice(begun_answer(exchange)).pieces
    # A few short pieces may begin alike by chance.
    telling = len(pieces) >= _TELLING_PIECES or len("".join(pieces[:1])) >= _TELLING_TEXT
    growing = len(pieces) > 1 and all(later.startswith(one) and later != one for one, later in pairwise(pieces))
    repeated = len(pieces) > 1 and len(pieces[-1]) >= _TELLING_TEXT and pieces[-1] == "".join(pieces[:-1])
    if not repeated and not (telling and growing):
        return None
    return Deviation("a delta repeats what came before", "only new text in each delta", f"deltas {shown(pieces)}")


def equals_plain(streamed: Exchange, plain: Exchange, repeats: Sequence[Exchange]) -> Deviation | None:
    """The deltas add up to the plain answer to the same request.

    Args:
        streamed: the streamed answer.
        plain: the plain one.
        repeats: where the two differ, one more of each (streamed, then plain): they show whether the target is
            deterministic, which is what makes a difference a fault.

    Raises:
        Unjudgeable: the target does not answer the same request alike twice.
    """
    if not differs(streamed, plain):
        return None
    found, wanted = text_of(streamed), answer_text(plain).strip()
    if len(repeats) != 2 or text_of(repeats[0]) != found or answer_text(repeats[1]).strip() != wanted:
        raise Unjudgeable("the target does not answer the same request alike twice, so a difference shows nothing")
    return Deviation("the stream adds up to another answer than the plain one", shown(wanted), shown(found))


def differs(streamed: Exchange, plain: Exchange) -> bool:
    """Tell whether the deltas add up to another text than the plain answer.

    Raises:
        Unjudgeable: one of the two is no whole answer.
    """
    return text_of(streamed) != answer_text(plain).strip()


def text_of(streamed: Exchange) -> str:
    """Return the text of the first choice, without white space around it.

    Raises:
        Unjudgeable: the stream did not come to its end, or has no choice.
    """
    return first_choice(whole_answer(streamed)).content.strip()


def keeps_characters_whole(exchange: Exchange) -> Deviation | None:
    """No piece of text holds the ruins of a character that was split."""
    for choice in _choices(whole_answer(exchange)):
        for piece in choice.pieces:
            if "\ufffd" in piece or _SURROGATE.search(piece):
                return Deviation("a character is split between chunks", "whole characters", f"content {piece!a}")
    return None


def repeats(exchange: Exchange, wanted: str) -> Deviation | None:
    """The stream holds the text that it was asked to repeat, in any Unicode normal form."""
    text = text_of(exchange)
    if normalize("NFC", wanted) in normalize("NFC", text):
        return None
    return Deviation("the text to repeat is not streamed unchanged", wanted, f"content {shown(text)}")


def first_choice(answer: Assembly) -> StreamedChoice:
    """Return the choice with the index 0.

    Raises:
        Unjudgeable: there is none.
    """
    choice = answer.choice(0)
    if choice is None:
        raise Unjudgeable("the stream has no choice with index 0")
    return choice


def _choices(answer: Assembly) -> Iterable[StreamedChoice]:
    if not answer.choices:
        raise Unjudgeable("the stream has no choice")
    return answer.choices
