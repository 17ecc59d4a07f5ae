"""POST /responses (API Endpoints Reference, Responses: the Ozwell extension)."""

from __future__ import annotations

from typing import Any

from ozwell_harness.mock import wire
from ozwell_harness.mock.answers import ResponseOut, SourceOut, message_out, usage_out
from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.completion import Choice, Completion
from ozwell_harness.mock.dialogue import Called, Role, Turn, last_user_turn
from ozwell_harness.mock.dialogue_rules import read_messages
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.operations.asking import chat_model, complete, question_of
from ozwell_harness.mock.replies import json_reply, stream_reply, to_builtins, work_of
from ozwell_harness.mock.sources import find_sources
from ozwell_harness.mock.streaming import Delta
from ozwell_harness.mock.validation import JsonReader

_READER = JsonReader(wire.ResponseRequest)


async def create_response(call: Call) -> Reply:
    """Answer with memory of the conversation, and with sources where they are wanted."""
    request: wire.ResponseRequest = await read_json(call, _READER)
    card = chat_model(request.model)
    conversation = new_id("conv_") if request.conversation_id is None else request.conversation_id
    before = await call.store.turns(call.tenant, conversation)
    turns = read_messages(request.messages, before)
    question = question_of(request, before + turns)
    completion = await complete(call, card, question.alone())
    await call.store.append_turns(call.tenant, conversation, (*turns, _spoken(completion.choices[0])))
    sources = None
    if request.include_sources:
        user = last_user_turn(turns)
        sources = await find_sources(call.store, call.tenant, user.text if user else "")
    if request.stream:
        return _stream(call, card.id, conversation, completion, sources)
    return _plain(call, card.id, conversation, completion, sources)


def _spoken(choice: Choice) -> Turn:
    calls = tuple(Called(call.id, call.name, call.arguments) for call in choice.calls)
    return Turn(Role.ASSISTANT, choice.text, calls=calls)


def _plain(call: Call, model: str, conversation: str, completion: Completion, sources: list[SourceOut] | None) -> Reply:
    answer = ResponseOut(
        new_id("resp-"), "response", call.now_s, model, conversation,
        message_out(completion.choices[0]), usage_out(completion),
    )  # fmt: skip
    if sources is not None:
        answer.sources = sources
    return json_reply(call, answer, work_of(completion))


def _stream(
    call: Call, model: str, conversation: str, completion: Completion, sources: list[SourceOut] | None
) -> Reply:
    head = {
        "id": new_id("resp-"),
        "object": "response.chunk",
        "created": call.now_s,
        "model": model,
        "conversation_id": conversation,
    }
    last: dict[str, Any] = {"usage": to_builtins(usage_out(completion))}
    if sources is not None:
        last = {"sources": to_builtins(sources), **last}

    def frame(delta: Delta) -> dict[str, Any]:
        return {**head, "delta": delta.delta, "finish_reason": delta.finish, **(last if delta.finish else {})}

    return stream_reply(call, completion, frame, ())
