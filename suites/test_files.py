"""Files: what is uploaded is listed, retrieved and downloaded as it was sent, and gone once it is deleted."""

from __future__ import annotations

import pytest

from ozwell_harness.checks import base, files
from ozwell_harness.client import Client, walk
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Sent, Shelf, Upload, given_id
from ozwell_harness.suite import Check, Judge, each, requirement

PAGE = 100
PURPOSE = "assistants"
UNKNOWN = "/files/file-no-such-file-7f3c"


@pytest.fixture(scope="session")
def retrieved(client: Client, note: Upload, note_retrieved: Exchange) -> Exchange:
    """The note, asked for once more where it was not there at once."""
    if note_retrieved.status == 200:
        return note_retrieved
    return client.get(note.path, "retrieve the note again")


@pytest.fixture(scope="session")
def doomed(shelf: Shelf, stock: tuple[Upload, ...]) -> Upload:
    """The file to delete."""
    taken = (upload for upload in stock if upload.sent.purpose == PURPOSE and given_id(upload.exchange))
    return next(taken, None) or shelf.upload("upload a file to delete", Sent("doomed.txt", b"Soon gone."))


@pytest.fixture(scope="session")
def deleted(shelf: Shelf, doomed: Upload, listing: list[Exchange]) -> Exchange:  # noqa: ARG001 - is read before
    return shelf.delete(doomed.id, "delete a file")


@pytest.fixture(scope="session")
def filtered(client: Client, deleted: Exchange) -> list[Exchange]:  # noqa: ARG001 - comes first
    """The list of one purpose, after the delete."""
    query = {"purpose": PURPOSE}
    return list(walk(client, "/files", "list files of one purpose", limit=PAGE, query=query, most=10))


@each({"files.upload-answers": base.answers, "files.upload-created-at": files.created_at_is_now})
def test_upload(check: Check, note: Upload, judge: Judge) -> None:
    judge(check, note.exchange)


@requirement("files.upload-schema")
def test_upload_schema(note: Upload, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, note.exchange, profile, "File")


@requirement("files.upload-bytes")
def test_upload_bytes(note: Upload, judge: Judge) -> None:
    judge(files.bytes_are_true, note.exchange, note.sent.content)


@requirement("files.upload-purpose")
def test_upload_purpose(note: Upload, judge: Judge) -> None:
    judge(files.purpose_is_true, note.exchange, note.sent.purpose)


@requirement("files.upload-filename")
def test_upload_filename(note: Upload, judge: Judge) -> None:
    judge(files.filename_is_true, note.exchange, note.sent.filename)


@requirement("files.retrieve-answers")
def test_retrieve(retrieved: Exchange, judge: Judge) -> None:
    judge(base.answers, retrieved)


@requirement("files.readable-at-once")
def test_readable_at_once(note_retrieved: Exchange, judge: Judge) -> None:
    judge(base.answers, note_retrieved)


@requirement("files.retrieve-schema")
def test_retrieve_schema(retrieved: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, retrieved, profile, "File")


@requirement("files.retrieve-equals-upload")
def test_retrieve_equals_upload(retrieved: Exchange, note: Upload, judge: Judge) -> None:
    judge(files.is_alike, retrieved, note.exchange)


@requirement("files.list-answers")
def test_list(listing: list[Exchange], judge: Judge) -> None:
    judge(base.answers, listing[0])


@requirement("files.list-schema")
def test_list_schema(listing: list[Exchange], profile: Profile, judge: Judge) -> None:
    judge.every(base.matches_schema, listing, profile, "FileList")


@requirement("files.uploads-listed")
def test_uploads_are_listed(listing: list[Exchange], note: Upload, judge: Judge) -> None:
    judge(files.are_listed, listing, [note.id], PAGE)


@requirement("files.list-ids-unique")
def test_list_ids(listing: list[Exchange], judge: Judge) -> None:
    judge(files.ids_are_unique, listing)


