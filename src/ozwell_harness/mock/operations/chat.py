"""POST /chat/completions (API Endpoints Reference, Chat)."""

from __future__ import annotations

from typing import Any

from ozwell_harness.mock import wire
from ozwell_harness.mock.answers import chat_out, usage_out
from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.dialogue_rules import read_messages
from ozwell_harness.mock.operations.asking import chat_model, complete, question_of
from ozwell_harness.mock.replies import json_reply, stream_reply, to_builtins, work_of
from ozwell_harness.mock.streaming import Delta
from ozwell_harness.mock.validation import JsonReader

_READER = JsonReader(wire.ChatRequest)


async def create_chat(call: Call) -> Reply:
    """Answer a conversation, plain or streamed."""
    request: wire.ChatRequest = await read_json(call, _READER)
    card = chat_model(request.model)
    question = question_of(request, read_messages(request.messages))
    completion = await complete(call, card, question)
    if not request.stream:
        return json_reply(call, chat_out(card.id, completion, call.now_s), work_of(completion))
    options = request.stream_options
    usage = bool(options and options.include_usage)
    return stream_chat(call, card.id, completion, with_usage=usage)


def stream_id(call: Call) -> str:
    """The id of a streamed answer: named after the request, so that a client can hold it against the truth log."""
    return call.request_id.replace("req_", "chatcmpl-", 1)


def stream_chat(call: Call, model: str, completion: Completion, *, with_usage: bool = False) -> Reply:
    """A streamed answer; ``with_usage`` adds a chunk that says what it cost."""
    head = {
        "id": stream_id(call),
        "object": "chat.completion.chunk",
        "created": call.now_s,
        "model": model,
    }
    tail: dict[str, Any] = {"usage": None} if with_usage else {}

    def frame(delta: Delta) -> dict[str, Any]:
        choice = {"index": delta.choice, "delta": delta.delta, "finish_reason": delta.finish}
        return {**head, "choices": [choice], **tail}

    closing = [{**head, "choices": [], "usage": to_builtins(usage_out(completion))}] if with_usage else []
    return stream_reply(call, completion, frame, closing)
