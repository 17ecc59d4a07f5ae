"""Judgements on files: upload, list, retrieve, content, delete."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from urllib.parse import unquote

from ozwell_harness.checks.base import (
    at,
    document_of,
    first_duplicate,
    is_integer,
    objects_at,
    outcome,
    shown,
    success_of,
)
from ozwell_harness.checks.clock import is_about_now
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: How far a clock may be off, in seconds.
CLOCK_TOLERANCE_S = 600.0

#: What the documents say of a file; other fields may change while it is processed.
DOCUMENTED = ("id", "object", "bytes", "created_at", "filename", "purpose")


def bytes_are_true(uploaded: Exchange, content: bytes) -> Deviation | None:
    """``bytes`` is the size of what was sent."""
    return _has(uploaded, "bytes", len(content))


def purpose_is_true(uploaded: Exchange, purpose: str) -> Deviation | None:
    """``purpose`` is the one that was sent."""
    return _has(uploaded, "purpose", purpose)


def filename_is_true(uploaded: Exchange, filename: str) -> Deviation | None:
    """``filename`` is the one that was sent; Unicode may be normalised, and what a form escapes may stay escaped.

    Raises:
        Unjudgeable: the upload was not accepted.
    """
    found = at(document_of(uploaded), "filename")
    if isinstance(found, str) and _name(filename) in {_name(found), _name(unquote(found))}:
        return None
    return Deviation("the filename is not the one that was sent", shown(filename), f"filename {shown(found)}")


def created_at_is_now(uploaded: Exchange) -> Deviation | None:
    """``created_at`` is the time of the upload, in integer epoch seconds."""
    found = at(document_of(uploaded), "created_at")
    if is_integer(found) and is_about_now(found, uploaded, tolerance_s=CLOCK_TOLERANCE_S):
        return None
    return Deviation(
        "created_at is not the time of the upload",
        f"integer epoch seconds within {CLOCK_TOLERANCE_S / 60:.0f} minutes of {uploaded.started:.0f}",
        f"created_at {shown(found)}",
    )


def ids_differ(uploads: Sequence[Exchange]) -> Deviation | None:
    """No two uploads got the same id."""
    ids = [str(at(document_of(exchange), "id")) for exchange in uploads if exchange.status == 200]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two uploads were accepted")
    twice = first_duplicate(ids)
    if twice is None:
        return None
    return Deviation("two uploads got the same id", "an id of its own for each file", f"{shown(twice)} twice")


def are_accepted_alike(together: Sequence[Exchange], alone: Sequence[Exchange]) -> Deviation | None:
    """No upload is refused that is accepted alone; ``alone`` repeats those that were refused at the same time.

    Raises:
        Unjudgeable: all were refused, alone too.
    """
    accepted = [exchange for exchange in alone if exchange.status == 200 and exchange.failure is None]
    if accepted:
        bad = [exchange for exchange in together if exchange.failure is not None or exchange.status != 200]
        return Deviation(
            f"{len(accepted)} of {len(together)} uploads are accepted alone, and not at the same time as others",
            "status 200 for each",
            outcome(bad[0]),
        )
    if len(alone) == len(together):
        raise Unjudgeable("none of the uploads is accepted, alone or at the same time")
    return None


def none_names_another(uploads: Sequence[Exchange], sent: Sequence[tuple[str, int]]) -> Deviation | None:
    """No answer tells the filename or the size (in bytes) of a file that another request sent."""
    for exchange, own in zip(uploads, sent, strict=True):
        if exchange.status != 200:
            continue
        for place, name in enumerate(("filename", "bytes")):
            found = document_of(exchange).get(name)
            if found != own[place] and found in [other[place] for other in sent]:
                return Deviation(
                    "an upload is answered with another's file",
                    f"{name} {shown(own[place])}",
                    f"{name} {shown(found)}, another's",
                )
    return None


def is_emptied(downloaded: Exchange, content: bytes) -> bool:
    """Tell whether a file that was not empty comes back empty."""
    response = downloaded.response
    return bool(content) and response is not None and response.status == 200 and not response.body


def none_holds_another(
    downloads: Sequence[Exchange], contents: Sequence[bytes], whole_alone: Collection[bytes] = ()
) -> Deviation | None:
    """No file holds what was uploaded as another one at the same time.

    One that comes back empty may just be lost, unless its content is one of ``whole_alone``: those that come back whole
    when they are uploaded alone.

    Raises:
        Unjudgeable: fewer than two files can be downloaded.
    """
    found = [(exchange, own) for exchange, own in zip(downloads, contents, strict=True) if exchange.status == 200]
    if len(found) < 2:
        raise Unjudgeable("fewer than two of the files can be downloaded")
    for exchange, own in found:
        body = success_of(exchange).body
        if body != own and body in contents and (body or own in whole_alone):
            return Deviation(
                "a file holds what another upload sent",
                f"the {len(own)} bytes of its own upload",
                f"the {len(body)} bytes of another one",
            )
    return None


def entries(pages: Sequence[Exchange]) -> list[dict[str, object]]:
    """Return the files on all pages.

    Raises:
        Unjudgeable: a page is not a list.
    """
    return [item for page in pages for item in objects_at(document_of(page), "data")]


def are_listed(pages: Sequence[Exchange], ids: Collection[str], limit: int) -> Deviation | None:
    """Every uploaded file is on the pages of the list; ``limit`` is what one page may hold."""
    listed = {item.get("id") for item in entries(pages)}
    missing = [file_id for file_id in ids if file_id not in listed]
    if not missing:
        return None
    if len(objects_at(document_of(pages[-1]), "data")) >= limit:
        raise Unjudgeable(f"the account holds more than the {len(listed)} files that were looked through")
    return Deviation(
        "uploaded files are missing from the list", "every uploaded file", f"{len(missing)} missing: {shown(missing)}"
    )


def ids_are_unique(pages: Sequence[Exchange]) -> Deviation | None:
    """No file is listed twice."""
    twice = first_duplicate([str(item.get("id")) for item in entries(pages)])
    if twice is None:
        return None
    return Deviation("a file is listed twice", "every file once", f"{shown(twice)} more than once")


def entry_is_alike(pages: Sequence[Exchange], uploaded: Exchange) -> Deviation | None:
    """A file's entry in the list says what its upload was answered."""
    alone = document_of(uploaded)
    entry = next((item for item in entries(pages) if item.get("id") == alone.get("id")), None)
    if entry is None:
        raise Unjudgeable("the uploaded file is not on the pages that were looked through")
    return _differ(alone, entry, "the list entry")


