"""Queries that find too little, too much, the wrong thing or other people's, and results that are out of shape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.webui_documents import OVERLAP_S
from ozwell_harness.mock.faults.webui_wrappers import (
    WebUiWrapper,
    alters,
    answers_with,
    is_number,
    is_text,
    mends,
    rejects,
    replaces,
    tells,
    wraps,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.ranking import Ranking
from ozwell_harness.mock.webui.records import Passage, StoredDocument

AREA = Area("retrieval")
UPLOAD, QUERY = Operation.CREATE_DOCUMENT, Operation.QUERY_DOCUMENTS

_ANSWERS, _ARRAY = "retrieval.answers", "retrieval.results-is-array"
answers_with(AREA, QUERY, "answered-202", "A query is answered with 202.", 202, _ANSWERS, "http.success-is-200")
answers_with(AREA, QUERY, "never-answered", "No query is answered.", 404, _ANSWERS)
tells(AREA, QUERY, "results-null", "The results of a query are null.", {"results": None}, _ARRAY)
tells(AREA, QUERY, "results-texts", "The results of a query are texts.", {"results": ["text"]}, _ARRAY)
alters(AREA, QUERY, "results-renamed", "The results of a query are called matches.",
       lambda answer: answer.update(matches=answer.pop("results")), _ARRAY)  # fmt: skip
alters(AREA, QUERY, "results-by-id", "The results of a query are an object.",
       lambda answer: answer.update(results={r["document_id"]: r for r in answer["results"]}), _ARRAY)  # fmt: skip


def _each(name: str, description: str, change: Callable[[JsonObject], Any], *breaks: str) -> None:
    """Register a fault that changes each result in place."""

    def alter(answer: JsonObject) -> None:
        for result in answer["results"]:
            change(result)

    alters(AREA, QUERY, name, description, alter, *breaks)


def _sets(member: str, value: Any) -> Callable[[JsonObject], None]:
    return lambda result: result.update({member: value})


_ID, _ID_TRUE = "retrieval.document-id-is-text", "retrieval.document-id-true"
_CONTENT, _SCORE = "retrieval.content-is-text", "retrieval.score-is-number"
_each("id-missing", "Results name no document.", lambda result: result.pop("document_id"), _ID, _ID_TRUE)
_each("id-number", "The document_id of a result is a number.", _sets("document_id", 7), _ID, _ID_TRUE)
_each("id-of-a-chunk", "A result names its chunk in place of its document.",
      lambda result: result.update(document_id=f"{result['document_id']}-0"), _ID_TRUE)  # fmt: skip
_each("content-missing", "Results have no content.", lambda result: result.pop("content"), _CONTENT)
_each("content-empty", "The content of a result is empty.", _sets("content", ""), _CONTENT)
_each("content-object", "The content of a result is an object.",
      lambda result: result.update(content={"text": result["content"]}), _CONTENT)  # fmt: skip
_each("content-made-up", "The content of a result stands in no document.",
      _sets("content", "It is generally held that answers of this kind depend on what was asked."),
      "retrieval.content-true")  # fmt: skip
_each("score-missing", "Results have no score.", lambda result: result.pop("score"), _SCORE)
_each("score-text", "The score of a result is a text.", lambda result: result.update(score=f"{result['score']:.2f}"),
      _SCORE)  # fmt: skip
_each("score-null", "The score of a result is null.", _sets("score", None), _SCORE)

_BEST, _FIRST, _AGAIN = "retrieval.best-first", "retrieval.found-first", "retrieval.repeatable"
alters(AREA, QUERY, "worst-first", "Of the results that are given, the worst stands first.",
       lambda answer: answer["results"].reverse(), _BEST, _FIRST, _AGAIN)  # fmt: skip
_each("distances-as-scores", "The scores of results are distances: the best is the least.",
      lambda result: result.update(score=1 / (1 + result["score"])), _BEST)  # fmt: skip


@AREA.ranking("second-best-first", "The best two results have changed places, and their scores have not.", QUERY,
              breaks=(_FIRST,))  # fmt: skip
def second_best_first(ranking: Ranking, call: Call) -> Ranking:  # noqa: ARG001
    """Change the passages, not the scores."""
    return _swapped(ranking)


@AREA.ranking("one-result-is-the-second", "A query for one result gives the second best.", QUERY, breaks=(_AGAIN,))
def one_result_is_the_second(ranking: Ranking, call: Call) -> Ranking:
    """Have the best two change places where only one is wanted."""
    return _swapped(ranking) if (call.body or {}).get("top_k") == 1 else ranking


def _swapped(ranking: Ranking) -> Ranking:
    if len(ranking) < 2:
        return ranking
    (first, high), (second, low) = ranking[:2]
    return [(second, high), (first, low), *ranking[2:]]


@AREA.result("ids-rotated", "Each result names the document of the next.", QUERY,
             breaks=(_ID_TRUE, "retrieval.content-true", _AGAIN))  # fmt: skip
def ids_rotated(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Move the ids by one place."""
    ids = [result["document_id"] for result in answer["results"]]
    for result, other in zip(answer["results"], [*ids[1:], *ids[:1]], strict=True):
        result["document_id"] = other
    return answer


_MOST = "retrieval.at-most-top-k"
mends(AREA, QUERY, "top-k-ignored", "All that is found is given, whatever top_k says.",
      lambda body: {**body, "top_k": 1000} if _is_count(body.get("top_k")) else body, _MOST)  # fmt: skip
mends(AREA, QUERY, "one-too-many", "One more result is given than was asked for.",
      lambda body: {**body, "top_k": body["top_k"] + 1} if _is_count(body.get("top_k")) else body, _MOST)  # fmt: skip
