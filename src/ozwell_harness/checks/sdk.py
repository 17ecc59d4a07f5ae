"""Judges what the official client made of a target's answers: what it returned, or what it raised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks.base import is_integer, one_of, outcome, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import ErrorExpectation

#: Status → the exception that the client raises for it (library reference, "Handling errors").
CLASSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of the client came to.

    Attributes:
        value: what it returned, as JSON values (a download as bytes); None when it raised.
        raised: the class of the exception, or None.
        words: the exception's message.
        error: the error object that the exception carries, or None.
    """

    value: Any = None
    raised: str | None = None
    words: str = ""
    error: Mapping[str, Any] | None = None


Evidence = Sequence[Exchange]


def lists_models(found: Outcome, made: Evidence) -> Deviation | None:
    """The iteration over the models gives at least one, each with an id."""
    if found.raised:
        return raises(found, made)
    ids = [item.get("id") if isinstance(item, Mapping) else None for item in found.value]
    if ids and all(isinstance(name, str) and name for name in ids):
        return None
    return Deviation("the client finds no models with ids", "at least one model, each with an id", shown(ids))


def gives_text(found: Outcome, made: Evidence) -> Deviation | None:
    """The completion has a choice whose message holds text."""
    if found.raised:
        return raises(found, made)
    content = _message(found).get("content")
    if isinstance(content, str) and content.strip():
        return None
    return Deviation(
        "the client finds no text in the answer", "a text in choices[0].message.content", f"content {shown(content)}"
    )


def streams_text(found: Outcome, made: Evidence) -> Deviation | None:
    """The chunks of the first choice add up to a text, and one of them says why it ends."""
    if found.raised:
        return raises(found, made)
    choices = [choice for choice in _choices_of_chunks(found.value) if choice.get("index", 0) == 0]
    text = "".join(_text_of(choice.get("delta")) for choice in choices)
    if not text.strip():
        return Deviation("the client finds no text in the stream", "deltas that add up to a text", shown(found.value))
    if not any(choice.get("finish_reason") for choice in choices):
        return Deviation("the stream ends without a finish_reason", "a finish_reason", f"none in {len(choices)} chunks")
    return None


def streams_usage(found: Outcome, made: Evidence) -> Deviation | None:
    """With include_usage, a chunk tells the tokens spent.

    Raises:
        Unjudgeable: there is no stream.
    """
    returned(found, made)
    for chunk in found.value:
        usage = chunk.get("usage") if isinstance(chunk, Mapping) else None
        if isinstance(usage, Mapping) and is_integer(usage.get("total_tokens")):
            return None
    return Deviation("no chunk tells the usage", "a chunk with usage.total_tokens", f"none in {len(found.value)}")


def gives_choices(found: Outcome, made: Evidence, number: int) -> Deviation | None:
    """There are as many choices as asked for, with indexes from 0."""
    if found.raised:
        return raises(found, made)
    indexes = [choice.get("index") for choice in _choices(found)]
    if sorted(map(repr, indexes)) == sorted(map(repr, range(number))):
        return None
    return Deviation("the client finds other choices than asked for", f"indexes 0 to {number - 1}", shown(indexes))


def leaves_out(found: Outcome, made: Evidence, stop: str) -> Deviation | None:
    """No choice holds the stop text.

    Raises:
        Unjudgeable: there is no answer, or no text in it.
    """
    returned(found, made)
    texts = [_text_of(choice.get("message")) for choice in _choices(found)]
    if not any(texts):
        raise Unjudgeable("the answer holds no text")
    leaking = next((text for text in texts if stop in text), None)
    if leaking is None:
        return None
    return Deviation("the answer holds the stop text", f"a text that ends before {shown(stop)}", shown(leaking))


def gives_json(found: Outcome, made: Evidence) -> Deviation | None:
    """The text of an answer in JSON mode is a JSON object."""
    if found.raised:
        return raises(found, made)
    content = _message(found).get("content")
    if isinstance(_parsed(content), dict):
        return None
    return Deviation(
        "the text is no JSON object", "a JSON object in choices[0].message.content", f"content {shown(content)}"
    )


def calls_parse(found: Outcome, made: Evidence) -> Deviation | None:
    """Each tool call has an id, a name, and arguments that are the text of a JSON object.

    Raises:
        Unjudgeable: there is no answer, or the model called no tool.
    """
    returned(found, made)
    for call in tool_calls_of(found):
        function = call.get("function")
        function = function if isinstance(function, Mapping) else {}
        named = all(isinstance(name, str) and name for name in (call.get("id"), function.get("name")))
        if not named or not isinstance(_parsed(function.get("arguments")), dict):
            return Deviation(
                "the client gives a tool call that cannot be carried out",
                "an id, a function name, and arguments that are the text of a JSON object",
                shown(call),
            )
    return None


def tool_calls_of(found: Outcome) -> list[Mapping[str, Any]]:
    """Return the tool calls of the first choice.

    Raises:
        Unjudgeable: there are none.
    """
    calls = [] if found.raised else _message(found).get("tool_calls")
    if not isinstance(calls, list) or not calls or not all(isinstance(call, Mapping) for call in calls):
        raise Unjudgeable("the client was given no tool call, which the model may decide")
    return calls


def raises_for(found: Outcome, made: Evidence, expected: ErrorExpectation) -> Deviation | None:
    """The client raises the exception that stands for an expected status."""
    classes = [CLASSES[status] for status in sorted(expected.statuses) if status in CLASSES]
    if found.raised in classes:
        return None
    seen = raises(found, made).actual if found.raised else f"it returns {shown(found.value)}"
    return Deviation("the client does not raise what it should", one_of(classes), seen)


def explains(found: Sequence[Outcome], made: Evidence) -> Deviation | None:
    """Each exception carries the error object of the answer, with a message.

    Raises:
        Unjudgeable: the client raised no exception for a refusal.
    """
    refused = [one for one in found if one.raised in CLASSES.values()]
    if not refused or not made:
        raise Unjudgeable("the client raised no exception for a refusal")
    for one in refused:
        message = one.error.get("message") if one.error else None
        if not isinstance(message, str) or not message.strip():
            expected = "an error object with a message in the exception's body"
            return Deviation(f"a {one.raised} does not say why", expected, shown(one.error or one.words))
    return None


def raises(found: Outcome, made: Evidence) -> Deviation:
    """Return the deviation of a call that raised where it should return."""
    answered = f"; the target answered {outcome(made[-1])}" if made else ""
    return Deviation("the client raises an exception", "it returns", shown(f"{found.raised}: {found.words}{answered}"))


def returned(found: Outcome, made: Evidence) -> None:
    """Pass a call that returned.

    Raises:
        Unjudgeable: it raised.
    """
    if found.raised:
        raise Unjudgeable(raises(found, made).actual)


def _choices(found: Outcome) -> list[Mapping[str, Any]]:
    choices = found.value.get("choices") if isinstance(found.value, Mapping) else None
    return [choice for choice in choices if isinstance(choice, Mapping)] if isinstance(choices, list) else []


def _message(found: Outcome) -> Mapping[str, Any]:
    message = next((choice.get("message") for choice in _choices(found)), None)
    return message if isinstance(message, Mapping) else {}


def _choices_of_chunks(chunks: Any) -> list[Mapping[str, Any]]:
    return [choice for chunk in chunks for choice in _choices(Outcome(chunk))]


def _text_of(holder: Any) -> str:
    content = holder.get("content") if isinstance(holder, Mapping) else None
    return content if isinstance(content, str) else ""


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
