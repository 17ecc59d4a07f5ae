from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import security
from ozwell_harness.checks.passive import passive_of
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import Knock

CASES = {
    "security.trace-refused": Case(
        security.trace_is_refused,
        good={
            "405": refusal(405),
            "401": refusal(401),
            "501 with a page": exchange(501, body=b"<html>"),
            "a redirect": exchange(301),
        },
        bad={
            "an echo": exchange(body=b"TRACE /v1/models HTTP/1.1\r\n", headers={"Content-Type": "message/http"}),
            "taken for a GET": exchange(json={"object": "list", "data": []}),
        },
        silent={"dropped": unanswered()},
    ),
    "security.traversal-harmless": Case(
        security.traversal_is_harmless,
        good={"404": refusal(404), "400": refusal(400), "a firewall": exchange(403, body=b"<html>Blocked</html>")},
        bad={"a file": exchange(body=b"server-7\n"), "empty": exchange(200), "a server error": refusal(500)},
        silent={"dropped": unanswered()},
    ),
    "security.survives-the-run": Case(
        security.still_answers,
        good={"200": exchange(json={"object": "list", "data": []})},
        bad={
            "gone": unanswered(FailureKind.CONNECT),
            "hangs": unanswered(FailureKind.TIMEOUT),
            "a server error": refusal(503),
            "cut off": exchange(200, failure=FailureKind.CUT),
        },
        more=(frozenset({200}),),
    ),
}


@pytest.mark.parametrize(("requirement", "evidence", "expected", "check", "arguments"), rows(CASES))
def test_check(requirement: str, evidence: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected, f"{requirement}: {evidence}"


FEW = Knock("/chat/history?chat_id=none", "read no history", frozenset({200, 404}), lists_models=False)


def read(path: str, status: int = 200, method: str = "GET") -> Exchange:
    return exchange(status, json=[], asked=request(method, path))


@pytest.mark.parametrize(
    ("knock", "exchanges", "path"),
    [
        (FEW, [], FEW.path),
        (FEW, [read("/chat/history?chat_id=a"), read("/chat/history?chat_id=b")], "/chat/history?chat_id=b"),
        (FEW, [read("/chat/history?chat_id=a", 404), read("/chat/historyless?a=b"), read("/models")], FEW.path),
        (FEW, [read("/chat/history?chat_id=a", method="DELETE")], FEW.path),
        (Knock("/models", "list", frozenset({200}), lists_models=True), [read("/models?limit=2")], "/models"),
    ],
)
def test_what_was_there_is_a_better_sign_of_life(knock: Knock, exchanges: list[Exchange], path: str) -> None:
    sign = security.sign_of_life(knock, exchanges)
    assert sign.path == path
    assert sign.statuses == (knock.statuses if path == knock.path else frozenset({200}))


def test_every_requirement_has_a_case() -> None:
    assert areas_without_case("security", CASES) == set(passive_of("security"))
