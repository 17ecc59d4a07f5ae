"""What faults of tools read in a request. Requests that are no such thing read as empty: validation comes later."""

from __future__ import annotations

from typing import Any

from ozwell_harness.mock.faults.base import JsonObject


def declared(body: JsonObject) -> list[Any]:
    """The names of the tools that are declared, None for one that has none."""
    tools = body.get("tools")
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [function.get("name") if isinstance(function, dict) else None for function in functions]


def named(body: JsonObject) -> Any:
    """The function that tool_choice names, or None."""
    choice = body.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def messages_of(body: JsonObject) -> list[JsonObject]:
    """The messages that are objects."""
    messages = body.get("messages")
    return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []


def brings_result(body: JsonObject) -> bool:
    """Whether the last message is a tool's, and answers a call of the conversation."""
    messages = messages_of(body)
    return (
        bool(messages) and messages[-1].get("role") == "tool" and messages[-1].get("tool_call_id") in called_ids(body)
    )


def called_ids(body: JsonObject) -> list[Any]:
    """The ids of the calls that a conversation holds."""
    made = [call for message in messages_of(body) for call in message.get("tool_calls") or ()]
    return [call.get("id") for call in made if isinstance(call, dict)]
