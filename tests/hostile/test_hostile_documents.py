"""JSON that nobody should write is read within bounds, and rightly."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.checks import base
from ozwell_harness.client import is_list, page_ids, segment, with_query
from ozwell_harness.model import Exchange, Headers, Request, Response, Unjudgeable, read_json, without_surrogates
from ozwell_harness.model.document import MOST_LEVELS
from ozwell_harness.profile import load_profile
from ozwell_harness.reporting.text import inert

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_json_can_say_is_read_as_it_is(document: object) -> None:
    assert read_json(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1" * 309, 10**308),
        ("-" + "1" * 1_000_000, -(10**308)),
        ("1e999", 1.7976931348623157e308),
        ("-1e999", -1.7976931348623157e308),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('"\\ud800"', "\ud800"),
    ],
    ids=["309 digits", "a million digits", "1e999", "-1e999", "a name twice", "a lone surrogate"],
)
def test_what_cannot_be_calculated_with_is_clipped(text: str, read: object) -> None:
    assert read_json(text) == read


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "", "{} {}", "\ufeff{}", "{'a': 1}"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the library's
        read_json(text)


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_bounded_alike_wherever_it_is_read(brackets: str) -> None:
    opening, closing = ('{"a":' if brackets == "{}" else "["), brackets[1]

    def nested(levels: int) -> str:
        return opening * (levels - 1) + brackets + closing * (levels - 1)

    read_json(nested(MOST_LEVELS))
    for levels in (MOST_LEVELS + 1, 900, 100_000):
        with pytest.raises(RecursionError, match="deeper than 200 levels"):
            read_json(nested(levels))


def test_many_brackets_are_no_depth() -> None:
    assert len(read_json("[" + "[]," * 10_000 + "{}]")) == 10_001


@given(st.text(st.characters(categories=["Cs", "Lu", "So"])))
def test_lone_surrogates_are_replaced(text: str) -> None:
    cleaned = without_surrogates({text: [text, 1]})
    json.dumps(cleaned, ensure_ascii=False).encode("utf-8")
    assert len(cleaned) == 1


def test_a_schema_can_judge_what_is_no_text() -> None:
    errors = load_profile("ozwell").schema_errors(
        "Model", {"id": "a\ud800", "object": "\ud800", "created": 10**308, "owned_by": "x"}
    )
    assert [error.pointer for error in errors] == ["/object"]


@pytest.mark.parametrize("text", ["plain", "a/b?c", "\ud800", "snow☃", "\x00\x1b"])
def test_any_id_can_be_asked_for(text: str) -> None:
    assert unquote(segment(text), errors="surrogatepass") == text
    assert with_query("/files", {"after": text}).isascii()


def answered(body: str) -> Exchange:
    headers = Headers((("Content-Type", "application/json"),))
    return Exchange(1, "x", Request("GET", "/models", "http://x/v1/models"), Response(200, headers, body.encode()))


@pytest.mark.parametrize(
    ("body", "ids", "listed"),
    [
        ('{"data": [{"id": "a"}, {"id": "b"}]}', ["a", "b"], True),
        ('{"data": [{"id": 7}]}', [], True),
        ('{"data": [{}]}', [], True),
        ('{"data": [null]}', [], True),
        ('{"data": {}}', [], False),
        ("[]", [], False),
        ("{}", [], False),
        ("no", [], False),
        ("[" * 1000, [], False),
    ],
)
def test_ids_on_a_page(body: str, ids: list[str], listed: bool) -> None:
    assert page_ids(answered(body)) == ids
    assert is_list(answered(body)) is listed


def test_a_document_too_deep_for_us_is_not_held_against_the_target() -> None:
    with pytest.raises(Unjudgeable, match="deeper than 200 levels"):
        base.answers_json_object(answered('{"a":' * 300 + "1" + "}" * 300))


@given(st.text())
def test_inert_json_is_the_same_document(text: str) -> None:
    document = inert(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(document) == {"a": text}
    assert not set(document) & set("\x1b\x7f\x9b\u202e\u2028")
