"""Odd but legal: histories, documents and results as other servers of the Open WebUI dialect give them."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.webui_wrappers import WebUiWrapper, accepts, alters, mends, wraps
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.ranking import Ranking
from ozwell_harness.mock.webui.records import Passage, StoredChat, StoredDocument

AREA = Area("legal", Kind.LEGAL)

HISTORY = Operation.RETRIEVE_HISTORY
UPLOAD, QUERY = Operation.CREATE_DOCUMENT, Operation.QUERY_DOCUMENTS

#: Seconds after which a document is found that is not found at once.
_LATER_S = 3.0
_ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


def _messages(name: str, description: str, change: Callable[[JsonObject], Any]) -> None:
    """Register a variation that changes each message of a history in place."""

    @AREA.items(name, description, HISTORY)
    def alter(items: list[JsonObject], call: Call) -> list[JsonObject]:  # noqa: ARG001
        for item in items:
            change(item)
        return items


def _results(name: str, description: str, change: Callable[[JsonObject], Any]) -> None:
    """Register a variation that changes each result of a query in place."""

    def alter(answer: JsonObject) -> None:
        for result in answer["results"]:
            change(result)

    alters(AREA, QUERY, name, description, alter)


def _elsewhere(item: JsonObject) -> None:
    at = datetime.fromisoformat(item["created_at"]).astimezone(_ELSEWHERE)
    item["created_at"] = at.isoformat(timespec="microseconds")


_messages("history-told-more", "Messages of a history tell more than is documented.",
          lambda item: item.update(model="gpt-4", parent_id=None, metadata={"tokens": 7}))  # fmt: skip
_messages("history-uuids", "Messages of a history have UUIDs for ids.",
          lambda item: item.update(id=str(uuid.uuid5(uuid.NAMESPACE_URL, item["id"]))))  # fmt: skip
_messages("history-times-elsewhere", "Times of a history are those of another zone, in microseconds.", _elsewhere)
_messages("history-times-lower-case", "Times of a history are in small letters.",
          lambda item: item.update(created_at=item["created_at"].lower()))  # fmt: skip
_messages("history-lines-ended", "Each message of a history ends with a line break.",
          lambda item: item.update(content=f"{item['content']}\n"))  # fmt: skip
_messages("history-decomposed", "Letters of a history are told apart from their accents.",
          lambda item: item.update(content=unicodedata.normalize("NFD", item["content"])))  # fmt: skip


@AREA.items("history-of-several-moments", "Each message of a history is a second older than the next.", HISTORY)
def history_of_several_moments(items: list[JsonObject], call: Call) -> list[JsonObject]:  # noqa: ARG001
    """Spread the one time that all have."""
    for before, item in enumerate(reversed(items)):
        item["created_at"] = (datetime.fromisoformat(item["created_at"]) - timedelta(seconds=before)).isoformat()
    return items


@AREA.items("history-with-system", "A history begins with a message of the system.", HISTORY)
def history_with_system(items: list[JsonObject], call: Call) -> list[JsonObject]:  # noqa: ARG001
    """Add what the owner of the server has every chat begin with."""
    system = {"id": f"{items[0]['id']}-system", "role": "system", "content": "Answer briefly."}
    return [{**items[0], **system}, *items]


class _Forbidding(WebUiWrapper):
    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        chat = await self.inner.get_chat(tenant, chat_id)
        if chat is None and await self.inner.get_chat("main", chat_id):
            raise ApiError(403, "forbidden", "This chat belongs to somebody else.")
        return chat


wraps(AREA, _Forbidding, "history-forbidden", "Another tenant's history is forbidden, not unknown.", HISTORY, breaks=())


class _Later(WebUiWrapper):
    """Finds a document only a few seconds after its upload was answered."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        self.call.notes.setdefault("legal.uploads", {})[document.id] = document.created_at
        await self.inner.put_document(tenant, document)

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        found = await self.inner.find_passages(tenant, collection, words, most)
        made, now = self.call.notes.get("legal.uploads", {}), self.call.services.clock.now()
        return [passage for passage in found if now - made[passage.document_id] >= _LATER_S]


class _Titled(WebUiWrapper):
    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        titled = tuple(f"Title: {document.filename}\n\n{chunk}" for chunk in document.chunks)
        await self.inner.put_document(tenant, replace(document, chunks=titled))


class _ByLine(WebUiWrapper):
    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        lines = (line for chunk in document.chunks for line in chunk.splitlines() if line.strip())
        await self.inner.put_document(tenant, replace(document, chunks=tuple(lines)))


class _Uncollected(WebUiWrapper):
    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        await self.inner.put_document(tenant, replace(document, collection=None))


wraps(AREA, _Later, "documents-found-later", "A document is found some seconds after its upload.", UPLOAD, QUERY,
      breaks=())  # fmt: skip
wraps(AREA, _Titled, "chunks-titled", "Each chunk of a document begins with the name of its file.", UPLOAD, breaks=())
wraps(AREA, _ByLine, "chunks-of-one-line", "Each line of a document is a chunk.", UPLOAD, breaks=())
wraps(AREA, _Uncollected, "collections-not-by-upload", "An upload cannot file a document in a collection.", UPLOAD,
      breaks=())  # fmt: skip

alters(AREA, UPLOAD, "document-told-more", "An uploaded document tells more than is documented.",
       lambda answer: answer.update(filename="guide.txt", bytes=100, error=None))  # fmt: skip

_results("results-told-more", "Results tell more than is documented.",
         lambda result: result.update(metadata={"page": 1, "source": None}, distance=0.5))  # fmt: skip
_results("scores-negative", "Scores are below 0.", lambda result: result.update(score=result["score"] - 1000))
_results("results-cut", "Results are cut at 150 characters, and say so.",
         lambda result: result.update(content=f"… {result['content'][:150]} …"))  # fmt: skip
_results("results-marked", "Words of a result are marked up.",
         lambda result: result.update(content=" ".join(f"<b>{w}</b>" for w in result["content"].split())))  # fmt: skip
_results("results-in-one-line", "Line breaks of a result are blanks.",
         lambda result: result.update(content=" ".join(result["content"].split())))  # fmt: skip


@AREA.result("scores-are-ranks", "Scores are whole numbers, the highest for the best.", QUERY)
def scores_are_ranks(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Count down."""
    for place, result in enumerate(answer["results"]):
        result["score"] = len(answer["results"]) - place
    return answer


@AREA.ranking("good-results-only", "Results that fit half as well as the best are left out.", QUERY)
def good_results_only(ranking: Ranking, call: Call) -> Ranking:  # noqa: ARG001
    """Keep what fits nearly as well."""
    return [(passage, score) for passage, score in ranking if score >= ranking[0][1] / 2]


accepts(AREA, QUERY, "unknown-collection-empty", "A query of an unknown collection has no results.",
        lambda refusal: refusal.status == 404, {"results": []})  # fmt: skip
mends(AREA, QUERY, "top-k-three", "A query without top_k has up to three results.",
      lambda body: {"top_k": 3, **body})  # fmt: skip


@AREA.request("commands-refused", "A query with a comment of SQL in it is refused.", QUERY)
def commands_refused(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Refuse it as a wall before the server would."""
    if "' OR '" in str(body.get("query")):
        raise invalid_value("query", "The query is not allowed.")
    return body


@AREA.error("bad-upload-400", "An upload of another content type is refused with 400.", UPLOAD)
def bad_upload_400(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Call it a bad request."""
    refusal.status = 400 if refusal.status == 415 else refusal.status
    return refusal
