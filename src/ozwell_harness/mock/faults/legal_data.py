"""Odd but legal answers about embeddings, files, responses and limits."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import quote

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.limits import Quota
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store, StoredFile

AREA = Area("legal", Kind.LEGAL)

EMBED, RESPOND = Operation.CREATE_EMBEDDING, Operation.CREATE_RESPONSE
UPLOAD, LIST, RETRIEVE = Operation.CREATE_FILE, Operation.LIST_FILES, Operation.RETRIEVE_FILE
CONTENT = Operation.RETRIEVE_FILE_CONTENT


@AREA.result("embedding-model-dated", "An embedding names a version of the model.", EMBED)
def embedding_model_dated(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add a version."""
    return {**answer, "model": f"{answer['model']}-v2"}


@AREA.result("embedding-rounded", "Numbers of a vector are rounded to six digits.", EMBED)
def embedding_rounded(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Round what is no base64."""
    for item in answer["data"]:
        if not isinstance(item["embedding"], str):
            item["embedding"] = [round(number, 6) for number in item["embedding"]]
    return answer


@AREA.result("file-status", "Files carry a status, and optional fields that are null.", UPLOAD, LIST, RETRIEVE)
def file_status(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add what the OpenAI API has."""
    for file in answer.get("data", [answer]):
        file |= {"status": "processed", "status_details": None, "expires_at": None}
    return answer


@AREA.result("file-status-moves", "A file is processed only after its upload was answered.", UPLOAD, LIST, RETRIEVE)
def file_status_moves(answer: JsonObject, call: Call) -> JsonObject:
    """Say `uploaded` at first."""
    for file in answer.get("data", [answer]):
        file["status"] = "uploaded" if call.operation is UPLOAD else "processed"
    return answer


@AREA.result("list-bare", "A list has neither has_more nor first_id nor last_id.", LIST)
def list_bare(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Leave them out."""
    return {"object": answer["object"], "data": answer["data"]}


class _OldestFirst(StoreWrapper):
    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        return (await self.inner.list_files(tenant, purpose))[::-1]


class _ByName(StoreWrapper):
    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        return sorted(await self.inner.list_files(tenant, purpose), key=lambda file: (file.filename, file.id))


@AREA.store("list-oldest-first", "The list of files begins with the oldest.", LIST)
def list_oldest_first(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Turn the order round."""
    return _OldestFirst(store)


@AREA.store("list-by-name", "The list of files is in the order of their names.", LIST)
def list_by_name(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Sort it."""
    return _ByName(store)


@AREA.error("unknown-cursor-404", "An unknown cursor is answered with 404.", LIST)
def unknown_cursor_404(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status."""
    if refusal.status == 400 and refusal.cause.param == "after":
        refusal.status = 404
        refusal.tell(code="not_found")
    return refusal


@AREA.result("names-escaped", "Quotation marks and what is beyond ASCII stay escaped in filenames.", UPLOAD, LIST,
             RETRIEVE)  # fmt: skip
def names_escaped(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Escape them."""
    for file in answer.get("data", [answer]):
        file["filename"] = quote(file["filename"], safe=" %/.()")
    return answer


@AREA.result("names-decomposed", "Filenames are in the decomposed form of Unicode.", UPLOAD, LIST, RETRIEVE)
def names_decomposed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Decompose them."""
    for file in answer.get("data", [answer]):
        file["filename"] = unicodedata.normalize("NFD", file["filename"])
    return answer


class _Picky(StoreWrapper):
    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        if file.filename.startswith(".") or "0D%0A" in file.filename or "\n" in file.filename:
            raise ApiError(400, "invalid_value", "The filename is not allowed.", param="file")
        await self.inner.put_file(tenant, file, content)


@AREA.store("odd-names-refused", "Filenames like paths, or with line breaks, are refused.", UPLOAD)
def odd_names_refused(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Refuse them."""
    return _Picky(store)


@AREA.reply("content-typed", "A file is downloaded as text/plain.", CONTENT)
def content_typed(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Name another type."""
    if reply.status == 200:
        reply.content_type = b"text/plain; charset=utf-8"
    return reply


@AREA.reply("content-chunked", "A file is downloaded without a Content-Length.", CONTENT)
def content_chunked(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Send it in pieces."""
    if reply.status == 200 and isinstance(reply.body, bytes):
        body = reply.body
        reply.body = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    return reply


@AREA.result("response-nulls", "Optional fields of a response that were not asked for are null.", RESPOND)
def response_nulls(answer: JsonObject, call: Call) -> JsonObject:
    """Write them out."""
    asked = call.body or {}
    named = answer["conversation_id"] if asked.get("conversation_id") else None
    return {"sources": None, "metadata": None, **answer, "conversation_id": named}


@AREA.result("response-lean", "A response names a conversation only where the request did.", RESPOND)
def response_lean(answer: JsonObject, call: Call) -> JsonObject:
    """Leave it out."""
    if not (call.body or {}).get("conversation_id"):
        answer.pop("conversation_id")
    return answer


@AREA.result("response-sources-always", "A response has an empty sources array where none were asked for.", RESPOND)
def response_sources_always(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add it."""
    return {"sources": [], **answer}


@AREA.result("source-excerpt-short", "An excerpt is cut, and an ellipsis says so.", RESPOND)
def source_excerpt_short(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Cut each."""
    for source in answer.get("sources", ()):
        source["excerpt"] = f"…{source['excerpt'][5:60]}…"
    return answer


@AREA.error("retry-after-date", "Retry-After is an HTTP date.")
def retry_after_date(refusal: Refusal, call: Call) -> Refusal:
    """Write the moment, rounded up (RFC 9110 section 10.2.3)."""
    refusal.headers = [
        (name, formatdate(call.now_s + int(value) + 1, usegmt=True).encode() if name == b"retry-after" else value)
        for name, value in refusal.headers
    ]
    return refusal


@AREA.limit("reset-later-rounding", "X-RateLimit-Reset is rounded to the next second but one.")
def reset_later_rounding(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
    """Add a second."""
    return replace(quota, reset=quota.reset + 1)
