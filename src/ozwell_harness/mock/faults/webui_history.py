"""Chat histories that are lost, mixed up, out of order, altered or shown to others."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.webui_times import TIMES
from ozwell_harness.mock.faults.webui_wrappers import (
    WebUiWrapper,
    accepts,
    answers_with,
    refuses_with,
    wraps,
)
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.records import StoredChat, StoredMessage

AREA = Area("history")
CHAT, HISTORY = Operation.CREATE_CHAT, Operation.RETRIEVE_HISTORY

Items = list[JsonObject]
#: How long a history takes to be there, in seconds.
_LATE_S = 1.0


def _array(name: str, description: str, change: Callable[[Items], Items], *breaks: str) -> None:
    """Register a fault that changes the array of messages."""

    @AREA.items(name, description, HISTORY, breaks=breaks)
    def alter(items: Items, call: Call) -> Items:  # noqa: ARG001
        return change(items)


def _each(
    name: str,
    description: str,
    change: Callable[[JsonObject], Any],
    *breaks: str,
    of: Callable[[JsonObject], bool] = bool,
) -> None:
    """Register a fault that changes messages in place: all, or those that ``of`` is true of."""

    def alter(items: Items) -> Items:
        for item in filter(of, items):
            change(item)
        return items

    _array(name, description, alter, *breaks)


def _sets(member: str, value: Any) -> Callable[[JsonObject], None]:
    return lambda item: item.update({member: value})


def _says(change: Callable[[str], str]) -> Callable[[JsonObject], None]:
    return lambda item: item.update(content=change(item["content"]))


def _of(role: str) -> Callable[[JsonObject], bool]:
    return lambda item: bool(item["role"] == role)


_ANSWERS, _AT_ONCE = "history.answers", "history.readable-at-once"
answers_with(AREA, HISTORY, "answered-201", "A history is answered with 201.", 201, _ANSWERS, "http.success-is-200")
answers_with(AREA, HISTORY, "never-there", "No history is ever found.", 404, _ANSWERS)


@AREA.reply("in-an-object", "The messages of a history are in an object.", HISTORY, breaks=(_ANSWERS,))
def in_an_object(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Wrap the array."""
    if reply.status == 200 and isinstance(reply.body, bytes):
        reply.body = b'{"messages":' + reply.body + b"}"
    return reply


_array("empty", "Every history is empty.", lambda _: [], _AT_ONCE, "history.holds-what-was-sent",
       "history.holds-the-answer", "history.stream-kept")  # fmt: skip

_ID = "history.id-is-text"
_each("id-missing", "Messages have no id.", lambda item: item.pop("id"), _ID)
_each("id-number", "The id of a message is a number.", _sets("id", 7), _ID)
_each("id-empty", "The id of a message is empty.", _sets("id", ""), _ID)
_each("ids-shared", "All messages of a history have one id.", _sets("id", "msg-1"), "history.ids-unique")
_each("ids-by-role", "The id of a message is its role.", lambda item: item.update(id=item["role"]),
      "history.ids-unique")  # fmt: skip
_each("ids-made-anew", "Messages have new ids in every reading.", lambda item: item.update(id=new_id("msg-")),
      "history.ids-stable")  # fmt: skip

_ROLE = "history.role-is-text"
_each("role-missing", "Messages have no role.", lambda item: item.pop("role"), _ROLE)
_each("role-number", "The role of a message is a number.", _sets("role", 1), _ROLE)
_each("roles-all-user", "Assistant messages of a request become the user's.", _sets("role", "user"),
      "history.roles-kept", "history.answer-by-assistant", of=_of("assistant"))  # fmt: skip
_each("role-human", "The role of what the user said is human.", _sets("role", "human"), "history.roles-kept",
      of=_of("user"))  # fmt: skip


@AREA.items("answer-by-model", "The role of an answer is model.", HISTORY, breaks=("history.answer-by-assistant",))
def answer_by_model(items: Items, call: Call) -> Items:  # noqa: ARG001
    """Name it as some providers do."""
    items[-1]["role"] = "model"
    return items


_TEXT = "history.content-is-text"
_array("memory-without-content", "A message of the system has null for a content.",
       lambda items: [{**items[0], "id": "msg-0", "role": "system", "content": None}, *items], _TEXT)  # fmt: skip
