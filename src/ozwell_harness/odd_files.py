"""Files that are hard to keep: odd contents under odd names, several oddities to a file where that shows no less."""

from __future__ import annotations

from collections.abc import Iterable

from ozwell_harness.checks import files
from ozwell_harness.client import Client
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.shelf import Sent, Shelf, Upload, given_id

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

#: As long as LONG, with the characters of UNICODE and QUOTED; still within the 255 bytes of a file system. As many
#: bytes as LARGE, and as BINARY from the first one on.
_FULL = Sent(f'Prüfung "日本語" 🎉 {"n" * 180}.txt', BINARY.content + LARGE.content[len(BINARY.content) :])
_EMPTY = Sent(f"../../{LINE_BREAK.filename}", EMPTY.content)

#: Oddity → the file that shows it together with others.
SHARED = {
    BINARY: _FULL,
    LARGE: _FULL,
    UNICODE: _FULL,
    QUOTED: _FULL,
    LONG: _FULL,
    EMPTY: _EMPTY,
    PATH_LIKE: _EMPTY,
    LINE_BREAK: _EMPTY,
}

#: Whose name must come back: the others may be changed, or refused.
_NAME_MATTERS = frozenset({_FULL})

#: Nothing is odd about these: to be uploaded at the same time where the shared files are refused.
ORDINARY = (Sent("first.txt", b"The first of two."), Sent("second.txt", b"Second, and another content."))


class OddFiles:
    """Which upload and which download show an oddity.

    The shared file shows all its oddities if everything is right about it. Where anything is wrong, each oddity is
    uploaded alone when it is first asked for, so that the finding names the culprit and nothing else.
    """

    def __init__(self, shelf: Shelf, client: Client, together: Iterable[Upload]) -> None:
        """Take the shared files as they were uploaded; nothing is sent yet."""
        self._shelf = shelf
        self._client = client
        self._uploads = {upload.sent: upload for upload in together}
        self._together = tuple(self._uploads)
        self._downloads: dict[Sent, Exchange] = {}

    def upload(self, oddity: Sent) -> Exchange:
        """Return the upload by which to judge ``oddity``."""
        return self._uploaded(self._shown_by(oddity)).exchange

    def download(self, oddity: Sent) -> Exchange:
        """Return the download by which to judge ``oddity``.

        Raises:
            Unjudgeable: the upload gave no id.
        """
        return self._downloaded(self._shown_by(oddity))

    def ways(self, oddity: Sent) -> list[Exchange]:
        """Return the upload and, if there is a file now, its download."""
        upload = self.upload(oddity)
        return [upload, self.download(oddity)] if given_id(upload) else [upload]

    def content(self, oddity: Sent) -> bytes:
        """Return what the download by which to judge ``oddity`` ought to hold."""
        return self._shown_by(oddity).content

    def filename(self, oddity: Sent) -> str:
        """Return the name that the upload by which to judge ``oddity`` gave."""
        return self._shown_by(oddity).filename

    def downloads_together(self) -> list[tuple[Sent, Exchange]]:
        """Return the downloads of the files uploaded at the same time, as far as there are such files."""
        return [(sent, self._downloaded(sent)) for sent in self._together if given_id(self._uploads[sent].exchange)]

    def download_alone(self, sent: Sent) -> Exchange:
        """Upload a file once more, alone, and return the download of that.

        Raises:
            Unjudgeable: the upload gave no id.
        """
        upload = self._shelf.upload(f"upload again, alone: {sent.filename!r}", sent)
        return self._client.get(f"{upload.path}/content", f"download what was uploaded alone: {sent.filename!r}")

    def _shown_by(self, oddity: Sent) -> Sent:
        shared = SHARED[oddity]
        return shared if self._is_sound(shared) else oddity

    def _is_sound(self, sent: Sent) -> bool:
        upload = self._uploaded(sent).exchange
        if not given_id(upload):
            return False
        download = self._downloaded(sent)
        try:
            renamed = sent in _NAME_MATTERS and files.filename_is_true(upload, sent.filename)
            broken = renamed or files.content_is(download, sent.content)
        except Unjudgeable:
            return False
        return not broken and not any(e.response and INJECTED in e.response.headers for e in (upload, download))

    def _uploaded(self, sent: Sent) -> Upload:
        if sent not in self._uploads:
            self._uploads[sent] = self._shelf.upload(f"upload {sent.filename!r}", sent)
        return self._uploads[sent]

    def _downloaded(self, sent: Sent) -> Exchange:
        if sent not in self._downloads:
            path = f"{self._uploaded(sent).path}/content"
            self._downloads[sent] = self._client.get(path, f"download {sent.filename!r}")
        return self._downloads[sent]
