"""Content of files: every byte comes back, odd names do no harm, malformed uploads are refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from ozwell_harness.checks import base, files, files_safety, params
from ozwell_harness.client import Client, json_call, multipart_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Sent, Shelf, Upload, given_id
from ozwell_harness.suite import Judge, each, requirement

PURPOSE = "assistants"
INJECTED = "X-Injected"

BINARY = Sent("bytes.bin", bytes(range(256)) + b"\x00\r\n\r\x00\xff\xfe\xc3\x28\r\n--boundary--\r\n")
EMPTY = Sent("empty.txt", b"")
#: Exactly 1 MiB; the numbers show where bytes were lost or doubled.
LARGE = Sent("large.txt", b"".join(b"%015d\n" % number for number in range(65_536)))
UNICODE = Sent("Prüfung 日本語 🎉.txt", b"A file with a name beyond ASCII.")
QUOTED = Sent('she said "yes".txt', b"A file with quotation marks in its name.")
LONG = Sent("long-" + "n" * 191 + ".txt", b"A file with a long name.")
PATH_LIKE = Sent("../../x.txt", b"A file with a name like a path.")
LINE_BREAK = Sent(f"break\r\n{INJECTED}: yes\r\n.txt", b"A file with line breaks in its name.")

Uploading = Callable[[Sent], Upload]
Downloading = Callable[[Sent], Exchange]


@pytest.fixture(scope="session")
def uploaded(shelf: Shelf) -> Uploading:
    return cache(lambda sent: shelf.upload(f"upload {sent.filename!r}", sent))


@pytest.fixture(scope="session")
def downloaded(client: Client, uploaded: Uploading) -> Downloading:
    return cache(lambda sent: client.get(f"{uploaded(sent).path}/content", f"download {sent.filename!r}"))


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
def test_accepted(sent: Sent, uploaded: Uploading, judge: Judge) -> None:
    judge(base.answers, uploaded(sent).exchange)


@each({"files.content-binary": BINARY, "files.content-empty": EMPTY, "files.content-large": LARGE}, argument="sent")
def test_content_is_identical(sent: Sent, downloaded: Downloading, judge: Judge) -> None:
    judge(files.content_is, downloaded(sent), sent.content)


@requirement("files.too-large-told")
def test_too_large(uploaded: Uploading, profile: Profile, judge: Judge) -> None:
    judge(files_safety.size_refusal_is_told, [uploaded(LARGE).exchange], profile.expect.errors["too_large"])


@each(
    {"files.unicode-filename": UNICODE, "files.quoted-filename": QUOTED, "files.long-filename": LONG}, argument="sent"
)
def test_filename(sent: Sent, uploaded: Uploading, judge: Judge) -> None:
    exchange = uploaded(sent).exchange
    judge(base.answers, exchange)
    judge(files.filename_is_true, exchange, sent.filename)


@requirement("files.unicode-filename-downloads")
def test_download_of_unicode_filename(downloaded: Downloading, judge: Judge) -> None:
    judge(base.answers, downloaded(UNICODE))
    judge(files.content_is, downloaded(UNICODE), UNICODE.content)


@requirement("files.path-like-filename-harmless")
def test_path_like_filename(uploaded: Uploading, downloaded: Downloading, judge: Judge) -> None:
    judge(files_safety.serves_own_content, _ways_of(PATH_LIKE, uploaded, downloaded), PATH_LIKE.content)


@requirement("files.line-break-filename-harmless")
def test_line_break_in_filename(uploaded: Uploading, downloaded: Downloading, judge: Judge) -> None:
    judge(files_safety.injects_no_header, _ways_of(LINE_BREAK, uploaded, downloaded), INJECTED)


def _ways_of(sent: Sent, uploaded: Uploading, downloaded: Downloading) -> list[Exchange]:
    upload = uploaded(sent).exchange
    return [upload, downloaded(sent)] if given_id(upload) else [upload]


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
