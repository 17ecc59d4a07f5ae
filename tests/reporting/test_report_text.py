from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.reporting.indent import indent
from ozwell_harness.reporting.text import body, clip, epoch, instant, number, percent, printable, rate, seconds, visible

_ANY = st.text(alphabet=st.characters(codec=None, exclude_categories=()))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_ANY)
def test_visible_text_cannot_act_and_is_in_every_file(text: str) -> None:
    shown = visible(text)
    assert all(character in "\t\n" or character.isprintable() or ord(character) >= 0x20 for character in shown)
    assert not set(shown) & {"\x1b", "\x9b", "\x07", "\x00", "\r", "\x7f", "\u202e", "\u2066", "\ufeff"}
    shown.encode("utf-8")
    assert visible(shown) == shown


@given(_ANY)
def test_printable_text_fits_the_encoding(text: str) -> None:
    printable(text, "ascii").encode("ascii")


def test_ordinary_text_is_left_alone() -> None:
    text = "Grüße, 世界 🧑‍🚀; tab\tand\nline"
    assert visible(text) == text
    assert printable(text, "utf-8") == text


@pytest.mark.parametrize(
    ("share", "shown"),
    [(None, "-"), (0.0, "0%"), (1.0, "100%"), (0.9999, "99.9%"), (0.00001, "0.1%"), (0.5, "50.0%"), (2 / 3, "66.6%")],
)
def test_a_percentage_never_claims_too_much(share: float | None, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (math.inf, "-"),
        (0.0, "0 ms"),
        (0.0000123, "12.3 µs"),
        (0.0454, "45.4 ms"),
        (0.31, "310 ms"),
        (1.2345, "1.23 s"),
        (30.0, "30 s"),
        (200.0, "3 min 20 s"),
    ],
)
def test_durations_read_well(value: float | None, shown: str) -> None:
    assert seconds(value) == shown


def test_numbers_and_rates_read_well() -> None:
    assert [number(v) for v in (27.0712, 1234567.8, 0.5, 12.0, None)] == ["27.1", "1,234,568", "0.500", "12", "-"]
    assert [rate(v) for v in (0.0356, 0.0, 0.00004, None)] == ["3.56%", "0%", "0.00400%", "-"]


def test_instants_go_there_and_back() -> None:
    assert instant(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"
    assert epoch(instant(1_700_000_000.25)) == 1_700_000_000.25


def test_what_was_cut_is_said() -> None:
    assert clip("abcdef", 3) == "abc... (6 characters)"
    assert body(b"x" * 20, 8).note == "cut: 8 of 20 bytes shown"
    assert body("ää".encode(), 3).text == "ä"
    assert body(b"short", 8).note == ""


def test_a_body_that_is_no_text_shows_as_hexadecimal() -> None:
    shown = body(bytes(range(256)), 4096)
    assert shown.text.startswith("00 01 02")
    assert "not text" in shown.note


@given(_JSON, st.sampled_from([None, 1, 4]))
def test_line_breaks_change_no_value(value: object, step: int | None) -> None:
    text = json.dumps(value, indent=step)
    assert json.loads(indent(text)) == value


@given(_ANY)
def test_line_breaks_change_nothing_but_white_space(text: str) -> None:
    document = "{" + text
    assert "".join(indent(document).split()) == "".join(document.split())


def test_line_breaks_keep_what_a_parser_would_lose() -> None:
    assert indent('{"a":1.0,"a":1e5,"b":[1,2]}') == '{\n  "a": 1.0,\n  "a": 1e5,\n  "b": [1, 2]\n}'
    assert indent('{"a":{}}\n\n{"b"') == '{\n  "a": {}\n}\n\n{\n  "b"'
    assert indent('{"a": true false}') == '{\n  "a": true false\n}'
    assert indent("plain text") == "plain text"
