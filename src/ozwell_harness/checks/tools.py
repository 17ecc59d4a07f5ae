"""Judgements on tool calls, plain and streamed.

Source: OpenAI API reference, Chat (tools, tool_choice, tool_calls), which the Ozwell documents follow.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jsonschema_rs

from ozwell_harness.checks.base import answers, first_duplicate, one_of, outcome, shown
from ozwell_harness.checks.chat import choices_of, finish_reason_of, message_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Where the client forces a call, the OpenAI API itself may answer "stop" (guide to function calling).
FORCED_FINISHES = ("tool_calls", "stop")


def calls_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the tool calls of a plain answer.

    Raises:
        Unjudgeable: the model called no tool, or the calls are no array of objects.
    """
    calls = message_of(exchange).get("tool_calls")
    if not calls:
        raise Unjudgeable("the model called no tool")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise Unjudgeable("tool_calls is not an array of objects")
    return calls


def function_of(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ``function`` of a call.

    Raises:
        Unjudgeable: it is not an object.
    """
    function = call.get("function")
    if not isinstance(function, Mapping):
        raise Unjudgeable("a tool call has no function object")
    return function


def has_call(exchange: Exchange) -> Deviation | None:
    """The model calls a tool."""
    if message_of(exchange).get("tool_calls"):
        return None
    return Deviation("no tool is called", "a tool call", f"message {shown(message_of(exchange))}")


def calls_array(exchange: Exchange) -> Deviation | None:
    """``tool_calls`` is an array of objects, each with a function object."""
    calls = message_of(exchange).get("tool_calls")
    if not calls:
        raise Unjudgeable("the model called no tool")
    entries = calls if isinstance(calls, list) else [calls]
    sound = isinstance(calls, list) and all(
        isinstance(e, dict) and isinstance(e.get("function"), dict) for e in entries
    )
    if sound:
        return None
    return Deviation(
        "tool_calls is not an array of calls", "objects with id, type and function", f"tool_calls {shown(calls)}"
    )


def calls_only(exchange: Exchange, name: str) -> Deviation | None:
    """A named choice is obeyed: this tool is called, and no other."""
    deviation = answers(exchange)
    if deviation:
        return deviation
    calls = message_of(exchange).get("tool_calls") or []
    found = [function_of(call).get("name") for call in calls_of(exchange)] if calls else []
    if found and all(each == name for each in found):
        return None
    return Deviation(
        "the tool that tool_choice names is not the one called", f"a call of {name}", f"calls of {shown(found)}"
    )


def calls_nothing(exchange: Exchange) -> Deviation | None:
    """No tool is called, and the answer is a text."""
    deviation = answers(exchange)
    if deviation:
        return deviation
    message = message_of(exchange)
    if not message.get("tool_calls") and isinstance(message.get("content"), str):
        return None
    return Deviation("a tool is called although tool_choice is none", "a text and no tool_calls", shown(message))


def finishes_without_calls(exchange: Exchange) -> Deviation | None:
    """An answer without a call does not say that it ends with one."""
    if message_of(exchange).get("tool_calls"):
        raise Unjudgeable("the answer calls a tool")
    found = finish_reason_of(exchange)
    if found != "tool_calls":
        return None
    return Deviation("finish_reason speaks of calls where there is none", "another finish_reason", '"tool_calls"')


def finishes_with_calls(exchange: Exchange) -> Deviation | None:
    """An answer that calls a tool says so; where the client forced the call, ``stop`` will do."""
    calls_of(exchange)
    found = finish_reason_of(exchange)
    allowed = FORCED_FINISHES if is_forced(exchange) else ("tool_calls",)
    if found in allowed:
        return None
    return Deviation(
        "an answer that calls a tool ends for another reason", f"finish_reason {one_of(allowed)}", shown(found)
    )


def is_forced(exchange: Exchange) -> bool:
    """Tell whether the request forces a call: tool_choice ``required`` or a named tool."""
    try:
        asked = json.loads(exchange.request.body)
    except ValueError:
        return False
    choice = asked.get("tool_choice") if isinstance(asked, dict) else None
    return choice == "required" or isinstance(choice, dict)


def content_is_present(exchange: Exchange) -> Deviation | None:
    """The message has a content beside its calls: null or a string."""
    calls_of(exchange)
    message = message_of(exchange)
    if "content" in message and (message["content"] is None or isinstance(message["content"], str)):
        return None
    actual = f"content {shown(message['content'])}" if "content" in message else "no content"
    return Deviation("a message that calls a tool lacks its content", "content: null or a string", actual)


def ids_are_given(exchange: Exchange) -> Deviation | None:
    """Every call has a non-empty id."""
    for call in calls_of(exchange):
        found = call.get("id")
        if not isinstance(found, str) or not found:
            return Deviation("a tool call has no id", "id: a non-empty string", f"call {shown(call)}")
    return None


def ids_are_unique(exchange: Exchange) -> Deviation | None:
    """No two calls of an answer have the same id."""
    twice = first_duplicate([shown(call.get("id")) for call in calls_of(exchange)])
    if twice is None:
        return None
    return Deviation("two calls of an answer have the same id", "an id of its own for each", f"{twice} twice")


def ids_differ(exchanges: Sequence[Exchange]) -> Deviation | None:
    """No two answers give a call the same id.

    Raises:
        Unjudgeable: fewer than two answers hold calls with ids.
    """
    ids = [found for found in map(_ids_if_any, exchanges) if found]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two answers call a tool")
    twice = first_duplicate([one for found in ids for one in found])
    if twice is None:
        return None
    return Deviation("calls of two answers have the same id", "an id of its own for each call", f"{shown(twice)} twice")


def _ids_if_any(exchange: Exchange) -> set[str]:
    try:
        return {call["id"] for call in calls_of(exchange) if isinstance(call.get("id"), str) and call["id"]}
    except Unjudgeable:
        return set()


def types_are_function(exchange: Exchange) -> Deviation | None:
    """Every call has the type ``function``."""
    for call in calls_of(exchange):
        if call.get("type") != "function":
            actual = f"type {shown(call['type'])}" if "type" in call else "no type"
            return Deviation("a tool call has another type than function", 'type "function"', actual)
    return None


def names_are_declared(exchange: Exchange, declared: Collection[str]) -> Deviation | None:
    """Only tools that the request declares are called."""
    for call in calls_of(exchange):
        name = function_of(call).get("name")
        if name not in list(declared):
            return Deviation("a tool is called that was not declared", one_of(declared), f"name {shown(name)}")
    return None


def arguments_are_text(exchange: Exchange) -> Deviation | None:
    """The arguments are a string, not an object."""
    for call in calls_of(exchange):
        found = function_of(call).get("arguments")
        if not isinstance(found, str):
            return Deviation("the arguments of a call are no string", "a string of JSON", f"arguments {shown(found)}")
    return None


def arguments_are_json(exchange: Exchange) -> Deviation | None:
    """The arguments hold a JSON object."""
    for call in calls_of(exchange):
        deviation = holds_object(function_of(call).get("arguments"))
        if deviation:
            return deviation
    return None


def holds_object(arguments: Any) -> Deviation | None:
    """``arguments`` is a text of one JSON object."""
    if isinstance(read_arguments(arguments), dict):
        return None
    actual = f"arguments {shown(arguments) or '(empty)'}"
    return Deviation("the arguments of a call are no JSON object", "a string of one JSON object", actual)


def read_arguments(arguments: Any) -> Any:
    """Return the arguments parsed, or None where they are no JSON."""
    try:
        return json.loads(arguments)
    except (ValueError, TypeError, RecursionError):
        return None


def arguments_fit(exchange: Exchange, schemas: Mapping[str, Mapping[str, Any]]) -> Deviation | None:
    """The arguments satisfy the schema that the request declares for the tool; ``schemas`` is keyed by its name.

    Raises:
        Unjudgeable: the arguments are no JSON object, or the tool was not declared.
    """
    for call in calls_of(exchange):
        function = function_of(call)
        name, arguments = function.get("name"), read_arguments(function.get("arguments"))
        if not isinstance(name, str) or name not in schemas or not isinstance(arguments, dict):
            raise Unjudgeable("a call has no declared name or no arguments")
        for error in jsonschema_rs.Draft202012Validator(dict(schemas[name])).iter_errors(arguments):
            return Deviation(
                f"the arguments do not satisfy the schema of {name}",
                f"arguments by {shown(schemas[name])}",
                error.message,
            )
    return None


def answers_after_result(exchange: Exchange) -> Deviation | None:
    """A conversation with a call and its result is answered, by a text or a further call."""
    deviation = answers(exchange)
    if deviation:
        return deviation
    message = choices_of(exchange)[0].get("message")
    told = isinstance(message, dict) and (isinstance(message.get("content"), str) or message.get("tool_calls"))
    if told:
        return None
    return Deviation("the result of a tool brings no answer", "a text or a further call", outcome(exchange))
