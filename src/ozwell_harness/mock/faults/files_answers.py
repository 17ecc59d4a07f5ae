"""Answers about files that say too little, too much or something else, and refusals that are wrong or missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.errors import not_found
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("files")

UPLOAD, LIST, RETRIEVE = Operation.CREATE_FILE, Operation.LIST_FILES, Operation.RETRIEVE_FILE
DELETE, CONTENT = Operation.DELETE_FILE, Operation.RETRIEVE_FILE_CONTENT
SAYING = (UPLOAD, LIST, RETRIEVE)

_YEAR_S = 31_536_000


def _files_in(answer: JsonObject) -> list[JsonObject]:
    data: list[JsonObject] = answer.get("data", [answer])
    return data


def _alters(
    name: str, description: str, alter: Callable[[JsonObject], Any], operations: tuple[Operation, ...], *breaks: str
) -> None:
    """Register a fault that changes each file, or the confirmation of a delete, in place."""

    @AREA.result(name, description, *operations, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        for file in _files_in(answer):
            alter(file)
        return answer


def _accepts(name: str, description: str, operation: Operation, is_it: Callable[[Refusal], bool], *breaks: str) -> None:
    """Register a fault that answers a refusal of ``operation`` as if all were well."""

    @AREA.error(name, description, operation, breaks=breaks)
    def accept(refusal: Refusal, call: Call) -> Refusal:
        if is_it(refusal):
            file = {"object": "file", "bytes": 0, "created_at": 1_700_000_000, "filename": "", "purpose": "assistants"}
            refusal.status, refusal.envelope = 200, {"id": call.identifier or "file-0", **file}
        return refusal


def _refuses_with(name: str, description: str, status: int, operation: Operation, *breaks: str) -> None:
    """Register a fault that answers every 404 of ``operation`` with another status."""

    @AREA.error(name, description, operation, breaks=breaks)
    def refuse(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == 404:
            refusal.status = status
        return refusal


def _fails(name: str, description: str, operation: Operation, *breaks: str) -> None:
    """Register a fault by which an operation finds nothing."""

    @AREA.reply(name, description, operation, breaks=breaks)
    def fail(reply: Reply, call: Call) -> Reply:
        from ozwell_harness.mock.replies import error_reply

        return error_reply(call, not_found("file", call.identifier, "file_id")) if reply.status == 200 else reply


_alters("object-renamed-on-upload", "An uploaded file is called a document.", lambda f: f.update(object="document"),
        (UPLOAD,), "files.upload-schema")  # fmt: skip
_alters("created-missing", "Files have no created_at.", lambda f: f.pop("created_at"), SAYING,
        "files.upload-schema", "files.retrieve-schema", "files.list-schema")  # fmt: skip
_alters("bytes-off-by-one", "Files are said to be one byte longer than they are.",
        lambda f: f.update(bytes=f["bytes"] + 1), SAYING, "files.upload-bytes")  # fmt: skip
_alters("bytes-zero", "Files are said to have no bytes.", lambda f: f.update(bytes=0), SAYING,
        "files.upload-bytes")  # fmt: skip
_alters("bytes-in-characters", "The size of a file is that of its base64.",
        lambda f: f.update(bytes=-(-f["bytes"] // 3) * 4), SAYING, "files.upload-bytes")  # fmt: skip
_alters("purpose-renamed", "Files have another purpose than they were given.",
        lambda f: f.update(purpose=f["purpose"] + "_input"), SAYING, "files.upload-purpose")  # fmt: skip
_alters("created-in-milliseconds", "The creation time is in milliseconds.",
        lambda f: f.update(created_at=f["created_at"] * 1000), SAYING, "files.upload-created-at")  # fmt: skip
_alters("created-a-year-off", "The creation time is of next year.",
        lambda f: f.update(created_at=f["created_at"] + _YEAR_S), SAYING, "files.upload-created-at")  # fmt: skip
_alters("created-zero", "The creation time is 0.", lambda f: f.update(created_at=0), SAYING,
        "files.upload-created-at")  # fmt: skip
_alters("object-missing-on-retrieve", "A retrieved file does not say what it is.", lambda f: f.pop("object"),
        (RETRIEVE,), "files.retrieve-schema")  # fmt: skip
_alters("bytes-as-text-on-retrieve", "A retrieved file gives its size as a string.",
        lambda f: f.update(bytes=str(f["bytes"])), (RETRIEVE,), "files.retrieve-schema")  # fmt: skip
_alters("bytes-differ-on-retrieve", "A retrieved file has another size than its upload.",
        lambda f: f.update(bytes=f["bytes"] + 2), (RETRIEVE,), "files.retrieve-equals-upload")  # fmt: skip
_alters("created-differs-on-retrieve", "A retrieved file has another creation time than its upload.",
        lambda f: f.update(created_at=f["created_at"] + 1), (RETRIEVE,), "files.retrieve-equals-upload")  # fmt: skip
_alters("filename-missing-in-list", "Files in the list have no filename.", lambda f: f.pop("filename"), (LIST,),
        "files.list-schema")  # fmt: skip
_alters("filename-differs-in-list", "Files in the list have another filename than their upload.",
        lambda f: f.update(filename=f["filename"].upper()), (LIST,), "files.entry-equals-upload")  # fmt: skip
_alters("created-in-list-later", "Files in the list have another creation time than their upload.",
        lambda f: f.update(created_at=f["created_at"] + 1), (LIST,), "files.entry-equals-upload")  # fmt: skip
_alters("deleted-object-missing", "The confirmation of a delete does not say of what.", lambda f: f.pop("object"),
        (DELETE,), "files.delete-schema")  # fmt: skip
_alters("deleted-id-other", "The confirmation of a delete names another file.", lambda f: f.update(id=f["id"] + "0"),
        (DELETE,), "files.delete-confirmed")  # fmt: skip


@AREA.result("list-object-renamed", "The list of files is called an array.", LIST, breaks=("files.list-schema",))
def list_object_renamed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Rename it."""
    return {**answer, "object": "array"}


