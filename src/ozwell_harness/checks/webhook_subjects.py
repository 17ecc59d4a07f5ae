"""What there was to tell of by webhook in a run, and which webhook tells of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.model import Delivery, Exchange, read_json
from ozwell_harness.webhooks.listening import CHAT_COMPLETED, DOCUMENT_PROCESSED

_FAILED = frozenset({"failed", "failure", "error", "rejected", "cancelled"})
_EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is to be told of.

    Attributes:
        event: the type of the webhook that tells of it.
        id: what names it there.
        text: of the answer, where it is known.
    """

    exchange: Exchange
    event: str
    id: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """All answers of a run that are to be told of."""

    chats: tuple[Told, ...] = ()
    streams: tuple[Told, ...] = ()
    documents: tuple[Told, ...] = ()

    def __iter__(self) -> Iterator[Told]:
        return iter((*self.chats, *self.streams, *self.documents))


def owed(exchanges: Iterable[Exchange], key: str) -> Owed:
    """Return what is to be told to the owner of the key of this name: other owners may have other receivers.

    What two answers name alike is left out: nobody could say which of them a webhook tells of.
    """
    own = [one for one in exchanges if one.request.headers.get("authorization") == f"Bearer ${key}" and not one.failure]
    found = Owed(
        tuple(filter(None, map(_chat, own))),
        tuple(filter(None, map(_stream, own))),
        tuple(filter(None, map(_document, own))),
    )
    names = Counter((told.event, told.id) for told in found)

    def clear(group: Sequence[Told]) -> tuple[Told, ...]:
        return tuple(told for told in group if names[told.event, told.id] == 1)

    return Owed(clear(found.chats), clear(found.streams), clear(found.documents))


def payload(delivery: Delivery) -> dict[str, Any] | None:
    """Return the JSON object of a webhook, or None."""
    try:
        document = read_json(delivery.request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def event_of(delivery: Delivery) -> str | None:
    """Return the type that a webhook names, or None."""
    event = (payload(delivery) or {}).get("type")
    return event if isinstance(event, str) else None


def data_of(delivery: Delivery) -> dict[str, Any]:
    """Return the data of a webhook: the whole object where it stands on top (Standard Webhooks, Payload structure)."""
    document = payload(delivery) or {}
    data = document.get("data")
    return data if isinstance(data, dict) else document


def name_of(delivery: Delivery) -> str | None:
    """Return what a webhook tells of, or None."""
    field = "document_id" if event_of(delivery) == DOCUMENT_PROCESSED else "id"
    name = data_of(delivery).get(field)
    return name if isinstance(name, str) and name else None


def telling_of(told: Told, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return the webhooks that tell of an answer, in the order of arrival."""
    return [one for one in deliveries if event_of(one) == told.event and name_of(one) == told.id]


def text_of(document: Any) -> str | None:
    """Return the text of a plain completion, or None."""
    try:
        text = document["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return text if isinstance(text, str) else None


def _chat(exchange: Exchange) -> Told | None:
    if not _posted(exchange, "/chat/completions") or exchange.status != 200:
        return None
    document = _object(exchange)
    name = document.get("id")
    if not isinstance(name, str) or not name or "choices" not in document:
        return None
    return Told(exchange, CHAT_COMPLETED, name, text_of(document))


def _stream(exchange: Exchange) -> Told | None:
    response = exchange.response
    if response is None or not _posted(exchange, "/chat/completions") or exchange.status != 200:
        return None
    if response.media_type != _EVENT_STREAM:
        return None
    events = [event.data for event in response.stream.events]
    if not events or events[-1].strip() != "[DONE]" or response.stream.unfinished:
        return None
    try:
        chunks = [read_json(data) for data in events[:-1]]
    except (ValueError, RecursionError):
        return None
    names = {chunk.get("id") if isinstance(chunk, dict) else None for chunk in chunks}
    name = names.pop() if len(names) == 1 else None
    return Told(exchange, CHAT_COMPLETED, name) if isinstance(name, str) and name else None


def _document(exchange: Exchange) -> Told | None:
    if not _posted(exchange, "/rag/documents") or exchange.status not in {200, 201, 202}:
        return None
    document = _object(exchange)
    name, status = document.get("document_id"), document.get("status")
    if not isinstance(name, str) or not name or (isinstance(status, str) and status.lower() in _FAILED):
        return None
    return Told(exchange, DOCUMENT_PROCESSED, name)


def _posted(exchange: Exchange, path: str) -> bool:
    return exchange.request.method == "POST" and exchange.request.path.partition("?")[0] == path


def _object(exchange: Exchange) -> dict[str, Any]:
    try:
        document = exchange.response.document if exchange.response else None
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
