"""Documents of the Open WebUI dialect under load: uploaded, and asked for by a sentence of their own. Pure.

This API deletes no documents. So a worker uploads a few and asks for these again and again; only the scenario that is
about uploading leaves one with every arrival.

Other documents of the run may well be among the results of a query: that is no crossing. What must hold is that a
result with a document's own word names that document, and that what was found once by a sentence is found by it again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from ozwell_harness.checks import documents, retrieval
from ozwell_harness.checks.accepted import accepted_document_of
from ozwell_harness.checks.base import shown
from ozwell_harness.checks.retrieval import Known
from ozwell_harness.load.answer import Answer
from ozwell_harness.load.files import lines
from ozwell_harness.load.given import Given
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.step import ExchangeCheck, Kind, Step
from ozwell_harness.load.texts import some_words
from ozwell_harness.model import Deviation, Exchange

#: Name of the step that makes a document.
INGEST = "document_upload"
#: Documents that a worker uploads to ask for them.
SHELF = 4
#: After so many further uploads of a worker's, others are asked for: a target may keep only so much.
RENEWED_AFTER = 200
#: Results that are asked for: fewer than there are documents, or a crossed answer would hold what it must by chance.
TOP_K = 2
_WORDS_OF_A_SENTENCE = 8
_SMALL = 1024


@dataclass(slots=True)
class LoadDocument:
    """One document. Its first sentence, and nothing else, holds its nonce.

    ``found`` tells that a query by the sentence has found it: from then on, none may miss it. ``place`` is how many
    documents had been uploaded with it.
    """

    nonce: str
    sentence: str
    content: bytes
    given: Given
    id: str = ""
    found: bool = False
    place: int = 0

    @classmethod
    def make(cls, nonce: str, size: int, rng: random.Random, given: Given) -> LoadDocument:
        """Return a document of ``size`` bytes, or of as many as its sentence needs."""
        sentence = f"Reference {nonce} tells of {some_words(rng, _WORDS_OF_A_SENTENCE)}."
        first = f"{sentence}\n".encode()
        return cls(nonce, sentence, first + lines(size - len(first)), given)

    @property
    def known(self) -> Known:
        """The document as checks know it."""
        return Known(self.id, self.content.decode(), self.nonce)

    def upload(self) -> Step:
        """Return the upload."""
        boundary = f"ozwell-{self.nonce}"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="load-{self.nonce}.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        )
        return Step(
            INGEST,
            Kind.INGEST,
            "POST",
            "/rag/documents",
            b"%b%b\r\n--%b--\r\n" % (head.encode(), self.content, boundary.encode()),
            self.nonce,
            f"multipart/form-data; boundary={boundary}",
            {"documents.ids-unique": self._has_its_own_id},
            lambda answer, _reply: _id_of(answer) in self.given,
        )

    def filed(self, answer: Answer) -> bool:
        """Take the id that the upload was given; tell whether there is one."""
        found = _id_of(answer)
        if answer.error is None and found:
            self.id = found
            self.given.add(found)
            self.place = self.given.count
        return bool(self.id)

    @property
    def is_old(self) -> bool:
        """Whether so many have been uploaded since that it may have had to give way."""
        return bool(self.id) and self.given.count - self.place >= RENEWED_AFTER

    def query(self, nonce: str, among: Sequence[LoadDocument]) -> Step:
        """Return a query by the sentence; ``nonce`` is the request's own, ``among`` are documents that are known."""
        known = [document.known for document in among if document.id]
        expects: dict[str, ExchangeCheck] = {
            "retrieval.at-most-top-k": partial(retrieval.gives_at_most, top_k=TOP_K),
            "retrieval.document-id-true": partial(retrieval.ids_are_true, documents=known),
            "retrieval.content-true": partial(retrieval.contents_are_true, documents=known),
        }
        if self.found and not self.is_old:
            expects["retrieval.found"] = partial(retrieval.finds, known=self.known)
        body = msgspec.json.encode({"query": f"{self.sentence} ({nonce})", "top_k": TOP_K})
        return Step("rag_query", Kind.QUERY, "POST", "/rag/query", body, nonce, expects=expects, glance=self._misses)

    def heard(self, answer: Answer) -> None:
        """Take the answer to a query."""
        self.found = self.found or any(self._is_in(result) for result in _results(answer))

    def _misses(self, answer: Answer, _reply: Reply) -> bool:
        results = _results(answer)
        return len(results) > TOP_K or not any(self._is_in(result) and self._is_named(result) for result in results)

    def _is_in(self, result: Any) -> bool:
        content = result.get("content") if isinstance(result, dict) else None
        return isinstance(content, str) and self.nonce in content

    def _is_named(self, result: Any) -> bool:
        return bool(result.get("document_id") == self.id)

    def _has_its_own_id(self, exchange: Exchange) -> Deviation | None:
        """No other document got the id."""
        deviation = documents.id_is_text(exchange)
        found = None if deviation else accepted_document_of(exchange)["document_id"]
        if found is None or found not in self.given:
            return None
        return Deviation(
            "two documents got the same document_id", "an id for each document", f"{shown(found)} is another's"
        )


@dataclass
class Library:
    """The few documents that a worker asks for, shared by its users."""

    documents: list[LoadDocument] = field(default_factory=list)
    given: Given = field(default_factory=Given)

    @property
    def filed(self) -> list[LoadDocument]:
        """Those that the target has."""
        return [document for document in self.documents if document.id]

    @property
    def has_room(self) -> bool:
        """Whether there are fewer documents than there are to be, those on their way included and old ones left out."""
        self.documents = [document for document in self.documents if not document.is_old]
        return len(self.documents) < SHELF

    def add(self, nonce: str, rng: random.Random) -> LoadDocument:
        """Return a document that is to be uploaded, with a place kept for it."""
        document = LoadDocument.make(nonce, _SMALL, rng, self.given)
        self.documents.append(document)
        return document

    def give_up(self, document: LoadDocument) -> None:
        """Take back the place of a document that was not accepted."""
        self.documents = [other for other in self.documents if other is not document]

    def some(self, rng: random.Random) -> LoadDocument:
        """Return one of the documents, of those that the target has if there are any; there must be one."""
        return rng.choice(self.filed or self.documents)


def documents_left_by(sample: Sample) -> int:
    """Return how many documents a request may have left on the target; an upload without an answer counts."""
    return int(sample.step == INGEST and sample.sent is not None and not (sample.status or 0) >= 400)


def stay(count: int) -> str | None:
    """Say how many documents are left, in a plain sentence; None when there is none."""
    if not count:
        return None
    return f"Documents of this load that stay on the target, named load-ozn…, as its API deletes none: {count}."


def _id_of(answer: Answer) -> str:
    found = answer.document.get("document_id") if isinstance(answer.document, dict) else None
    return found if isinstance(found, str) else ""


def _results(answer: Answer) -> list[Any]:
    found = answer.document.get("results") if isinstance(answer.document, dict) else None
    return found if isinstance(found, list) else []
