"""Files of one tenant: another tenant's key neither sees nor touches them."""

from __future__ import annotations

from ozwell_harness.checks import files_safety
from ozwell_harness.client import Client
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.shelf import Upload
from ozwell_harness.suite import Judge, requirement
from ozwell_harness.target import KeyName

PAGE = 100


@requirement("files.other-key-cannot-list")
def test_other_key_lists(client: Client, note: Upload, judge: Judge) -> None:
    exchange = client.get("/files", "list files with another key", query={"limit": PAGE}, key=KeyName.OTHER)
    judge(files_safety.lists_none_of, exchange, [note.id])


@requirement("files.other-key-cannot-retrieve")
def test_other_key_retrieves(client: Client, note: Upload, judge: Judge) -> None:
    exchange = client.get(note.path, "retrieve a file with another key", key=KeyName.OTHER)
    judge(files_safety.hides, exchange)


@requirement("files.other-key-cannot-download")
def test_other_key_downloads(client: Client, note: Upload, judge: Judge) -> None:
    judge(files_safety.hides, client.get(f"{note.path}/content", "download a file with another key", key=KeyName.OTHER))


@requirement("files.other-key-cannot-delete")
def test_other_key_deletes(deleted_by_other: Exchange | None, judge: Judge) -> None:
    if deleted_by_other is None:
        raise Unjudgeable("there is no file that could be spared for it")
    judge(files_safety.hides, deleted_by_other)
