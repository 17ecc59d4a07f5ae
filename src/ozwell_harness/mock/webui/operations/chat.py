"""POST /chat/completions and GET /chat/history (API Integration Documentation, Chat Endpoints).

A chat is known by the id of its completion: no other id in the documents could be that of a chat.
"""

from __future__ import annotations

from itertools import chain, islice

from ozwell_harness.mock.answers import chat_out
from ozwell_harness.mock.bodies import read_json, read_query
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.dialogue import Role, Turn
from ozwell_harness.mock.errors import missing_parameter, not_found
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.generation.generator import Question
from ozwell_harness.mock.operations.asking import chat_model, complete
from ozwell_harness.mock.operations.chat import stream_chat, stream_id
from ozwell_harness.mock.replies import array_reply, json_reply, work_of
from ozwell_harness.mock.validation import JsonReader, read_any, whole
from ozwell_harness.mock.webhooks.settings import CHAT_COMPLETED
from ozwell_harness.mock.webui.answers import MessageOut, moment
from ozwell_harness.mock.webui.migration import as_kept, migrated
from ozwell_harness.mock.webui.records import StoredChat, StoredMessage
from ozwell_harness.mock.webui.wire import ChatIn
from ozwell_harness.mock.wire import LARGEST_INTEGER

_READER = JsonReader(ChatIn)


async def create_chat(call: Call) -> Reply:
    """Answer a conversation, plain or streamed, and keep it."""
    request: ChatIn = await read_json(call, _READER)
    card = chat_model(request.model)
    cap = whole(request.max_tokens, "max_tokens", LARGEST_INTEGER)
    if cap is None:
        cap = (await call.webui.get_config(call.tenant, card.id)).max_tokens
    dialogue = tuple(Turn(Role(message.role), message.content) for message in request.messages)
    completion = await complete(call, card, Question(dialogue, max_tokens=cap))
    answer = chat_out(card.id, completion, call.now_s)
    call.announce(CHAT_COMPLETED, answer)
    if request.stream:
        answer.id = stream_id(call)
        reply = stream_chat(call, card.id, completion)
        await _keep(call, _streamed_id(call, reply) or answer.id, request, completion)
        return reply
    reply = json_reply(call, answer, work_of(completion))
    await _keep(call, _told_id(call, reply) or answer.id, request, completion)
    return reply


def _told_id(call: Call, reply: Reply) -> str | None:
    """The id that a fault has told instead; a chat is known by what its client was told."""
    told = read_any(reply.body) if Hook.RESULT in call.faults and isinstance(reply.body, bytes) else None
    found = told.get("id") if isinstance(told, dict) else None
    return found if isinstance(found, str) else None


def _streamed_id(call: Call, reply: Reply) -> str | None:
    """The id that a fault streams instead, if its first piece tells."""
    if Hook.CHUNKS in call.faults and not isinstance(reply.body, bytes):
        items = iter(reply.body)
        reply.body = chain(list(islice(items, 1)), items)
    return call.stream_id if isinstance(call.stream_id, str) else None


async def _keep(call: Call, chat_id: str, request: ChatIn, completion: Completion) -> None:
    said = [StoredMessage(message.role, message.content) for message in request.messages]
    said.append(StoredMessage("assistant", completion.choices[0].text))
    chat = StoredChat(chat_id, request.model, call.version, call.services.clock.now(), tuple(said))
    await call.webui.put_chat(call.tenant, as_kept(chat))


async def retrieve_history(call: Call) -> Reply:
    """The messages of a chat and its answer, oldest first."""
    chat_id = read_query(call).get("chat_id")
    if not chat_id:
        raise missing_parameter("chat_id")
    chat = await call.webui.get_chat(call.tenant, chat_id)
    if chat is None:
        raise not_found("chat", chat_id, "chat_id")
    messages = migrated(chat).messages
    return array_reply(call, [MessageOut(m.id, m.role, m.content, moment(m.created_at)) for m in messages])