def is_alike(retrieved: Exchange, uploaded: Exchange) -> Deviation | None:
    """A retrieved file is what its upload was answered."""
    return _differ(document_of(uploaded), document_of(retrieved), "the retrieved file")


def content_is(downloaded: Exchange, content: bytes) -> Deviation | None:
    """The content is byte for byte what was uploaded."""
    body = success_of(downloaded).body
    if body == content:
        return None
    return Deviation("the content is not what was uploaded", *_first_difference(content, body))


def deletion_is_confirmed(deleted: Exchange, file_id: str) -> Deviation | None:
    """The answer to a delete names the file and says that it is deleted."""
    document = document_of(deleted)
    if document.get("id") == file_id and document.get("deleted") is True:
        return None
    told = {name: document.get(name) for name in ("id", "deleted")}
    return Deviation("the deletion is not confirmed", f"id {file_id}, deleted true", shown(told))


def is_not_listed(pages: Sequence[Exchange], file_id: str) -> Deviation | None:
    """A deleted file is gone from a list that still shows others.

    Raises:
        Unjudgeable: the list is empty, which would hide anything.
    """
    ids = [item.get("id") for item in entries(pages)]
    if not ids:
        raise Unjudgeable("the list is empty, so it cannot show that one file is gone from it")
    if file_id not in ids:
        return None
    return Deviation("a deleted file is still listed", f"no entry with id {file_id}", "its entry is there")


def only_purpose(pages: Sequence[Exchange], purpose: str, others: Collection[str]) -> Deviation | None:
    """A list filtered by purpose holds files of that purpose only; ``others`` are files of another that exist.

    Raises:
        Unjudgeable: there is no file of another purpose to be kept out.
    """
    found = entries(pages)
    strangers = [item.get("purpose") for item in found if item.get("purpose") != purpose]
    if strangers:
        return Deviation(
            "the purpose filter lets other files through",
            f"files of purpose {purpose} only",
            f"{len(strangers)} of {len(found)} files of others: {shown(sorted({str(s) for s in strangers}))}",
        )
    if not others:
        raise Unjudgeable("no file of another purpose could be uploaded")
    return None


def _has(exchange: Exchange, name: str, value: object) -> Deviation | None:
    found = document_of(exchange).get(name)
    if found == value and not isinstance(found, bool):
        return None
    return Deviation(f"{name} is not what was sent", f"{name} {shown(value)}", f"{name} {shown(found)}")


def _differ(told: dict[str, object], found: dict[str, object], where: str) -> Deviation | None:
    for name in DOCUMENTED:
        if name in told and told[name] != found.get(name):
            return Deviation(
                f"{name} in {where} differs from the upload's answer",
                f"{name} {shown(told[name])}",
                f"{name} {shown(found.get(name))}",
            )
    return None


def _name(filename: str) -> str:
    return unicodedata.normalize("NFC", filename)


def _first_difference(sent: bytes, found: bytes) -> tuple[str, str]:
    place = next((i for i, (a, b) in enumerate(zip(sent, found, strict=False)) if a != b), min(len(sent), len(found)))

    def around(data: bytes) -> str:
        return f"{len(data)} bytes, from byte {place} on: {data[place : place + 12].hex(' ') or 'nothing'}"

    return around(sent), around(found)
