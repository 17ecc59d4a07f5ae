"""Judges what the official client made of embeddings and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.base import shown
from ozwell_harness.checks.embeddings import SAME, cosine
from ozwell_harness.checks.sdk import Evidence, Outcome, raises, returned
from ozwell_harness.model import Deviation, Unjudgeable


def gives_vectors(found: Outcome, made: Evidence, number: int) -> Deviation | None:
    """There is a vector of numbers for each input."""
    if found.raised:
        return raises(found, made)
    vectors = _vectors(found)
    if len(vectors) == number and all(_is_vector(vector) for vector in vectors.values()):
        return None
    kinds = [f"{type(vector).__name__}" for vector in vectors.values()]
    return Deviation("the client finds no vectors", f"{number} lists of numbers", f"{len(kinds)}: {', '.join(kinds)}")


def vectors_agree(one: Outcome, other: Outcome, made: Evidence) -> Deviation | None:
    """Two calls with the same texts give the same vectors.

    Raises:
        Unjudgeable: one of them gave no vectors.
    """
    returned(one, made)
    returned(other, made)
    first, second = _vectors(one), _vectors(other)
    if first.keys() != second.keys() or not all(map(_is_vector, (*first.values(), *second.values()))):
        raise Unjudgeable("the two answers do not hold vectors for the same inputs")
    if not first:
        raise Unjudgeable("the answers hold no vectors")
    found = min(
        cosine(first[index], second[index]) if len(first[index]) == len(second[index]) else 0.0 for index in first
    )
    if found >= 1 - SAME:
        return None
    return Deviation("the encodings give different vectors", f"cosine of at least {1 - SAME}", f"cosine {found:.5f}")


def describes_file(found: Outcome, made: Evidence, filename: str, size: int) -> Deviation | None:
    """The file object has an id, and the name and size of what was sent."""
    if found.raised:
        return raises(found, made)
    file = found.value if isinstance(found.value, Mapping) else {}
    known = isinstance(file.get("id"), str) and bool(file["id"])
    if known and (file.get("filename"), file.get("bytes")) == (filename, size):
        return None
    expected = f"an id, the filename {filename} and {size} bytes"
    return Deviation("the client gives another file than the one sent", expected, shown(found.value))


def pages_on(found: Outcome, made: Evidence, number: int) -> Deviation | None:
    """The iteration over the list goes on from page to page, and gives no file twice."""
    if found.raised:
        return raises(found, made)
    ids = [item.get("id") if isinstance(item, Mapping) else None for item in found.value]
    if len(ids) == number and len(set(ids)) == number and None not in ids:
        return None
    return Deviation("the client cannot page through the files", f"{number} different files, one a page", shown(ids))


def returns_file(found: Outcome, made: Evidence, file_id: str) -> Deviation | None:
    """The file retrieved is the one asked for."""
    if found.raised:
        return raises(found, made)
    given = found.value.get("id") if isinstance(found.value, Mapping) else found.value
    if given == file_id:
        return None
    return Deviation("the client is given another file", f"id {file_id}", f"id {shown(given)}")


def returns_bytes(found: Outcome, made: Evidence, content: bytes) -> Deviation | None:
    """The bytes downloaded are the bytes sent."""
    if found.raised:
        return raises(found, made)
    if found.value == content:
        return None
    return Deviation("the client downloads other bytes than were sent", repr(content), repr(found.value)[:300])


def confirms_deletion(found: Outcome, made: Evidence, file_id: str) -> Deviation | None:
    """The deletion of this file is confirmed."""
    if found.raised:
        return raises(found, made)
    told = found.value if isinstance(found.value, Mapping) else {}
    if told.get("deleted") is True and told.get("id") == file_id:
        return None
    return Deviation("the deletion is not confirmed to the client", f"deleted true for {file_id}", shown(found.value))


def _vectors(found: Outcome) -> dict[Any, Any]:
    data = found.value.get("data") if isinstance(found.value, Mapping) else None
    items = [item for item in data if isinstance(item, Mapping)] if isinstance(data, list) else []
    return {shown(item.get("index")): item.get("embedding") for item in items}


def _is_vector(vector: Any) -> bool:
    return isinstance(vector, list) and bool(vector) and all(isinstance(number, float | int) for number in vector)
