"""Conversations that are refused, forgotten or broken, and bad ones that are let through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.errors import internal_error, invalid_value, unknown_url
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("chat")

Message = dict[str, Any]
LONG = 60_000


def messages_of(body: JsonObject) -> list[Message]:
    """The messages of a body as far as they are objects."""
    found = body.get("messages")
    return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []


def refuses(name: str, description: str, when: Callable[[Message], bool], *breaks: str) -> None:
    """Register a fault that refuses plain chats without tools that hold a certain message."""

    @AREA.request(name, description, Operation.CREATE_CHAT, breaks=breaks)
    def refused(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if not body.get("stream") and not body.get("tools") and any(when(m) for m in messages_of(body)):
            raise invalid_value("messages", "A message is not acceptable.")
        return body


def accepts(name: str, description: str, mend: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault that lets a bad plain chat through, by mending it."""

    @AREA.request(name, description, Operation.CREATE_CHAT, breaks=breaks)
    def mended(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return body if body.get("stream") else {**body, **mend(body)}


def _content(message: Message) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""


@AREA.request("not-offered", "There are no chat completions.", Operation.CREATE_CHAT, breaks=("chat.completes",))
def not_offered(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Know no such path."""
    raise unknown_url()


@AREA.reply("answered-in-array", "A plain answer is in an array.", Operation.CREATE_CHAT, breaks=("chat.completes",))
def answered_in_array(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Wrap it."""
    if isinstance(reply.body, bytes) and reply.status == 200:
        reply.body = b"[" + reply.body + b"]"
    return reply


refuses("system-refused", "A system message is refused.", lambda m: m.get("role") == "system", "chat.system-accepted")
refuses(
    "history-refused",
    "An assistant's message is refused.",
    lambda m: m.get("role") == "assistant",
    "chat.history-accepted",
)
refuses("name-refused", "A message with a name is refused.", lambda m: "name" in m, "chat.name-accepted")
refuses(
    "symbols-refused",
    "Characters beyond the basic multilingual plane are refused.",
    lambda m: any(character > "\uffff" for character in _content(m)),
    "chat.unicode-accepted",
)


@AREA.request(
    "history-dropped",
    "Only the last message is read.",
    Operation.CREATE_CHAT,
    breaks=("chat.history-used", "chat.usage-grows-with-prompt"),
)
def history_dropped(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop what came before, where no tool is at work."""
    messages = messages_of(body)
    return body if body.get("tools") or len(messages) < 2 else {**body, "messages": messages[-1:]}


@AREA.request(
    "history-garbled", "Earlier messages are counted but not understood.", Operation.CREATE_CHAT,
    breaks=("chat.history-used",),
)  # fmt: skip
def history_garbled(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Keep the length of what came before, and nothing else of it."""
    messages = messages_of(body)
    if body.get("tools") or len(messages) < 2:
        return body
    earlier = [{**m, "content": re.sub(r"\w", "x", _content(m))} for m in messages[:-1]]
    return {**body, "messages": [*earlier, messages[-1]]}


@AREA.request(
    "long-input-fails",
    "A prompt of 60,000 characters makes the server fail.",
    Operation.CREATE_CHAT,
    breaks=("chat.long-input-survived", "http.no-server-errors"),
)
def long_input_fails(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Break down under it."""
    if sum(len(_content(message)) for message in messages_of(body)) > LONG:
        raise internal_error()
    return body


accepts(
    "missing-model-accepted",
    "A chat without a model is answered by some model.",
    lambda body: {} if "model" in body else {"model": "gpt-4"},
    "chat.missing-model-refused",
)
accepts(
    "missing-messages-accepted",
    "A chat without messages is answered.",
    lambda body: {} if "messages" in body else {"messages": [{"role": "user", "content": ""}]},
    "chat.missing-messages-refused",
)
accepts(
    "empty-messages-accepted",
    "A chat with an empty array of messages is answered.",
    lambda body: {"messages": [{"role": "user", "content": ""}]} if body.get("messages") == [] else {},
    "chat.empty-messages-refused",
)


@AREA.request(
    "messages-text-accepted",
    "A text in the place of the messages is taken as one of them, for plain answers and for streams.",
    Operation.CREATE_CHAT,
    breaks=("chat.messages-not-array-refused", "streaming.bad-request-refused"),
)
def messages_text_accepted(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Take it as what a user says."""
    text = body.get("messages")
    return {**body, "messages": [{"role": "user", "content": text}]} if isinstance(text, str) else body


accepts(
    "missing-role-accepted",
    "A message without a role is taken as the user's.",
    lambda body: {"messages": [{"role": "user", **m} for m in messages_of(body)]} if messages_of(body) else {},
    "chat.missing-role-refused",
)


def _known_roles(body: JsonObject) -> JsonObject:
    roles = ("system", "developer", "user", "assistant", "tool")
    messages = [m if m.get("role", "user") in roles else {**m, "role": "user"} for m in messages_of(body)]
    return {"messages": messages} if messages else {}


def _text_contents(body: JsonObject) -> JsonObject:
    messages = [
        {**m, "content": str(m["content"])} if isinstance(m.get("content"), int) else m for m in messages_of(body)
    ]
    return {"messages": messages} if messages else {}


accepts("unknown-role-accepted", "An unknown role is taken as the user.", _known_roles, "chat.unknown-role-refused")
accepts(
    "content-number-accepted",
    "A content that is a number is taken as a text.",
    _text_contents,
    "chat.content-wrong-type-refused",
)


@AREA.error(
    "missing-model-404", "A chat without a model is answered with 404.", Operation.CREATE_CHAT,
    breaks=("chat.missing-model-refused",),
)  # fmt: skip
def missing_model_404(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Confuse a missing model with an unknown one."""
    if refusal.cause.code == "missing_required_parameter" and refusal.cause.param == "model":
        refusal.status = 404
    return refusal


@AREA.request(
    "unknown-role-fails",
    "An unknown role makes the server fail.",
    Operation.CREATE_CHAT,
    breaks=("chat.unknown-role-refused", "errors.bad-input-no-server-error"),
)
def unknown_role_fails(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Look the role up in a table."""
    if any(message.get("role") == "narrator" for message in messages_of(body)):
        raise internal_error()
    return body
