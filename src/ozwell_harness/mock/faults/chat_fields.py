"""Plain chat completions with one field missing, of another type or with a wrong value."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.routing import Operation

AREA = Area("chat")

Path = tuple[str | int, ...]
Change = Callable[[Any], Any]

CHOICE: Path = ("choices", 0)
MESSAGE: Path = (*CHOICE, "message")
FINISH: Path = (*CHOICE, "finish_reason")

_GONE = object()


def field(name: str, description: str, path: Path, change: Change, *breaks: str) -> None:
    """Register a fault that passes the value at ``path`` of every plain answer without tools through ``change``."""

    @AREA.result(name, description, Operation.CREATE_CHAT, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:
        if (call.body or {}).get("tools"):
            return answer
        answer = copy.deepcopy(answer)
        place: Any = answer
        for step in path[:-1]:
            place = place[step]
        value = change(place[path[-1]])
        if value is _GONE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return answer


def gone(_: Any) -> Any:
    """The change that leaves a field out."""
    return _GONE


def to(value: Any) -> Change:
    """The change to one value."""
    return lambda _: copy.deepcopy(value)


CALLED = [{"id": "call_0", "type": "function", "function": {"name": "search", "arguments": "{}"}}]

field("object-typo", "`object` is `chat.completions`.", ("object",), to("chat.completions"), "chat.object-named")
field("object-empty", "`object` is empty.", ("object",), to(""), "chat.object-named")
field("object-of-chunk", "`object` is that of a chunk.", ("object",), to("chat.completion.chunk"), "chat.object-named")

field("id-missing", "There is no `id`.", ("id",), gone, "chat.id-is-text")
field("id-empty", "`id` is empty.", ("id",), to(""), "chat.id-is-text")
field("id-number", "`id` is a number.", ("id",), len, "chat.id-is-text")
field("id-unprefixed", "`id` is a bare token.", ("id",), lambda _: new_id(""), "chat.id-prefixed")

field("created-missing", "There is no `created`.", ("created",), gone, "chat.created-is-integer")
field("created-text", "`created` is a text.", ("created",), str, "chat.created-is-integer")
field("created-fraction", "`created` has a fraction.", ("created",), lambda now: now + 0.5, "chat.created-is-integer")
field("created-zero", "`created` is 0.", ("created",), to(0), "chat.created-is-now")
field(
    "created-milliseconds",
    "`created` is in milliseconds.",
    ("created",),
    lambda now: now * 1000,
    "chat.created-is-now",
)
field(
    "created-hour-behind",
    "`created` is an hour behind, as if in another zone.",
    ("created",),
    lambda now: now - 3600,
    "chat.created-is-now",
)

field("model-missing", "There is no `model`.", ("model",), gone, "chat.model-is-text")
field("model-empty", "`model` is empty.", ("model",), to(""), "chat.model-is-text")
field("model-null", "`model` is null.", ("model",), to(None), "chat.model-is-text")
field("choices-empty", "There is no choice.", ("choices",), to([]), "chat.one-choice-by-default")
field("choices-object", "`choices` is one object.", ("choices",), lambda found: found[0], "chat.one-choice-by-default")
field(
    "choices-doubled",
    "There is one choice more than asked for.",
    ("choices",),
    lambda found: [*found, {**found[-1], "index": len(found)}],
    "chat.one-choice-by-default",
)
field("index-from-one", "The first choice has the index 1.", (*CHOICE, "index"), to(1), "chat.choice-indexes")
field("index-missing", "The first choice has no index.", (*CHOICE, "index"), gone, "chat.choice-indexes")
field("index-text", "The index is a text.", (*CHOICE, "index"), str, "chat.choice-indexes")

field("role-missing", "The message has no role.", (*MESSAGE, "role"), gone, "chat.role-is-assistant")
field("role-user", "The message's role is `user`.", (*MESSAGE, "role"), to("user"), "chat.role-is-assistant")
field("role-capital", "The role is capitalised.", (*MESSAGE, "role"), str.capitalize, "chat.role-is-assistant")
field("content-missing", "The message has no content.", (*MESSAGE, "content"), gone, "chat.content-is-text")
field("content-null", "The content is null.", (*MESSAGE, "content"), to(None), "chat.content-is-text")
field(
    "content-parts",
    "The content is an array of parts.",
    (*MESSAGE, "content"),
    lambda text: [{"type": "text", "text": text}],
    "chat.content-is-text",
)
field(
    "content-blank",
    "The content of every plain answer is a line break.",
    (*MESSAGE, "content"),
    to("\n"),
    "chat.content-not-empty",
    "streaming.equals-plain",
    "http.answers-hold-their-own",
)
field("finish-missing", "A choice has no finish_reason.", FINISH, gone, "chat.finish-reason-known")
field("finish-null", "finish_reason is null.", FINISH, to(None), "chat.finish-reason-known")
field("finish-empty", "finish_reason is empty.", FINISH, to(""), "chat.finish-reason-known")
field("finish-eos", "finish_reason is `eos`.", FINISH, to("eos"), "chat.finish-reason-known")
field("finish-capitals", "finish_reason is in capitals.", FINISH, str.upper, "chat.finish-reason-known")
field("tools-finish-unasked", "finish_reason is `tool_calls`.", FINISH, to("tool_calls"), "chat.no-tool-call-unasked")
field(
    "tool-called-unasked",
    "A tool is called that nobody declared.",
    MESSAGE,
    lambda message: {**message, "tool_calls": CALLED},
    "chat.no-tool-call-unasked",
)
field(
    "tool-calls-null",
    "`tool_calls` is null where no tool is called.",
    MESSAGE,
    lambda message: {**message, "tool_calls": None},
    "chat.answer-schema",
)
field(
    "tool-calls-object",
    "`tool_calls` is an empty object where no tool is called.",
    MESSAGE,
    lambda message: {**message, "tool_calls": {}},
    "chat.answer-schema",
)
