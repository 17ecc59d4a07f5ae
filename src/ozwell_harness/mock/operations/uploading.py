"""What uploads share: a form of bounded size, and a file with a name in it."""

from __future__ import annotations

from ozwell_harness.mock.bodies import body_chunks, media_type, refuse_encoding
from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import invalid_value, unsupported_media_type
from ozwell_harness.mock.multipart import Part, read_form

FORM_OVERHEAD = 64 * 1024
FILENAME_AT_MOST = 1024


async def read_upload(call: Call, limit: int) -> list[Part]:
    """The parts of a form with a file of at most ``limit`` bytes.

    Raises:
        ApiError: 400, 413 or 415.
        ClientLeftError: the client went away.
    """
    if media_type(call) != "multipart/form-data":
        raise unsupported_media_type("An upload must be sent as multipart/form-data.")
    refuse_encoding(call)
    content_type = call.heads[b"content-type"].decode("latin-1")
    return await read_form(content_type, body_chunks(call, limit + FORM_OVERHEAD))


def checked_filename(upload: Part) -> str:
    """The name of an uploaded file.

    Raises:
        ApiError: 400 where the part is no file, or its name is empty or too long.
    """
    if upload.filename is None:
        raise invalid_value("file", "'file' must be a file part with a filename.")
    if not upload.filename or len(upload.filename) > FILENAME_AT_MOST:
        raise invalid_value("file", f"The filename must have 1 to {FILENAME_AT_MOST} characters.")
    return upload.filename