@AREA.reply("upload-201", "An upload is answered with 201.", UPLOAD,
            breaks=("files.upload-answers", "http.success-is-200"))  # fmt: skip
def upload_201(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the status of a success."""
    reply.status = 201 if reply.status == 200 else reply.status
    return reply


@AREA.reply("delete-204", "A delete is answered with 204 and no body.", DELETE,
            breaks=("files.delete-answers", "http.success-is-200"))  # fmt: skip
def delete_204(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Leave the body out of a success."""
    if reply.status == 200:
        reply.status, reply.body, reply.content_type = 204, b"", None
    return reply


@AREA.reply("line-break-injects", "A filename with a line break makes a header of its own.", UPLOAD,
            breaks=("files.line-break-filename-harmless",))  # fmt: skip
def line_break_injects(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Add the header that the filename asks for."""
    if isinstance(reply.body, bytes) and b"X-Injected: yes" in reply.body:
        reply.headers = [*reply.headers, (b"x-injected", b"yes")]
    return reply


_fails("retrieve-missing", "No file can be retrieved.", RETRIEVE, "files.retrieve-answers")
_fails("list-missing", "There is no list of files.", LIST, "files.list-answers")
_fails("content-missing", "No file can be downloaded.", CONTENT, "files.content-answers")
_accepts("no-file-accepted", "An upload without a file is accepted.", UPLOAD,
         lambda r: r.cause.code == "missing_required_parameter" and r.cause.param == "file",
         "files.missing-file-refused")  # fmt: skip
_accepts("no-purpose-accepted", "An upload without a purpose is accepted.", UPLOAD,
         lambda r: r.cause.code == "missing_required_parameter" and r.cause.param == "purpose",
         "files.missing-purpose-refused")  # fmt: skip
_accepts("unknown-purpose-accepted", "An upload with an unknown purpose is accepted.", UPLOAD,
         lambda r: r.cause.code == "invalid_value" and r.cause.param == "purpose",
         "files.unknown-purpose-refused")  # fmt: skip
_accepts("json-upload-accepted", "An upload as JSON is accepted.", UPLOAD, lambda r: r.status == 415,
         "files.not-multipart-refused")  # fmt: skip
_accepts("broken-multipart-accepted", "An upload that breaks off is accepted.", UPLOAD,
         lambda r: "multipart body" in r.cause.message, "files.broken-multipart-refused")  # fmt: skip
_accepts("unknown-retrieved", "An unknown file is retrieved as an empty one.", RETRIEVE,
         lambda r: r.status == 404 and "no-such" in str(r.cause.message), "files.unknown-retrieve-refused")  # fmt: skip
_refuses_with("unknown-retrieve-400", "Retrieving an unknown file is a bad request.", 400, RETRIEVE,
              "files.unknown-retrieve-refused", "files.deleted-not-retrieved")  # fmt: skip
_refuses_with("unknown-content-410", "Downloading an unknown file is answered with 410.", 410, CONTENT,
              "files.deleted-not-downloaded")  # fmt: skip
_refuses_with("unknown-delete-400", "Deleting an unknown file is a bad request.", 400, DELETE,
              "files.deleted-not-deleted-again")  # fmt: skip


@AREA.request("filter-refused", "A purpose in the query is refused.", LIST, breaks=("files.filter-answers",))
def filter_refused(query: JsonObject, call: Call) -> JsonObject:
    """Refuse what has a purpose."""
    if "purpose" in query:
        raise not_found("file", call.identifier, "purpose")
    return query


@AREA.request("filter-ignored", "A purpose in the query is ignored.", LIST, breaks=("files.filter-by-purpose",))
def filter_ignored(query: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop the purpose."""
    return {name: value for name, value in query.items() if name != "purpose"}
