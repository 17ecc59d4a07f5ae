"""Responses, the Ozwell dialect: the plain answer, conversations, streams, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ozwell_harness.asked_responses import ASK, CONVERSATION, Talk
from ozwell_harness.checks import base, chat, params, responses, stream_framing, text, usage
from ozwell_harness.client import OMIT, Client, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target


@pytest.fixture(scope="session")
def streamed(client: Client, talk: Talk, told: Exchange) -> Exchange:  # noqa: ARG001 - comes first
    """A stream in which another conversation is asked for the word; any stream where that is refused."""
    asked = {"messages": [user(ASK)], "conversation_id": talk.second}
    exchange = client.respond("a streamed response in another conversation", stream=True, **asked)
    return exchange if exchange.status == 200 else client.respond("a streamed response", stream=True)


@pytest.fixture(scope="session")
def elsewhere(client: Client, talk: Talk, streamed: Exchange) -> Exchange:
    """What another conversation answers when it is asked for the word, in the stream or else plain."""
    if streamed.status == 200 and talk.second.encode() in streamed.request.body:
        return streamed
    label = "ask another conversation for the word"
    return client.respond(label, messages=[user(ASK)], conversation_id=talk.second)


@each(
    {
        "responses.answers": chat.completes,
        "responses.object-named": responses.object_is_named,
        "responses.id-is-text": chat.id_is_text,
        "responses.id-prefixed": responses.id_has_prefix,
        "responses.created-is-integer": chat.created_is_integer,
        "responses.created-is-now": chat.created_is_now,
        "responses.output-is-object": responses.output_is_object,
        "responses.role-is-assistant": responses.role_is_assistant,
        "responses.content-is-text": responses.content_is_text,
        "responses.usage-present": usage.is_present,
        "responses.usage-whole": usage.counts_are_whole,
        "responses.usage-prompt-counted": usage.prompt_is_counted,
        "responses.usage-completion-counted": usage.completion_is_counted,
        "responses.usage-total-is-sum": usage.total_is_sum,
        "responses.no-sources-unasked": responses.has_no_sources,
    }
)
def test_plain(check: Check, response_plain: Exchange, judge: Judge) -> None:
    judge(check, response_plain)


@requirement("responses.schema")
def test_schema(response_plain: Exchange, profile: Profile, judge: Judge) -> None:
    judge(responses.matches_schema, response_plain, profile)


@requirement("responses.model-named")
def test_model(response_plain: Exchange, target: Target, judge: Judge) -> None:
    judge(chat.names_model, response_plain, target.model)


@requirement("responses.ids-unique")
def test_ids(response_plain: Exchange, told: Exchange, judge: Judge) -> None:
    judge(chat.ids_differ, [response_plain, told])


@each({"responses.conversation-accepted": base.answers, "responses.no-sources-on-false": responses.has_no_sources})
def test_conversation(check: Check, told: Exchange, judge: Judge) -> None:
    judge(check, told)


@requirement("responses.conversation-echoed")
def test_conversation_is_echoed(told: Exchange, talk: Talk, judge: Judge) -> None:
    judge(responses.echoes, told, talk.first)


@requirement("responses.conversation-persists")
def test_conversation_persists(asking: Combined, client: Client, talk: Talk, judge: Judge) -> None:
    def ask(attempt: int) -> Exchange:
        if attempt == 1:
            return asking.shows(CONVERSATION)
        label = f"ask the conversation for the word, try {attempt}"
        return client.respond(label, messages=[user(ASK)], conversation_id=talk.first)

    judge.model_dependent(text.recalls, ask, talk.word)


@requirement("responses.conversations-apart")
def test_conversations_are_apart(elsewhere: Exchange, talk: Talk, judge: Judge) -> None:
    judge(responses.keeps_apart, elsewhere, talk.word)


REFUSED: dict[str, dict[str, Any]] = {
    "responses.missing-messages-refused": {"messages": OMIT},
    "responses.conversation-type-refused": {"conversation_id": 7},
    "responses.sources-type-refused": {"include_sources": "yes"},
}


@each(REFUSED, argument="fields")
def test_refused(fields: dict[str, Any], client: Client, profile: Profile, judge: Judge) -> None:
    ((name, value),) = fields.items()
    what = f"no {name}" if value is OMIT else params.worded(fields)
    exchange = client.respond(f"a response with {what}", **{"max_tokens": 16} | fields)
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@each(
    {
        "responses.stream-answers": stream_framing.answers_with_events,
        "responses.stream-content-type": stream_framing.has_event_stream_type,
        "responses.stream-data-is-json": stream_framing.has_json_data,
        "responses.stream-ends-cleanly": stream_framing.ends_cleanly,
        "responses.stream-says-something": responses.streams_text,
        "responses.stream-one-id": responses.has_one_id,
    }
)
def test_stream(check: Check, streamed: Exchange, judge: Judge) -> None:
    judge(check, streamed)


@requirement("responses.stream-well-formed")
def test_stream_is_well_formed(streamed: Exchange, judge: Judge) -> None:
    judge(stream_framing.is_utf8, streamed)
    judge(stream_framing.has_known_fields_only, streamed)
    judge(stream_framing.completes_events, streamed)


@requirement("responses.stream-done")
def test_stream_is_done(streamed: Exchange, judge: Judge) -> None:
    judge(stream_framing.has_done, streamed)
    judge(stream_framing.has_done_once, streamed)
    judge(stream_framing.ends_with_done, streamed)


@requirement("responses.stream-chunks")
def test_stream_chunks(streamed: Exchange, profile: Profile, judge: Judge) -> None:
    judge(responses.chunks_match_schema, streamed, profile)
