"""Files under load: uploaded, listed, downloaded and deleted, each step verified; and which of them are still there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from ozwell_harness.checks import files
from ozwell_harness.checks.base import at, document_of, shown
from ozwell_harness.load.answer import Answer
from ozwell_harness.load.given import Given
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.step import ExchangeCheck, Kind, Step
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

PURPOSE = "assistants"
#: Names of the steps that make a file and remove it.
UPLOAD = "file_upload"
DELETE = "file_delete"
#: How many files one page may hold.
PAGE = 100
#: CRLF line ends, because they get lost easily; ASCII, because a file may be cut anywhere.
_LINE = b"The quick brown fox jumps over the lazy dog, %07d times.\r\n"
_BLOCK = b"".join(_LINE % number for number in range(2048))


def lines(size: int) -> bytes:
    """Return so many bytes of lines, of which no two are alike for a while."""
    return (_BLOCK * (size // len(_BLOCK) + 1))[: max(0, size)]


class Shelf:
    """The files that the target holds of one worker's: what is left of them at the end must be deleted.

    It remembers the ids that were given lately, also of files that are gone: no id may be given twice.
    """

    def __init__(self) -> None:
        self._held: dict[str, None] = {}
        self._given = Given()

    def was_given(self, file_id: str) -> bool:
        """Tell whether another file got this id lately."""
        return file_id in self._given

    def put(self, file_id: str) -> None:
        """Remember a file."""
        self._held[file_id] = None
        self._given.add(file_id)

    def drop(self, file_id: str) -> None:
        """Forget a file: it is gone."""
        self._held.pop(file_id, None)

    def take(self) -> Iterator[str]:
        """Yield the files that are held, and forget each."""
        while self._held:
            yield self._held.popitem()[0]


@dataclass(slots=True)
class LoadFile:
    """One file: its content begins with its nonce, and its name holds it."""

    nonce: str
    content: bytes
    shelf: Shelf
    id: str = ""

    @classmethod
    def make(cls, nonce: str, size: int, shelf: Shelf) -> LoadFile:
        """Return a file of ``size`` bytes, or of as many as its nonce needs."""
        first = f"Reference {nonce}.\r\n".encode()
        return cls(nonce, first + lines(size - len(first)), shelf)

    @property
    def filename(self) -> str:
        """What it is uploaded as."""
        return f"load-{self.nonce}.txt"

    def upload(self) -> Step:
        """Return the upload."""
        boundary = f"ozwell-{self.nonce}"
        field = f"--{boundary}\r\nContent-Disposition: form-data; name="
        kind = "Content-Type: text/plain\r\n"
        head = f'{field}"purpose"\r\n\r\n{PURPOSE}\r\n{field}"file"; filename="{self.filename}"\r\n{kind}\r\n'
        expects: dict[str, ExchangeCheck] = {
            "files.upload-bytes": partial(files.bytes_are_true, content=self.content),
            "files.upload-purpose": partial(files.purpose_is_true, purpose=PURPOSE),
            "files.upload-filename": partial(files.filename_is_true, filename=self.filename),
            "files.simultaneous-ids-unique": self._has_its_own_id,
        }
        return Step(
            UPLOAD,
            Kind.UPLOAD,
            "POST",
            "/files",
            b"%b%b\r\n--%b--\r\n" % (head.encode(), self.content, boundary.encode()),
            self.nonce,
            f"multipart/form-data; boundary={boundary}",
            expects,
            self._is_not_told_as_sent,
        )

    def kept(self, answer: Answer) -> bool:
        """Take the id that the upload was given; tell whether there is one."""
        found = _field(answer, "id")
        if answer.error is None and isinstance(found, str) and found:
            self.id = found
            self.shelf.put(found)
        return bool(self.id)

    def listing(self) -> Step:
        """Return a request for the list of files, which must hold this one."""
        expects: dict[str, ExchangeCheck] = {"files.uploads-listed": self._is_listed}
        path = f"/files?limit={PAGE}"
        return Step("file_list", Kind.FILE_LIST, "GET", path, expects=expects, glance=self._is_missing)

    def download(self) -> Step:
        """Return a request for the content."""
        expects: dict[str, ExchangeCheck] = {
            "files.content-answers": self._is_there,
            "files.content-text": partial(files.content_is, content=self.content),
        }
        return Step(
            "file_download",
            Kind.DOWNLOAD,
            "GET",
            f"{file_path(self.id)}/content",
            nonce=self.nonce,
            expects=expects,
            glance=lambda _answer, reply: reply.body != self.content,
        )

    def delete(self) -> Step:
        """Return the deletion."""
        return deletion(self.id)

    def gone(self, answer: Answer) -> None:
        """Take the answer to the deletion: what is gone need not be deleted at the end."""
        if _field(answer, "deleted") is True or answer.status == 404:
            self.shelf.drop(self.id)

    def _is_not_told_as_sent(self, answer: Answer, _reply: Reply) -> bool:
        document = answer.document if isinstance(answer.document, dict) else {}
        sent = (len(self.content), self.filename, PURPOSE)
        given = document.get("id")
        return (document.get("bytes"), document.get("filename"), document.get("purpose")) != sent or (
            isinstance(given, str) and self.shelf.was_given(given)
        )

    def _has_its_own_id(self, exchange: Exchange) -> Deviation | None:
        """No other file got the id."""
        found = at(document_of(exchange), "id")
        if not isinstance(found, str) or not self.shelf.was_given(found):
            return None
        return Deviation(
            "two uploads got the same id", "an id of its own for each file", f"{shown(found)} is another's"
        )

    def _is_listed(self, exchange: Exchange) -> Deviation | None:
        return files.are_listed([exchange], [self.id], PAGE)

    def _is_missing(self, answer: Answer, _reply: Reply) -> bool:
        data = _field(answer, "data")
        items = data if isinstance(data, list) else []
        return len(items) < PAGE and not any(isinstance(i, dict) and i.get("id") == self.id for i in items)

    def _is_there(self, exchange: Exchange) -> Deviation | None:
        """The content is not said to be unknown; whether the target is up to answering is what errors count."""
        if exchange.status is None:
            raise Unjudgeable("there is no answer")
        if exchange.status != 404:
            return None
        return Deviation("a file that was just uploaded cannot be downloaded", "status 200", "status 404")


def files_left_by(sample: Sample) -> int:
    """Return by how many files a request may have changed what is on the target; an upload without an answer counts."""
    if sample.step == UPLOAD:
        return int(sample.sent is not None and not (sample.status or 0) >= 400)
    return -int(sample.completed or sample.status == 404) if sample.step == DELETE else 0


def deletion(file_id: str) -> Step:
    """Return the deletion of a file."""
    return Step(
        DELETE,
        Kind.DELETE,
        "DELETE",
        file_path(file_id),
        expects={"files.delete-confirmed": partial(files.deletion_is_confirmed, file_id=file_id)},
        glance=lambda answer, _reply: _field(answer, "deleted") is not True,
    )


def file_path(file_id: str) -> str:
    """Return where a file is, below the base URL."""
    return f"/files/{quote(file_id, safe='')}"


def _field(answer: Answer, name: str) -> Any:
    return answer.document.get(name) if isinstance(answer.document, dict) else None
