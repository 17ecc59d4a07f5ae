from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, stream, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import auth, errors
from ozwell_harness.envelope import NESTED
from ozwell_harness.model import FailureKind
from ozwell_harness.profile import load_profile

EXPECT = load_profile("ozwell").expect.errors
WITH_KEY = request("GET", "/models", headers={"Authorization": "Bearer $OZWELL_API_KEY"})
LIST = {"object": "list", "data": []}


def denied(code: Any = "invalid_api_key", **more: Any) -> Any:
    more.setdefault("type", "authentication_error")
    return refusal(401, message="The key is not valid.", code=code, **more)


def is_refused(situation: str = "bad_key") -> Case:
    expected = EXPECT[situation]
    return Case(
        auth.is_refused,
        good={
            "401": denied(),
            "401 of a gateway": exchange(401, body=b"Unauthorized", headers={"Content-Type": "text/plain"}),
        }
        if situation != "no_permission"
        else {"403": refusal(403)},
        bad={
            "let in": exchange(json=LIST),
            "unknown resource first": refusal(404),
            "another status": refusal(400 if situation != "ambiguous_key" else 403),
            "a server error": refusal(500),
        },
        silent={"no answer": unanswered(), "cut off": exchange(200, failure=FailureKind.CUT)},
        more=(expected, "a made-up key"),
    )


ENFORCED = (
    *(f"auth.enforced-on-{name}" for name in ("chat", "responses", "embeddings", "models-retrieve")),
    *(f"auth.enforced-on-{name}" for name in ("documents", "query", "config", "deploy")),
    *(f"auth.enforced-on-files-{name}" for name in ("list", "upload", "retrieve", "content", "delete")),
)
CASES = {
    "auth.valid-key-accepted": Case(
        auth.key_is_accepted,
        good={
            "200": exchange(json=LIST, asked=WITH_KEY),
            "another refusal": refusal(404, asked=WITH_KEY),
            "a server error": refusal(500, asked=WITH_KEY),
            "cut off after the status": exchange(200, failure=FailureKind.CUT, asked=WITH_KEY),
            "no key needed": exchange(json=LIST),
        },
        bad={"401": denied(asked=WITH_KEY), "403": refusal(403, asked=WITH_KEY)},
        silent={"no answer": unanswered(), "no key in this run": denied(asked=request("GET", "/models"))},
    ),
    "auth.scheme-case-insensitive": Case(
        auth.key_is_accepted,
        good={"goes as far as the model": refusal(404, asked=WITH_KEY)},
        bad={"401": denied(asked=WITH_KEY)},
    ),
    "auth.missing-key-refused": is_refused("missing_key"),
    "auth.enforced-on-models-list": is_refused("missing_key"),
    "auth.enforced-on-history": is_refused("missing_key"),
    "auth.wrong-key-refused": is_refused(),
    **{name: is_refused() for name in ENFORCED},
    "auth.empty-token-refused": is_refused("malformed_key"),
    "auth.other-scheme-refused": is_refused("malformed_key"),
    "auth.no-scheme-refused": is_refused("malformed_key"),
    "auth.two-values-refused": is_refused("ambiguous_key"),
    "auth.extended-key-refused": is_refused(),
    "auth.prefix-alone-refused": is_refused(),
    "auth.judged-before-body": is_refused(),
    "auth.revoked-key-refused": is_refused(),
    "auth.restricted-key-refused": is_refused("no_permission"),
    "auth.missing-key-type": Case(
        errors.has_type,
        good={"own code": denied("missing_api_key"), "shared code": denied()},
        bad={"another type": denied(type="invalid_request_error"), "no text": denied(type=None)},
        silent={"another status": refusal(400), "no envelope": exchange(401, json={"error": "denied"})},
        more=(EXPECT["missing_key"],),
    ),
    "auth.restricted-key-type": Case(
        errors.has_type,
        good={
            "permission": refusal(403, type="permission_error"),
            "any code": refusal(403, type="permission_error", code="x"),
        },
        bad={"another type": refusal(403, type="authentication_error")},
        silent={"another status": refusal(401, type="permission_error")},
        more=(EXPECT["no_permission"],),
    ),
    "auth.wrong-key-type": Case(
        errors.has_type,
        good={"as documented": denied(), "param too": denied(param=None)},
        bad={"another type": denied(type="auth_error")},
        silent={"let in": exchange(json=LIST)},
        more=(EXPECT["bad_key"],),
    ),
    "auth.wrong-key-code": Case(
        errors.has_code,
        good={"as documented": denied()},
        bad={"another code": denied("bad_key"), "a number": denied(401), "null": denied(None)},
        silent={"let in": exchange(json=LIST)},
        more=(EXPECT["bad_key"],),
    ),
    "auth.missing-key-own-code": Case(
        auth.missing_key_has_own_code,
        good={"other code": (denied("missing_api_key"), denied()), "any other": (denied("no_key"), denied())},
        bad={"the same": (denied(), denied())},
        silent={"no code": (denied(None), denied()), "let in": (exchange(json=LIST), denied())},
        more=(NESTED,),
    ),
    "auth.challenge-on-401": Case(
        auth.challenges,
        good={
            "bearer": denied(headers={"www-authenticate": "Bearer"}),
            "more of it": denied(headers={"WWW-Authenticate": 'Bearer realm="x", error="invalid_token"'}),
            "after another": denied(headers={"WWW-Authenticate": 'Basic realm="x", BEARER'}),
            "in a second header": denied(headers=(("WWW-Authenticate", "DPoP"), ("WWW-Authenticate", "Bearer"))),
        },
        bad={
            "none": denied(),
            "empty": denied(headers={"WWW-Authenticate": " "}),
            "another scheme": denied(headers={"WWW-Authenticate": 'Basic realm="bearer of keys"'}),
        },
        silent={"another status": refusal(403)},
    ),
    "auth.stream-refusal-is-json": Case(
        auth.refusal_is_json,
        good={"JSON": denied(), "with charset": denied(headers={"Content-Type": "application/json; charset=utf-8"})},
        bad={
            "an event stream": stream({"error": {"message": "No."}}, status=401),
            "unlabelled": exchange(401, body=b"{}"),
        },
        silent={"let in": stream(), "another status": refusal(403)},
    ),
}


@pytest.mark.parametrize(("requirement", "evidence", "expected", "check", "arguments"), rows(CASES))
def test_check(requirement: str, evidence: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected, f"{requirement}: {evidence}"


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("auth", CASES)


def test_two_keys_may_be_refused_as_a_bad_request() -> None:
    assert verdict(auth.is_refused, refusal(400), EXPECT["ambiguous_key"], "two keys") == "good"


def test_a_finding_names_what_was_sent() -> None:
    found = auth.is_refused(exchange(json=LIST, asked=WITH_KEY), EXPECT["bad_key"], "a revoked key")
    assert found is not None
    assert found.message == "GET /models with a revoked key is not refused for it"
    assert found.expected == "status 401"


@pytest.mark.parametrize(("valid", "expected"), [(500, "silent"), (200, "bad"), (404, "bad"), (None, "bad")])
def test_what_fails_for_a_valid_key_too_refuses_nobody(valid: int | None, expected: str) -> None:
    assert verdict(auth.is_refused, refusal(500), EXPECT["bad_key"], "a made-up key", valid) == expected


def test_what_lets_in_everybody_is_bad_all_the_same() -> None:
    assert verdict(auth.is_refused, exchange(json=LIST), EXPECT["bad_key"], "a made-up key", 200) == "bad"
