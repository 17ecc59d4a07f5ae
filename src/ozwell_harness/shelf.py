"""The files that a run puts on a target: an account of them, and their removal at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.client import Client, is_list, page_ids, segment, upload_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.target import KeyName

#: An account may hold any number of files; no list is read further than this.
MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """What an upload was told to hold; ``topic`` is a word that no other file holds, where there is one."""

    filename: str
    content: bytes
    purpose: str = "assistants"
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: what was sent, and what came back."""

    sent: Sent
    exchange: Exchange

    @property
    def id(self) -> str:
        """The id that the file got.

        Raises:
            Unjudgeable: the answer gives none.
        """
        found = given_id(self.exchange)
        if found is None:
            raise Unjudgeable(f"{self.exchange.label}: the answer {self.exchange.status} gives no file id")
        return found

    @property
    def path(self) -> str:
        """Where the file is, below the base URL.

        Raises:
            Unjudgeable: the upload gave no id.
        """
        return file_path(self.id)


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages of the list of files.

    Attributes:
        limit: how many files a page may hold; a last page with fewer is the end of the list.
        asked: the query that asks for this limit; empty where it is the default.
    """

    pages: tuple[Exchange, ...]
    limit: int
    asked: Mapping[str, object]


class Shelf:
    """Uploads and deletes, and knows at any time which of the run's own files the target should hold."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: dict[str, KeyName] = {}
        self._doubtful: dict[str, KeyName] = {}
        self._made: set[str] = set()

    @property
    def held(self) -> tuple[str, ...]:
        """Ids of the files uploaded and not yet deleted, oldest first."""
        return tuple(self._held)

    @property
    def made(self) -> frozenset[str]:
        """Ids of all files that were ever uploaded."""
        return frozenset(self._made)

    def send(self, call: Call) -> Exchange:
        """Send a call that may make a file, also one that ought to be refused."""
        exchange = self._client.send(call)
        self._adopt(exchange, call.key)
        return exchange

    def upload(self, label: str, sent: Sent) -> Upload:
        """Upload one file."""
        return Upload(sent, self.send(_call(label, sent)))

    def upload_together(self, label: str, files: Sequence[Sent]) -> tuple[Upload, ...]:
        """Upload several files at the same time."""
        answers = self._client.together([_call(f"{label}: {sent.filename}", sent) for sent in files])
        for exchange in answers:
            self._adopt(exchange, KeyName.MAIN)
        return tuple(Upload(sent, exchange) for sent, exchange in zip(files, answers, strict=True))

    def delete(self, file_id: str, label: str, *, key: KeyName = KeyName.MAIN) -> Exchange:
        """Delete a file. One that may be gone no longer counts as held, but is deleted again at the end."""
        return self._delete(file_id, Call("DELETE", file_path(file_id), label, key=key))

    def _delete(self, file_id: str, call: Call) -> Exchange:
        exchange, key = self._client.send(call), call.key
        owner = self._held.get(file_id)
        if owner is not None and (_confirms(exchange) or (exchange.status == 404 and key is owner)):
            del self._held[file_id]
            if key is not owner:
                self._doubtful[file_id] = owner
        return exchange

    def clear(self) -> Exchange | None:
        """Delete what is left, beyond the budget of requests too; a target that no longer answers ends it.

        Returns:
            The last exchange; None where there was nothing to delete, or nobody to be asked.
        """
        exchange = None
        for file_id, key in (self._held | self._doubtful).items():
            try:
                exchange = self._delete(file_id, Call("DELETE", file_path(file_id), "clean up", key=key, cleanup=True))
            except Unjudgeable:
                return None
            if exchange.response is None:
                return exchange
        return exchange

    def _adopt(self, exchange: Exchange, key: KeyName) -> None:
        file_id = given_id(exchange)
        if file_id is not None:
            self._held[file_id] = key
            self._made.add(file_id)


def read_on(client: Client, first: Exchange, label: str, query: Mapping[str, object], limit: int) -> Iterator[Exchange]:
    """Read on in the list of files by ``after``, until a page is not full or ``MOST_PAGES`` have been read."""
    page = first
    for number in range(2, MOST_PAGES + 1):
        ids = page_ids(page)
        if len(ids) < limit:
            return
        page = client.get("/files", f"{label}, page {number}", query={**query, "after": ids[-1]})
        yield page


def walk_files(client: Client, limit: int) -> list[Exchange]:
    """Walk the list of files by ``after``: a page of 2, then of ``limit``.

    It ends with a page that is empty, says it is the last, or shows only what was seen before. A full page is never
    taken for the last one: has_more itself is judged.
    """
    pages, seen = [client.get("/files", "list two files", query={"limit": 2})], set[str]()
    while len(pages) < MOST_PAGES:
        ids = page_ids(pages[-1])
        is_last = len(pages) > 1 and len(ids) < limit and _document(pages[-1]).get("has_more") is False
        if not ids or seen.issuperset(ids) or is_last:
            break
        seen.update(ids)
        query = {"limit": limit, "after": ids[-1]}
        pages.append(client.get("/files", f"walk the files, page {len(pages) + 1}", query=query))
    return pages


def is_whole(pages: Sequence[Exchange], own: Collection[str], limit: int) -> bool:
    """Tell whether a walk by pages of ``limit`` shows the list to its end: each file once, ``own`` among them."""
    ids = [name for page in pages for name in page_ids(page)]
    answered = len(pages) > 1 and all(page.status == 200 and is_list(page) for page in pages)
    ended = f"limit={limit}&" in pages[-1].request.path and len(page_ids(pages[-1])) < limit
    return answered and ended and len(ids) == len(set(ids)) and set(own) <= set(ids)


def file_path(file_id: str) -> str:
    """Return where a file is, below the base URL."""
    return f"/files/{segment(file_id)}"


def given_id(exchange: Exchange) -> str | None:
    """Return the id in the answer to an upload, or None when it made no file."""
    found = _document(exchange).get("id")
    return found if isinstance(found, str) and found else None


def _confirms(exchange: Exchange) -> bool:
    """Tell whether a delete was done: an error inside a 200 is no confirmation."""
    return exchange.status == 204 or _document(exchange).get("deleted") is True


def _document(exchange: Exchange) -> Mapping[str, Any]:
    """The object that a success holds; an empty one where there is none."""
    if exchange.response is None or exchange.response.status not in {200, 201}:
        return {}
    try:
        document = exchange.response.document
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _call(label: str, sent: Sent) -> Call:
    return upload_call(label, content=sent.content, filename=sent.filename, purpose=sent.purpose)