_each("content-in-parts", "The content of a message is an array of parts.",
      lambda item: item.update(content=[{"type": "text", "text": item["content"]}]), _TEXT,
      "history.holds-what-was-sent", "history.holds-the-answer", "history.stream-kept")  # fmt: skip

for _name, (_words, _change, _end) in TIMES.items():
    _each(_name, f"The created_at of a message is {_words}.", _change, f"history.{_end}")


@AREA.items("times-backwards", "The times of a history are the wrong way round.", HISTORY,
            breaks=("history.created-at-in-order",))  # fmt: skip
def times_backwards(items: Items, call: Call) -> Items:  # noqa: ARG001
    """Let each message be a second older than the one before it."""
    for number, item in enumerate(items):
        item["created_at"] = f"{item['created_at'][:17]}{59 - number:02d}Z"
    return items


_SENT, _ANSWER = "history.holds-what-was-sent", "history.holds-the-answer"
_KEPT = "history.stream-kept"
_array("first-lost", "A history lacks its first message if it has more than two.",
       lambda items: items[1:] if len(items) > 2 else items, _SENT)  # fmt: skip
_each("long-messages-cut", "What the user said is cut at 100 characters.", _says(lambda text: text[:100]), _SENT,
      of=_of("user"))  # fmt: skip
_array("answer-lost", "A history holds no answer.", lambda items: items[:-1], _ANSWER, _KEPT)
_array("answer-cut", "The answer in a history lacks its end.",
       lambda items: [*items[:-1], {**items[-1], "content": items[-1]["content"][:-20]}], _ANSWER, _KEPT)  # fmt: skip

_ELSE = "history.holds-nothing-else"
_array("question-twice", "A history holds its first message twice.",
       lambda items: [{**items[0], "id": "msg-0"}, *items], _ELSE)  # fmt: skip
_array("answer-empty-beside", "A history holds an empty answer beside the true one.",
       lambda items: [*items[:-1], {**items[-1], "id": "msg-0", "content": ""}, items[-1]], _ELSE)  # fmt: skip

_ORDER = "history.in-order"
_array("newest-first", "The newest message of a history stands first.", lambda items: items[::-1], _ORDER)
_array("by-role", "The messages of a history are in the order of their roles.",
       lambda items: sorted(items, key=lambda item: item["role"], reverse=True), _ORDER)  # fmt: skip
_array("answer-first", "The answer stands before what was said.", lambda items: [items[-1], *items[:-1]], _ORDER)

_each("blanks-merged", "Line breaks and indentation become one space in a history.",
      _says(lambda text: " ".join(text.split())), "history.line-breaks-kept")  # fmt: skip
_each("line-breaks-escaped", "Line breaks are escaped in a history.", _says(lambda text: text.replace("\n", "\\n")),
      "history.line-breaks-kept")  # fmt: skip
_each("ascii-only", "Characters beyond ASCII become question marks in a history.",
      _says(lambda text: text.encode("ascii", "replace").decode()), "history.unicode-kept")  # fmt: skip
_each("bmp-only", "Characters beyond the BMP vanish from a history.",
      _says(lambda text: "".join(c for c in text if ord(c) < 0x10000)), "history.unicode-kept")  # fmt: skip
_each("mojibake", "UTF-8 is read as Latin-1 in a history.", _says(lambda text: text.encode().decode("latin-1")),
      "history.unicode-kept")  # fmt: skip
_each("markup-escaped", "Markup is escaped in a history.", _says(lambda text: html.escape(text, quote=False)),
      "history.markup-kept")  # fmt: skip
_each("markup-removed", "Tags are removed from a history.",
      _says(lambda text: text.replace("<em>", "").replace("</em>", "")), "history.markup-kept")  # fmt: skip


class _Remembering(WebUiWrapper):
    """Adds what was last said in another chat of the tenant, as a memory of the system."""

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        self.call.notes.setdefault("history.said", {})[chat.id] = chat.messages[0].content
        await self.inner.put_chat(tenant, chat)

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        chat = await self.inner.get_chat(tenant, chat_id)
        others = [said for other, said in self.call.notes.get("history.said", {}).items() if other != chat_id]
        if chat is None or not others:
            return chat
        memory = StoredMessage("system", f"Earlier the user said: {others[-1]}")
        return replace(chat, messages=(memory, *chat.messages))


