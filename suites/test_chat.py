"""Chat completions: the shape of a plain answer, what a conversation may hold, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.asked_chats import AFTER, LONG_PROMPT, NULLS, SYMBOLS, Dialect, Together, repeat_symbols
from ozwell_harness.checks import base, chat, params, text, usage
from ozwell_harness.client import OMIT, Client, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target

#: What is refused, in words, and the fields that show it.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "chat.missing-model-refused": ("no model", {"model": OMIT}),
    "chat.missing-messages-refused": ("no messages", {"messages": OMIT}),
    "chat.empty-messages-refused": ("an empty array of messages", {"messages": []}),
    "chat.missing-role-refused": ("a message without a role", {"messages": [{"content": "Hello"}]}),
    "chat.unknown-role-refused": ("the role narrator", {"messages": [{"role": "narrator", "content": "Hello"}]}),
    "chat.content-wrong-type-refused": ("a number as content", {"messages": [user(42)]}),
}


@pytest.fixture(scope="session")
def conversation(dialogue: Together) -> Combined:
    return dialogue.parts


@pytest.fixture(scope="session")
def unicode(conversation: Combined) -> Exchange:
    return conversation.shows("characters beyond the BMP")


@each(
    {
        "chat.completes": chat.completes,
        "chat.object-named": chat.object_is_named,
        "chat.id-is-text": chat.id_is_text,
        "chat.id-prefixed": chat.id_has_prefix,
        "chat.created-is-integer": chat.created_is_integer,
        "chat.created-is-now": chat.created_is_now,
        "chat.model-is-text": chat.model_is_text,
        "chat.one-choice-by-default": chat.has_one_choice,
        "chat.choice-indexes": chat.indexes_run_from_zero,
        "chat.role-is-assistant": chat.role_is_assistant,
        "chat.content-is-text": chat.content_is_text,
        "chat.no-tool-call-unasked": chat.calls_no_tool,
        "chat.finish-reason-known": chat.finish_reason_is_known,
        "chat.usage-present": usage.is_present,
        "chat.usage-counts": usage.counts_are_whole,
        "chat.usage-prompt-positive": usage.prompt_is_counted,
        "chat.usage-completion-positive": usage.completion_is_counted,
        "chat.usage-total-is-sum": usage.total_is_sum,
    }
)
def test_plain_answer(check: Check, chat_plain: Exchange, judge: Judge) -> None:
    judge(check, chat_plain)


@requirement("chat.model-named")
def test_model(chat_plain: Exchange, target: Target, judge: Judge) -> None:
    judge(chat.names_model, chat_plain, target.model)


@requirement("chat.answer-schema")
def test_schema(chat_plain: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, chat_plain, profile, "ChatCompletion")


@requirement("chat.content-not-empty")
def test_content(client: Client, chat_plain: Exchange, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        return chat_plain if attempt == 1 else client.chat(f"a plain chat completion, try {attempt}")

    judge.model_dependent(chat.content_is_not_empty, provoke)


@requirement("chat.ids-unique")
def test_ids(chat_plain: Exchange, conversation: Combined, judge: Judge) -> None:
    judge(chat.ids_differ, [chat_plain, conversation.shows("history")])


@each(
    {
        "chat.system-accepted": "system message",
        "chat.history-accepted": "history",
        "chat.name-accepted": "name",
    },
    argument="part",
)
def test_conversation_accepted(part: str, conversation: Combined, judge: Judge) -> None:
    judge(chat.completes, conversation.shows(part))


@requirement("params.null-is-omission")
def test_nulls(conversation: Combined, dialect: Dialect, judge: Judge) -> None:
    nulls = params.worded(dialect.known(NULLS))
    judge(params.answers_as_by_default, conversation.shows("nulls for optional parameters"), nulls)


@requirement("chat.history-used")
def test_history_used(conversation: Combined, code_word: str, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        return conversation.shows("history") if attempt == 1 else conversation.repeat("history")

    judge.model_dependent(text.recalls, provoke, code_word)


@requirement("chat.usage-grows-with-prompt")
def test_usage_grows(more: Combined, conversation: Combined, judge: Judge) -> None:
    judge(usage.grows_with_prompt, more.shows("stop"), conversation.shows("history"))


@requirement("chat.unicode-accepted")
def test_unicode_accepted(unicode: Exchange, judge: Judge) -> None:
    judge(chat.completes, unicode)


@requirement("chat.unicode-intact")
def test_unicode_intact(unicode: Exchange, code_word: str, judge: Judge) -> None:
    judge(text.is_not_mangled, unicode, f"{code_word}-", SYMBOLS, AFTER)


@requirement("chat.unicode-echoed")
def test_unicode_echoed(client: Client, unicode: Exchange, code_word: str, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        if attempt == 1:
            return unicode
        # A model that forgot its conversation cannot tell the word, but can still repeat it.
        return client.chat(f"repeat characters beyond the BMP, try {attempt}", messages=[repeat_symbols(code_word)])

    judge.model_dependent(text.says, provoke, SYMBOLS)


@requirement("chat.long-input-survived")
def test_long_input(lower: Together, judge: Judge) -> None:
    judge(text.bears_long_input, lower.all.shows(LONG_PROMPT))


@requirement("chat.messages-not-array-refused")
def test_string_as_messages(bad_stream: Exchange, client: Client, profile: Profile, judge: Judge) -> None:
    # What a stream is refused for is plain in itself; only where it is not refused the two may differ.
    what, expected = "a string as messages", profile.expect.errors["bad_request"]
    refused = bad_stream.status in expected.statuses
    judge(params.refuses, bad_stream if refused else client.chat(f"chat with {what}", messages="Hello"), what, expected)


@each(REFUSED, argument="case")
def test_refused(case: tuple[str, Mapping[str, Any]], client: Client, profile: Profile, judge: Judge) -> None:
    what, fields = case
    judge(params.refuses, client.chat(f"chat with {what}", **fields), what, profile.expect.errors["bad_request"])
