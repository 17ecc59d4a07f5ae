"""Judgements on a plain answer of POST /chat/completions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from ozwell_harness.checks.base import (
    answers,
    answers_json_object,
    at,
    document_of,
    first_duplicate,
    is_integer,
    objects_at,
    one_of,
    response_of,
    shown,
)
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter"})
ID_PREFIX = "chatcmpl-"

#: How far a clock may be off, in seconds.
CLOCK_TOLERANCE_S = 600.0

_VERSION = re.compile(r"(?:(?:[-@:]v?\d[\d.]*)+(?:-preview)?|[-:]latest)?")
_LATEST = re.compile(r"[-:]latest$")


def choices_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the choices of a 200.

    Raises:
        Unjudgeable: there are none.
    """
    choices = objects_at(document_of(exchange), "choices")
    if not choices:
        raise Unjudgeable("the answer has no choice")
    return choices


def message_of(exchange: Exchange) -> dict[str, Any]:
    """Return the message of the first choice.

    Raises:
        Unjudgeable: there is none.
    """
    message = at(choices_of(exchange)[0], "message")
    if not isinstance(message, dict):
        raise Unjudgeable("the message is not an object")
    return message


def completes(exchange: Exchange) -> Deviation | None:
    """The request is answered with 200 and a JSON object."""
    return answers(exchange) or answers_json_object(exchange)


def object_is_named(exchange: Exchange) -> Deviation | None:
    """``object`` is ``chat.completion``."""
    found = document_of(exchange).get("object")
    if found == "chat.completion":
        return None
    return Deviation("the object field is not chat.completion", 'object "chat.completion"', f"object {shown(found)}")


def id_is_text(exchange: Exchange) -> Deviation | None:
    """The id is a non-empty string."""
    return _is_text(document_of(exchange), "id")


def id_has_prefix(exchange: Exchange) -> Deviation | None:
    """The id begins as the documents show it."""
    found = at(document_of(exchange), "id")
    if isinstance(found, str) and found.startswith(ID_PREFIX):
        return None
    return Deviation(f"the id does not begin with {ID_PREFIX}", f"an id like {ID_PREFIX}abc123", f"id {shown(found)}")


def ids_differ(exchanges: Sequence[Exchange]) -> Deviation | None:
    """No two answers have the same id."""
    ids = [found for found in map(_id_if_any, exchanges) if found is not None]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two completions have an id to compare")
    twice = first_duplicate(ids)
    if twice is None:
        return None
    return Deviation("two completions have the same id", "an id of its own for each", f"{shown(twice)} twice")


def _id_if_any(exchange: Exchange) -> str | None:
    try:
        found = document_of(exchange).get("id")
    except Unjudgeable:
        return None
    return found if isinstance(found, str) and found else None


def created_is_integer(exchange: Exchange) -> Deviation | None:
    """``created`` is an integer."""
    found = document_of(exchange).get("created")
    if is_integer(found):
        return None
    return Deviation(
        "the created field is not an integer", "created as integer epoch seconds", f"created {shown(found)}"
    )


def created_is_now(exchange: Exchange) -> Deviation | None:
    """``created`` is the time of the answer, by this machine's clock or by the target's own Date header."""
    created = at(document_of(exchange), "created")
    if not is_integer(created):
        raise Unjudgeable("created is not an integer")
    clocks = [exchange.started, exchange.started + exchange.elapsed, *_date_of(exchange)]
    # Integers in JSON know no bound: compared as integers, none overflows.
    if any(abs(created - round(clock)) <= CLOCK_TOLERANCE_S for clock in clocks):
        return None
    return Deviation(
        "the created field is not the time of the answer",
        f"epoch seconds within {CLOCK_TOLERANCE_S / 60:.0f} minutes of {clocks[0]:.0f}",
        f"created {shown(created)}",
    )


def _date_of(exchange: Exchange) -> list[float]:
    try:
        return [parsedate_to_datetime(response_of(exchange).headers.get("date") or "").timestamp()]
    except (ValueError, TypeError):
        return []


def model_is_text(exchange: Exchange) -> Deviation | None:
    """``model`` is a non-empty string."""
    return _is_text(document_of(exchange), "model")


