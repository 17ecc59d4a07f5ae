"""Judgements on webhooks, on hand-made evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from build import exchange, request, stream
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import webhook_letters as letters
from ozwell_harness.checks import webhooks
from ozwell_harness.checks.webhook_subjects import Owed, Told, owed
from ozwell_harness.checks.webhooks import Inbox
from ozwell_harness.model import Delivery, Exchange, FailureKind, Headers, Leak, Request, Response, Signing
from ozwell_harness.profile import load_profile

CHAT, DOCUMENT = "chat.completed", "document.processed"
EVENTS = (CHAT, DOCUMENT)
NOW = 1_763_683_200.0
MINE = {"Authorization": "Bearer $OZWELL_API_KEY"}
MESSAGE = {"role": "assistant", "content": "Hello."}
COMPLETION = {
    "id": "c1",
    "created": int(NOW),
    "model": "m",
    "choices": [{"message": MESSAGE, "finish_reason": "stop"}],
}
PROCESSED = {"document_id": "d1", "status": "processed", "chunks": 1, "created_at": "2025-11-21T00:00:00Z"}
_numbers = count(1_000)


def body(event: str = CHAT, data: Any = COMPLETION, **more: Any) -> dict[str, Any]:
    return {"type": event, "timestamp": "2025-11-21T00:00:01Z", "data": data} | more


def came(
    sent: Any = None,
    *,
    status: int = 200,
    at: float = 0.5,
    name: str | None = "msg_1",
    time: str | None = str(int(NOW)),
    **more: Any,
) -> Delivery:
    """A webhook that arrived ``at`` seconds after the answer."""
    raw = sent if isinstance(sent, bytes) else json.dumps(body() if sent is None else sent).encode()
    headers = more.pop("headers", {"content-type": "application/json"})
    method, path = more.pop("method", "POST"), more.pop("path", "/")
    asked = Request(method, path, f"http://receiver.invalid{path}", Headers(tuple(headers.items())), raw)
    return Delivery(
        id=next(_numbers),
        label="made by hand",
        request=asked,
        response=Response(status),
        started=NOW + at,
        webhook_id=name,
        timestamp=time,
        **{"signing": Signing.RIGHT, **more},
    )


def posted(path: str, **more: Any) -> Request:
    return request("POST", path, headers=more.pop("headers", MINE))


ANSWER = exchange(json=COMPLETION, asked=posted("/chat/completions"), started=NOW - 0.5, elapsed=0.5)
UPLOAD = exchange(201, json=PROCESSED, asked=posted("/rag/documents"), started=NOW - 0.5, elapsed=0.5)
OWED = Owed(chats=(Told(ANSWER, CHAT, "c1", "Hello."),), documents=(Told(UPLOAD, DOCUMENT, "d1"),))


def inbox(*deliveries: Delivery, events: tuple[str, ...] = EVENTS) -> Inbox:
    return Inbox(deliveries, OWED, events, "/moved-on")


def on_answer(*deliveries: Delivery) -> tuple[Exchange, Inbox]:
    return ANSWER, inbox(*deliveries)


def first(*deliveries: Delivery) -> tuple[Delivery, Inbox]:
    return deliveries[0], inbox(*deliveries)


other = {**COMPLETION, "id": "c2"}
wrong_text = {**COMPLETION, "choices": [{"message": {"role": "assistant", "content": "Bye."}}]}
thin = body(data={"id": "c1"})
PROFILE = load_profile("openwebui")

CASES = {
    "webhooks.chat-delivered": Case(
        webhooks.are_told_of,
        {
            "one for one": ([ANSWER], CHAT, inbox(came())),
            "about others, too": ([ANSWER], CHAT, inbox(came(body(data=other)), came())),
            "told who knows how": ([ANSWER], CHAT, inbox(came(b"payload={}"))),
        },
        {
            "only a document": ([ANSWER], CHAT, inbox(came(body(DOCUMENT, PROCESSED)))),
            "the same one twice": ([ANSWER, ANSWER], CHAT, inbox(came(), came())),
        },
        {
            "nothing to tell": ([], CHAT, inbox(came())),
            "not subscribed": ([ANSWER], CHAT, inbox(came(), events=(DOCUMENT,))),
        },
    ),
    "webhooks.document-delivered": Case(
        webhooks.are_told_of,
        {"one for one": ([UPLOAD], DOCUMENT, inbox(came(body(DOCUMENT, PROCESSED))))},
        {"only a chat": ([UPLOAD], DOCUMENT, inbox(came()))},
        {"not subscribed": ([UPLOAD], DOCUMENT, inbox(came(), events=(CHAT,)))},
    ),
    "webhooks.stream-delivered": Case(
        webhooks.is_told_of,
        {
            "named": on_answer(came()),
            "on top": on_answer(came({"type": CHAT, "id": "c1"})),
            "thin": on_answer(came(thin)),
        },
        {"another named": on_answer(came(body(data=other))), "another event": on_answer(came(body(DOCUMENT)))},
        {"not owed": (exchange(), inbox(came()))},
    ),
    "webhooks.chat-data-matches": Case(
        webhooks.tells_the_same,
        {"named": on_answer(came()), "thin": on_answer(came(thin))},
        {"another named": on_answer(came(body(data=other))), "another text": on_answer(came(body(data=wrong_text)))},
    ),
    "webhooks.document-data-matches": Case(
        webhooks.is_told_of,
        {"named": (UPLOAD, inbox(came(body(DOCUMENT, PROCESSED))))},
        {
            "another named": (UPLOAD, inbox(came(body(DOCUMENT, {**PROCESSED, "document_id": "d2"})))),
            "under id": (UPLOAD, inbox(came(body(DOCUMENT, {"id": "d1"})))),
        },
    ),
    "webhooks.in-time": Case(
        webhooks.is_in_time,
        {
            "at once": on_answer(came()),
            "before the answer": on_answer(came(at=-0.2)),
            "just": on_answer(came(at=10.0)),
            "first in time": on_answer(came(status=503), came(at=20)),
        },
        {"late": on_answer(came(at=10.5))},
        {"never": on_answer(came(body(data=other)))},
    ),
    "webhooks.delivered-once": Case(
        webhooks.is_told_once,
        {
            "once": on_answer(came()),
            "the same again": on_answer(came(), came()),
            "refused before": on_answer(came(status=503), came(name="msg_2")),
        },
        {"two of them": on_answer(came(), came(name="msg_2"))},
        {"only refused": on_answer(came(status=503))},
    ),
    "webhooks.method-is-post": Case(letters.is_posted, {"POST": came()}, {"PUT": came(method="PUT")}),
    "webhooks.json-content-type": Case(
        letters.is_json,
        {"plain": came(), "charset": came(headers={"Content-Type": "Application/JSON; charset=utf-8"})},
        {"text": came(headers={"content-type": "text/plain"}), "none": came(headers={"x": "y"})},
    ),
    "webhooks.json-object": Case(
        letters.is_object,
        {"object": came(), "any": came({})},
        {
            "array": came([body()]),
            "form": came(b"payload={}"),
            "two": came(b"{}{}"),
            "nothing": came(b""),
            "no UTF-8": came(b'{"a":"\xff"}'),
            "deep": came(b"[" * 500),
        },
    ),
    "webhooks.only-subscribed": Case(
        webhooks.is_subscribed,
        {"subscribed": first(came())},
        {"another": first(came(body("usage.recorded"))), "not this": (came(), inbox(came(), events=(DOCUMENT,)))},
        {"no type": first(came({"data": {}})), "no JSON": first(came(b"x"))},
    ),
    "webhooks.chat-payload-valid": Case(
        letters.is_valid,
        {
            "full": (came(), PROFILE, CHAT, "ChatCompletedEvent"),
            "more": (came(body(x=1)), PROFILE, CHAT, "ChatCompletedEvent"),
        },
        {
            "no time": (came({"type": CHAT, "data": COMPLETION}), PROFILE, CHAT, "ChatCompletedEvent"),
            "time as number": (came(body(timestamp=1)), PROFILE, CHAT, "ChatCompletedEvent"),
            "thin": (came(thin), PROFILE, CHAT, "ChatCompletedEvent"),
        },
        {"another event": (came(body(DOCUMENT, PROCESSED)), PROFILE, CHAT, "ChatCompletedEvent")},
    ),
    "webhooks.document-payload-valid": Case(
        letters.is_valid,
        {"full": (came(body(DOCUMENT, PROCESSED)), PROFILE, DOCUMENT, "DocumentProcessedEvent")},
        {"thin": (came(body(DOCUMENT, {"document_id": "d1"})), PROFILE, DOCUMENT, "DocumentProcessedEvent")},
        {"another event": (came(), PROFILE, DOCUMENT, "DocumentProcessedEvent")},
    ),
    "webhooks.id-present": Case(letters.has_id, {"an id": came()}, {"none": came(name=None), "empty": came(name=" ")}),
    "webhooks.id-unique": Case(
        webhooks.has_own_id,
        {
            "alone": first(came()),
            "again": first(came(status=503), came()),
            "others": first(came(), came(body(data=other), name="msg_2")),
        },
        {
            "another chat": first(came(), came(body(data=other))),
            "a document": first(came(), came(body(DOCUMENT, PROCESSED))),
        },
        {"no id": first(came(name=None)), "about nothing": first(came({}))},
    ),
    "webhooks.timestamp-is-seconds": Case(
        letters.has_seconds,
        {"seconds": came(), "milliseconds": came(time="1763683200000")},
        {
            "none": came(time=None),
            "words": came(time="2025-11-21T00:00:00Z"),
            "fraction": came(time="1.5"),
            "-": came(time="-1"),
        },
    ),
    "webhooks.timestamp-fresh": Case(
        letters.is_fresh,
        {"now": came(), "4 minutes ago": came(at=240), "a minute ahead": came(at=-60)},
        {"6 minutes ago": came(at=360), "6 minutes ahead": came(at=-360), "milliseconds": came(time="1763683200000")},
        {"unreadable": came(time="now")},
    ),
    "webhooks.signature-present": Case(
        letters.has_signature,
        {"right": came(), "wrong": came(signing=Signing.WRONG)},
        {"none": came(signing=Signing.ABSENT), "unreadable": came(signing=Signing.UNREADABLE)},
    ),
    "webhooks.signature-right": Case(
        letters.is_signed,
        {"right": came()},
        {"wrong": came(signing=Signing.WRONG), "explained": came(signing=Signing.WRONG, hint="the body alone")},
        {"none": came(signing=Signing.ABSENT)},
        more=("HOOK_SECRET",),
    ),
    "webhooks.retried": Case(
        webhooks.is_sent_again,
        {
            "again": first(came(status=503), came()),
            "under another id": first(came(status=503), came(name="msg_2")),
            "about nothing": first(came(b"x", status=503), came(b"x")),
        },
        {"never": first(came(status=503)), "another": first(came(status=503), came(body(data=other), name="msg_2"))},
        {"taken": first(came()), "led on": first(came(status=307))},
    ),
    "webhooks.id-kept": Case(
        webhooks.keeps_id,
        {
            "kept": first(came(status=503), came()),
            "kept, and told twice": first(came(status=503), came(name="msg_2"), came()),
            "kept after a redirect": first(came(status=307), came()),
        },
        {"changed": first(came(status=503), came(name="msg_2"))},
        {"taken": first(came()), "never again": first(came(status=503))},
    ),
    "webhooks.timestamp-of-attempt": Case(
        webhooks.renews_time,
        {"renewed": first(came(status=503), came(at=3, time=str(int(NOW) + 3)))},
        {"kept": first(came(status=503), came(at=3)), "older": first(came(status=503), came(at=3, time="1"))},
        {
            "too close": first(came(status=503), came(at=1)),
            "taken": first(came()),
            "unreadable": first(came(status=503), came(at=3, time="x")),
        },
    ),
    "webhooks.not-repeated": Case(
        webhooks.is_not_repeated,
        {"once": first(came()), "another": first(came(), came(name="msg_2"))},
        {"again": first(came(), came())},
        {"refused": first(came(status=503), came()), "no id": first(came(name=None), came(name=None))},
    ),
    "webhooks.redirect-not-followed": Case(
        webhooks.is_not_led_on,
        {"stays": first(came(status=307), came())},
        {"goes": first(came(status=307), came(path="/hook/moved-on?x=1"))},
        {"taken": first(came())},
    ),
    "webhooks.no-key": Case(
        letters.holds_no_key, {"clean": came()}, {"a key": came(leaks=(Leak("OZWELL_API_KEY", "body"),))}
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_verdict(requirement: str, name: str, expected: str, check: Callable[..., Any], arguments: Any) -> None:
    assert verdict(check, *arguments) == expected, f"{requirement}: {name}"


def test_every_requirement_has_a_case() -> None:
    assert areas_without_case("webhooks", CASES) == set()


def chunk(name: str = "s1") -> dict[str, Any]:
    return {"id": name, "choices": [{"delta": {"content": "x"}}]}


def named(*exchanges: Exchange) -> list[str]:
    return [told.id for told in owed(exchanges, "OZWELL_API_KEY")]


def test_what_is_owed() -> None:
    streamed = stream(chunk(), chunk(), asked=posted("/chat/completions"))
    found = owed([ANSWER, UPLOAD, streamed], "OZWELL_API_KEY")
    assert [told.id for told in (*found.chats, *found.streams, *found.documents)] == ["c1", "s1", "d1"]
    assert found.chats[0].text == "Hello."


@pytest.mark.parametrize(
    "evidence",
    [
        exchange(json=COMPLETION, asked=posted("/chat/completions", headers={"Authorization": "Bearer $OTHER"})),
        exchange(json=COMPLETION, asked=posted("/chat/completions", headers={})),
        exchange(json=COMPLETION, asked=posted("/embeddings")),
        exchange(400, json=COMPLETION, asked=posted("/chat/completions")),
        exchange(json={"id": "c1"}, asked=posted("/chat/completions")),
        exchange(json={**COMPLETION, "id": 1}, asked=posted("/chat/completions")),
        exchange(json=[COMPLETION], asked=posted("/chat/completions")),
        exchange(body=b"{", asked=posted("/chat/completions")),
        exchange(json=COMPLETION, asked=posted("/chat/completions"), failure=FailureKind.CUT),
        exchange(json={**PROCESSED, "status": "failed"}, asked=posted("/rag/documents")),
        exchange(json={}, asked=posted("/rag/documents")),
        stream(chunk(), done=b"", asked=posted("/chat/completions")),
        stream(chunk(), chunk("s2"), asked=posted("/chat/completions")),
        stream(b"data: {\n\n", asked=posted("/chat/completions")),
        stream(chunk(), asked=posted("/chat/completions"), failure=FailureKind.LEFT),
    ],
)
def test_what_is_not_owed(evidence: Exchange) -> None:
    assert named(evidence) == []


def test_what_two_answers_name_alike_is_not_owed() -> None:
    assert named(ANSWER, replace(ANSWER, id=9_999), UPLOAD) == ["d1"]


@pytest.mark.parametrize(
    ("deliveries", "complete"),
    [
        ([], False),
        ([came()], False),
        ([came(), came(body(DOCUMENT, PROCESSED), name="msg_2")], True),
        ([came(status=503), came(body(DOCUMENT, PROCESSED), name="msg_2")], False),
        ([came(status=503), came(body(DOCUMENT, PROCESSED), name="msg_2"), came()], True),
    ],
)
def test_when_all_has_come(deliveries: list[Delivery], complete: bool) -> None:
    assert webhooks.is_complete(OWED, EVENTS, deliveries) is complete


def test_what_was_not_subscribed_is_not_awaited() -> None:
    assert webhooks.is_complete(OWED, (CHAT,), [came()])
