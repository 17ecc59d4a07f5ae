from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.reporting.indent import indent
from ozwell_harness.reporting.places import Path, places

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def at(document: object, path: Path) -> object:
    for step in path:
        document = document[step]  # type: ignore[index]
    return document


@given(document=_VALUES, ascii_only=st.booleans())
def test_every_value_is_found_where_it_stands(document: object, ascii_only: bool) -> None:
    for text in (json.dumps(document, ensure_ascii=ascii_only), indent(json.dumps(document, ensure_ascii=ascii_only))):
        found = {place.path: place for place in places(text)}
        assert found[()].value == document
        for path, place in found.items():
            assert at(document, path) == place.value
            shown = text[place.start : place.end]
            named = bool(path) and isinstance(path[-1], str)
            assert json.loads(f"{{{shown}}}" if named else shown) == ({path[-1]: place.value} if named else place.value)


@given(document=_VALUES, share=st.floats(0, 1))
def test_a_cut_text_shows_what_is_whole_in_it(document: object, share: float) -> None:
    text = json.dumps({"whole": document, "last": [1, 2, 3]})
    cut = text[: int(share * len(text))]
    for place in places(cut):
        assert place.end <= len(cut)
        assert cut[place.start : place.end] == text[place.start : place.end]


@pytest.mark.parametrize("text", ["", "  ", "{", "[1,", '{"a"', '{"a":', "{1: 2}", "[1 2]", "]", '"open', "[" * 10_000])
def test_what_is_no_json_is_read_as_far_as_it_goes(text: str) -> None:
    assert all(place.path for place in places(text))


def test_a_document_may_begin_within_a_text() -> None:
    text = 'data: {"a": [true]}\n\n'
    found = {place.path: (text[place.start : place.end], place.value) for place in places(text, 6)}
    assert found == {
        (): ('{"a": [true]}', {"a": [True]}),
        ("a",): ('"a": [true]', [True]),
        ("a", 0): ("true", True),
    }


def test_a_value_that_cannot_be_read_still_has_its_place() -> None:
    text = r'{"a": "\x1b", "b": nope}'
    assert [(text[p.start : p.end], p.value) for p in places(text) if p.path] == [
        (r'"a": "\x1b"', None),
        ('"b": nope', None),
    ]
