"""Chat history: what was said is there, in order and unchanged, and nobody else's."""

from __future__ import annotations

import contextlib

import pytest

from ozwell_harness.asked_histories import (
    LINES,
    MARKUP,
    ODD_ID,
    UNICODE,
    UNKNOWN_ID,
    chat_call,
    chat_id,
    history_call,
    plain_chat,
    streamed_chat,
)
from ozwell_harness.checks import base, history
from ozwell_harness.checks.history import Chat, Said
from ozwell_harness.client import Client
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import KeyName, Target

#: Seconds after which what was not kept at once may be there.
PATIENCE_S = 2.0


@pytest.fixture(scope="session")
def streamed(held: list[Exchange], said_in_stream: tuple[Said, ...]) -> Chat:
    return streamed_chat(held[1], said_in_stream)


@pytest.fixture(scope="session")
def neighbour(client: Client, target: Target, held: list[Exchange], said_in_stream: tuple[Said, ...]) -> Chat:
    """The chat that was held at the same time; where it could not be streamed, one that was held soon after."""
    with contextlib.suppress(Unjudgeable):
        return streamed_chat(held[1], said_in_stream)
    return plain_chat(
        client.send(chat_call(said_in_stream, target.model, "another chat whose history is read")), said_in_stream
    )


@pytest.fixture(scope="session")
def at_once(client: Client, chat: Chat) -> Exchange:
    return client.send(history_call(chat_id(chat), "read the history of a chat at once"))


@pytest.fixture(scope="session")
def read(client: Client, chat: Chat, at_once: Exchange) -> Exchange:
    """The history, read again where it was not there at once."""
    if history.is_there(at_once) is None:
        return at_once
    client.recorder.pause(PATIENCE_S)
    return client.send(history_call(chat_id(chat), "read the history of a chat later"))


@pytest.fixture(scope="session")
def beside(client: Client, neighbour: Chat, read: Exchange) -> Exchange:  # noqa: ARG001 - comes first
    """The history of the other chat."""
    return client.send(history_call(chat_id(neighbour), "read the history of another chat"))


@pytest.fixture(scope="session")
def again(client: Client, chat: Chat, beside: Exchange) -> Exchange:  # noqa: ARG001 - comes first
    return client.send(history_call(chat_id(chat), "read the history of a chat again"))


@each(
    {
        "history.answers": history.answers_messages,
        "history.id-is-text": history.ids_are_text,
        "history.ids-unique": history.ids_are_unique,
        "history.role-is-text": history.roles_are_text,
        "history.content-is-text": history.contents_are_text,
        "history.created-at-is-date-time": history.times_are_date_times,
        "history.created-at-has-offset": history.times_have_offsets,
    }
)
def test_shape(check: Check, read: Exchange, judge: Judge) -> None:
    judge(check, read)


@requirement("history.readable-at-once")
def test_readable_at_once(at_once: Exchange, judge: Judge) -> None:
    judge(history.is_there, at_once)


@requirement("history.created-at-is-now")
def test_time(read: Exchange, chat: Chat, judge: Judge) -> None:
    judge(history.times_are_now, read, chat.exchange)


@each(
    {
        "history.created-at-in-order": history.times_never_fall,
        "history.holds-what-was-sent": history.holds_what_was_sent,
        "history.holds-the-answer": history.holds_the_answer,
        "history.holds-nothing-else": history.holds_nothing_else,
        "history.roles-kept": history.keeps_roles,
        "history.answer-by-assistant": history.answer_is_assistants,
        "history.in-order": history.is_in_order,
    }
)
def test_what_was_said(check: Check, read: Exchange, chat: Chat, judge: Judge) -> None:
    judge(check, read, chat)


@each(
    {"history.line-breaks-kept": LINES, "history.unicode-kept": UNICODE, "history.markup-kept": MARKUP},
    argument="place",
)
def test_odd_messages(place: int, read: Exchange, chat: Chat, judge: Judge) -> None:
    judge(history.keeps, read, chat, chat.sent[place])


@requirement("history.stream-kept")
def test_stream(beside: Exchange, streamed: Chat, judge: Judge) -> None:
    judge(history.is_there, beside)
    judge(history.holds_all, beside, streamed)


@requirement("history.chats-apart")
def test_chats_apart(again: Exchange, beside: Exchange, chat: Chat, neighbour: Chat, judge: Judge) -> None:
    judge(history.holds_none_of, again, neighbour.marks)
    judge(history.holds_none_of, beside, chat.marks)


@each({"history.unchanged-by-reading": history.is_unchanged, "history.ids-stable": history.ids_are_stable})
def test_second_reading(check: Check, read: Exchange, again: Exchange, judge: Judge) -> None:
    judge(check, read, again)


@requirement("history.missing-id-refused")
def test_missing_id(client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.send(history_call(None, "read the history of no chat"))
    judge(base.refused, exchange, profile.expect.errors["bad_request"])


@requirement("history.unknown-id-refused")
def test_unknown_id(client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.send(history_call(UNKNOWN_ID, "read the history of an unknown chat"))
    judge(base.refused, exchange, profile.expect.errors["not_found"])


@requirement("history.odd-id-refused")
def test_odd_id(client: Client, judge: Judge) -> None:
    judge(history.is_turned_away, client.send(history_call(ODD_ID, "read the history of an odd chat_id")))


@requirement("history.other-key-refused")
def test_other_key(client: Client, chat: Chat, read: Exchange, judge: Judge) -> None:
    exchange = client.send(history_call(chat_id(chat), "read a history with another key", key=KeyName.OTHER))
    judge(history.is_hidden, exchange, read, chat.marks)
