"""Requests about tools that are read wrongly: a result that is not used, and mistakes that are not refused."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.tool_reading import brings_result, called_ids, declared, messages_of, named
from ozwell_harness.mock.routing import Operation

AREA = Area("tools")
CHAT = Operation.CREATE_CHAT

_ANSWERED = "tools.round-trip-answered"
_USED = "tools.result-used"
_UNKNOWN = "tools.unknown-named-refused"
_INVALID = "tools.invalid-choice-refused"
_REQUIRED = "tools.required-without-tools-refused"
_MALFORMED = "tools.malformed-definition-refused"
_NO_ID = "tools.result-without-id-refused"
_ORPHAN = "tools.orphan-result-refused"

CHOICES = ("none", "auto", "required")

Change = Callable[[JsonObject], JsonObject]


def _ask(name: str, text: str, change: Change, *breaks: str) -> None:
    """A fault that reads another request than was sent."""
    AREA.request(name, text, CHAT, breaks=breaks)(lambda body, _call: change(body))


def _with_messages(body: JsonObject, change: Change) -> JsonObject:
    return {**body, "messages": [change(message) for message in body["messages"]]} if messages_of(body) else body


def _in_result(body: JsonObject, change: Change) -> JsonObject:
    """Change the tool's message that a conversation ends with."""
    return {**body, "messages": [*body["messages"][:-1], change(body["messages"][-1])]} if brings_result(body) else body


def _null_refused(body: JsonObject) -> JsonObject:
    for at, message in enumerate(messages_of(body)):
        if message.get("role") == "assistant" and message.get("content") is None:
            raise invalid_value(f"messages[{at}].content", "The content must be a string.")
    return body


def _tool_role_refused(body: JsonObject) -> JsonObject:
    if brings_result(body):
        raise invalid_value("messages", "Conversation roles must alternate user and assistant.")
    return body


def _fails(body: JsonObject) -> JsonObject:
    if brings_result(body):
        raise ApiError(500, "internal_error", "The server failed.")
    return body


def _answer(name: str, text: str, content: object, *breaks: str) -> None:
    """A fault in the answer to a tool's result."""

    def act(answer: JsonObject, call: Call) -> JsonObject:
        if not brings_result(call.body):
            return answer
        message = {"role": "assistant", "content": content}
        return {**answer, "choices": [{**choice, "message": message} for choice in answer["choices"]]}

    AREA.result(name, text, CHAT, breaks=breaks)(act)


def _less_choice(body: JsonObject) -> JsonObject:
    return {name: value for name, value in body.items() if name != "tool_choice"}


def _with_id(message: JsonObject, body: JsonObject) -> JsonObject:
    lacks = message.get("role") == "tool" and not message.get("tool_call_id") and called_ids(body)
    return {**message, "tool_call_id": called_ids(body)[-1]} if lacks else message


def _less_orphans(body: JsonObject) -> JsonObject:
    known = called_ids(body)
    messages = messages_of(body)
    kept = [m for m in messages if m.get("role") != "tool" or not m.get("tool_call_id") or m["tool_call_id"] in known]
    return {**body, "messages": kept} if len(kept) < len(messages) else body


_ask("null-content-refused", "Null content of an earlier answer is refused.", _null_refused, _ANSWERED)
_ask("result-refused", "A tool's message is refused.", _tool_role_refused, _ANSWERED)
_ask("result-fails", "A tool's message is answered with 500.", _fails, _ANSWERED, "http.no-server-errors")
_answer("result-unanswered", "The answer to a tool's result has null content.", None, _ANSWERED)
_answer("result-answered-in-parts", "The answer to a tool's result is an array.", [], _ANSWERED)
_answer("result-ignored", "The answer knows nothing of a tool's result.", "I do not know.", _USED)
_ask("result-emptied", "A tool's result is lost.", lambda b: _in_result(b, lambda m: {**m, "content": ""}), _USED)
_ask(
    "result-cut",
    "Of a tool's result only the beginning is read.",
    lambda body: _in_result(body, lambda message: {**message, "content": message["content"][:20]}),
    _USED,
)

_ask(
    "unknown-named-answered",
    "A tool_choice of an undeclared tool is taken as auto.",
    lambda body: _less_choice(body) if named(body) and named(body) not in declared(body) else body,
    _UNKNOWN,
)
_ask(
    "invalid-choice-answered",
    "A tool_choice that is none of the known ones is taken as auto.",
    lambda b: _less_choice(b) if isinstance(b.get("tool_choice"), str) and b["tool_choice"] not in CHOICES else b,
    _INVALID,
)
_ask(
    "required-without-tools-answered",
    "A tool_choice of required is ignored where there are no tools.",
    lambda body: _less_choice(body) if body.get("tool_choice") == "required" and not body.get("tools") else body,
    _REQUIRED,
)
_ask(
    "malformed-definition-answered",
    "A tool without a function is left out.",
    lambda body: {**body, "tools": []} if None in declared(body) else body,
    _MALFORMED,
)
_ask(
    "result-without-id-answered",
    "A tool's message without tool_call_id is taken as that of the last call.",
    lambda body: _with_messages(body, lambda message: _with_id(message, body)),
    _NO_ID,
)
_ask("orphan-answered", "A tool's message that answers no call is left out.", _less_orphans, _ORPHAN)


def _on_refusal(name: str, text: str, acts: Callable[[JsonObject], bool], status: int, *breaks: str) -> None:
    """A fault that answers bad input with another status."""

    def act(refusal: Refusal, call: Call) -> Refusal:
        if refusal.status == 400 and acts(call.body or {}):
            refusal.status = status
        return refusal

    AREA.error(name, text, CHAT, breaks=breaks)(act)


def _is_orphan(body: JsonObject) -> bool:
    return _less_orphans(body) is not body


_on_refusal(
    "malformed-definition-fails",
    "A tool without a function is answered with 500.",
    lambda body: None in declared(body),
    500,
    _MALFORMED,
    "errors.bad-input-no-server-error",
)
_on_refusal("orphan-fails", "An orphan result is answered with 500.", _is_orphan, 500, _ORPHAN, "http.no-server-errors")
_on_refusal("orphan-not-found", "An orphan result is answered with 404.", _is_orphan, 404, _ORPHAN)
_on_refusal(
    "unknown-named-not-found",
    "A tool_choice of an undeclared tool is answered with 404.",
    lambda body: named(body) is not None and named(body) not in declared(body),
    404,
    _UNKNOWN,
)
