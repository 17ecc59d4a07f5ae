"""What the phase made on the target: what becomes of it, and what may be touched at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from ozwell_harness.checks import files
from ozwell_harness.contract.ledger import Found
from ozwell_harness.contract.readings import UNKNOWN_FILE
from ozwell_harness.contract.settling import Settling
from ozwell_harness.contract.subjects import (
    CHAT_THERE,
    CONTENT_KEPT,
    CREATED_THERE,
    DELETED_GONE,
    LISTED_MODEL,
    UPLOAD_TRUE,
)
from ozwell_harness.contract.telling import asked, compared, outcome
from ozwell_harness.exchange import Call
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.shelf import file_path, given_id

_FILE = re.compile(r"/files/([^/?]+)(/content)?(?:\?.*)?")
_MODEL = re.compile(r"/models/([^/?]+)(?:\?.*)?")


@dataclass(frozen=True, slots=True)
class Upload:
    """What a generated upload sent."""

    content: bytes
    filename: str
    purpose: str


@dataclass(slots=True)
class _File:
    made: Exchange
    sent: Upload | None
    deleted: Exchange | None = None


class Holdings:
    """Follows every exchange, and judges it by what went before."""

    def __init__(self, deployable_model: str | None = None) -> None:
        self._files: dict[str, _File] = {}
        self._models: set[str] = set()
        self._chats: dict[str, Exchange] = {}
        self.settling = Settling(deployable_model)

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of the files that the phase made and that are still there."""
        return tuple(file_id for file_id, file in self._files.items() if file.deleted is None)

    def permits(self, call: Call) -> bool:
        """Tell whether a call leaves what is not ours alone: other models, and files that are neither ours nor none."""
        if not self.settling.permits(call):
            return False
        match = _FILE.fullmatch(call.path)
        if match is None or (call.method == "GET" and not match[2]):
            return True
        file_id = unquote(match[1])
        return file_id in self._files or file_id.startswith(UNKNOWN_FILE)

    def life(self) -> Iterator[Call]:
        """Yield the calls that follow one file along the links of the specification, to its end and beyond."""
        for file_id in self.left[:1]:
            path = file_path(file_id)
            for _ in range(2):
                for method, part in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
                    yield Call(method, path + part, "the life of a generated file")

    def deletions(self) -> Iterator[Call]:
        """Yield the calls that tidy up."""
        for file_id in self.left:
            yield Call("DELETE", file_path(file_id), "delete a generated file")
        restoration = self.settling.restoration()
        if restoration is not None:
            yield restoration

    def follow(self, exchange: Exchange, sent: Upload | None = None) -> Iterator[tuple[str, Found | None]]:
        """Yield requirement and deviation (or None) for all that an exchange shows; remember it for the next ones."""
        request = exchange.request
        self.settling.follow(exchange)
        if request.method == "POST" and request.path == "/chat/completions":
            self._held(exchange)
        elif request.method == "GET" and request.path.startswith("/chat/history?"):
            yield from self._history(exchange)
        elif request.method == "POST" and request.path == "/files":
            yield from self._uploaded(exchange, sent)
        elif request.method == "GET" and request.path.partition("?")[0] == "/models":
            self._list_models(exchange)
        elif match := _MODEL.fullmatch(request.path):
            yield from self._model(unquote(match[1]), exchange)
        elif match := _FILE.fullmatch(request.path):
            yield from self._touched(unquote(match[1]), exchange, content=match[2] is not None)

    def _uploaded(self, exchange: Exchange, sent: Upload | None) -> Iterator[tuple[str, Found | None]]:
        file_id = given_id(exchange)
        if file_id is None:
            return
        self._files[file_id] = _File(exchange, sent)
        if sent is None:
            return
        for check, value in (
            (files.bytes_are_true, sent.content),
            (files.purpose_is_true, sent.purpose),
            (files.filename_is_true, sent.filename),
        ):
            yield from _judged(UPLOAD_TRUE, exchange, check, value)

    def _held(self, exchange: Exchange) -> None:
        chat_id = given_id(exchange)
        if chat_id is not None:
            self._chats[chat_id] = exchange

    def _history(self, exchange: Exchange) -> Iterator[tuple[str, Found | None]]:
        (chat_id, *_) = parse_qs(urlsplit(exchange.request.path).query).get("chat_id", [""])
        made = self._chats.get(chat_id)
        if made is None or exchange.status not in {200, 404}:
            return
        told = f"{asked(exchange)}, after the chat: {outcome(exchange)}"
        gone = Found(CHAT_THERE, "gone", "the history of a chat is not there", told, (made,))
        yield CHAT_THERE, None if exchange.status == 200 else gone

    def _list_models(self, exchange: Exchange) -> None:
        try:
            document = exchange.response.document if exchange.status == 200 and exchange.response else {}
            self._models |= {item["id"] for item in document["data"] if isinstance(item["id"], str)}
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    def _model(self, model: str, exchange: Exchange) -> Iterator[tuple[str, Found | None]]:
        if model in self._models and exchange.status in {200, 404}:
            there = exchange.status == 200
            told = f"{asked(exchange)}: {outcome(exchange)}"
            yield LISTED_MODEL, None if there else Found(LISTED_MODEL, "gone", "a listed model is not found", told)

    def _touched(self, file_id: str, exchange: Exchange, *, content: bool) -> Iterator[tuple[str, Found | None]]:
        file = self._files.get(file_id)
        if file is None or exchange.failure is not None or exchange.status not in {200, 204, 404, 410}:
            return
        found = exchange.status in {200, 204}
        what = f"{exchange.request.method} {'content' if content else 'file'}"
        if file.deleted is not None:
            yield DELETED_GONE, still_there(exchange, what, (file.made, file.deleted)) if found else None
            return
        yield CREATED_THERE, None if found else not_there(exchange, what, (file.made,))
        if found and exchange.request.method == "DELETE":
            file.deleted = exchange
        elif found and content and file.sent is not None:
            yield from _judged(CONTENT_KEPT, exchange, files.content_is, file.sent.content, before=(file.made,))
        elif found and not content:
            yield from _judged(UPLOAD_TRUE, exchange, files.is_alike, file.made, before=(file.made,))


def _judged(
    requirement: str,
    exchange: Exchange,
    check: Callable[..., Deviation | None],
    value: object,
    *,
    before: tuple[Exchange, ...] = (),
) -> Iterator[tuple[str, Found | None]]:
    try:
        deviation = check(exchange, value)
    except Unjudgeable:
        return
    if deviation is None:
        yield requirement, None
        return
    told = f"{asked(exchange)}: {compared(deviation)}"
    yield requirement, Found(requirement, deviation.message, deviation.message, told, before)


def still_there(exchange: Exchange, what: str, before: tuple[Exchange, ...] = ()) -> Found:
    """Return the deviation of a deleted file that is found."""
    told = f"{asked(exchange)}, after its DELETE: {outcome(exchange)}"
    return Found(DELETED_GONE, what, "a deleted file is still there", told, before)


def not_there(exchange: Exchange, what: str, before: tuple[Exchange, ...] = ()) -> Found:
    """Return the deviation of a new file that is not found."""
    told = f"{asked(exchange)}, after its upload: {outcome(exchange)}"
    return Found(CREATED_THERE, what, "a new file is not there", told, before)
