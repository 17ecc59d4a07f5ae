from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import cors, http, operations, wire
from ozwell_harness.checks.passive import passive_of
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

ORIGIN = "https://page.example"
NONCES = ("heron-1", "stork-2", "crane-3")


def says(text: str) -> Exchange:
    return exchange(json={"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]})


def permits(status: int = 204, *, origin: str = "*", headers: str = "authorization, content-type") -> Exchange:
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": headers}
    return exchange(status, headers={name: value for name, value in allowed.items() if value})


HEARD = [says("It is heron-1."), says("stork-2"), says("crane-3, crane-3")]
LET_IN = refusal(headers={"Access-Control-Allow-Origin": ORIGIN})
CASES = {
    "http.deep-nesting-refused": Case(
        http.deep_nesting_is_refused,
        good={"400": refusal(400), "422": refusal(422), "413": exchange(413, body=b"<html>")},
        bad={"a server error": refusal(500), "reset": unanswered(), "answered": says("Hello")},
        silent={"another reason": refusal(403)},
    ),
    "http.usable-after-error": Case(
        http.usable_after_error,
        good={
            "all answered": (refusal(), HEARD),
            "a busy server": (refusal(), [says("a"), refusal(503)]),
            "a slow server": (refusal(), [unanswered(FailureKind.TIMEOUT)]),
        },
        bad={
            "reset": (refusal(), [says("a"), unanswered()]),
            "out of step": (refusal(), [refusal(400)]),
            "no HTTP": (refusal(), [unanswered(FailureKind.PROTOCOL)]),
        },
        silent={"no error before": (says("a"), HEARD), "no answer before": (unanswered(), HEARD)},
    ),
    "http.chunked-body-accepted": Case(
        http.accepts_chunked_body,
        good={"200": says("Hello")},
        bad={"411": refusal(411), "400": refusal(400), "501": exchange(501), "reset": unanswered()},
    ),
    "http.charset-accepted": Case(
        http.accepts_charset,
        good={"200": says("Hello")},
        bad={"415": refusal(415), "400": refusal(400), "cut off": exchange(400, failure=FailureKind.CUT)},
        silent={"busy": refusal(503), "limited": refusal(429), "reset": unanswered()},
    ),
    "http.answers-never-cross": Case(
        http.answers_do_not_cross,
        good={
            "each its own": HEARD,
            "other words": [says("Hello"), says("Hello"), says("Hello")],
            "one refused": [*HEARD[:2], refusal(411)],
        },
        bad={
            "swapped": [HEARD[1], HEARD[0], HEARD[2]],
            "mixed in": [says("heron-1 stork-2"), *HEARD[1:]],
            "one for all": [HEARD[0]] * 3,
        },
        silent={"one answer": [HEARD[0], refusal(500), unanswered()]},
        more=(NONCES,),
    ),
    "http.answers-hold-their-own": Case(
        http.answers_hold_their_own,
        good={"each its own": HEARD, "one refused": [*HEARD[:2], refusal(400)]},
        bad={"other words": [says("Hello"), *HEARD[1:]]},
        silent={"none": [refusal(500)] * 3},
        more=(NONCES,),
    ),
    "http.oversized-body-refused": Case(
        http.oversized_body_is_refused,
        good={"413": exchange(413, body=b"<html>"), "400": refusal(400)},
        bad={"a server error": refusal(500), "another refusal": refusal(404)},
        silent={"accepted": says("Hello"), "closed": unanswered()},
    ),
    "http.cors-preflight-permits-authorization": Case(
        cors.preflight_permits_authorization,
        good={
            "any origin": permits(),
            "this origin": permits(200, origin=ORIGIN),
            "in another case": permits(headers="Content-Type,AUTHORIZATION"),
            "a wildcard too": permits(headers="*, Authorization"),
        },
        bad={
            "no CORS": refusal(405),
            "another origin": permits(origin="https://other.example"),
            "the wildcard alone": permits(headers="*"),
            "other headers": permits(headers="content-type"),
            "no headers": permits(headers=""),
            "refused": permits(403),
        },
        silent={"no answer": unanswered()},
        more=(ORIGIN,),
    ),
    "http.cors-on-errors": Case(
        cors.error_has_cors,
        good={
            "this origin": (LET_IN, permits()),
            "any": (refusal(headers={"access-control-allow-origin": "*"}), permits()),
        },
        bad={"none": (refusal(), permits())},
        silent={"no CORS at all": (refusal(), refusal(405)), "no error": (says("Hello"), permits())},
        more=(ORIGIN,),
    ),
}


@pytest.mark.parametrize(("requirement", "evidence", "expected", "check", "arguments"), rows(CASES))
def test_check(requirement: str, evidence: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected, f"{requirement}: {evidence}"


def test_every_requirement_has_a_case() -> None:
    assert areas_without_case("http", CASES) == {*passive_of("http"), "http.request-ids-unique"}


def test_request_ids_are_unique() -> None:
    one, two, again = (exchange(json={}, headers={"x-request-id": name}) for name in ("a", "b", "a"))
    other_name = exchange(json={}, headers={"Request-Id": "c"})
    without, silent = exchange(json={}), unanswered()
    counts = wire.request_id_counts([one, two, other_name, without, silent])
    assert [verdict(wire.request_id_is_unique, e, counts) for e in (one, two, other_name)] == ["good"] * 3
    assert verdict(wire.request_id_is_unique, without, counts) == "silent"
    counts = wire.request_id_counts([one, two, again])
    assert [verdict(wire.request_id_is_unique, e, counts) for e in (one, two, again)] == ["bad", "good", "bad"]


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/models", "/models"),
        ("GET", "/files?limit=2&after=/x/y", "/files"),
        ("DELETE", "/files/file-1", "/files/{file_id}"),
        ("GET", "/files/file-1/content", "/files/{file_id}/content"),
        ("GET", "/models/a%2Fb%3A1.0", "/models/{model_id}"),
        ("GET", "/models/", None),
        ("GET", "/models/a/b", None),
        ("GET", "/files/..%2F..%2fetc%2Fhosts/content", None),
        ("HEAD", "/models", None),
        ("get", "/models", None),
        ("PARAMETERS", "/files/file-1", None),
        ("PUT", "/chat/completions", None),
        ("POST", "/chat/completion", None),
    ],
)
def test_operation(method: str, path: str, template: str | None) -> None:
    found = operations.operation_of(request(method, path), load_profile("ozwell"))
    assert (found and found.template) == template
