"""Judgements on chat history: an array of messages, and what was said in the chat that they are of."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks import accepted, instants
from ozwell_harness.checks.base import answers, first_duplicate, outcome, response_of, shown, success_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Messages that a server may keep beside what was said.
_BESIDE = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chat.

    Attributes:
        mark: a word in it that no other chat holds; empty for an answer.
        odd: what becomes of its characters is a requirement of its own.
    """

    role: str
    content: str
    mark: str = ""
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as it was held: what was sent, what was answered to it, and the exchange."""

    sent: tuple[Said, ...]
    answer: Said
    exchange: Exchange

    @property
    def said(self) -> tuple[Said, ...]:
        """All messages, oldest first."""
        return (*self.sent, self.answer)

    @property
    def marks(self) -> frozenset[str]:
        """The words that no other chat holds."""
        return frozenset(said.mark for said in self.sent)


def messages_of(history: Exchange) -> list[dict[str, Any]]:
    """Return the messages of a history.

    Raises:
        Unjudgeable: it is not answered with 200 and an array of objects.
    """
    messages = _read(history)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise Unjudgeable("the history is not an array of messages")
    return messages


def answers_messages(history: Exchange) -> Deviation | None:
    """A history is answered with 200 and an array of objects."""
    deviation = answers(history)
    if deviation:
        return deviation
    try:
        messages_of(history)
    except Unjudgeable:
        return Deviation("the history is not an array of messages", "a JSON array of objects", outcome(history))
    return None


def is_there(history: Exchange) -> Deviation | None:
    """A history is answered with 200 and some message."""
    if answers_messages(history) is None and messages_of(history):
        return None
    return Deviation("the history of a new chat is not there at once", "200 and its messages", outcome(history))


def ids_are_text(history: Exchange) -> Deviation | None:
    """Every message has an id, a non-empty string."""
    return accepted.all_have_text(_some(history), "id", "a message of the history")


def ids_are_unique(history: Exchange) -> Deviation | None:
    """No two messages have the same id."""
    twice = first_duplicate([str(message.get("id")) for message in _some(history)])
    if twice is None:
        return None
    return Deviation("two messages of a history have the same id", "an id for each message", f"{shown(twice)} twice")


def ids_are_stable(first: Exchange, again: Exchange) -> Deviation | None:
    """The messages have the same ids when the history is read again.

    Raises:
        Unjudgeable: it holds another number of messages now.
    """
    before, after = ([str(message.get("id")) for message in _some(one)] for one in (first, again))
    if len(before) != len(after):
        raise Unjudgeable("the history holds another number of messages when it is read again")
    if sorted(before) == sorted(after):
        return None
    return Deviation("the ids of messages change from reading to reading", shown(before), shown(after))


def roles_are_text(history: Exchange) -> Deviation | None:
    """Every message has a role, a non-empty string."""
    return accepted.all_have_text(_some(history), "role", "a message of the history")


def contents_are_text(history: Exchange) -> Deviation | None:
    """Every message has a content, a string."""
    for message in _some(history):
        if not isinstance(message.get("content"), str):
            return Deviation(
                "a message of the history has no content in words",
                "a string",
                f"content {shown(message.get('content'))}",
            )
    return None


def times_are_date_times(history: Exchange) -> Deviation | None:
    """Every created_at is a date with a time of day."""
    return instants.are_date_times(_times(_some(history)))


def times_have_offsets(history: Exchange) -> Deviation | None:
    """Every created_at says its offset from UTC."""
    return instants.have_offsets(_times(_some(history)))


def times_are_now(history: Exchange, chat: Exchange) -> Deviation | None:
    """Every created_at is the time of the chat."""
    return instants.are_about_now(_times(_some(history)), chat)


def times_never_fall(history: Exchange, chat: Chat) -> Deviation | None:
    """What was said later was not made earlier, wherever it stands in the history.

    Raises:
        Unjudgeable: fewer than two messages of the chat are there.
    """
    messages = _some(history)
    return instants.never_fall(_times([messages[place] for place in _several_places(messages, chat)]))


def holds_what_was_sent(history: Exchange, chat: Chat) -> Deviation | None:
    """Every message of the request is there, with the content that was sent."""
    return _holds(messages_of(history), chat, chat.sent)


def holds_the_answer(history: Exchange, chat: Chat) -> Deviation | None:
    """The answer is there, with the content that was answered."""
    return _holds(messages_of(history), chat, [chat.answer])


def holds_all(history: Exchange, chat: Chat) -> Deviation | None:
    """What was sent and what was answered is there."""
    return _holds(messages_of(history), chat, chat.said)


def holds_nothing_else(history: Exchange, chat: Chat) -> Deviation | None:
    """There are no more messages than were said, those of the system apart."""
    roles = [message.get("role") for message in messages_of(history)]
    found = [role for role in roles if role not in _BESIDE]
    if len(found) <= len(chat.said):
        return None
    return Deviation(
        "the history holds more than was said", f"{len(chat.said)} messages", f"{len(found)}, of {shown(found)}"
    )


def keeps_roles(history: Exchange, chat: Chat) -> Deviation | None:
    """The messages of the request have the roles that they were sent with."""
    return _has_roles(messages_of(history), chat, chat.sent)


def answer_is_assistants(history: Exchange, chat: Chat) -> Deviation | None:
    """The answer has the role assistant."""
    return _has_roles(messages_of(history), chat, [chat.answer])


def is_in_order(history: Exchange, chat: Chat) -> Deviation | None:
    """The messages stand in the order in which they were said.

    Raises:
        Unjudgeable: fewer than two of them are there.
    """
    places = _several_places(messages_of(history), chat)
    if places == sorted(places):
        return None
    order = [place + 1 for place in places]
    return Deviation(
        "the history is not in the order of the chat", f"{sorted(order)}, the oldest first", f"{order}, as it was said"
    )


def keeps(history: Exchange, chat: Chat, said: Said) -> Deviation | None:
    """A message has the very characters that were sent, however they are composed.

    Raises:
        Unjudgeable: it is not there.
    """
    messages = messages_of(history)
    place = _place(messages, chat, said)
    if place is None:
        raise Unjudgeable("the message is not in the history")
    found = _text(messages[place])
    if found == _plain(said.content):
        return None
    return Deviation("a message is not kept as it was sent", ascii(said.content), ascii(found)[:300])


def holds_none_of(history: Exchange, marks: Collection[str]) -> Deviation | None:
    """No message of another chat, known by its marks, is there."""
    strange = [_text(message) for message in _some(history) if _holds_any(message, marks)]
    if not strange:
        return None
    return Deviation("the history holds a message of another chat", "messages of this chat only", shown(strange[0]))


def is_unchanged(first: Exchange, again: Exchange) -> Deviation | None:
    """The history says the same when it is read again."""
    before, after = ([_facts(message) for message in _some(one)] for one in (first, again))
    if before == after:
        return None
    differing = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    told, found = differing[0] if differing else (f"{len(before)} messages", f"{len(after)} messages")
    return Deviation("the history is another one when it is read again", shown(told), shown(found))


def is_hidden(history: Exchange, own: Exchange, marks: Collection[str]) -> Deviation | None:
    """Another tenant's key is shown no message of the chat, by whose marks its owner knows it.

    Raises:
        Unjudgeable: the other key is itself not accepted, the target fails, or not even the owner reads the chat.
    """
    status = response_of(history).status
    if status == 401 or status >= 500:
        raise Unjudgeable(f"the other key's request is answered with {status}")
    if not _holds_a_mark(own, marks):
        raise Unjudgeable("not even the chat's own key reads its messages")
    if not _holds_a_mark(history, marks):
        return None
    return Deviation("another tenant's key reads the history", "status 404 or 403", outcome(history))


def is_turned_away(exchange: Exchange) -> Deviation | None:
    """The request is refused with a 4xx."""
    if exchange.failure is None and exchange.status is not None and 400 <= exchange.status < 500:
        return None
    return Deviation("the request is not refused", "status 400 or 404", outcome(exchange))


def _holds_a_mark(exchange: Exchange, marks: Collection[str]) -> bool:
    return any(mark.encode() in response_of(exchange).body for mark in marks)


def _read(history: Exchange) -> Any:
    try:
        return success_of(history).document
    except (ValueError, RecursionError):
        raise Unjudgeable("the history is no JSON that can be read here") from None


def _some(history: Exchange) -> list[dict[str, Any]]:
    messages = messages_of(history)
    if not messages:
        raise Unjudgeable("the history holds no message")
    return messages


def _times(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [message.get("created_at") for message in messages]


def _facts(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: message.get(name) for name in ("role", "content", "created_at")}


def _plain(text: str) -> str:
    """Text without what is around it: blanks at its ends say nothing."""
    return unicodedata.normalize("NFC", text.strip())


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return _plain(content) if isinstance(content, str) else ""


def _holds_any(message: Mapping[str, Any], marks: Collection[str]) -> bool:
    return any(mark in _text(message) for mark in marks)


def _place(messages: Sequence[Mapping[str, Any]], chat: Chat, said: Said) -> int | None:
    """Where a message stands: as it was said, or at least with its mark, which the answer may repeat."""
    texts = [_text(message) for message in messages]
    exact = [place for place, text in enumerate(texts) if text == _plain(said.content)]
    if exact:
        return exact[-1] if said is chat.answer else exact[0]
    answer = _plain(chat.answer.content)
    marked = [place for place, text in enumerate(texts) if said.mark and said.mark in text and text != answer]
    return marked[0] if marked else None


def _several_places(messages: Sequence[Mapping[str, Any]], chat: Chat) -> list[int]:
    found = [_place(messages, chat, said) for said in chat.said]
    places = [place for place in found if place is not None]
    if len(places) < 2:
        raise Unjudgeable("fewer than two messages of the chat are in its history")
    return places


def _holds(messages: Sequence[Mapping[str, Any]], chat: Chat, wanted: Sequence[Said]) -> Deviation | None:
    for said in wanted:
        place = _place(messages, chat, said)
        if place is None:
            texts = [_text(message) for message in messages]
            return Deviation(f"the history lacks a message of the {said.role}", shown(said.content), shown(texts))
        if not said.odd and _text(messages[place]) != _plain(said.content):
            return Deviation(
                "the history holds another content than was sent", shown(said.content), shown(_text(messages[place]))
            )
    return None


def _has_roles(messages: Sequence[Mapping[str, Any]], chat: Chat, wanted: Sequence[Said]) -> Deviation | None:
    places = [(said, _place(messages, chat, said)) for said in wanted]
    found = [(said, messages[place].get("role")) for said, place in places if place is not None]
    if not found:
        raise Unjudgeable("the messages are not in the history")
    for said, role in found:
        if role != said.role:
            return Deviation("a message has another role in the history", f"role {said.role}", f"role {shown(role)}")
    return None
