"""Files: what is uploaded is listed, retrieved and downloaded as it was sent, and gone once it is deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ozwell_harness.checks import base, chat, files
from ozwell_harness.client import Client
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Listing, Sent, Shelf, Upload, given_id, read_on
from ozwell_harness.suite import Check, Judge, each, requirement

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
def deleted(shelf: Shelf, doomed: Upload, listing: Listing) -> Exchange:  # noqa: ARG001 - is read before
    return shelf.delete(doomed.id, "delete a file")


@pytest.fixture(scope="session")
def filtered(client: Client, listing: Listing, deleted: Exchange) -> Listing:  # noqa: ARG001 - comes first
    """The list of one purpose, after the delete."""
    label, query = "list files of one purpose", {"purpose": PURPOSE, **listing.asked}
    first = client.get("/files", label, query=query)
    return replace(listing, pages=(first, *read_on(client, first, label, query, listing.limit)))


@each({"files.upload-answers": chat.completes, "files.upload-created-at": files.created_at_is_now})
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
    judge(chat.completes, retrieved)


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
def test_list(listing: Listing, judge: Judge) -> None:
    judge(chat.completes, listing.pages[0])


@requirement("files.list-schema")
def test_list_schema(listing: Listing, profile: Profile, judge: Judge) -> None:
    judge.every(base.matches_schema, listing.pages, profile, "FileList")


@requirement("files.uploads-listed")
def test_uploads_are_listed(listing: Listing, note: Upload, judge: Judge) -> None:
    judge(files.are_listed, listing.pages, [note.id], listing.limit)


@requirement("files.list-ids-unique")
def test_list_ids(listing: Listing, judge: Judge) -> None:
    judge(files.ids_are_unique, listing.pages)


@requirement("files.entry-equals-upload")
def test_entry_equals_upload(listing: Listing, note: Upload, judge: Judge) -> None:
    judge(files.entry_is_alike, listing.pages, note.exchange)


@each({"files.simultaneous-accepted": files.all_are_accepted, "files.simultaneous-ids-unique": files.ids_differ})
def test_simultaneous(check: Check, stock: tuple[Upload, ...], judge: Judge) -> None:
    judge(check, [upload.exchange for upload in stock])


@requirement("files.simultaneous-not-crossed")
def test_simultaneous_do_not_cross(stock: tuple[Upload, ...], judge: Judge) -> None:
    answers = [upload.exchange for upload in stock]
    judge(files.each_names_its_own, answers, [upload.sent.filename for upload in stock])


@requirement("files.simultaneous-kept")
def test_simultaneous_are_kept(listing: Listing, stock: tuple[Upload, ...], judge: Judge) -> None:
    judge(files.are_listed, listing.pages, [upload.id for upload in stock], listing.limit)


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
    judge(chat.completes, deleted)


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
def test_filter(filtered: Listing, judge: Judge) -> None:
    judge(chat.completes, filtered.pages[0])


@requirement("files.filter-by-purpose")
def test_filter_by_purpose(filtered: Listing, stock: tuple[Upload, ...], judge: Judge) -> None:
    others = [upload.id for upload in stock if upload.sent.purpose != PURPOSE and given_id(upload.exchange)]
    judge(files.only_purpose, filtered.pages, PURPOSE, others)


@requirement("files.deleted-not-listed")
def test_deleted_is_not_listed(filtered: Listing, doomed: Upload, judge: Judge) -> None:
    judge(files.is_not_listed, filtered.pages, doomed.id)


@requirement("files.delete-spares-others")
def test_delete_spares_others(filtered: Listing, note: Upload, judge: Judge) -> None:
    judge(files.are_listed, filtered.pages, [note.id], filtered.limit)
