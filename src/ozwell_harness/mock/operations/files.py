"""The files endpoints (API Endpoints Reference, Files)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ozwell_harness.mock.answers import DeletedOut, FileOut, file_out, list_out
from ozwell_harness.mock.bodies import read_query
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import ApiError, invalid_value, not_found
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.multipart import Part, only_part
from ozwell_harness.mock.operations.uploading import checked_filename, read_upload
from ozwell_harness.mock.pages import cut_page, parse_page_query
from ozwell_harness.mock.replies import json_reply
from ozwell_harness.mock.store import StoredFile, StoreFullError

PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
SHOWN_NAME_AT_MOST = 200


async def create_file(call: Call) -> Reply:
    """Keep an upload, byte for byte."""
    parts = await read_upload(call, call.services.settings.bounds.upload)
    upload, purpose = only_part(parts, "file"), _purpose(only_part(parts, "purpose"))
    filename = checked_filename(upload)
    content = call.apply(Hook.BODY, bytes(upload.content))
    file = StoredFile(new_id("file-"), len(content), call.now_s, filename, purpose)
    try:
        await call.store.put_file(call.tenant, file, content)
    except StoreFullError as error:
        raise ApiError(413, "request_too_large", f"{error} Delete some files first.", param="file") from None
    return json_reply(call, file_out(file))


async def list_files(call: Call) -> Reply:
    """One page of the tenant's files, newest first."""
    query = read_query(call)
    files = await call.store.list_files(call.tenant, query.get("purpose"))
    page = call.apply(Hook.PAGE, cut_page(files, parse_page_query(query)))
    data = [file_out(file) for file in page.items if isinstance(file, StoredFile)]
    return json_reply(call, list_out(page, data))


async def retrieve_file(call: Call) -> Reply:
    """A file's record."""
    return json_reply(call, await _record(call))


async def delete_file(call: Call) -> Reply:
    """Forget a file."""
    if not await call.store.delete_file(call.tenant, call.identifier):
        raise not_found("file", call.identifier, "file_id")
    return json_reply(call, DeletedOut(call.identifier, "file", True))  # noqa: FBT003 - the wire's own field


async def retrieve_content(call: Call) -> Reply:
    """A file's bytes as they came."""
    record = await _record(call)
    content = await call.store.file_content(call.tenant, call.identifier)
    if content is None:
        raise not_found("file", call.identifier, "file_id")
    headers = [(b"content-disposition", disposition(record.filename)), (b"x-content-type-options", b"nosniff")]
    return Reply(200, content, b"application/octet-stream", headers)


def disposition(filename: str) -> bytes:
    """A Content-Disposition that no filename can break (RFC 6266): its last segment, in safe ASCII and in UTF-8."""
    name = re.split(r"[/\\]", filename)[-1][-SHOWN_NAME_AT_MOST:] or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._()\[\]+=@~-]", "_", name)
    encoded = quote(name, safe="", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}".encode("ascii")


async def _record(call: Call) -> FileOut:
    file = await call.store.get_file(call.tenant, call.identifier)
    if file is None:
        raise not_found("file", call.identifier, "file_id")
    return file_out(file)


def _purpose(part: Part) -> str:
    purpose = part.content[:100].decode("utf-8", "replace")
    if purpose not in PURPOSES:
        raise invalid_value("purpose", f"'purpose' must be one of: {', '.join(PURPOSES)}.")
    return purpose
