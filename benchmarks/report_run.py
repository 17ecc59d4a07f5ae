"""Made-up findings on real requirements, with the exchanges that they rest on; used by ``report_opening.py``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ozwell_harness.model import Arrival, Exchange, Finding, Headers, Level, Request, Requirement, Response, Status

_URL = "http://127.0.0.1:8000/v1/chat/completions"
#: Of ten findings, six pass.
_STATUSES = (*[Status.PASSED] * 6, Status.FAILED, Status.FAILED, Status.WARNED, Status.NOT_TESTABLE)
_EVENTS = 12


def findings_of(requirements: Sequence[Requirement]) -> tuple[tuple[Finding, ...], tuple[Exchange, ...]]:
    """Return a finding on each requirement, which may come more than once, and an exchange for each finding."""
    findings, exchanges = [], []
    for number, requirement in enumerate(requirements):
        exchange = _exchange(number + 1, streamed=number % 3 == 0)
        exchanges.append(exchange)
        findings.append(_finding(number, requirement, exchange))
    return tuple(findings), tuple(exchanges)


def _finding(number: int, requirement: Requirement, exchange: Exchange) -> Finding:
    status = _STATUSES[number % len(_STATUSES)]
    level = {Status.FAILED: Level.MUST, Status.WARNED: Level.SHOULD}.get(status, requirement.level)
    name = requirement.id if number < 10_000 else f"{requirement.id}-{number}"
    if status is Status.PASSED:
        return Finding(name, requirement.area, level, status, exchanges=(exchange.id,))
    if status is Status.NOT_TESTABLE:
        return Finding(name, requirement.area, level, status, "No exchange of this run could show it.")
    return Finding(
        name, requirement.area, level, status, f"The answer holds what it must not, in {number % 9} places.",
        "an id like chatcmpl-abc123", f"id {number}", (exchange.id,), f"curl -sS -X POST {_URL} --data-raw '{{}}'",
    )  # fmt: skip


def _exchange(number: int, *, streamed: bool) -> Exchange:
    asked = {"model": "m", "stream": streamed, "messages": [{"role": "user", "content": f"Question {number}. " * 20}]}
    headers = Headers((("Authorization", "Bearer $OZWELL_API_KEY"), ("Content-Type", "application/json")))
    request = Request("POST", "/chat/completions", _URL, headers, json.dumps(asked).encode())
    body = _stream(number) if streamed else _answer(number)
    kind = "text/event-stream" if streamed else "application/json"
    response = Response(200, Headers((("content-type", kind),)), body, (Arrival(0.02, len(body)),))
    return Exchange(number, f"question {number}", request, response, None, 1_700_000_000.0 + number, 0.02)


def _answer(number: int) -> bytes:
    message = {"role": "assistant", "content": "An answer in some words. " * 30}
    answer = {"id": number, "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    return json.dumps(answer).encode()


def _stream(number: int) -> bytes:
    delta = {"id": number, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "word "}}]}
    return f"data: {json.dumps(delta)}\n\n".encode() * _EVENTS + b"data: [DONE]\n\n"
