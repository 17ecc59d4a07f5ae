"""One webhook: what it says, how it is written down for an attempt, and how it is signed (Standard Webhooks 1.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from ozwell_harness.mock.webhooks.settings import HeaderNames

JsonObject = dict[str, Any]
Fields = tuple[tuple[str, str], ...]
_V = TypeVar("_V")

encode = msgspec.json.Encoder().encode


def _unchanged(value: _V) -> _V:
    return value


def is_success(status: int) -> bool:
    """Whether a webhook that is answered so has been delivered (Standard Webhooks, Delivery success and failure)."""
    return 200 <= status < 300


@dataclass(frozen=True, slots=True)
class Draft:
    """An attempt before it is signed.

    Attributes:
        number: of the attempt, from 1.
        timestamp: epoch second of the attempt, as it stands in the header.
        key: what signs it.
    """

    number: int
    id: str
    timestamp: str
    body: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A signed attempt, as it goes on the wire."""

    number: int
    method: str
    headers: Fields
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook on its way. Faults replace what they break.

    Attributes:
        id: the same at each attempt.
        payload: the JSON object that is sent.
        schedule: seconds between one attempt and the next.
        delay_s: seconds before the first attempt.
        drafted, signed: alter an attempt before and after it is signed.
        delivers: whether an answer of this status ends it.
        follows: redirects are followed.
    """

    id: str
    payload: JsonObject
    schedule: tuple[float, ...]
    delay_s: float = 0.0
    drafted: Callable[[Draft], Draft] = _unchanged
    signed: Callable[[Letter], Letter] = _unchanged
    delivers: Callable[[int], bool] = is_success
    follows: bool = False

    def letter(self, number: int, now: float, key: bytes, names: HeaderNames) -> Letter:
        """Write the attempt of this ``number``, made at ``now`` (epoch seconds)."""
        draft = self.drafted(Draft(number, self.id, str(int(now)), encode(self.payload), key))
        headers = (
            ("content-type", "application/json"),
            (names.id, draft.id),
            (names.timestamp, draft.timestamp),
            (names.signature, f"v1,{signature(draft)}"),
        )
        return self.signed(Letter(number, "POST", headers, draft.body))


def signature(draft: Draft) -> str:
    """Base64 of the HMAC-SHA256 over id, timestamp and body, with full stops between (Signature scheme)."""
    content = f"{draft.id}.{draft.timestamp}.".encode() + draft.body
    return base64.b64encode(hmac.digest(draft.key, content, hashlib.sha256)).decode("ascii")


def payload_of(event: str, data: JsonObject, now: float) -> JsonObject:
    """The body of a webhook (Payload structure): ``timestamp`` is when it happened, in RFC 3339."""
    happened = datetime.fromtimestamp(now, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": event, "timestamp": happened, "data": data}
