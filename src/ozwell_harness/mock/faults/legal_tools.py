"""Answers about tools and images that are odd but legal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish, PlannedCall
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.stream_edits import ChunkHook, on_deltas
from ozwell_harness.mock.faults.tool_reading import messages_of, named
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

AREA = Area("legal", Kind.LEGAL)
CHAT = Operation.CREATE_CHAT

INTRODUCTION = "Let me look that up. "


def _plan(name: str, text: str, change: Callable[[Choice, JsonObject], Choice]) -> None:
    """A variation of what is said, plain and streamed alike, where tools are called."""

    def act(completion: Completion, call: Call) -> Completion:
        made = (change(choice, call.body) if choice.calls else choice for choice in completion.choices)
        return replace(completion, choices=tuple(made))

    AREA.plan(name, text, CHAT)(act)


def _calls(name: str, text: str, change: Callable[[PlannedCall], PlannedCall]) -> None:
    _plan(name, text, lambda choice, _body: replace(choice, calls=tuple(map(change, choice.calls))))


def _chunks(name: str, text: str, hook: ChunkHook) -> None:
    AREA.chunks(name, text, CHAT)(hook)


def _finishing_as_forced(choice: Choice, body: JsonObject) -> Choice:
    return replace(choice, finish=Finish.STOP) if body.get("tool_choice") == "required" or named(body) else choice


def _short_id(call: PlannedCall) -> PlannedCall:
    return replace(call, id=blake2b(call.id.encode(), digest_size=8).hexdigest()[:9])


def _respaced(call: PlannedCall) -> PlannedCall:
    return replace(call, pieces=tuple(pieces_of(json.dumps(json.loads(call.arguments), indent=2))))


def _on_fragments(change: Callable[[JsonObject], JsonObject]) -> ChunkHook:
    return on_deltas(lambda d: {**d, "tool_calls": [change(c) for c in d["tool_calls"]]} if "tool_calls" in d else d)


def _calls_together(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """All calls come in one chunk, with all that they say."""
    calls: dict[int, JsonObject] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            for part in choice["delta"].get("tool_calls") or ():
                known = calls.setdefault(part["index"], {**part, "function": {**part["function"], "arguments": ""}})
                known["function"]["arguments"] += part["function"]["arguments"]
            if choice["finish_reason"] and calls:
                yield {
                    **chunk,
                    "choices": [{**choice, "delta": {"tool_calls": [*calls.values()]}, "finish_reason": None}],
                }
        if not any("tool_calls" in choice["delta"] for choice in chunk["choices"]):
            yield chunk


def _talking_first(choice: Choice, body: JsonObject) -> Choice:
    return replace(choice, pieces=tuple(pieces_of(INTRODUCTION))) if body.get("stream") is True else choice


_plan("one-call-at-a-time", "Never more than one tool is called at once.", lambda c, _: replace(c, calls=c.calls[:1]))
_plan("forced-call-stops", "A forced call ends with the finish_reason stop.", _finishing_as_forced)
_plan("talk-before-call", "A stream says something before it calls a tool.", _talking_first)
_calls("short-call-ids", "The id of a call has nine characters.", _short_id)
_calls("arguments-spaced", "The arguments of a call have white space.", _respaced)
_chunks("calls-in-one-chunk", "Calls come in one chunk.", _calls_together)
_chunks("fragments-with-type", "Every fragment has the type.", _on_fragments(lambda c: {**c, "type": "function"}))
_chunks(
    "fragments-with-nulls",
    "Later fragments have a null id and name.",
    _on_fragments(lambda c: c if "id" in c else {**c, "id": None, "function": {"name": None, **c["function"]}}),
)
_chunks(
    "fragments-without-type",
    "Streamed calls have no type.",
    _on_fragments(lambda c: {k: v for k, v in c.items() if k != "type"}),
)
_chunks(
    "no-calls-in-deltas",
    "Deltas without calls have an empty array of them.",
    on_deltas(lambda d: {"tool_calls": [], **d}),
)
_chunks("content-beside-fragments", "Deltas with calls have null content.", on_deltas(lambda d: {"content": None, **d}))


@AREA.result("calls-numbered", "The calls of a plain answer have an index.", CHAT)
def calls_numbered(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """As of fragments."""
    for choice in answer["choices"]:
        for index, made in enumerate(choice["message"].get("tool_calls") or ()):
            made["index"] = index
    return answer


@AREA.result("text-beside-calls", "A plain answer says something beside its calls.", CHAT)
def text_beside_calls(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Both."""
    for choice in answer["choices"]:
        if choice["message"].get("tool_calls"):
            choice["message"]["content"] = INTRODUCTION
    return answer


@AREA.result("content-empty-beside-calls", "A plain answer with calls has an empty content.", CHAT)
def content_empty_beside_calls(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """An empty text is a text."""
    for choice in answer["choices"]:
        choice["message"]["content"] = choice["message"]["content"] or ""
    return answer


@AREA.result("no-calls-as-array", "A plain answer without calls has an empty array of them.", CHAT)
def no_calls_as_array(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """As many servers do."""
    for choice in answer["choices"]:
        choice["message"].setdefault("tool_calls", [])
    return answer


@AREA.request("web-images-refused", "Images on the web are refused.", CHAT)
def web_images_refused(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """A policy that many servers have; it says nothing of the address."""
    for message in messages_of(body):
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else ():
            image = part.get("image_url") if isinstance(part, dict) else None
            if isinstance(image, dict) and str(image.get("url")).startswith("http"):
                raise invalid_value("messages", "Send images as data URLs.")
    return body
