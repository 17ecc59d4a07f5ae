"""How documents are read, split and ranked, without a server; and PDFs, good and hostile."""

from __future__ import annotations

import asyncio
import math
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdfs import pdf_of, pdf_with

from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.webui import reading
from ozwell_harness.mock.webui.ranking import ranked
from ozwell_harness.mock.webui.reading import PdfReader, read_document, read_pdf_apart, read_pdf_here
from ozwell_harness.mock.webui.records import Passage
from ozwell_harness.mock.webui.splitting import CHUNK, split_text

TEXT = "It stands on a rock.\nWaves break at its foot. " * 60


def read(content: bytes, most: int = 100_000, read_pdf: PdfReader = read_pdf_apart) -> str:
    return asyncio.run(read_document(content, most, read_pdf))


def refused(content: bytes, most: int = 100_000) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(content, most)
    return caught.value


@given(st.text(max_size=400), st.integers(2, 60), st.integers(0, 29))
def test_splitting_loses_nothing_but_white_space(text: str, size: int, overlap: int) -> None:
    overlap = min(overlap, (size - 1) // 2)
    chunks = split_text(text, size, overlap)
    assert chunks == split_text(text, size, overlap)
    assert all(0 < len(chunk) <= size for chunk in chunks)
    covered = 0
    for chunk in chunks:
        reached = len(text) - len(text[covered:].lstrip())
        place = text.rfind(chunk, 0, reached + len(chunk))
        assert place >= covered - overlap
        covered = max(covered, place + len(chunk))
    assert not text[covered:].strip()


def test_chunks_overlap_and_end_where_a_sentence_does() -> None:
    chunks = split_text(TEXT)
    assert len(chunks) > 3
    assert all(chunk.endswith((".", "rock.")) for chunk in chunks)
    assert all(any(later.startswith(earlier[-n:]) for n in range(5, 130)) for earlier, later in pairwise(chunks))
    assert len(split_text("x" * (CHUNK + 1))) == 2


def test_no_overlap_may_stop_the_splitter() -> None:
    with pytest.raises(ValueError, match="overlap"):
        split_text("a", 10, 5)


def passages(*texts: str) -> list[Passage]:
    return [Passage(f"d{number}", 0, text) for number, text in enumerate(texts)]


def test_the_rarer_word_decides() -> None:
    kept = passages("the the the sea", "the heron by the sea", "the sea and the sky")
    order = [passage.document_id for passage, _ in ranked("the heron", kept)]
    assert order[0] == "d1"
    scores = [score for _, score in ranked("the heron", kept)]
    assert scores == sorted(scores, reverse=True)
    assert all(math.isfinite(score) and score > 0 for score in scores)


def test_equals_keep_their_order_and_strangers_are_left_out() -> None:
    kept = passages("a heron", "b heron", "c owl")
    assert [passage.document_id for passage, _ in ranked("heron", kept)] == ["d0", "d1"]
    assert ranked("", kept) == ranked("?!", kept) == ranked("heron", []) == []
    assert ranked("heron", kept[:1])[0][1] > 0


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"\xef\xbb\xbfBOM", "BOM"),
        ("Zürich".encode("utf-16"), "Zürich"),
        (b"one\r\n\ttwo\x0c", "one\r\n\ttwo\x0c"),
    ],
)
def test_texts(content: bytes, text: str) -> None:
    assert read(content) == text


def test_what_is_no_text() -> None:
    for content in (b"", b" \n\t", b"\xe9t\xe9", b"\x00", b"\x89PNG\r\n", b"\xff\xfeA"):
        assert refused(content).status == 400
    assert refused(b"x" * 11, most=10).status == 413


@pytest.mark.parametrize("read_pdf", [read_pdf_apart, read_pdf_here])
def test_a_pdf_becomes_text(read_pdf: PdfReader) -> None:
    line = "The lighthouse of Quellmoor is turquoise."
    assert line in read(pdf_of(line), read_pdf=read_pdf)
    with pytest.raises(ApiError, match="malformed"):
        read(pdf_of(line)[:200], read_pdf=read_pdf)


def test_a_pdf_without_text_or_without_sense() -> None:
    whole = pdf_of("Hello")
    for content in (pdf_with(b""), whole[:200], b"%PDF-1.7\n" + b"\xff" * 500, b"%PDF-"):
        assert refused(content).status == 400


def test_a_pdf_that_inflates_is_given_up() -> None:
    assert refused(pdf_of("A line of text that is there again and again", times=5_000), most=10_000).status == 413
    assert refused(pdf_with(b" " * 100_000_000)).status == 400


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PDF_SECONDS", 0.02)
    started = time.monotonic()
    assert "within" in refused(pdf_of("A line", times=300_000)).message
    assert time.monotonic() - started < 30
