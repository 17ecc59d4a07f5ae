"""Webhooks: what the run has brought about by now is told of, once, signed, and again where it was not taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from ozwell_harness.checks import webhook_letters as letters
from ozwell_harness.checks import webhooks
from ozwell_harness.checks.webhook_subjects import Told, owed
from ozwell_harness.checks.webhooks import Inbox
from ozwell_harness.model import Delivery, Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import KeyName
from ozwell_harness.webhooks.listening import CHAT_COMPLETED, DOCUMENT_PROCESSED
from ozwell_harness.webhooks.receiver import ELSEWHERE, Receiver


@pytest.fixture(scope="session")
def inbox(receiver: Receiver, exchanges: Callable[[], tuple[Exchange, ...]]) -> Inbox:
    """Everything that was received by the time at which all should have been."""
    awaited, events = owed(exchanges(), KeyName.MAIN.value), receiver.listening.events
    receiver.await_(partial(webhooks.is_complete, awaited, events), receiver.listening.wait_s)
    receiver.await_(lambda _: False, receiver.listening.quiet_s)
    receiver.seal()
    if not receiver.deliveries:
        raise Unjudgeable(
            f"nothing was received on {receiver.address} within {receiver.listening.wait_s:g} s: let the target send"
            f" {' and '.join(events)} to {receiver.url}, or await them longer with --webhook-wait"
        )
    return Inbox(receiver.deliveries, awaited, events, ELSEWHERE)


def _answers(group: tuple[Told, ...]) -> list[Exchange]:
    return [told.exchange for told in group]


@requirement("webhooks.chat-delivered")
def test_chats(inbox: Inbox, judge: Judge) -> None:
    judge(webhooks.are_told_of, _answers(inbox.owed.chats), CHAT_COMPLETED, inbox)


@requirement("webhooks.document-delivered")
def test_documents(inbox: Inbox, judge: Judge) -> None:
    judge(webhooks.are_told_of, _answers(inbox.owed.documents), DOCUMENT_PROCESSED, inbox)


@requirement("webhooks.chat-data-matches")
def test_chat_data(inbox: Inbox, judge: Judge) -> None:
    judge.every(webhooks.tells_the_same, _answers(inbox.owed.chats), inbox)


@requirement("webhooks.stream-delivered")
def test_streams(inbox: Inbox, judge: Judge) -> None:
    judge.every(webhooks.is_told_of, _answers(inbox.owed.streams), inbox)


@requirement("webhooks.document-data-matches")
def test_document_data(inbox: Inbox, judge: Judge) -> None:
    judge.every(webhooks.is_told_of, _answers(inbox.owed.documents), inbox)


@each({"webhooks.in-time": webhooks.is_in_time, "webhooks.delivered-once": webhooks.is_told_once})
def test_every_answer(check: Check, inbox: Inbox, judge: Judge) -> None:
    judge.every(check, [told.exchange for told in inbox.owed], inbox)


@each(
    {
        "webhooks.method-is-post": letters.is_posted,
        "webhooks.json-content-type": letters.is_json,
        "webhooks.json-object": letters.is_object,
        "webhooks.id-present": letters.has_id,
        "webhooks.timestamp-is-seconds": letters.has_seconds,
        "webhooks.timestamp-fresh": letters.is_fresh,
        "webhooks.signature-present": letters.has_signature,
        "webhooks.no-key": letters.holds_no_key,
    }
)
def test_every_webhook(check: Callable[[Delivery], None], inbox: Inbox, judge: Judge) -> None:
    judge.every(check, inbox.deliveries)


@each(
    {
        "webhooks.only-subscribed": webhooks.is_subscribed,
        "webhooks.id-unique": webhooks.has_own_id,
        "webhooks.retried": webhooks.is_sent_again,
        "webhooks.id-kept": webhooks.keeps_id,
        "webhooks.timestamp-of-attempt": webhooks.renews_time,
        "webhooks.not-repeated": webhooks.is_not_repeated,
        "webhooks.redirect-not-followed": webhooks.is_not_led_on,
    }
)
def test_webhooks_together(check: Check, inbox: Inbox, judge: Judge) -> None:
    judge.every(check, inbox.deliveries, inbox)


@requirement("webhooks.signature-right")
def test_signature(inbox: Inbox, receiver: Receiver, judge: Judge) -> None:
    judge.every(letters.is_signed, inbox.deliveries, receiver.listening.secret_name)


@each(
    {
        "webhooks.chat-payload-valid": (CHAT_COMPLETED, "ChatCompletedEvent"),
        "webhooks.document-payload-valid": (DOCUMENT_PROCESSED, "DocumentProcessedEvent"),
    },
    argument="event",
)
def test_payload(event: tuple[str, str], inbox: Inbox, profile: Profile, judge: Judge) -> None:
    judge.every(letters.is_valid, inbox.deliveries, profile, *event)
