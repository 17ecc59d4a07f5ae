"""Uploads of documents that are refused without need, accepted without sense, or answered wrongly."""

from __future__ import annotations

import asyncio
from typing import Any

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import ApiError, internal_error, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.webui_times import TIMES
from ozwell_harness.mock.faults.webui_wrappers import WebUiWrapper, accepts, alters, answers_with, wraps
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.records import StoredDocument

AREA = Area("documents")
UPLOAD = Operation.CREATE_DOCUMENT

#: Uploads are simultaneous when one begins before another has been kept for so long, in seconds.
OVERLAP_S = 0.4
_SHORT = 800

_ACCEPTED = "documents.accepted"
answers_with(AREA, UPLOAD, "answered-204", "An upload is answered with 204 and no body.", 204, _ACCEPTED,
             "http.success-is-200")  # fmt: skip
answers_with(AREA, UPLOAD, "never-accepted", "No upload is accepted.", 403, _ACCEPTED)


@AREA.result("answered-in-array", "The answer to an upload is an array.", UPLOAD, breaks=(_ACCEPTED,))
def answered_in_array(answer: JsonObject, call: Call) -> Any:  # noqa: ARG001
    """Answer as for several files."""
    return [answer]


def _answer(name: str, description: str, member: str, value: Any, *breaks: str) -> None:
    alters(AREA, UPLOAD, name, description, lambda answer: answer.update({member: value}), *breaks)


def _lacks(name: str, description: str, member: str, *breaks: str) -> None:
    alters(AREA, UPLOAD, name, description, lambda answer: answer.pop(member), *breaks)


_ID, _STATUS, _CHUNKS = "documents.id-is-text", "documents.status-is-text", "documents.chunks-is-integer"
_DELIVERED = "webhooks.document-delivered"
_lacks("id-missing", "An uploaded document has no document_id.", "document_id", _ID)
_answer("id-number", "The document_id of an upload is a number.", "document_id", 7, _ID)
_answer("id-empty", "The document_id of an upload is empty.", "document_id", "", _ID)
_lacks("status-missing", "An uploaded document has no status.", "status", _STATUS)
_answer("status-null", "The status of an uploaded document is null.", "status", None, _STATUS)
_answer("status-failed", "The status of a document that was accepted is failed.", "status", "failed",
        "documents.status-is-no-failure")  # fmt: skip
_answer("status-error", "The status of a document that was accepted is an error.", "status", "error: no parser",
        "documents.status-is-no-failure")  # fmt: skip
_lacks("chunks-missing", "An uploaded document has no chunks.", "chunks", _CHUNKS)
_answer("chunks-text", "The chunks of a document are a number in words.", "chunks", "3", _CHUNKS)
_answer("chunks-array", "The chunks of a document are an array.", "chunks", ["a"], _CHUNKS)
_answer("chunks-negative", "The chunks of a document are -1.", "chunks", -1, _CHUNKS)
alters(AREA, UPLOAD, "chunks-whole-ones-only", "The last chunk of a document is not counted.",
       lambda answer: answer.update(chunks=answer["chunks"] - 1), "documents.chunks-at-least-one")  # fmt: skip
_answer("chunks-always-one", "Every document has one chunk.", "chunks", 1, "documents.chunks-grow")

for _name, (_words, _change, _end) in TIMES.items():
    alters(AREA, UPLOAD, _name, f"The created_at of a document is {_words}.", _change, f"documents.{_end}")


class _SharedId(WebUiWrapper):
    """Keeps every document under the id of the first."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        first = self.call.notes.setdefault("documents.first", document.id)
        object.__setattr__(document, "id", first)
        await self.inner.put_document(tenant, document)


wraps(AREA, _SharedId, "ids-shared", "All documents have the id of the first.", UPLOAD,
      breaks=("documents.ids-unique", "retrieval.content-true", "retrieval.collection-apart"))  # fmt: skip


class _OneAtATime(WebUiWrapper):
    """Refuses an upload while another is kept."""

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        notes = self.call.notes
        if notes.get("documents.running"):
            raise ApiError(409, "conflict", "Another document is being processed.")
        notes["documents.running"] = True
        try:
            await self.inner.put_document(tenant, document)
            await asyncio.sleep(OVERLAP_S)
        finally:
            notes["documents.running"] = False


wraps(AREA, _OneAtATime, "simultaneous-refused", "Of uploads made at the same time only the first is accepted.", UPLOAD,
      breaks=("documents.simultaneous-accepted",))  # fmt: skip


class _AsciiNames(WebUiWrapper):
    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        if not document.filename.isascii():
            raise invalid_value("file", "The filename is not allowed.")
        await self.inner.put_document(tenant, document)


class _NamesAsPaths(WebUiWrapper):
    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        if "../" in document.filename:
            raise internal_error()
        await self.inner.put_document(tenant, document)


wraps(AREA, _AsciiNames, "ascii-names-only", "A file with a name beyond ASCII is refused.", UPLOAD,
      breaks=("documents.unicode-filename-accepted",))  # fmt: skip
wraps(AREA, _NamesAsPaths, "names-as-paths", "A file whose name climbs to parent folders is answered with 500.", UPLOAD,
      breaks=("documents.path-like-filename-harmless", "http.no-server-errors"))  # fmt: skip


@AREA.body("text-only", "A PDF is refused.", UPLOAD, breaks=("documents.pdf-accepted",))
def text_only(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Read texts alone."""
    if content.startswith(b"%PDF-"):
        raise invalid_value("file", "Only texts are supported.")
    return content


_DOCUMENT = {"document_id": "doc-0", "status": "processed", "chunks": 1, "created_at": "2026-01-01T00:00:00Z"}
accepts(AREA, UPLOAD, "no-file-accepted", "An upload without a file is accepted.",
        lambda r: r.cause.code == "missing_required_parameter", _DOCUMENT,
        "documents.missing-file-refused", _DELIVERED)  # fmt: skip
accepts(AREA, UPLOAD, "empty-file-accepted", "A file of no bytes is accepted.",
        lambda r: "no text" in r.cause.message, {**_DOCUMENT, "chunks": 0},
        "documents.empty-file-refused", _DELIVERED)  # fmt: skip
accepts(AREA, UPLOAD, "json-accepted", "An upload as JSON is accepted.", lambda r: r.status == 415, _DOCUMENT,
        "documents.not-multipart-refused", _DELIVERED)  # fmt: skip


@AREA.reply("empty-file-500", "A file of no bytes is answered with 500.", UPLOAD,
            breaks=("documents.empty-file-refused", "http.no-server-errors"))  # fmt: skip
def empty_file_500(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Fail on it."""
    if isinstance(reply.body, bytes) and b"no text" in reply.body:
        reply.status = 500
        reply.body = b'{"error":"internal_error","message":"Internal server error","status_code":500}'
    return reply
