"""Judgements on documents: what the answer to an upload says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ozwell_harness.checks import instants
from ozwell_harness.checks.accepted import accepted_document_of, has_text, is_accepted
from ozwell_harness.checks.base import first_duplicate, is_integer, outcome, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Beginnings of words for a document that could not be processed, and for one that is processed.
_FAILED = ("fail", "error", "reject", "invalid")
_DONE = ("processed", "complete", "done", "ready", "success", "index", "finish", "ok", "available")


def id_is_text(upload: Exchange) -> Deviation | None:
    """The document has a document_id, a non-empty string."""
    return has_text(accepted_document_of(upload), "document_id", "the document")


def ids_differ(uploads: Sequence[Exchange]) -> Deviation | None:
    """No two documents got the same id.

    Raises:
        Unjudgeable: fewer than two uploads were accepted.
    """
    ids = [str(accepted_document_of(upload).get("document_id")) for upload in uploads if is_accepted(upload)]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two uploads were accepted")
    twice = first_duplicate(ids)
    if twice is None:
        return None
    return Deviation("two documents got the same document_id", "an id for each document", f"{shown(twice)} twice")


def status_is_text(upload: Exchange) -> Deviation | None:
    """The document has a status, a non-empty string."""
    return has_text(accepted_document_of(upload), "status", "the document")


def status_is_no_failure(upload: Exchange) -> Deviation | None:
    """The status does not say that processing failed."""
    status = _status(upload)
    if not status.startswith(_FAILED):
        return None
    return Deviation("an accepted document has failed", "a status of success, or of work under way", f"status {status}")


def chunks_is_integer(upload: Exchange) -> Deviation | None:
    """The chunks are an integer, not below 0."""
    chunks: Any = accepted_document_of(upload).get("chunks")
    if is_integer(chunks) and chunks >= 0:
        return None
    return Deviation("the chunks are no count", "chunks as an integer of 0 or more", f"chunks {shown(chunks)}")


def has_chunks(upload: Exchange) -> Deviation | None:
    """A document that holds text has a chunk at least.

    Raises:
        Unjudgeable: it has none, and is not said to be processed yet.
    """
    chunks = _chunks(upload)
    if chunks >= 1:
        return None
    _must_be_processed(upload)
    return Deviation("a processed document has no chunk", "chunks of 1 or more", f"chunks {chunks}")


def chunks_grow(short: Exchange, long: Exchange) -> Deviation | None:
    """A long document has more chunks than a short one.

    Raises:
        Unjudgeable: it has not, and one of them is not said to be processed yet.
    """
    few, many = _chunks(short), _chunks(long)
    if many > few:
        return None
    _must_be_processed(short)
    _must_be_processed(long)
    return Deviation("a long document has no more chunks than a short one", f"more than {few}", f"{many}")


def is_processed(upload: Exchange) -> bool:
    """Tell whether the answer says that the document is processed, and not just accepted.

    Raises:
        Unjudgeable: the upload was not accepted.
    """
    return upload.status != 202 and _status(upload).startswith(_DONE)


def created_at_is_date_time(upload: Exchange) -> Deviation | None:
    """created_at is a date with a time of day."""
    return instants.are_date_times(_created_at(upload))


def created_at_has_offset(upload: Exchange) -> Deviation | None:
    """created_at says its offset from UTC."""
    return instants.have_offsets(_created_at(upload))


def created_at_is_now(upload: Exchange) -> Deviation | None:
    """created_at is the time of the upload."""
    return instants.are_about_now(_created_at(upload), upload)


def are_accepted_alike(together: Sequence[Exchange], alone: Sequence[Exchange]) -> Deviation | None:
    """No upload is refused that is accepted alone; ``alone`` repeats those that were refused at the same time.

    Raises:
        Unjudgeable: all were refused, alone too.
    """
    accepted = [exchange for exchange in alone if is_accepted(exchange)]
    if accepted:
        bad = next(exchange for exchange in together if not is_accepted(exchange))
        return Deviation(
            f"{len(accepted)} of {len(together)} uploads are accepted alone, and not at the same time as others",
            "status 200, 201 or 202 for each",
            outcome(bad),
        )
    if len(alone) == len(together):
        raise Unjudgeable("none of the uploads is accepted, alone or at the same time")
    return None


def _created_at(upload: Exchange) -> list[Any]:
    return [accepted_document_of(upload).get("created_at")]


def _status(upload: Exchange) -> str:
    status = accepted_document_of(upload).get("status")
    return status.strip().lower() if isinstance(status, str) else ""


def _chunks(upload: Exchange) -> int:
    chunks: Any = accepted_document_of(upload).get("chunks")
    if not is_integer(chunks):
        raise Unjudgeable("the chunks are no integer")
    return int(chunks)


def _must_be_processed(upload: Exchange) -> None:
    if not is_processed(upload):
        raise Unjudgeable("the document is not said to be processed yet, so its chunks may still change")
