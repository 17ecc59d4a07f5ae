from __future__ import annotations

import io
from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict
from pypdf import PdfReader

from ozwell_harness import papers
from ozwell_harness.checks import accepted, base, documents, files_safety
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile
from ozwell_harness.tiny_pdf import tiny_pdf

EXPECT = load_profile("openwebui").expect.errors
DOCUMENT = {"document_id": "doc-1", "status": "processed", "chunks": 1, "created_at": "2025-11-21T00:00:00Z"}


def uploaded(answered: int = 200, /, **fields: Any) -> Exchange:
    return exchange(answered, json=DOCUMENT | fields, asked=request("POST", "/rag/documents"))


def without(name: str) -> Exchange:
    return exchange(json={key: value for key, value in DOCUMENT.items() if key != name})


SILENT = {
    "refused": refusal(),
    "a list": exchange(json=[DOCUMENT]),
    "no JSON": exchange(body=b"{"),
    "nothing": unanswered(),
}
ACCEPTED = Case(
    accepted.is_accepted_with_object,
    {"200": uploaded(), "201": uploaded(201), "202": uploaded(202, status="processing")},
    {
        "204": exchange(204),
        "400": refusal(),
        "500": exchange(500),
        "a list": exchange(json=[DOCUMENT]),
        "no JSON": exchange(body=b"{"),
        "broke off": exchange(json=DOCUMENT, failure=FailureKind.CUT),
        "nothing": unanswered(),
    },
)


BORNE = Case(
    files_safety.are_borne,
    {"accepted": [uploaded()], "refused": [refusal()]},
    {"500": [exchange(500)], "nothing": [unanswered()]},
)


def refusing(situation: str) -> Case:
    good = {str(status): refusal(status) for status in EXPECT[situation].statuses}
    return Case(base.refused, good, {"200": uploaded(), "500": exchange(500)}, more=(EXPECT[situation],))


CASES = {
    "documents.accepted": ACCEPTED,
    "documents.id-is-text": Case(
        documents.id_is_text,
        {"text": uploaded(), "202": uploaded(202)},
        {"none": without("document_id"), "number": uploaded(document_id=7), "empty": uploaded(document_id=" ")},
        SILENT,
    ),
    "documents.ids-unique": Case(
        documents.ids_differ,
        {
            "all": [uploaded(), uploaded(document_id="doc-2")],
            "refused": [uploaded(), uploaded(document_id="2"), refusal()],
        },
        {"twice": [uploaded(), uploaded(201)]},
        {"one": [uploaded(), refusal()]},
    ),
    "documents.status-is-text": Case(
        documents.status_is_text,
        {"text": uploaded()},
        {"none": without("status"), "true": uploaded(status=True), "number": uploaded(status=200)},
        SILENT,
    ),
    "documents.status-is-no-failure": Case(
        documents.status_is_no_failure,
        {"processed": uploaded(), "queued": uploaded(202, status="queued"), "Success": uploaded(status="Success")},
        {"failed": uploaded(status="failed"), "Error": uploaded(status="Error: no text")},
        SILENT,
    ),
    "documents.chunks-is-integer": Case(
        documents.chunks_is_integer,
        {"one": uploaded(), "none yet": uploaded(202, chunks=0)},
        {
            "text": uploaded(chunks="1"),
            "list": uploaded(chunks=["a"]),
            "true": uploaded(chunks=True),
            "negative": uploaded(chunks=-1),
            "fraction": uploaded(chunks=1.5),
            "none": without("chunks"),
        },
        SILENT,
    ),
    "documents.chunks-at-least-one": Case(
        documents.has_chunks,
        {"one": uploaded(), "many": uploaded(chunks=9)},
        {"none": uploaded(chunks=0), "none, ready": uploaded(chunks=0, status="Ready")},
        {
            "accepted only": uploaded(202, chunks=0),
            "under way": uploaded(chunks=0, status="processing"),
            "text": uploaded(chunks="0"),
            **SILENT,
        },
    ),
    "documents.chunks-grow": Case(
        documents.chunks_grow,
        {"more": (uploaded(), uploaded(chunks=40)), "more already": (uploaded(), uploaded(202, chunks=2))},
        {"as many": (uploaded(), uploaded()), "fewer": (uploaded(chunks=4), uploaded(chunks=3))},
        {"under way": (uploaded(), uploaded(status="processing")), "refused": (uploaded(), refusal(413))},
    ),
    "documents.created-at-is-date-time": Case(
        documents.created_at_is_date_time,
        {"UTC": uploaded(), "no offset": uploaded(created_at="2025-11-21T00:00:00.123456")},
        {"epoch": uploaded(created_at=1_763_683_200), "none": without("created_at")},
        SILENT,
    ),
    "documents.created-at-has-offset": Case(
        documents.created_at_has_offset,
        {"UTC": uploaded(), "offset": uploaded(created_at="2025-11-21T02:00:00+02:00")},
        {"none": uploaded(created_at="2025-11-21T00:00:00")},
        {"epoch": uploaded(created_at=0), **SILENT},
    ),
    "documents.created-at-is-now": Case(
        documents.created_at_is_now,
        {"now": uploaded()},
        {"a day ago": uploaded(created_at="2025-11-20T00:00:00Z"), "zero": uploaded(created_at="1970-01-01T00:00:00Z")},
        {"no offset": uploaded(created_at="2025-11-21T00:00:00"), **SILENT},
    ),
    "documents.simultaneous-accepted": Case(
        documents.are_accepted_alike,
        {
            "all": ([uploaded(), uploaded(202)], []),
            "one never": ([uploaded(), refusal(415)], [refusal(415)]),
        },
        {"one alone": ([uploaded(), exchange(503)], [uploaded()]), "cut": ([unanswered()], [uploaded(201)])},
        {"none ever": ([refusal()], [refusal()])},
    ),
    "documents.unicode-filename-accepted": ACCEPTED,
    "documents.path-like-filename-harmless": BORNE,
    "documents.other-encoding-harmless": BORNE,
    "documents.pdf-accepted": ACCEPTED,
    "documents.missing-file-refused": refusing("bad_request"),
    "documents.empty-file-refused": refusing("bad_request"),
    "documents.not-multipart-refused": refusing("wrong_media_type"),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("documents", CASES)


# What is uploaded


def test_a_tiny_pdf_is_read_by_others() -> None:
    lines = [r"The (harbour) office \ 100 %", "Second line."]
    reader = PdfReader(io.BytesIO(tiny_pdf(lines)), strict=True)
    assert len(reader.pages) == 1
    assert reader.pages[0].extract_text().splitlines() == lines


def test_a_tiny_pdf_holds_ascii_only() -> None:
    with pytest.raises(UnicodeEncodeError):
        tiny_pdf(["Żółw"])


def test_no_two_papers_share_a_sentence_or_a_mark() -> None:
    made = [
        papers.short_paper("a.txt"),
        papers.short_paper("a.txt"),
        papers.pdf_paper("b.pdf"),
        papers.long_paper("c", "d"),
    ]
    assert len({paper.sentence for paper in made}) == len({paper.mark for paper in made}) == len(made)
    for paper in made:
        assert paper.mark in paper.sentence
        assert [paper.sentence in other.text for other in made].count(True) == 1
    assert 35_000 < len(made[-1].content) < 50_000


def test_words_beyond_ascii_hold_no_ascii_but_blanks() -> None:
    assert not any(character.isascii() for character in papers.beyond_ascii().replace(" ", ""))
