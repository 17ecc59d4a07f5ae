"""Files: what is uploaded is listed, retrieved and downloaded as it was sent, and gone once it is deleted."""

from __future__ import annotations

import pytest

from ozwell_harness.checks import base, chat, files
from ozwell_harness.client import Client
from ozwell_harness.model import Exchange
from ozwell_harness.odd_files import OddFiles
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Listing, Shelf, Upload, given_id
from ozwell_harness.suite import Check, Judge, each, requirement

PURPOSE = "assistants"
UNKNOWN = "/files/file-no-such-file-7f3c"


@pytest.fixture(scope="session")
def retrieved(client: Client, note: Upload, note_retrieved: Exchange) -> Exchange:
    """The note, asked for once more where it was not there at once."""
    if note_retrieved.status == 200:
        return note_retrieved
    return client.get(note.path, "retrieve the note again")


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


@requirement("files.simultaneous-accepted")
def test_simultaneous_are_accepted(shelf: Shelf, stock: tuple[Upload, ...], judge: Judge) -> None:
    refused = [upload.sent for upload in stock if upload.exchange.status != 200]
    alone = [shelf.upload(f"upload again, alone: {sent.filename!r}", sent).exchange for sent in refused]
    judge(files.are_accepted_alike, [upload.exchange for upload in stock], alone)


@requirement("files.simultaneous-ids-unique")
def test_simultaneous_ids(stock: tuple[Upload, ...], judge: Judge) -> None:
    judge(files.ids_differ, [upload.exchange for upload in stock])


@requirement("files.simultaneous-not-crossed")
def test_simultaneous_do_not_cross(stock: tuple[Upload, ...], judge: Judge) -> None:
    answers = [upload.exchange for upload in stock]
    sent = [(upload.sent.filename, len(upload.sent.content)) for upload in stock]
    judge(files.none_names_another, answers, sent)


@requirement("files.simultaneous-contents-apart")
def test_simultaneous_contents(odd_files: OddFiles, judge: Judge) -> None:
    found = odd_files.downloads_together()
    emptied = [sent for sent, exchange in found if files.is_emptied(exchange, sent.content)]
    whole = [sent.content for sent in emptied if files.content_is(odd_files.download_alone(sent), sent.content) is None]
    contents = [sent.content for sent, _ in found]
    judge(files.none_holds_another, [exchange for _, exchange in found], contents, whole)


@requirement("files.simultaneous-kept")
def test_simultaneous_are_kept(listing: Listing, stock: tuple[Upload, ...], judge: Judge) -> None:
    ids = [name for upload in stock if (name := given_id(upload.exchange))]
    judge(files.are_listed, listing.pages, ids, listing.limit)


@requirement("files.unknown-retrieve-refused")
def test_unknown(client: Client, profile: Profile, judge: Judge) -> None:
    judge(base.refused, client.get(UNKNOWN, "retrieve an unknown file"), profile.expect.errors["not_found"])


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
def test_filter_by_purpose(filtered: Listing, stranger: Upload, judge: Judge) -> None:
    judge(files.only_purpose, filtered.pages, PURPOSE, [stranger.id])


@requirement("files.deleted-not-listed")
def test_deleted_is_not_listed(filtered: Listing, doomed: Upload, judge: Judge) -> None:
    judge(files.is_not_listed, filtered.pages, doomed.id)


@requirement("files.delete-spares-others")
def test_delete_spares_others(filtered: Listing, note: Upload, judge: Judge) -> None:
    judge(files.are_listed, filtered.pages, [note.id], filtered.limit)
