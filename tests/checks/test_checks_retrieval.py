from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, chat, retrieval
from ozwell_harness.checks.retrieval import Known
from ozwell_harness.model import Exchange
from ozwell_harness.profile import load_profile

EXPECT = load_profile("openwebui").expect.errors
GUIDE = Known("doc-1", "In quellmoor1 the anchor keeps a barley candle.\nThe rest says nothing.\n", "quellmoor1")
OTHER = Known("doc-2", "In quellmoor2 the dahlia keeps an ember falcon.\n", "quellmoor2")
THIRD = Known("doc-3", "In quellmoor3 the garnet keeps a heather indigo.\n", "quellmoor3")
BOTH = [GUIDE, OTHER]

Result = dict[str, Any]


def of(known: Known, score: float = 0.5, **fields: Any) -> Result:
    return {"document_id": known.id, "content": known.text.strip(), "score": score} | fields


def found(*results: Any, **fields: Any) -> Exchange:
    return exchange(json={"results": list(results)} | fields, asked=request("POST", "/rag/query"))


SILENT = {"refused": refusal(), "no results": exchange(json={}), "texts": found("Hello"), "nothing": unanswered()}
NONE = {"none": found(), **SILENT}
FOUND = Case(
    retrieval.finds,
    {
        "first": found(of(GUIDE)),
        "second": found(of(OTHER), of(GUIDE)),
        "by its text": found(of(GUIDE, document_id="x")),
    },
    {"another": found(of(OTHER)), "none": found()},
    SILENT,
    more=(GUIDE,),
)
HARMLESS = Case(
    base.refused_or_answered,
    {"200": found(), "400": refusal()},
    {"500": exchange(500), "nothing": unanswered()},
)
WAITING = replace(GUIDE, processed=False)


def refusing(situation: str) -> Case:
    good = {str(status): refusal(status) for status in EXPECT[situation].statuses}
    return Case(base.refused, good, {"200": found(), "500": exchange(500)}, more=(EXPECT[situation],))