rejects(AREA, QUERY, "top-k-demanded", "A query without top_k is refused.", lambda body: "top_k" not in body, 400,
        "retrieval.top-k-optional")  # fmt: skip

_FOUND, _BEYOND = "retrieval.found", "retrieval.unicode-found"
_TOGETHER, _PDF = "retrieval.simultaneous-found", "retrieval.pdf-found"


@AREA.ranking("nothing-found", "No query finds anything.", QUERY, breaks=(_FOUND, _BEYOND, _TOGETHER, _PDF))
def nothing_found(ranking: Ranking, call: Call) -> Ranking:  # noqa: ARG001
    """Give nothing."""
    return []


class _OldestHidden(WebUiWrapper):
    """Does not find the document that was uploaded first."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        self.call.notes.setdefault("retrieval.oldest", document.id)
        await self.inner.put_document(tenant, document)

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        found = await self.inner.find_passages(tenant, collection, words, most)
        return [passage for passage in found if passage.document_id != self.call.notes.get("retrieval.oldest")]


wraps(AREA, _OldestHidden, "first-document-lost", "The first document that was uploaded is never found.", UPLOAD, QUERY,
      breaks=(_FOUND, _BEYOND))  # fmt: skip
mends(AREA, QUERY, "ascii-only", "Characters beyond ASCII in a query count for nothing.",
      lambda body: _with_query(body, lambda text: text.encode("ascii", "replace").decode()), _BEYOND)  # fmt: skip
rejects(AREA, QUERY, "quotation-marks-fail", "A query with a quotation mark is answered with 500.",
        lambda body: "'" in str(body.get("query")), 500, "retrieval.injection-harmless",
        "http.no-server-errors")  # fmt: skip


class _FirstOfSeveral(WebUiWrapper):
    """Of texts kept at the same time, indexes only the first."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        running = self.call.notes.setdefault("retrieval.running", [])
        running.append(document.id)
        if len(running) == 1 or document.filename.endswith(".pdf"):
            await self.inner.put_document(tenant, document)
        await asyncio.sleep(OVERLAP_S)
        running.clear()


wraps(AREA, _FirstOfSeveral, "simultaneous-lost", "Of texts uploaded at the same time only one is found.", UPLOAD,
      breaks=(_TOGETHER,))  # fmt: skip


class _RawPdf(WebUiWrapper):
    """Indexes the bytes of a PDF in place of its text."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        if document.filename.endswith(".pdf"):
            document = replace(document, chunks=("%PDF-1.4 1 0 obj << /Type /Catalog >> endobj",))
        await self.inner.put_document(tenant, document)


wraps(AREA, _RawPdf, "pdf-not-read", "A PDF is found by its bytes, not by its text.", UPLOAD,
      breaks=(_PDF, _TOGETHER))  # fmt: skip

_APART, _UNKNOWN = "retrieval.collection-apart", "retrieval.unknown-collection-empty"
mends(AREA, QUERY, "collection-ignored", "A query of a collection searches everywhere.",
      lambda body: {name: value for name, value in body.items() if name != "collection_id"}, _APART,
      _UNKNOWN)  # fmt: skip


class _KnownElsewhere(WebUiWrapper):
    """Searches everywhere, but only for collections that exist."""

    async def find_passages(
        self,
        tenant: str,
        collection: str | None,  # noqa: ARG002
        words: frozenset[str],
        most: int,
    ) -> Sequence[Passage]:
        return await self.inner.find_passages(tenant, None, words, most)


class _UnknownElsewhere(WebUiWrapper):
    """Searches everywhere if a collection does not exist."""

    async def has_collection(self, tenant: str, collection: str) -> bool:  # noqa: ARG002
        return True

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        is_known = collection is not None and await self.inner.has_collection(tenant, collection)
        return await self.inner.find_passages(tenant, collection if is_known else None, words, most)


wraps(AREA, _KnownElsewhere, "collections-mixed", "A query of a collection finds documents of others.", QUERY,
      breaks=(_APART,))  # fmt: skip
wraps(AREA, _UnknownElsewhere, "unknown-collection-is-all", "A query of an unknown collection searches everywhere.",
      QUERY, breaks=(_UNKNOWN,))  # fmt: skip

mends(AREA, QUERY, "no-query-accepted", "A request without a query is answered.",
      lambda body: {"query": "a", **body}, "retrieval.missing-query-refused")  # fmt: skip
mends(AREA, QUERY, "empty-query-accepted", "A query of no characters is answered.",
      replaces("query", lambda text: text == "", "a"), "retrieval.empty-query-refused")  # fmt: skip
for _name, _bad in (("zero", 0), ("negative", -1)):
    mends(AREA, QUERY, f"top-k-{_name}-accepted", f"A top_k of {_bad} is accepted.",
          replaces("top_k", is_number(_bad), 5),
          f"retrieval.top-k-{_name}-refused")  # fmt: skip
mends(AREA, QUERY, "top-k-text-accepted", "A top_k in words is accepted.",
      replaces("top_k", is_text, 3), "retrieval.top-k-wrong-type-refused")  # fmt: skip


class _Leaking(WebUiWrapper):
    async def find_passages(
        self,
        tenant: str,  # noqa: ARG002
        collection: str | None,
        words: frozenset[str],
        most: int,
    ) -> Sequence[Passage]:
        return await self.inner.find_passages("main", collection, words, most)


wraps(AREA, _Leaking, "shared-by-tenants", "Every key finds the documents of the main tenant.", QUERY,
      breaks=("retrieval.other-key-finds-nothing",))  # fmt: skip


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _with_query(body: JsonObject, change: Callable[[str], str]) -> JsonObject:
    query = body.get("query")
    return {**body, "query": change(query)} if isinstance(query, str) else body
