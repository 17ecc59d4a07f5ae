"""POST /rag/documents and POST /rag/query (API Integration Documentation, RAG Endpoints)."""

from __future__ import annotations

from msgspec import UNSET

from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply, Work
from ozwell_harness.mock.errors import ApiError, invalid_value, not_found
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.multipart import Part, only_part
from ozwell_harness.mock.operations.uploading import checked_filename, read_upload
from ozwell_harness.mock.replies import json_reply
from ozwell_harness.mock.store import StoreFullError
from ozwell_harness.mock.tokenizer import count_tokens
from ozwell_harness.mock.validation import JsonReader, whole
from ozwell_harness.mock.webhooks.settings import DOCUMENT_PROCESSED
from ozwell_harness.mock.webui.answers import DocumentOut, ResultOut, ResultsOut, moment
from ozwell_harness.mock.webui.ranking import ranked
from ozwell_harness.mock.webui.reading import read_document
from ozwell_harness.mock.webui.records import StoredDocument
from ozwell_harness.mock.webui.splitting import split_text
from ozwell_harness.mock.webui.wire import QueryIn
from ozwell_harness.mock.webui.words import words_of
from ozwell_harness.mock.wire import LARGEST_INTEGER

_READER = JsonReader(QueryIn)
DEFAULT_TOP_K = 5
#: Passages that are ranked: those that share the most words with the query.
CANDIDATES = 1000
PROCESSED = "processed"
COLLECTION_AT_MOST = 256


async def create_document(call: Call) -> Reply:
    """Read an upload, split it, and make its chunks findable before the answer is sent."""
    bounds = call.services.settings.bounds
    parts = await read_upload(call, bounds.document)
    upload = only_part(parts, "file")
    filename, collection = checked_filename(upload), _collection(parts)
    content = call.apply(Hook.BODY, bytes(upload.content))
    text = await read_document(content, bounds.document_text, call.services.settings.pdf_reader)
    document = StoredDocument(
        new_id("doc-"), filename, collection, call.version, call.services.clock.now(), tuple(split_text(text))
    )  # fmt: skip
    try:
        await call.webui.put_document(call.tenant, document)
    except StoreFullError as error:
        raise ApiError(413, "request_too_large", str(error), param="file") from None
    answer = _document_out(document)
    call.announce(DOCUMENT_PROCESSED, answer)
    return json_reply(call, answer, Work(count_tokens(text), 1))


def _document_out(document: StoredDocument) -> DocumentOut:
    named = UNSET if document.collection is None else document.collection
    return DocumentOut(document.id, PROCESSED, len(document.chunks), moment(document.created_at), named)


def _collection(parts: list[Part]) -> str | None:
    if not any(part.name == "collection_id" for part in parts):
        return None
    content = only_part(parts, "collection_id").content
    try:
        name = content.decode()
    except UnicodeDecodeError:
        raise invalid_value("collection_id", "'collection_id' is not valid UTF-8.") from None
    if not 0 < len(name) <= COLLECTION_AT_MOST:
        raise invalid_value("collection_id", f"'collection_id' must have 1 to {COLLECTION_AT_MOST} characters.")
    return name


async def query_documents(call: Call) -> Reply:
    """The passages that fit a question best, best first."""
    request: QueryIn = await read_json(call, _READER)
    top_k = whole(request.top_k, "top_k", LARGEST_INTEGER) or DEFAULT_TOP_K
    if not request.query.strip():
        raise invalid_value("query", "'query' must not be blank.")
    collection = request.collection_id
    if collection is not None and not await call.webui.has_collection(call.tenant, collection):
        raise not_found("collection", collection, "collection_id")
    words = frozenset(words_of(request.query))
    passages = await call.webui.find_passages(call.tenant, collection, words, CANDIDATES)
    best = call.apply(Hook.RANKING, ranked(request.query, passages))[:top_k]
    results = [ResultOut(passage.document_id, passage.text, score) for passage, score in best]
    return json_reply(call, ResultsOut(results), Work(count_tokens(request.query), 1))
