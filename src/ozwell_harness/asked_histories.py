"""Chats whose history is read afterwards: what is said in them, and how an answer becomes a chat that is known."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ozwell_harness.checks.base import at, document_of
from ozwell_harness.checks.history import Chat, Said
from ozwell_harness.checks.operations import EVENT_STREAM
from ozwell_harness.checks.stream_framing import has_json_data, whole_answer
from ozwell_harness.checks.text import answer_text
from ozwell_harness.client import json_call, with_query
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.target import KeyName

HISTORY = "/chat/history"
#: No id that any server gives: a path, a quotation mark, a wildcard, a line break.
ODD_ID = "../../etc/passwd' OR '1'='1%\n*"
UNKNOWN_ID = "no-such-chat-7f3c"

#: Which message of ``conversation`` is odd in which way.
LINES, UNICODE, MARKUP = 1, 2, 3
_ENOUGH = 64


def conversation() -> tuple[Said, ...]:
    """Return messages that no other run has sent: a plain one, one of lines, one beyond ASCII, one of markup."""
    marks = [f"moor{secrets.token_hex(3)}" for _ in range(5)]
    return (
        Said(
            "user",
            f"My word is {marks[0]}. It opens the harbour office, the boat shed and the lighthouse on the northern"
            " cliff, nobody else knows it, and I am going to ask you for it later in this conversation.",
            marks[0],
        ),
        Said("assistant", f"{marks[1]}:\n\n    if open:\n\t\treturn 1\n- and no more", marks[1], odd=True),
        Said("user", f"{marks[2]} is Żółw, «ёлка», 日本語, 한국어, 𠮷 and 🦊.", marks[2], odd=True),
        Said("assistant", f'<em>{marks[3]}</em> of Tom & "Jerry" &lt;3', marks[3], odd=True),
        Said("user", f"Thank you, {marks[4]}. Say hello in one short sentence.", marks[4]),
    )


def question() -> tuple[Said, ...]:
    """Return one message that no other run has sent."""
    mark = f"fen{secrets.token_hex(3)}"
    return (Said("user", f"I am {mark}. Say hello in one short sentence.", mark),)


def chat_call(sent: Sequence[Said], model: str, label: str, *, stream: bool = False) -> Call:
    """Return a call for a completion of these messages."""
    messages = [{"role": said.role, "content": said.content} for said in sent]
    body = {"model": model, "messages": messages, "max_tokens": _ENOUGH}
    return json_call("/chat/completions", body | ({"stream": True} if stream else {}), label)


def history_call(chat_id: str | None, label: str, *, key: KeyName = KeyName.MAIN) -> Call:
    """Return a call for the history of a chat; None names none."""
    query = None if chat_id is None else {"chat_id": chat_id}
    return Call("GET", with_query(HISTORY, query), label, key=key)


def plain_chat(exchange: Exchange, sent: Sequence[Said]) -> Chat:
    """Return a completion as a chat.

    Raises:
        Unjudgeable: it was not answered with a text.
    """
    return Chat(tuple(sent), _answer(answer_text(exchange)), exchange)


def streamed_chat(exchange: Exchange, sent: Sequence[Said]) -> Chat:
    """Return a streamed completion as a chat.

    Raises:
        Unjudgeable: it is no stream that ran to its end, a part of it cannot be read, or it says nothing.
    """
    if has_json_data(exchange) is not None:
        raise Unjudgeable("a part of the stream cannot be read, so what it says is not known")
    text = "".join(choice.content for choice in whole_answer(exchange).choices[:1])
    return Chat(tuple(sent), _answer(text), exchange)


def chat_id(chat: Chat) -> str:
    """Return the id of a chat, which is that of its completion.

    Raises:
        Unjudgeable: it has none.
    """
    response = chat.exchange.response
    if response is not None and response.media_type == EVENT_STREAM:
        found = next((item.document.get("id") for item in whole_answer(chat.exchange).chunks), None)
    else:
        found = at(document_of(chat.exchange), "id")
    if isinstance(found, str) and found:
        return found
    raise Unjudgeable("the completion has no id to ask for its history by")


def _answer(text: str) -> Said:
    if not text.strip():
        raise Unjudgeable("the chat was answered with no text")
    return Said("assistant", text)