def names_model(exchange: Exchange, requested: str) -> Deviation | None:
    """``model`` is the requested one or a dated version of it, with or without a provider's prefix."""
    found = str(at(document_of(exchange), "model"))
    if found == requested or _is_version(_bare(found), _LATEST.sub("", _bare(requested))):
        return None
    return Deviation(
        "the answer names another model than was asked for",
        f"model {requested}, or a dated version of it",
        f"model {shown(found)}",
    )


def _bare(model: str) -> str:
    return model.rsplit("/", 1)[-1].lower()


def _is_version(found: str, requested: str) -> bool:
    return found.startswith(requested) and _VERSION.fullmatch(found.removeprefix(requested)) is not None


def has_one_choice(exchange: Exchange) -> Deviation | None:
    """There is exactly one choice."""
    return has_choices(exchange, 1)


def has_choices(exchange: Exchange, count: int) -> Deviation | None:
    """There are exactly ``count`` choices."""
    choices = document_of(exchange).get("choices")
    if isinstance(choices, list) and len(choices) == count:
        return None
    actual = f"{len(choices)} choices" if isinstance(choices, list) else f"choices {shown(choices)}"
    return Deviation("the number of choices is not the one asked for", f"choices: an array of {count}", actual)


def indexes_run_from_zero(exchange: Exchange) -> Deviation | None:
    """The indexes of the choices are 0, 1, … in any order."""
    found: list[Any] = [choice.get("index") for choice in choices_of(exchange)]
    wanted = list(range(len(found)))
    if all(is_integer(index) for index in found) and sorted(found) == wanted:
        return None
    return Deviation("the choices are not numbered from 0", f"indexes {shown(wanted)}", f"indexes {shown(found)}")


def role_is_assistant(exchange: Exchange) -> Deviation | None:
    """The message's role is ``assistant``."""
    found = message_of(exchange).get("role")
    if found == "assistant":
        return None
    return Deviation("the message is not the assistant's", 'role "assistant"', f"role {shown(found)}")


def has_content(choice: Mapping[str, Any]) -> bool:
    """Tell whether a choice's content is a string, or null where the model refused or the answer was filtered."""
    message: Any = choice.get("message")
    content = message.get("content")
    withheld = isinstance(message.get("refusal"), str) or choice.get("finish_reason") == "content_filter"
    return isinstance(content, str) or (content is None and withheld)


def content_is_text(exchange: Exchange) -> Deviation | None:
    """The content is a string; null where the model refused or the answer was filtered."""
    message = message_of(exchange)
    if has_content(choices_of(exchange)[0]):
        return None
    actual = f"content {shown(message['content'])}" if "content" in message else "no content"
    return Deviation("the content is not a string", "content: a string", actual)


def content_is_not_empty(exchange: Exchange) -> Deviation | None:
    """The answer says something."""
    message = message_of(exchange)
    content = message.get("content")
    if isinstance(message.get("refusal"), str) or (isinstance(content, str) and content.strip()):
        return None
    return Deviation("the answer is empty", "some text", f"content {shown(content)}")


def calls_no_tool(exchange: Exchange) -> Deviation | None:
    """No tool is called where none was declared."""
    calls = message_of(exchange).get("tool_calls")
    finish = finish_reason_of(exchange)
    if not calls and finish != "tool_calls":
        return None
    return Deviation(
        "a tool is called although none was declared",
        "no tool_calls, and another finish_reason",
        f"tool_calls {shown(calls)}, finish_reason {shown(finish)}",
    )


def finish_reason_of(exchange: Exchange) -> Any:
    """Return the finish_reason of the first choice."""
    return choices_of(exchange)[0].get("finish_reason")


def finish_reason_is_known(exchange: Exchange) -> Deviation | None:
    """finish_reason is one of the four that exist."""
    found = finish_reason_of(exchange)
    if isinstance(found, str) and found in FINISH_REASONS:
        return None
    return Deviation("the finish_reason is not a known one", one_of(FINISH_REASONS), f"finish_reason {shown(found)}")


def _is_text(document: dict[str, Any], name: str) -> Deviation | None:
    found = document.get(name)
    if isinstance(found, str) and found:
        return None
    actual = f"{name} {shown(found)}" if name in document else f"no {name}"
    return Deviation(f"the field {name} is not a non-empty string", f"{name}: a non-empty string", actual)
