"""Documents: what the answer to an upload says, and which uploads are refused."""

from __future__ import annotations

import pytest

from ozwell_harness.checks import accepted, base, documents, files_safety
from ozwell_harness.client import Client, json_call, multipart_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.papers import DOCUMENTS, ODD_NAME, PATH_NAME, UNICODE_NAME, Filed, paper_call, short_paper
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement

#: What editors of old wrote, and no UTF-8.
LATIN = "The café at the quay has a naïve façade.\n".encode("latin-1")

#: Requirement → the situation, and the upload that is refused in it.
REFUSED: dict[str, tuple[str, Call]] = {
    "documents.missing-file-refused": (
        "bad_request",
        multipart_call("upload no document", files={}, fields={"title": "Nothing"}, path=DOCUMENTS),
    ),
    "documents.empty-file-refused": (
        "bad_request",
        multipart_call("upload an empty document", files={"file": ("empty.txt", b"")}, fields={}, path=DOCUMENTS),
    ),
    "documents.not-multipart-refused": (
        "wrong_media_type",
        json_call(DOCUMENTS, {"file": "Not a form."}, "upload a document as JSON"),
    ),
}


@pytest.fixture(scope="session")
def alone(client: Client, shelved: tuple[Filed, ...]) -> dict[str, Exchange]:
    """By their names, the documents that were refused at the same time as others, each uploaded again alone."""
    refused = [filed.paper for filed in shelved if not filed.is_accepted]
    return {p.filename: client.send(paper_call(p, f"upload again, alone: {p.filename!r}")) for p in refused}


@pytest.fixture(scope="session")
def odd_upload(client: Client, shelved: tuple[Filed, ...]) -> dict[str, Exchange]:
    """Which upload shows an oddity of the name: that of both, or each alone where that is not accepted."""
    both = next(filed for filed in shelved if filed.paper.filename == ODD_NAME)
    if both.is_accepted or both.exchange.status == 429:
        return {UNICODE_NAME: both.exchange, PATH_NAME: both.exchange}
    names = (UNICODE_NAME, PATH_NAME)
    return {name: client.send(paper_call(short_paper(name), f"upload {name!r} alone")) for name in names}


@each(
    {
        "documents.accepted": accepted.is_accepted_with_object,
        "documents.id-is-text": documents.id_is_text,
        "documents.status-is-text": documents.status_is_text,
        "documents.status-is-no-failure": documents.status_is_no_failure,
        "documents.chunks-is-integer": documents.chunks_is_integer,
        "documents.chunks-at-least-one": documents.has_chunks,
        "documents.created-at-is-date-time": documents.created_at_is_date_time,
        "documents.created-at-has-offset": documents.created_at_has_offset,
        "documents.created-at-is-now": documents.created_at_is_now,
    }
)
def test_upload(check: Check, guide: Filed, judge: Judge) -> None:
    judge(check, guide.exchange)


@requirement("documents.ids-unique")
def test_ids(guide: Filed, shelved: tuple[Filed, ...], judge: Judge) -> None:
    judge(documents.ids_differ, [guide.exchange, *(filed.exchange for filed in shelved)])


@requirement("documents.chunks-grow")
def test_chunks(guide: Filed, shelved: tuple[Filed, ...], judge: Judge) -> None:
    judge(documents.chunks_grow, guide.exchange, shelved[0].exchange)


@requirement("documents.simultaneous-accepted")
def test_simultaneous(shelved: tuple[Filed, ...], alone: dict[str, Exchange], judge: Judge) -> None:
    judge(documents.are_accepted_alike, [filed.exchange for filed in shelved], list(alone.values()))


@requirement("documents.unicode-filename-accepted")
def test_unicode_name(odd_upload: dict[str, Exchange], judge: Judge) -> None:
    judge(accepted.is_accepted_with_object, odd_upload[UNICODE_NAME])


@requirement("documents.path-like-filename-harmless")
def test_path_like_name(odd_upload: dict[str, Exchange], judge: Judge) -> None:
    judge(files_safety.are_borne, [odd_upload[PATH_NAME]])


@requirement("documents.other-encoding-harmless")
def test_other_encoding(client: Client, judge: Judge) -> None:
    call = multipart_call("upload a text in Latin-1", files={"file": ("cafe.txt", LATIN)}, fields={}, path=DOCUMENTS)
    judge(files_safety.are_borne, [client.send(call)])


@requirement("documents.pdf-accepted")
def test_pdf(shelved: tuple[Filed, ...], alone: dict[str, Exchange], judge: Judge) -> None:
    pdf = shelved[-1]
    judge(accepted.is_accepted_with_object, alone.get(pdf.paper.filename, pdf.exchange))


@each(REFUSED, argument="asked")
def test_refused(asked: tuple[str, Call], client: Client, profile: Profile, judge: Judge) -> None:
    situation, call = asked
    judge(base.refused, client.send(call), profile.expect.errors[situation])
