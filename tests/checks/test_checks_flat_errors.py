"""Errors of a dialect that does not wrap them: the checks of wrapped ones, and those that only flat ones owe."""

from __future__ import annotations

from typing import Any

import pytest
from build import exchange, request

from ozwell_harness.checks import errors, params
from ozwell_harness.checks.passive import passive_of
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue

WEBUI = load_profile("openwebui")
ENVELOPE = WEBUI.expect.envelope
OWED = {name: check for name, check in passive_of("errors").items() if name in WEBUI.select(load_catalogue())}
CHAT = request(body={"model": "gpt-4"})
_WHOLE = {"error": "invalid_input", "message": "Wrong.", "status_code": 400}


def flat(status: int = 400, *, without: str = "", **changed: Any) -> Exchange:
    told = {name: value for name, value in (_WHOLE | {"status_code": status} | changed).items() if name != without}
    return exchange(status, json=told, asked=CHAT)


def other(document: Any, status: int = 400) -> Exchange:
    return exchange(status, json=document, asked=CHAT)


#: What only the named check reports, by what is wrong.
BAD: dict[str, dict[str, Exchange]] = {
    "errors.error-is-object": {
        "wrapped": other({"error": {"message": "Wrong.", "type": "x", "code": "y"}}),
        "another framework's": other({"detail": "Not Found"}, 404),
        "text": other("Wrong."),
        "an array": other([_WHOLE]),
    },
    "errors.message-is-text": {
        "missing": flat(without="message"),
        "empty": flat(message=""),
        "null": flat(message=None),
    },
    "errors.code-present": {"null": flat(402, error=None), "missing": flat(402, without="error")},
    "errors.code-is-text": {"a number": flat(402, error=402), "empty": flat(402, error="")},
    "errors.code-fits-status": {
        "that of another status": flat(404, error="invalid_input"),
        "one of its own": flat(404, error="model_not_found"),
        "with a 403": flat(403, error="unauthorized"),
    },
    "errors.status-repeated": {
        "missing": flat(without="status_code"),
        "another": flat(404, error="not_found", status_code=400),
        "text": flat(status_code="400"),
        "a truth": flat(status_code=True),
    },
    "errors.null-is-null": {"message": flat(message="None")},
}
GOOD = {
    "as documented": flat(),
    "more members": flat(details=[]),
    "a status that has no code of its own": flat(405, error="method_not_allowed"),
    "whose code is judged with authentication": flat(401, error="invalid_api_key"),
}


def reported(seen: Exchange) -> set[str]:
    found = set()
    for name, check in OWED.items():
        try:
            if check(seen, WEBUI) is not None:
                found.add(name)
        except Unjudgeable:
            continue
    return found


@pytest.mark.parametrize(
    ("name", "what", "seen"), [(name, what, seen) for name, cases in BAD.items() for what, seen in cases.items()]
)
def test_exactly_the_one_whose_business_it_is(name: str, what: str, seen: Exchange) -> None:
    assert reported(seen) == {name}, what


@pytest.mark.parametrize(("what", "seen"), list(GOOD.items()))
def test_nothing_is_said_of_what_is_allowed(what: str, seen: Exchange) -> None:
    assert reported(seen) == set(), what


def test_what_a_dialect_does_not_have_is_not_owed() -> None:
    assert not {"errors.type-is-text", "errors.type-fits-status", "errors.param-is-text"} & OWED.keys()
    assert (
        not {"errors.status-repeated", "errors.code-fits-status"}
        & load_profile("ozwell").select(load_catalogue()).by_id.keys()
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (other({"error": {"message": "m", "type": "t", "code": "c"}}), "not in the envelope"),
        (flat(message=" "), "message is not text"),
        (flat(error=None), "code is not text"),
        (flat(), ""),
    ],
)
def test_an_error_outside_of_the_api_is_whole_when_it_has_message_and_code(seen: Exchange, words: str) -> None:
    deviation = errors.in_envelope(seen, ENVELOPE)
    assert (words in deviation.message) if deviation and words else deviation is None


def test_a_code_is_read_where_the_dialect_keeps_it() -> None:
    expected = WEBUI.expect.errors["rate_limited"]
    assert errors.has_code(flat(429, error="rate_limit"), expected) is None
    deviation = errors.has_code(flat(429, error="too_many"), expected)
    assert deviation is not None
    assert (deviation.expected, deviation.actual) == ("code rate_limit", "code too_many")
    assert params.refuses(flat(), "no model", WEBUI.expect.errors["bad_request"]) is None


def test_deviations_name_the_member_as_the_dialect_does() -> None:
    deviation = errors.code_is_text(flat(402, error=402), WEBUI)
    assert deviation is not None
    assert deviation.expected == "a non-empty error"
    repeated = errors.status_is_repeated(flat(without="status_code"), WEBUI)
    assert repeated is not None
    assert repeated.expected == "status_code 400"