wraps(AREA, _Remembering, "other-chats-remembered", "A history tells what was said in another chat.", CHAT, HISTORY,
      breaks=("history.chats-apart",))  # fmt: skip


class _Mixing(WebUiWrapper):
    """Keeps all chats of a tenant as one."""

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        held = self.call.notes.setdefault("history.held", [])
        held.extend(chat.messages)
        await self.inner.put_chat(tenant, chat)

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        chat = await self.inner.get_chat(tenant, chat_id)
        return chat and replace(chat, messages=tuple(self.call.notes.get("history.held", ())))


wraps(AREA, _Mixing, "chats-in-one", "All chats of a key have one history.", CHAT, HISTORY,
      breaks=("history.chats-apart", _ELSE))  # fmt: skip


@AREA.items("time-of-reading", "The created_at of a message is later in each reading.", HISTORY,
            breaks=("history.unchanged-by-reading",))  # fmt: skip
def time_of_reading(items: Items, call: Call) -> Items:
    """Count the readings."""
    number = call.notes["history.readings"] = call.notes.get("history.readings", 0) + 1
    for item in items:
        item["created_at"] = f"{item['created_at'][:17]}{number % 60:02d}Z"
    return items


class _Late(WebUiWrapper):
    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        chat = await self.inner.get_chat(tenant, chat_id)
        is_there = chat is not None and self.call.services.clock.now() - chat.created_at >= _LATE_S
        return chat if is_there else None


wraps(AREA, _Late, "late", "A history is there only a second after its chat.", HISTORY, breaks=(_AT_ONCE,))


class _Unstreamed(WebUiWrapper):
    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        if (self.call.body or {}).get("stream"):
            chat = replace(chat, messages=(*chat.messages[:-1], replace(chat.messages[-1], content="")))
        await self.inner.put_chat(tenant, chat)


class _Unkept(WebUiWrapper):
    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        if not (self.call.body or {}).get("stream"):
            await self.inner.put_chat(tenant, chat)


wraps(AREA, _Unstreamed, "streamed-answer-empty", "The answer of a streamed chat is empty in its history.", CHAT,
      breaks=(_KEPT,))  # fmt: skip
wraps(AREA, _Unkept, "streams-not-kept", "A streamed chat has no history.", CHAT, breaks=(_KEPT,))


class _Leaking(WebUiWrapper):
    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:  # noqa: ARG002
        return await self.inner.get_chat("main", chat_id)


wraps(AREA, _Leaking, "shared-by-tenants", "Every key reads the chats of the main tenant.", HISTORY,
      breaks=("history.other-key-refused",))  # fmt: skip

_NO_ID, _UNKNOWN, _ODD = "history.missing-id-refused", "history.unknown-id-refused", "history.odd-id-refused"
accepts(AREA, HISTORY, "no-id-accepted", "The history of no chat is empty.", lambda r: r.status == 400, [], _NO_ID)
refuses_with(AREA, HISTORY, "no-id-500", "A request for a history of no chat is answered with 500.",
             lambda r: r.status == 400, 500, _NO_ID, "http.no-server-errors")  # fmt: skip
accepts(AREA, HISTORY, "unknown-empty", "The history of an unknown chat is empty.", lambda r: r.status == 404, [],
        _UNKNOWN, _ODD, "security.traversal-harmless")  # fmt: skip
refuses_with(AREA, HISTORY, "unknown-410", "The history of an unknown chat is answered with 410.",
             lambda r: r.status == 404, 410, _UNKNOWN)  # fmt: skip
refuses_with(AREA, HISTORY, "odd-id-500", "A chat_id with a quotation mark is answered with 500.",
             lambda r: r.status == 404 and "'1'" in r.cause.message, 500, _ODD, "http.no-server-errors")  # fmt: skip
accepts(AREA, HISTORY, "odd-id-injects", "A chat_id with a condition in it matches nothing, and is answered.",
        lambda r: r.status == 404 and "'1'" in r.cause.message, [], _ODD)  # fmt: skip
