from __future__ import annotations

from typing import Any

import pytest

from ozwell_harness.envelope import NESTED, Envelope

FLAT = Envelope(None, {"code": "error", "message": "message", "status": "status_code"})


@pytest.mark.parametrize(
    ("envelope", "document", "told"),
    [
        (NESTED, {"error": {"message": "m", "code": None, "more": 1}}, {"message": "m", "code": None}),
        (NESTED, {"error": {}}, {}),
        (NESTED, {"error": "m"}, None),
        (NESTED, {"message": "m"}, None),
        (NESTED, ["error"], None),
        (FLAT, {"error": "c", "message": "m", "status_code": 400}, {"code": "c", "message": "m", "status": 400}),
        (FLAT, {"message": "m"}, {"message": "m"}),
        (FLAT, {"error": None}, {"code": None}),
        (FLAT, {"error": {"message": "m"}}, None),
        (FLAT, {"message": ["m"]}, None),
        (FLAT, {"detail": "m"}, None),
        (FLAT, "m", None),
    ],
)
def test_an_error_is_read_where_the_dialect_keeps_it(envelope: Envelope, document: Any, told: Any) -> None:
    assert envelope.read(document) == told


def test_places_are_named_as_on_the_wire() -> None:
    assert (NESTED.place("code"), FLAT.place("code"), FLAT.place("status")) == ("error.code", "error", "status_code")
    assert NESTED.shape == 'a body {"error": {…}}'
    assert FLAT.shape == 'a body {"error": …, "message": …, "status_code": …}'
    assert (NESTED.holds("status"), FLAT.holds("status")) == (False, True)
