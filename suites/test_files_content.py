"""Content of files: every byte comes back, odd names do no harm, malformed uploads are refused."""

from __future__ import annotations

import pytest

from ozwell_harness.checks import base, files, files_safety, params
from ozwell_harness.client import Client, json_call, multipart_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.odd_files import (
    BINARY,
    EMPTY,
    INJECTED,
    LARGE,
    LINE_BREAK,
    LONG,
    PATH_LIKE,
    QUOTED,
    UNICODE,
    OddFiles,
)
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Sent, Shelf, Upload
from ozwell_harness.suite import Judge, each, requirement

PURPOSE = "assistants"


@pytest.fixture(scope="session")
def note_content(client: Client, note: Upload) -> Exchange:
    return client.get(f"{note.path}/content", "download the note")


@requirement("files.content-answers")
def test_content(note_content: Exchange, judge: Judge) -> None:
    judge(base.answers, note_content)


@requirement("files.content-text")
def test_content_of_text(note_content: Exchange, note: Upload, judge: Judge) -> None:
    judge(files.content_is, note_content, note.sent.content)


@each({"files.binary-accepted": BINARY, "files.empty-accepted": EMPTY, "files.large-accepted": LARGE}, argument="sent")
def test_accepted(sent: Sent, odd_files: OddFiles, judge: Judge) -> None:
    judge(base.answers, odd_files.upload(sent))


@each({"files.content-binary": BINARY, "files.content-empty": EMPTY, "files.content-large": LARGE}, argument="sent")
def test_content_is_identical(sent: Sent, odd_files: OddFiles, judge: Judge) -> None:
    judge(files.content_is, odd_files.download(sent), odd_files.content(sent))


@requirement("files.too-large-told")
def test_too_large(odd_files: OddFiles, profile: Profile, judge: Judge) -> None:
    judge(files_safety.size_refusal_is_told, [odd_files.upload(LARGE)], profile.expect.errors["too_large"])


@each(
    {"files.unicode-filename": UNICODE, "files.quoted-filename": QUOTED, "files.long-filename": LONG}, argument="sent"
)
def test_filename(sent: Sent, odd_files: OddFiles, judge: Judge) -> None:
    exchange = odd_files.upload(sent)
    judge(base.answers, exchange)
    judge(files.filename_is_true, exchange, odd_files.filename(sent))


@requirement("files.unicode-filename-downloads")
def test_download_of_unicode_filename(odd_files: OddFiles, judge: Judge) -> None:
    exchange = odd_files.download(UNICODE)
    judge(base.answers, exchange)
    judge(files.content_is, exchange, odd_files.content(UNICODE))


@requirement("files.path-like-filename-harmless")
def test_path_like_filename(odd_files: OddFiles, judge: Judge) -> None:
    judge(files_safety.serves_own_content, odd_files.ways(PATH_LIKE), odd_files.content(PATH_LIKE))


@requirement("files.line-break-filename-harmless")
def test_line_break_in_filename(odd_files: OddFiles, judge: Judge) -> None:
    judge(files_safety.injects_no_header, odd_files.ways(LINE_BREAK), INJECTED)


BROKEN = (
    b'--edge\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="fi'
)
FILE = {"file": ("note.txt", b"A file that ought to be refused.")}
#: Requirement → what is wrong with the upload, how the profile names the case, and the upload.
REFUSED: dict[str, tuple[str, str, Call]] = {
    "files.missing-file-refused": (
        "no file",
        "bad_request",
        multipart_call("upload no file", files={}, fields={"purpose": PURPOSE}),
    ),
    "files.missing-purpose-refused": (
        "no purpose",
        "bad_request",
        multipart_call("upload without a purpose", files=FILE, fields={}),
    ),
    "files.unknown-purpose-refused": (
        "an unknown purpose",
        "bad_request",
        multipart_call("upload with an unknown purpose", files=FILE, fields={"purpose": "no-such-purpose"}),
    ),
    "files.not-multipart-refused": (
        "a JSON body",
        "wrong_media_type",
        json_call("/files", {"file": "Not a form.", "purpose": PURPOSE}, "upload as JSON"),
    ),
    "files.broken-multipart-refused": (
        "a multipart body that breaks off",
        "bad_request",
        Call(
            "POST",
            "/files",
            "upload with a multipart body that breaks off",
            headers=(("Content-Type", "multipart/form-data; boundary=edge"),),
            body=BROKEN,
        ),
    ),
}


@each(REFUSED, argument="case")
def test_bad_upload(case: tuple[str, str, Call], shelf: Shelf, profile: Profile, judge: Judge) -> None:
    what, situation, call = case
    judge(params.refuses, shelf.send(call), what, profile.expect.errors[situation])
