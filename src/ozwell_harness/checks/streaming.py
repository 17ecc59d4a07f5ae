"""Judgements on the chunks of a streamed chat completion and on the answer that they add up to.

Source: OpenAI API reference, Chat, Streaming, which the Ozwell documents follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ozwell_harness.checks.asking import choices_asked
from ozwell_harness.checks.assembly import Assembly, ItemKind, StreamedChoice, is_reason
from ozwell_harness.checks.base import document_of, is_integer, outcome, shown
from ozwell_harness.checks.chat import CLOCK_TOLERANCE_S, FINISH_REASONS
from ozwell_harness.checks.clock import is_about_now
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Profile

_SURROGATE = re.compile("[\ud800-\udfff]")


def chunks_match_schema(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every event but ``[DONE]``, errors and broken data is a valid chunk of the profile's specification.

    Left to checks of their own: a finish_reason that is empty instead of null, a usage chunk without choices, and
    tool calls without index.
    """
    for item in begun_answer(exchange).live:
        if item.kind not in {ItemKind.CHUNK, ItemKind.ODD}:
            continue
        errors = profile.schema_errors("ChatCompletionChunk", _less_told(item.document))
        if errors:
            told = "; ".join(f"{error.pointer}: {shown(error.message)}" for error in errors[:3])
            return Deviation(
                "a chunk is no valid ChatCompletionChunk",
                "a ChatCompletionChunk as the specification has it",
                f"event {item.at}: {told}",
            )
    return None


def _less_told(document: Any) -> Any:
    """Return a chunk with what other checks tell of it put right."""
    if not isinstance(document, Mapping):
        return document
    choices = document.get("choices")
    if choices is None and isinstance(document.get("usage"), Mapping):
        return {**document, "choices": []}
    if not isinstance(choices, list):
        return document
    return {**document, "choices": [_less_told_choice(choice) for choice in choices]}


def _less_told_choice(choice: Any) -> Any:
    if not isinstance(choice, Mapping):
        return choice
    fields: dict[str, Any] = dict(choice)
    if "finish_reason" in fields and not is_reason(fields["finish_reason"]):
        fields["finish_reason"] = None
    delta = fields.get("delta")
    if isinstance(delta, Mapping) and isinstance(delta.get("tool_calls"), list):
        calls = [call | {"index": 0} if isinstance(call, dict) else call for call in delta["tool_calls"]]
        fields["delta"] = {**delta, "tool_calls": calls}
    return fields


def has_one(exchange: Exchange, field: str) -> Deviation | None:
    """``field`` (id, created, model) is the same in every chunk that has one; that all have one is the schema's matter.

    Raises:
        Unjudgeable: no chunk has it.
    """
    found = [item.document.get(field) for item in begun_answer(exchange).chunks]
    values = [value for value in found if value not in (None, "")]
    if not values:
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
    """The choices of the stream are those with the indexes 0 to ``count`` - 1.

    Raises:
        Unjudgeable: the stream did not come to its end, or there are choices that cannot be read.
    """
    answer = whole_answer(exchange)
    found = [choice.index for choice in answer.choices]
    wanted = list(range(count))
    if found == wanted:
        return None
    if any("integer index" in problem or "choices is not" in problem for problem in answer.problems):
        raise Unjudgeable(f"the choices cannot be read: {answer.problems[0]}")
    return Deviation("the stream has other choices than were asked for", f"indexes {wanted}", f"indexes {found}")


def has_choices_asked(exchange: Exchange) -> bool:
    """Tell whether the stream has as many choices as were asked for; of mixed-up ones nothing else can be said."""
    return [choice.index for choice in begun_answer(exchange).choices] == list(range(choices_asked(exchange)))


def streams_each(exchange: Exchange, count: int) -> Deviation | None:
    """There are ``count`` choices, and each of them says something; a target must not refuse to stream them."""
    if exchange.status is not None and 400 <= exchange.status < 500:
        return Deviation(f"a stream of {count} choices is refused", "status 200", outcome(exchange))
    deviation = has_choices(exchange, count)
    if deviation:
        return deviation
    silent = [choice.index for choice in whole_answer(exchange).choices if not choice.content.strip()]
    if not silent:
        return None
    return Deviation("a choice says nothing", "content in each choice", f"none in choices {silent}")


def begins_with_role(exchange: Exchange) -> Deviation | None:
    """The first delta of each choice has the role ``assistant``."""
    for choice in _with_deltas(exchange):
        role = choice.deltas[0].role
        if role != "assistant":
            actual = f"role {shown(role)} in choice {choice.index}"
            return Deviation("the first delta does not say who speaks", 'role "assistant" in the first delta', actual)
    return None


def tells_role_once(exchange: Exchange) -> Deviation | None:
    """Only the first delta of a choice has a role."""
    for choice in _with_deltas(exchange):
        later = [delta for delta in choice.deltas[1:] if delta.role == "assistant"]
        if later:
            return Deviation(
                "the role is repeated", "a role in the first delta only", f"{len(later)} later deltas with a role"
            )
    return None


def keeps_characters_whole(exchange: Exchange) -> Deviation | None:
    """No piece of text holds the ruins of a character that was split."""
    for choice in _choices(whole_answer(exchange)):
        for piece in choice.pieces:
            if "\ufffd" in piece or _SURROGATE.search(piece):
                return Deviation("a character is split between chunks", "whole characters", f"content {piece!a}")
    return None


def first_choice(answer: Assembly) -> StreamedChoice:
    """Return the choice with the index 0.

    Raises:
        Unjudgeable: there is none.
    """
    choice = answer.choice(0)
    if choice is None:
        raise Unjudgeable("the stream has no choice with index 0")
    return choice


def known_reason(choice: StreamedChoice) -> Any:
    """Return the finish_reason of a choice, or None where it has none.

    Raises:
        Unjudgeable: it is none of those that there are, which the schema tells.
    """
    found = choice.finish_reason
    if found is not None and found not in tuple(FINISH_REASONS):
        raise Unjudgeable(f"{shown(found)} is no finish_reason")
    return found


def _choices(answer: Assembly) -> Iterable[StreamedChoice]:
    if not answer.choices:
        raise Unjudgeable("the stream has no choice")
    return answer.choices


def _with_deltas(exchange: Exchange) -> list[StreamedChoice]:
    found = [choice for choice in _choices(begun_answer(exchange)) if choice.deltas]
    if not found:
        raise Unjudgeable("the chunks have no delta objects")
    return found
