"""Tool calls of plain answers: missing, undeclared, misshapen, or with arguments that nobody can read."""

from __future__ import annotations

import json
from collections.abc import Callable

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("tools")
CHAT = Operation.CREATE_CHAT

_ARRAY = "tools.calls-array"
_ID = "tools.call-ids-given"
_UNIQUE = "tools.call-ids-unique"
_DIFFER = "tools.call-ids-differ"
_TYPE = "tools.call-type"
_NAME = "tools.names-declared"
_TEXT = "tools.arguments-text"
_JSON = "tools.arguments-json"
_FIT = "tools.arguments-fit"
_CONTENT = "tools.content-beside-calls"
_FINISH = "tools.finish-reason"

Change = Callable[[JsonObject], JsonObject]


def _choice(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault in the choices that call a tool."""

    def act(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        made = [change(c) if c["message"].get("tool_calls") else c for c in answer["choices"]]
        return {**answer, "choices": made}

    AREA.result(name, text, CHAT, breaks=breaks)(act)


def _message(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault in the messages that call a tool."""
    _choice(name, text, lambda choice: {**choice, "message": change(choice["message"])}, *breaks)


def _calls(name: str, text: str, change: Callable[[list[JsonObject]], object], *breaks: str) -> None:
    """A fault in the array of calls."""
    _message(name, text, lambda message: {**message, "tool_calls": change(message["tool_calls"])}, *breaks)


def _call(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault in each call."""
    _calls(name, text, lambda calls: [change(call) for call in calls], *breaks)


def _function(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault in the function of each call."""
    _call(name, text, lambda call: {**call, "function": change(call["function"])}, *breaks)


def _arguments(name: str, text: str, change: Callable[[str], object], *breaks: str) -> None:
    """A fault in the arguments of each call."""
    _function(name, text, lambda made: {**made, "arguments": change(made["arguments"])}, *breaks)


def _filled(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault in what the arguments say."""
    _arguments(name, text, lambda arguments: json.dumps(change(json.loads(arguments))), *breaks)


def _less(fields: JsonObject, name: str) -> JsonObject:
    return {other: value for other, value in fields.items() if other != name}


_calls("calls-object", "The tool_calls are one object.", lambda calls: calls[0], _ARRAY)
_calls("calls-as-text", "The tool_calls are JSON in a text.", json.dumps, _ARRAY)
_calls("calls-in-array", "Each call is an array of itself.", lambda calls: [[call] for call in calls], _ARRAY)
_call(
    "calls-flat",
    "Name and arguments of a call have no function around them.",
    lambda c: {**_less(c, "function"), **c["function"]},
    _ARRAY,
)
_call(
    "calls-function-text",
    "The function of a call is its name.",
    lambda c: {**c, "function": c["function"]["name"]},
    _ARRAY,
)

_call("id-missing", "Calls have no id.", lambda call: _less(call, "id"), _ID)
_call("id-empty", "The id of a call is empty.", lambda call: {**call, "id": ""}, _ID)
_call("id-null", "The id of a call is null.", lambda call: {**call, "id": None}, _ID)
_call("id-number", "The id of a call is a number.", lambda call: {**call, "id": 7}, _ID)
_calls(
    "id-shared",
    "Two calls of an answer share an id.",
    lambda calls: [{**call, "id": calls[0]["id"]} for call in calls],
    _UNIQUE,
)
_calls(
    "id-counted",
    "The ids of calls count from 0 in each answer.",
    lambda calls: [{**call, "id": f"call_{at}"} for at, call in enumerate(calls)],
    _DIFFER,
)
_call(
    "id-of-function",
    "The id of a call is the name of its function.",
    lambda call: {**call, "id": call["function"]["name"]},
    _UNIQUE,
    _DIFFER,
)

_call("type-missing", "Calls have no type.", lambda call: _less(call, "type"), _TYPE)
_call("type-tool", "The type of a call is tool.", lambda call: {**call, "type": "tool"}, _TYPE)
_call("type-null", "The type of a call is null.", lambda call: {**call, "type": None}, _TYPE)

_function(
    "name-prefixed",
    "The name of a function has a prefix.",
    lambda made: {**made, "name": "functions." + made["name"]},
    _NAME,
)
_function(
    "name-in-camel-case",
    "The name of a function is spelt otherwise.",
    lambda made: {**made, "name": made["name"].replace("_", "-")},
    _NAME,
)
_function("name-missing", "Calls have no name.", lambda made: _less(made, "name"), _NAME)
_function("name-empty", "The name of a function is empty.", lambda made: {**made, "name": ""}, _NAME)

_arguments("arguments-object", "The arguments of a call are an object, not a text.", json.loads, _TEXT)
_arguments("arguments-null", "The arguments of a call are null.", lambda _: None, _TEXT)
_function("arguments-missing", "Calls have no arguments.", lambda made: _less(made, "arguments"), _TEXT)
_arguments("arguments-empty", "The arguments of a call are an empty text.", lambda _: "", _JSON)
_arguments("arguments-cut", "The arguments of a call lack their end.", lambda text: text[:-1], _JSON)
_arguments("arguments-quoted", "The arguments of a call are JSON in JSON.", json.dumps, _JSON)
_arguments("arguments-in-array", "The arguments of a call are in an array.", lambda text: f"[{text}]", _JSON)
_arguments("arguments-fenced", "The arguments of a call stand in a fence.", lambda text: f"```json\n{text}\n```", _JSON)
_arguments(
    "arguments-of-python", "The arguments of a call are a Python object.", lambda text: repr(json.loads(text)), _JSON
)
_arguments("arguments-doubled", "The arguments of a call come twice.", lambda text: text + text, _JSON)
_filled("arguments-lacking", "A required argument is missing.", lambda _: {}, _FIT)
_filled(
    "arguments-renamed",
    "An argument has another name.",
    lambda made: {name.upper(): value for name, value in made.items()},
    _FIT,
)
_filled("arguments-wrapped", "The arguments stand in an object of their own.", lambda made: {"parameters": made}, _FIT)
_filled(
    "arguments-of-other-type",
    "An argument is an array of what it should be.",
    lambda made: {name: [value] for name, value in made.items()},
    _FIT,
)
_filled(
    "arguments-outside-enum",
    "An argument is none of the values that it can have.",
    lambda made: {**made, "unit": "kelvin"},
    _FIT,
)

_message(
    "content-missing",
    "A message that calls a tool has no content.",
    lambda message: _less(message, "content"),
    _CONTENT,
)
_message(
    "content-array",
    "A message that calls a tool has an array as content.",
    lambda message: {**message, "content": []},
    _CONTENT,
)
_choice(
    "finish-stop",
    "An answer that calls a tool ends by itself.",
    lambda choice: {**choice, "finish_reason": "stop"},
    _FINISH,
)
_choice(
    "finish-length",
    "An answer that calls a tool ends for length.",
    lambda choice: {**choice, "finish_reason": "length"},
    _FINISH,
)
_choice(
    "finish-function-call",
    "An answer that calls a tool ends for function_call.",
    lambda choice: {**choice, "finish_reason": "function_call"},
    _FINISH,
)
_choice(
    "finish-null",
    "An answer that calls a tool has no finish_reason.",
    lambda choice: {**choice, "finish_reason": None},
    _FINISH,
)
_message(
    "call-of-old",
    "A call comes as function_call.",
    lambda m: {**_less(m, "tool_calls"), "function_call": m["tool_calls"][0]["function"]},
    "tools.auto-called",
    "tools.named-obeyed",
)
