"""Odd but legal webhooks: what a conformance check must not report."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import msgspec

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, Kind
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webhooks.message import Draft, Letter, Message, signature

AREA = Area("legal", Kind.LEGAL)

_SOURCES = (Operation.CREATE_CHAT, Operation.CREATE_DOCUMENT)


def _varied(name: str, description: str, change: Callable[[Message], Message]) -> None:
    """Register a variation of each message."""

    @AREA.webhook(f"webhook-{name}", description, *_SOURCES)
    def alter(messages: list[Message], call: Call) -> list[Message]:  # noqa: ARG001
        return [change(message) for message in messages]


def _more_fields(message: Message) -> Message:
    data = {**message.payload["data"], "x_extra": {"nested": [1, None]}}
    return replace(message, payload={"api_version": "2025-11-21", **message.payload, "data": data, "tenant": None})


def _more_headers(letter: Letter) -> Letter:
    more = (("x-request-id", "req_1"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    return replace(letter, headers=(*more, *letter.headers, ("x-attempt", str(letter.number))))


def _in_capitals(letter: Letter) -> Letter:
    return replace(letter, headers=tuple((name.upper(), value) for name, value in letter.headers))


def _with_charset(letter: Letter) -> Letter:
    return replace(letter, headers=(("content-type", 'Application/JSON; charset="utf-8"'), *letter.headers[1:]))


def _signed_often(letter: Letter) -> Letter:
    """A signature of an old secret before the right one, and one of another version after it."""
    *others, (name, right) = letter.headers
    old = signature(Draft(letter.number, "msg_0", "0", letter.body, b"the secret before this one"))
    other = base64.b64encode(bytes(64)).decode()
    return replace(letter, headers=(*others, (name, f"v1,{old} {right} v1a,{other}")))


def _indented(draft: Draft) -> Draft:
    return replace(draft, body=msgspec.json.format(draft.body, indent=4) + b"\n")


def _named_otherwise(message: Message) -> Message:
    return replace(message, id="evt-" + message.id.removeprefix("msg_"))


_varied("more-fields", "Webhooks have fields that no document names.", _more_fields)
_varied("more-headers", "Webhooks have more headers.", lambda message: replace(message, signed=_more_headers))
_varied("header-case", "Names of headers are in capitals.", lambda message: replace(message, signed=_in_capitals))
_varied("charset", "The content type of webhooks has a charset.", lambda m: replace(m, signed=_with_charset))
_varied("signed-often", "Webhooks have several signatures.", lambda message: replace(message, signed=_signed_often))
_varied("indented", "The JSON of webhooks is indented.", lambda message: replace(message, drafted=_indented))
_varied("id-of-another-form", "The ids of webhooks have another form.", _named_otherwise)
_varied("retried-at-once", "What is not taken is sent again at once.", lambda m: replace(m, schedule=(0.0, 0.1)))
_varied("retried-later", "What is not taken is sent again after 20 s.", lambda m: replace(m, schedule=(20.0, 20.0)))
_varied("after-a-while", "Webhooks are sent 5 s after what they tell of.", lambda m: replace(m, delay_s=5.0))
_varied("clock-ahead", "The sender's clock is a minute fast.",
        lambda m: replace(m, drafted=lambda d: replace(d, timestamp=str(int(d.timestamp) + 60))))  # fmt: skip
