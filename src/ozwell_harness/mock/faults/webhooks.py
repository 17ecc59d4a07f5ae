"""Webhooks that are missing, late, repeated, badly signed, about the wrong thing, or hold what they must not."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webhooks.message import Draft, Letter, Message, signature

AREA = Area("webhooks")

_CHATS, _DOCUMENTS = Operation.CREATE_CHAT, Operation.CREATE_DOCUMENT
_HOUR_S, _LATE_S = 3600, 12.0


def _messages(
    name: str,
    description: str,
    change: Callable[[Message], Message | None],
    *breaks: str,
    of: tuple[Operation, ...] = (),
) -> None:
    """Register a fault of each message; None leaves it out."""

    @AREA.webhook(name, description, *(of or (_CHATS, _DOCUMENTS)), breaks=breaks)
    def alter(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
        return [changed for message in messages if (changed := change(message)) is not None]


def _payload(name: str, description: str, change: Callable[[dict[str, Any]], Any], *breaks: str, of: Operation) -> None:
    """Register a fault of the payload, which is changed in place."""

    def rewritten(message: Message) -> Message:
        payload = {**message.payload, "data": dict(message.payload["data"])}
        change(payload)
        return replace(message, payload=payload)

    _messages(name, description, rewritten, *breaks, of=(of,))


def _drafts(name: str, description: str, change: Callable[[Draft], Draft], *breaks: str) -> None:
    """Register a fault of what is signed."""
    _messages(name, description, lambda message: replace(message, drafted=change), *breaks)


def _letters(name: str, description: str, change: Callable[[Letter], Letter], *breaks: str) -> None:
    """Register a fault of what has been signed."""
    _messages(name, description, lambda message: replace(message, signed=change), *breaks)


def _without(header: str) -> Callable[[Letter], Letter]:
    return lambda letter: replace(letter, headers=tuple(pair for pair in letter.headers if pair[0] != header))


def _written(header: str, write: Callable[[str], str]) -> Callable[[Letter], Letter]:
    return lambda letter: replace(
        letter, headers=tuple((name, write(value) if name == header else value) for name, value in letter.headers)
    )


def _signs(content: Callable[[Draft], bytes]) -> Callable[[Message], Message]:
    """Sign something else than what is sent."""

    def change(message: Message) -> Message:
        drafts: list[Draft] = []

        def noted(draft: Draft) -> Draft:
            drafts[:] = [draft]
            return draft

        def resigned(letter: Letter) -> Letter:
            draft = drafts[0]
            wrong = base64.b64encode(hmac.digest(draft.key, content(draft), hashlib.sha256)).decode()
            return _written("webhook-signature", lambda _: f"v1,{wrong}")(letter)

        return replace(message, drafted=noted, signed=resigned)

    return change


def _in_hex(value: str) -> str:
    return base64.b64decode(value.partition(",")[2]).hex()


_messages("chats-untold", "No completed chat is told of.", lambda _: None, "webhooks.chat-delivered", of=(_CHATS,))
_messages("documents-untold", "No processed document is told of.", lambda _: None, "webhooks.document-delivered",
          of=(_DOCUMENTS,))  # fmt: skip
_messages("late", "Webhooks are sent 12 s after what they tell of.", lambda m: replace(m, delay_s=_LATE_S),
          "webhooks.in-time")  # fmt: skip
_messages("chats-late", "Completed chats are told of 12 s later.", lambda m: replace(m, delay_s=_LATE_S),
          "webhooks.in-time", of=(_CHATS,))  # fmt: skip
_messages("never-retried", "What is not taken is not sent again.", lambda m: replace(m, schedule=()),
          "webhooks.retried")  # fmt: skip
_messages("retried-when-taken", "What was taken is sent again and again.",
          lambda m: replace(m, delivers=lambda _: False), "webhooks.not-repeated")  # fmt: skip
_messages("redirect-followed", "Redirects are followed.", lambda m: replace(m, follows=True),
          "webhooks.redirect-not-followed")  # fmt: skip


@AREA.webhook("streams-untold", "No streamed chat is told of.", _CHATS, breaks=("webhooks.stream-delivered",))
def streams_untold(messages: list[Message], call: Call) -> list[Message]:
    """Tell of plain answers only."""
    return [] if call.trace.events else messages


@AREA.webhook("every-second-untold", "Every second chat is not told of.", _CHATS, breaks=("webhooks.chat-delivered",))
def every_second_untold(messages: list[Message], call: Call) -> list[Message]:
    """Lose one of two."""
    number = call.notes["webhooks.told"] = call.notes.get("webhooks.told", 0) + 1
    return messages if number % 2 else []


@AREA.webhook("told-twice", "Two webhooks tell of each event.", breaks=("webhooks.delivered-once",))
def told_twice(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
    """Queue each event twice."""
    return [*messages, *(replace(message, id=new_id("msg_")) for message in messages)]


@AREA.webhook("unsubscribed", "An event that nobody subscribed is sent too.", breaks=("webhooks.only-subscribed",))
def unsubscribed(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
    """Tell what happens inside."""
    more = [replace(m, id=new_id("msg_"), payload={**m.payload, "type": "usage.recorded"}) for m in messages]
    return [*messages, *more]


_letters("put", "Webhooks are sent by PUT.", lambda letter: replace(letter, method="PUT"), "webhooks.method-is-post")
_letters("labelled-as-text", "The content type of webhooks is text/plain.",
         _written("content-type", lambda _: "text/plain"), "webhooks.json-content-type")  # fmt: skip
_letters("not-labelled", "Webhooks have no content type.", _without("content-type"),
         "webhooks.json-content-type")  # fmt: skip
_drafts("form-body", "The body of webhooks is a form with JSON in it.",
        lambda draft: replace(draft, body=b"payload=" + draft.body), "webhooks.json-object")  # fmt: skip
_drafts("batched", "The body of webhooks is an array of events.",
        lambda draft: replace(draft, body=b"[" + draft.body + b"]"), "webhooks.json-object")  # fmt: skip

_payload("chat-id-wrong", "The id in a chat's webhook is one of its own.",
         lambda p: p["data"].update(id=new_id("chatcmpl-")), "webhooks.chat-data-matches",
         "webhooks.stream-delivered", of=_CHATS)  # fmt: skip
_payload("chat-text-wrong", "The text in a chat's webhook is not the answer's.",
         lambda p: p["data"]["choices"][0].update(message={"role": "assistant", "content": "Hello from elsewhere."}),
         "webhooks.chat-data-matches", of=_CHATS)  # fmt: skip
_payload("document-id-wrong", "The document_id in a webhook is one of its own.",
         lambda p: p["data"].update(document_id=new_id("doc-")), "webhooks.document-data-matches",
         of=_DOCUMENTS)  # fmt: skip
_payload("chat-without-time", "A chat's webhook does not say when it happened.", lambda p: p.pop("timestamp"),
         "webhooks.chat-payload-valid", of=_CHATS)  # fmt: skip
_payload("chat-time-as-number", "A chat's webhook says in epoch seconds when it happened.",
         lambda p: p.update(timestamp=1_763_683_200), "webhooks.chat-payload-valid", of=_CHATS)  # fmt: skip
_payload("chat-without-choices", "A chat's webhook has no choices.", lambda p: p["data"].pop("choices"),
         "webhooks.chat-payload-valid", of=_CHATS)  # fmt: skip
_payload("chat-created-as-text", "The time of creation in a chat's webhook is a text.",
         lambda p: p["data"].update(created=str(p["data"]["created"])), "webhooks.chat-payload-valid",
         of=_CHATS)  # fmt: skip
_payload("document-chunks-as-text", "The number of chunks in a document's webhook is a text.",
         lambda p: p["data"].update(chunks=str(p["data"]["chunks"])), "webhooks.document-payload-valid",
         of=_DOCUMENTS)  # fmt: skip
_payload("document-without-status", "A document's webhook has no status.", lambda p: p["data"].pop("status"),
         "webhooks.document-payload-valid", of=_DOCUMENTS)  # fmt: skip

_letters("id-missing", "Webhooks have no id.", _without("webhook-id"), "webhooks.id-present")
_drafts("id-always-the-same", "All webhooks have the same id.", lambda draft: replace(draft, id="msg_1"),
        "webhooks.id-unique")  # fmt: skip
_drafts("id-changes", "Each attempt has an id of its own.",
        lambda draft: replace(draft, id=f"{draft.id}_{draft.number}"), "webhooks.id-kept")  # fmt: skip

_letters("time-missing", "Webhooks do not say when they were sent.", _without("webhook-timestamp"),
         "webhooks.timestamp-is-seconds")  # fmt: skip
_drafts("time-in-words", "The time of the attempt is in ISO 8601.",
        lambda draft: replace(draft, timestamp="2025-11-21T00:00:00Z"), "webhooks.timestamp-is-seconds")  # fmt: skip
_drafts("time-in-milliseconds", "The time of the attempt is in milliseconds.",
        lambda draft: replace(draft, timestamp=f"{draft.timestamp}000"), "webhooks.timestamp-fresh")  # fmt: skip
_drafts("time-stale", "The time of the attempt is an hour old.",
        lambda draft: replace(draft, timestamp=str(int(draft.timestamp) - _HOUR_S)),
        "webhooks.timestamp-fresh")  # fmt: skip

_letters("signature-missing", "Webhooks are not signed.", _without("webhook-signature"),
         "webhooks.signature-present")  # fmt: skip
_letters("signature-unversioned", "The signature is in hexadecimal after sha256=.",
         _written("webhook-signature", lambda value: f"sha256={_in_hex(value)}"),
         "webhooks.signature-present")  # fmt: skip
_letters("signature-in-hex", "The signature is in hexadecimal.",
         _written("webhook-signature", lambda value: f"v1,{_in_hex(value)}"), "webhooks.signature-right")  # fmt: skip
_letters("changed-after-signing", "The body is written anew after it was signed.",
         lambda letter: replace(letter, body=msgspec.json.format(letter.body)),
         "webhooks.signature-right")  # fmt: skip
_drafts("wrong-secret", "Webhooks are signed with another secret.",
        lambda draft: replace(draft, key=b"another secret, of thirty bytes"), "webhooks.signature-right")  # fmt: skip
_messages("signed-body-alone", "Only the body is signed.", _signs(lambda draft: draft.body),
          "webhooks.signature-right")  # fmt: skip
_messages("signed-without-id", "Time and body are signed, the id is not.",
          _signs(lambda draft: f"{draft.timestamp}.".encode() + draft.body), "webhooks.signature-right")  # fmt: skip


@AREA.webhook("time-of-the-first", "Each attempt has the time and signature of the first one.",
              breaks=("webhooks.timestamp-of-attempt",))  # fmt: skip
def time_of_the_first(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
    """Sign once."""

    def as_first(message: Message) -> Message:
        first: list[str] = []

        def stamped(draft: Draft) -> Draft:
            first.append(draft.timestamp)
            return replace(draft, timestamp=first[0])

        return replace(message, drafted=stamped)

    return [as_first(message) for message in messages]


@AREA.webhook("secret-as-text", "The secret is taken as text, although it is base64.",
              breaks=("webhooks.signature-right",))  # fmt: skip
def secret_as_text(messages: list[Message], call: Call) -> list[Message]:
    """Do not decode it."""
    webhooks = call.services.settings.webhooks
    key = webhooks.secret.encode() if webhooks else b""
    return [replace(message, drafted=lambda draft: replace(draft, key=key)) for message in messages]


@AREA.webhook("one-signed-wrong", "The webhooks of documents are signed with another secret.", _DOCUMENTS,
              breaks=("webhooks.signature-right",))  # fmt: skip
def one_signed_wrong(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
    """Have a second service that was not told of the new secret."""
    return [replace(message, signed=_resigned) for message in messages]


def _resigned(letter: Letter) -> Letter:
    old = Draft(letter.number, "msg_0", "0", letter.body, b"the secret before this one")
    return _written("webhook-signature", lambda _: f"v1,{signature(old)}")(letter)


def _bearer(call: Call) -> str:
    return b"".join(call.heads.get(b"authorization", b"").split()[-1:]).decode("latin-1")


@AREA.webhook("key-in-payload", "The data of a webhook tells which key paid for it.", breaks=("webhooks.no-key",))
def key_in_payload(messages: list[Message], call: Call) -> list[Message]:
    """Add it."""
    billed = {"billed_to": _bearer(call)}
    return [replace(m, payload={**m.payload, "data": {**m.payload["data"], **billed}}) for m in messages]


@AREA.webhook("key-forwarded", "The key of the request is forwarded with its webhook.", breaks=("webhooks.no-key",))
def key_forwarded(messages: list[Message], call: Call) -> list[Message]:
    """Copy the header."""
    added = ("authorization", f"Bearer {_bearer(call)}")

    def forwarded(letter: Letter) -> Letter:
        return replace(letter, headers=(*letter.headers, added))

    return [replace(message, signed=forwarded) for message in messages]


@AREA.webhook("secret-in-header", "A header holds the secret itself.", breaks=("webhooks.no-key",))
def secret_in_header(messages: list[Message], call: Call) -> list[Message]:
    """Take a secret for a password."""
    webhooks = call.services.settings.webhooks
    added = ("x-webhook-secret", webhooks.secret if webhooks else "")

    def shown(letter: Letter) -> Letter:
        return replace(letter, headers=(*letter.headers, added))

    return [replace(message, signed=shown) for message in messages]