@requirement("files.entry-equals-upload")
def test_entry_equals_upload(listing: list[Exchange], note: Upload, judge: Judge) -> None:
    judge(files.entry_is_alike, listing, note.exchange)


@each({"files.simultaneous-accepted": files.all_are_accepted, "files.simultaneous-ids-unique": files.ids_differ})
def test_simultaneous(check: Check, stock: tuple[Upload, ...], judge: Judge) -> None:
    judge(check, [upload.exchange for upload in stock])


@requirement("files.simultaneous-not-crossed")
def test_simultaneous_do_not_cross(stock: tuple[Upload, ...], judge: Judge) -> None:
    answers = [upload.exchange for upload in stock]
    judge(files.each_names_its_own, answers, [upload.sent.filename for upload in stock])


@requirement("files.simultaneous-kept")
def test_simultaneous_are_kept(listing: list[Exchange], stock: tuple[Upload, ...], judge: Judge) -> None:
    judge(files.are_listed, listing, [upload.id for upload in stock], PAGE)


@each(
    {
        "files.unknown-retrieve-refused": Call("GET", UNKNOWN, "retrieve an unknown file"),
        "files.unknown-content-refused": Call("GET", f"{UNKNOWN}/content", "download an unknown file"),
        "files.unknown-delete-refused": Call("DELETE", UNKNOWN, "delete an unknown file"),
    },
    argument="call",
)
def test_unknown(call: Call, client: Client, profile: Profile, judge: Judge) -> None:
    judge(base.refused, client.send(call), profile.expect.errors["not_found"])


@requirement("files.delete-answers")
def test_delete(deleted: Exchange, judge: Judge) -> None:
    judge(base.answers, deleted)


@requirement("files.delete-schema")
def test_delete_schema(deleted: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, deleted, profile, "FileDeleted")


@requirement("files.delete-confirmed")
def test_delete_is_confirmed(deleted: Exchange, doomed: Upload, judge: Judge) -> None:
    judge(files.deletion_is_confirmed, deleted, doomed.id)


@requirement("files.deleted-not-retrieved")
@pytest.mark.usefixtures("deleted")
def test_deleted_is_not_retrieved(doomed: Upload, client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.get(doomed.path, "retrieve the deleted file")
    judge(base.refused, exchange, profile.expect.errors["not_found"])


@requirement("files.deleted-not-downloaded")
@pytest.mark.usefixtures("deleted")
def test_deleted_is_not_downloaded(doomed: Upload, client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.get(f"{doomed.path}/content", "download the deleted file")
    judge(base.refused, exchange, profile.expect.errors["not_found"])


@requirement("files.deleted-not-deleted-again")
@pytest.mark.usefixtures("deleted")
def test_deleted_is_not_deleted_again(doomed: Upload, shelf: Shelf, profile: Profile, judge: Judge) -> None:
    judge(base.refused, shelf.delete(doomed.id, "delete the deleted file"), profile.expect.errors["not_found"])


@requirement("files.filter-answers")
def test_filter(filtered: list[Exchange], judge: Judge) -> None:
    judge(base.answers, filtered[0])


@requirement("files.filter-by-purpose")
def test_filter_by_purpose(filtered: list[Exchange], stock: tuple[Upload, ...], judge: Judge) -> None:
    others = [upload.id for upload in stock if upload.sent.purpose != PURPOSE and given_id(upload.exchange)]
    judge(files.only_purpose, filtered, PURPOSE, others)


@requirement("files.deleted-not-listed")
def test_deleted_is_not_listed(filtered: list[Exchange], doomed: Upload, judge: Judge) -> None:
    judge(files.is_not_listed, filtered, doomed.id)


@requirement("files.delete-spares-others")
def test_delete_spares_others(filtered: list[Exchange], note: Upload, judge: Judge) -> None:
    judge(files.are_listed, filtered, [note.id], PAGE)
