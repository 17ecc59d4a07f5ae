"""Tools that are not called as the request wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.tool_reading import declared, named
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

AREA = Area("tools")
CHAT = Operation.CREATE_CHAT

_AUTO = "tools.auto-called"
_NAMED = "tools.named-obeyed"
_NONE = "tools.none-obeyed"
_NONE_FINISH = "tools.none-finish"
_REQUIRED = "tools.required-obeyed"

TEXT = "I would rather talk."


def _names_declared(body: JsonObject) -> bool:
    return named(body) is not None and named(body) in declared(body)


def _chooses(choice: str) -> Callable[[JsonObject], bool]:
    return lambda body: bool(declared(body)) and body.get("tool_choice") == choice


def _ask(
    name: str, text: str, acts: Callable[[JsonObject], bool], change: Callable[[JsonObject], Any], breaks: str
) -> None:
    """A fault that reads another tool_choice than was sent."""

    def act(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return {**body, "tool_choice": change(body)} if acts(body) else body

    AREA.request(name, text, CHAT, breaks=(breaks,))(act)


def _answer(
    name: str, text: str, acts: Callable[[JsonObject], bool], change: Callable[[JsonObject], JsonObject], breaks: str
) -> None:
    """A fault in the choices of a plain answer."""

    def act(answer: JsonObject, call: Call) -> JsonObject:
        return {**answer, "choices": [change(c) for c in answer["choices"]]} if acts(call.body) else answer

    AREA.result(name, text, CHAT, breaks=(breaks,))(act)


def _other(body: JsonObject) -> JsonObject:
    """Another tool than the one named."""
    others = [name for name in declared(body) if name != named(body)]
    return {"type": "function", "function": {"name": others[0]}}


def _with_second_call(choice: JsonObject) -> JsonObject:
    first = choice["message"]["tool_calls"][0]
    second = {**first, "id": first["id"] + "b", "function": {"name": "get_time", "arguments": '{"zone":"Paris"}'}}
    return {**choice, "message": {**choice["message"], "tool_calls": [first, second]}}


def _saying(content: object) -> Callable[[JsonObject], JsonObject]:
    return lambda choice: {**choice, "message": {**choice["message"], "content": content}}


def _refuse(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    if _names_declared(body):
        raise invalid_value("tool_choice", "A function cannot be named.")
    return body


@AREA.request(
    "fails", "A request with tools is answered with 500.", CHAT, breaks=("tools.accepted", "http.no-server-errors")
)
def fails(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """As a server does whose template knows no tools."""
    if declared(body):
        raise ApiError(500, "internal_error", "The server failed.")
    return body


@AREA.plan("not-called", "No tool is ever called.", CHAT, breaks=(_AUTO, _NAMED, _REQUIRED))
def not_called(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Answer by a text."""
    return replace(completion, choices=tuple(_talking(choice) for choice in completion.choices))


def _talking(choice: Choice) -> Choice:
    return Choice(choice.index, tuple(pieces_of(TEXT)), Finish.STOP) if choice.calls else choice


_ask(
    "auto-as-none",
    "Without a tool_choice no tool is called.",
    lambda body: bool(declared(body)) and body.get("tool_choice") is None,
    lambda _: "none",
    _AUTO,
)
_ask("named-as-auto", "A tool_choice that names a tool counts as auto.", _names_declared, lambda _: "auto", _NAMED)
_ask("named-as-none", "A tool_choice that names a tool counts as none.", _names_declared, lambda _: "none", _NAMED)
_ask("named-as-required", "A tool_choice that names one is required.", _names_declared, lambda _: "required", _NAMED)
_ask("named-other", "Another tool is called than the one named.", _names_declared, _other, _NAMED)
AREA.request("named-refused", "A tool_choice that names a tool is refused.", CHAT, breaks=(_NAMED,))(_refuse)
_answer("named-and-other", "Another tool is called beside the named one.", _names_declared, _with_second_call, _NAMED)
_ask("required-as-auto", "A tool_choice of required counts as auto.", _chooses("required"), lambda _: "auto", _REQUIRED)
_ask("required-as-none", "A tool_choice of required counts as none.", _chooses("required"), lambda _: "none", _REQUIRED)
_ask(
    "choice-none-ignored",
    "Tools are called although `tool_choice` is `none`.",
    _chooses("none"),
    lambda _: "required",
    _NONE,
)
_ask("choice-none-as-auto", "A tool_choice of none counts as auto.", _chooses("none"), lambda _: "auto", _NONE)
_answer("none-silent", "With a tool_choice of none the content is null.", _chooses("none"), _saying(None), _NONE)
_answer(
    "none-finish-tool-calls",
    "With a tool_choice of none the finish_reason is tool_calls.",
    _chooses("none"),
    lambda choice: {**choice, "finish_reason": "tool_calls"},
    _NONE_FINISH,
)
