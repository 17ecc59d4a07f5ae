"""Judgements on tool calls, plain and streamed.

Source: OpenAI API reference, Chat (tools, tool_choice, tool_calls), which the Ozwell documents follow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ozwell_harness.checks.asking import forces_call
from ozwell_harness.checks.base import answers, first_duplicate, one_of, outcome, shown
from ozwell_harness.checks.chat import choices_of, finish_reason_of, message_of
from ozwell_harness.checks.tools_arguments import all_fit, holds_object, refuse_cut
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


def calls_only(exchange: Exchange, name: str, declared: Collection[str]) -> Deviation | None:
    """A named choice is obeyed: of the ``declared`` tools this one is called, and no other.

    Raises:
        Unjudgeable: a tool is called that was not declared, so it cannot be told which one is meant.
    """
    deviation = answers(exchange)
    if deviation:
        return deviation
    calls = message_of(exchange).get("tool_calls") or []
    found = [function_of(call).get("name") for call in calls_of(exchange)] if calls else []
    if found and all(each == name for each in found):
        return None
    if any(each not in tuple(declared) for each in found):
        raise Unjudgeable(f"a tool is called that was not declared: {shown(found)}")
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
    """An answer that calls a tool says so; where the client forced the call, ``stop`` will do.

    Raises:
        Unjudgeable: there is no call, or the answer was cut or withheld in the middle of one.
    """
    arguments = [function_of(call).get("arguments") for call in calls_of(exchange)]
    found = finish_reason_of(exchange)
    allowed = FORCED_FINISHES if forces_call(exchange) else ("tool_calls",)
    if found in allowed:
        return None
    refuse_cut(found, arguments)
    return Deviation(
        "an answer that calls a tool ends for another reason", f"finish_reason {one_of(allowed)}", shown(found)
    )


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
    """No two calls of an answer have the same id.

    Raises:
        Unjudgeable: there are no two calls.
    """
    calls = calls_of(exchange)
    if len(calls) < 2:
        raise Unjudgeable("the model made one call only")
    twice = first_duplicate([shown(call.get("id")) for call in calls])
    if twice is None:
        return None
    return Deviation("two calls of an answer have the same id", "an id of its own for each", f"{twice} twice")


def ids_of(exchange: Exchange) -> set[str]:
    """Return the ids of the calls that a plain answer makes; empty where it makes none."""
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
    """The arguments hold a JSON object.

    Raises:
        Unjudgeable: there is no call, or the answer was cut in the middle of one.
    """
    found = [function_of(call).get("arguments") for call in calls_of(exchange)]
    refuse_cut(choices_of(exchange)[0].get("finish_reason"), found)
    for arguments in found:
        deviation = holds_object(arguments)
        if deviation:
            return deviation
    return None


def arguments_fit(exchange: Exchange, schemas: Mapping[str, Mapping[str, Any]]) -> Deviation | None:
    """The arguments satisfy the schema that the request declares for the tool; ``schemas`` is keyed by its name.

    Raises:
        Unjudgeable: the arguments are no JSON object, or the tool was not declared.
    """
    functions = [function_of(call) for call in calls_of(exchange)]
    return all_fit([(function.get("name"), function.get("arguments")) for function in functions], schemas)


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
