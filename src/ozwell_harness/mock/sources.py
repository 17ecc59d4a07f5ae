"""Passages of uploaded files that fit a question."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from ozwell_harness.mock.answers import SourceOut
from ozwell_harness.mock.generation.words import key_words
from ozwell_harness.mock.store import Store, StoredFile

SOURCES_AT_MOST = 3
FILES_SEARCHED = 100
BYTES_SEARCHED = 256 * 1024
PAGE_CHARACTERS = 2000
EXCERPT_CHARACTERS = 240


@dataclass(frozen=True, slots=True)
class _Hit:
    score: int
    file: StoredFile
    text: str
    at: int


async def find_sources(store: Store, tenant: str, question: str) -> list[SourceOut]:
    """The best passages, best first; the newest readable file where no word of the question is found."""
    words = [word.lower() for word in key_words(question, most=12)]
    hits, fallback = [], None
    for file in (await store.list_files(tenant, None))[:FILES_SEARCHED]:
        text = _readable(await store.file_content(tenant, file.id) or b"")
        if not text.strip():
            continue
        hit = _look(file, text, words)
        if hit.score:
            hits.append(hit)
        fallback = fallback or hit
    hits.sort(key=lambda hit: -hit.score)
    best = hits[:SOURCES_AT_MOST] or ([fallback] if fallback else [])
    return [_source(hit) for hit in best]


def _readable(content: bytes) -> str:
    """The text of a file, empty if it is not UTF-8 text."""
    head = content[:BYTES_SEARCHED]
    if b"\0" in head:
        return ""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) == len(content))
    except UnicodeDecodeError:
        return ""


def _look(file: StoredFile, text: str, words: list[str]) -> _Hit:
    lowered = text.lower()
    places = [place for place in map(lowered.find, words) if place >= 0]
    # Lower-casing can change the length of rare texts; a place is then only near.
    return _Hit(len(places), file, text, min(min(places, default=0), len(text) - 1))


def _source(hit: _Hit) -> SourceOut:
    start = max(0, hit.at - EXCERPT_CHARACTERS // 4)
    excerpt = hit.text[start : start + EXCERPT_CHARACTERS].strip() or hit.text.strip()[:EXCERPT_CHARACTERS]
    return SourceOut(hit.file.id, hit.file.filename, hit.at // PAGE_CHARACTERS + 1, excerpt)
