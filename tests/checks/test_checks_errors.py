from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, errors, errors_alike
from ozwell_harness.checks.passive import passive_of
from ozwell_harness.envelope import NESTED
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

OZWELL = load_profile("ozwell")
EXPECT = OZWELL.expect.errors
ANSWER = {"object": "chat.completion", "choices": []}
MODEL = request("GET", "/models/no-such-model")
CHAT = request(body={"model": "no-such-model", "messages": []})


def refused(situation: str) -> Case:
    statuses = EXPECT[situation].statuses
    return Case(
        base.refused,
        good={str(status): refusal(status) for status in statuses}
        | {"a flat error": exchange(max(statuses), json="No.")},
        bad={
            "answered": exchange(json=ANSWER),
            "a server error": refusal(500),
            "another status": refusal(422),
            "no answer": unanswered(),
            "cut off": refusal(max(statuses), failure=FailureKind.CUT),
        },
        more=(EXPECT[situation],),
    )


NOT_ENVELOPED = {
    "a page": exchange(404, body=b"<html>", headers={"Content-Type": "text/html"}),
    "flat": exchange(404, json={"error": "Not found"}),
    "another framework's": exchange(404, json={"detail": "Not Found"}),
    "no message": exchange(404, json={"error": {"type": "x"}}),
    "no type": refusal(404, type=None),
    "an empty body": exchange(404),
}
ENVELOPED = {
    "whole": refusal(404),
    "null code": refusal(404, code=None),
    "a mark before it": exchange(404, body=b'\xef\xbb\xbf{"error": {"message": "m", "type": "t"}}'),
}
CASES = {
    **{
        f"errors.{name}-refused": refused("bad_request")
        for name in ("malformed-json", "empty-body", "array-body", "string-body", "number-body", "null-body")
    },
    "errors.wrong-media-type-refused": refused("wrong_media_type"),
    "errors.wrong-method-refused": refused("wrong_method"),
    "errors.unknown-path-refused": refused("not_found"),
    "errors.unknown-model-refused": refused("unknown_model"),
    "errors.unknown-model-code": Case(
        errors.has_code,
        good={"as in the OpenAI API": refusal(404, code="model_not_found")},
        bad={"another": refusal(404, code="not_found"), "a number": refusal(404, code=404)},
        silent={"answered": exchange(json=ANSWER), "another status": refusal(400, code="model_not_found")},
        more=(EXPECT["unknown_model"],),
    ),
    "errors.unknown-path-envelope": Case(
        errors.in_envelope,
        good=ENVELOPED,
        bad=NOT_ENVELOPED,
        silent={"no answer": unanswered(), "found": exchange(json=ANSWER)},
        more=(NESTED,),
    ),
    "errors.wrong-method-names-allowed": Case(
        errors.names_allowed_methods,
        good={
            "the method": refusal(405, headers={"Allow": "POST"}),
            "among others": refusal(405, headers={"allow": "OPTIONS,POST"}),
            "in a second header": refusal(405, headers=(("Allow", "OPTIONS"), ("Allow", "POST"))),
        },
        bad={
            "absent": refusal(405),
            "empty": refusal(405, headers={"allow": ""}),
            "others only": refusal(405, headers={"Allow": "GET, HEAD"}),
        },
        silent={"another status": refusal(404)},
        more=("POST",),
    ),
    "errors.param-names-field": Case(
        errors.names_field,
        good={
            "alone": refusal(param="temperature"),
            "in a path": refusal(param="$.temperature"),
            "in another": refusal(param="body.temperature"),
        },
        bad={"absent": refusal(), "null": refusal(param=None), "another": refusal(param="model")},
        silent={"answered": exchange(json=ANSWER)},
        more=("temperature", NESTED),
    ),
}

OTHERS = [
    refusal(404, asked=MODEL),
    refusal(404, asked=MODEL, param="model"),
    refusal(404, asked=request("GET", "/files/file-1"), code="not_found"),
    refusal(401, asked=MODEL, type="authentication_error", code="missing_api_key"),
    refusal(401, asked=CHAT, type="authentication_error", code="missing_api_key"),
    refusal(400, asked=CHAT),
    exchange(json=ANSWER, asked=CHAT),
    unanswered(),
]


@pytest.mark.parametrize(("requirement", "evidence", "expected", "check", "arguments"), rows(CASES))
def test_check(requirement: str, evidence: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected, f"{requirement}: {evidence}"


def test_every_requirement_has_a_case() -> None:
    assert areas_without_case("errors", CASES) == {*passive_of("errors"), "errors.same-shape-everywhere"}


@pytest.mark.parametrize(
    ("what", "seen", "expected"),
    [
        ("the same", refusal(404, asked=CHAT), "good"),
        ("another type, of another error", refusal(404, asked=CHAT, type="model_error"), "good"),
        ("more members", refusal(404, asked=CHAT, param=None), "good"),
        ("null code", refusal(404, asked=CHAT, code=None), "good"),
        ("no code", exchange(404, json={"error": {"message": "m", "type": "t"}}, asked=CHAT), "bad"),
        ("another type of the same 401", refusal(401, asked=CHAT, code="missing_api_key"), "bad"),
        ("another 401", refusal(401, asked=CHAT, type="permission_error", code="no_permission"), "good"),
        ("seen on one operation only", exchange(400, json={"error": {"message": "m"}}, asked=CHAT), "silent"),
        ("no envelope, which is another check's", exchange(404, json={"error": "m"}, asked=CHAT), "silent"),
        ("an unknown path", refusal(404, asked=request("GET", "/nothing")), "silent"),
        ("a success", exchange(json=ANSWER, asked=CHAT), "silent"),
    ],
)
def test_same_shape(what: str, seen: Exchange, expected: str) -> None:
    everything = [*OTHERS, seen]
    common = errors_alike.common_traits(everything, OZWELL)
    assert verdict(errors_alike.has_common_shape, seen, OZWELL, common) == expected, what
    assert all(verdict(errors_alike.has_common_shape, other, OZWELL, common) != "bad" for other in OTHERS)