CASES = {
    "retrieval.answers": Case(
        chat.completes,
        {"results": found(of(GUIDE)), "none": found()},
        {
            "404": refusal(404),
            "a list": exchange(json=[of(GUIDE)]),
            "no JSON": exchange(body=b"{"),
            "nothing": unanswered(),
        },
    ),
    "retrieval.results-is-array": Case(
        retrieval.results_are_array,
        {"some": found(of(GUIDE)), "none": found()},
        {
            "missing": exchange(json={"data": []}),
            "object": exchange(json={"results": {"doc-1": {}}}),
            "texts": found("Hello"),
            "null": exchange(json={"results": None}),
        },
        {"refused": refusal()},
    ),
    "retrieval.document-id-is-text": Case(
        retrieval.document_ids_are_text,
        {"text": found(of(GUIDE))},
        {"second has none": found(of(GUIDE), {"content": "x", "score": 1}), "number": found(of(GUIDE, document_id=1))},
        NONE,
    ),
    "retrieval.content-is-text": Case(
        retrieval.contents_are_text,
        {"text": found(of(GUIDE))},
        {
            "empty": found(of(GUIDE, content="")),
            "list": found(of(GUIDE, content=["x"])),
            "null": found(of(GUIDE, content=None)),
        },
        NONE,
    ),
    "retrieval.score-is-number": Case(
        retrieval.scores_are_numbers,
        {"fraction": found(of(GUIDE)), "integer": found(of(GUIDE, 1)), "negative": found(of(GUIDE, -3.5))},
        {
            "text": found(of(GUIDE, score="0.5")),
            "null": found(of(GUIDE, score=None)),
            "true": found(of(GUIDE, score=True)),
        },
        NONE,
    ),
    "retrieval.found": FOUND,
    "retrieval.found-first": Case(
        retrieval.finds_first,
        {"first": found(of(GUIDE), of(OTHER))},
        {"second": found(of(OTHER), of(GUIDE))},
        {"not at all": found(of(OTHER)), **NONE},
        more=(GUIDE,),
    ),
    "retrieval.document-id-true": Case(
        retrieval.ids_are_true,
        {"true": found(of(GUIDE), of(OTHER)), "of others": found(of(GUIDE), of(THIRD, document_id="old"))},
        {
            "another's": found(of(GUIDE, document_id="doc-2")),
            "made up": found(of(OTHER), of(GUIDE, document_id="chunk-1")),
        },
        {"none of ours": found(of(THIRD)), **NONE},
        more=(BOTH,),
    ),
    "retrieval.content-true": Case(
        retrieval.contents_are_true,
        {
            "whole": found(of(GUIDE)),
            "a part": found(of(GUIDE, content="quellmoor1 the anchor keeps a barley")),
            "a few words": found(of(GUIDE, content="barley candle.")),
            "marked up": found(
                of(GUIDE, content="<b>In</b> <b>quellmoor1</b> the anchor keeps a barley <em>candle</em>")
            ),
            "with a title": found(
                of(GUIDE, content="guide.txt, page 1: In quellmoor1 the anchor keeps a barley candle.")
            ),
            "other blanks": found(of(GUIDE, content="In  quellmoor1\nthe ANCHOR keeps a barley candle")),
        },
        {
            "another's": found(of(GUIDE, content=OTHER.text)),
            "a summary": found(of(GUIDE, content="A text about a candle.")),
            "words only": found(of(GUIDE, content="candle barley a keeps anchor the quellmoor1")),
        },
        {
            "empty": found(of(GUIDE, content="")),
            "none of ours": found(of(THIRD)),
            "an id that is a list": found(of(GUIDE, document_id=["doc-1"])),
            **NONE,
        },
        more=(BOTH,),
    ),
    "retrieval.best-first": Case(
        retrieval.best_comes_first,
        {"falling": found(of(GUIDE, 0.9), of(OTHER, 0.2)), "equal": found(of(GUIDE, 1), of(OTHER, 1.0))},
        {
            "rising": found(of(GUIDE, 0.2), of(OTHER, 0.9)),
            "in the middle": found(of(GUIDE, 3), of(OTHER, 1), of(THIRD, 2)),
        },
        {"one": found(of(GUIDE)), "text": found(of(GUIDE, 1), of(OTHER, score="2")), **NONE},
    ),
    "retrieval.at-most-top-k": Case(
        retrieval.gives_at_most,
        {"as many": (found(of(GUIDE)), 1), "fewer": (found(), 1)},
        {"more": (found(of(GUIDE), of(OTHER)), 1)},
        {name: (value, 1) for name, value in SILENT.items()},
    ),
    "retrieval.top-k-optional": Case(base.answers, {"200": found()}, {"400": refusal(), "nothing": unanswered()}),
    "retrieval.repeatable": Case(
        retrieval.has_same_best,
        {"same": (found(of(GUIDE), of(OTHER)), found(of(GUIDE, 0.7)))},
        {
            "another": (found(of(GUIDE)), found(of(OTHER))),
            "another part": (found(of(GUIDE)), found(of(GUIDE, content="x"))),
        },
        {"none": (found(of(GUIDE)), found())},
    ),
    "retrieval.unicode-found": FOUND,
    "retrieval.injection-harmless": HARMLESS,
    "retrieval.long-query-harmless": HARMLESS,
    "retrieval.huge-top-k-harmless": HARMLESS,
    "retrieval.simultaneous-found": Case(
        retrieval.finds_all,
        {"both": (found(of(GUIDE), of(OTHER)), BOTH), "by text": (found(of(GUIDE), of(OTHER, document_id="x")), BOTH)},
        {"one lost": (found(of(GUIDE)), BOTH), "all lost": (found(), BOTH)},
        {
            "one only": (found(of(GUIDE)), [GUIDE]),
            "refused": (refusal(), BOTH),
            "one waits": (found(of(OTHER)), [WAITING, OTHER]),
        },
    ),
    "retrieval.pdf-found": FOUND,
    "retrieval.collection-apart": Case(
        retrieval.keeps_to,
        {"its own": found(of(GUIDE)), "and unknown ones": found(of(GUIDE), of(THIRD))},
        {"another": found(of(GUIDE), of(OTHER))},
        {"another only": found(of(OTHER)), "refused": refusal(404), **NONE},
        more=([GUIDE.id], [OTHER.id]),
    ),
    "retrieval.unknown-collection-empty": Case(
        retrieval.is_refused_or_empty,
        {"none": found(), "404": refusal(404), "400": refusal()},
        {"some": found(of(GUIDE)), "500": exchange(500), "nothing": unanswered()},
        {"no results": exchange(json={})},
    ),
    "retrieval.missing-query-refused": refusing("bad_request"),
    "retrieval.empty-query-refused": refusing("bad_request"),
    "retrieval.top-k-zero-refused": refusing("bad_request"),
    "retrieval.top-k-negative-refused": refusing("bad_request"),
    "retrieval.top-k-wrong-type-refused": refusing("bad_request"),
    "retrieval.other-key-finds-nothing": Case(
        retrieval.finds_none_of,
        {"none": found(), "its own": found(of(THIRD)), "403": refusal(403), "404": refusal(404)},
        {"by id": found({"document_id": "doc-1"}), "by text": found(of(GUIDE, document_id="x"))},
        {"the other key is refused": refusal(401), "500": exchange(500), "nothing": unanswered()},
        more=(BOTH,),
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("retrieval", CASES)


def test_a_document_that_is_not_processed_yet_need_not_be_found() -> None:
    assert verdict(retrieval.finds, found(), WAITING) == "silent"
    assert verdict(retrieval.finds, found(of(WAITING)), WAITING) == "good"
    assert verdict(retrieval.finds_all, found(), [WAITING, OTHER]) == "bad"


@pytest.mark.parametrize(
    ("exchange", "missing"), [(found(), True), (found(of(OTHER)), True), (found(of(GUIDE)), False), (refusal(), False)]
)
def test_only_results_without_the_document_lack_it(exchange: Exchange, missing: bool) -> None:
    assert retrieval.lacks(exchange, GUIDE) is missing
