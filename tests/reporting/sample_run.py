"""A made-up run that holds everything a report must survive: every status, hostile text, odd bytes, a load phase."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ozwell_harness.model import (
    Arrival,
    Cost,
    Exchange,
    Failure,
    FailureKind,
    Finding,
    Headers,
    Level,
    Request,
    Requirement,
    Response,
    Run,
    Source,
    Status,
    Verdict,
)
from ozwell_harness.reporting.curl import curl
from ozwell_harness.verdict import decide, tally

#: Acts on a terminal, closes tags and scripts, ends CDATA and comments, reorders text, is in no UTF-8 file.
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07[red]markup[/red] <script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
    "]]>--><!-- {{ 7*7 }} {% raw %} \u202egnp.exe \ud800 \x00 \x9b31m & \" ' ` ${HOME} \r\n $(id)"
)
AREAS = ("auth", "models", "chat", "params", "streaming", "tools", "vision", "embeddings", "files", "pagination")
_STATUSES = (
    [Status.PASSED] * 17
    + [Status.FAILED] * 2
    + [Status.WARNED, Status.WARNED]
    + [Status.NOT_TESTABLE] * 2
    + [Status.NOT_APPLICABLE]
    + [Status.ERROR]
)
_STREAM = b"".join(
    b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"%d "}}]}\n\n' % i
    for i in range(12)
)


def request(method: str = "POST", path: str = "/chat/completions", body: bytes = b"", kind: str = "") -> Request:
    headers = [("Host", "127.0.0.1:8000"), ("Authorization", "Bearer $OZWELL_API_KEY")]
    headers += [("Content-Type", kind or "application/json")] if body else []
    return Request(method, path, f"http://127.0.0.1:8000/v1{path}", Headers(tuple(headers)), body)


def response(body: bytes, status: int = 200, kind: str = "application/json", pieces: int = 1) -> Response:
    step = max(1, len(body) // pieces)
    ends = [step * (i + 1) for i in range(pieces - 1)] + [len(body)]
    arrivals = tuple(Arrival(0.01 * (i + 1), end) for i, end in enumerate(ends))
    headers = Headers((("content-type", kind), ("x-request-id", "req-1"), ("x-hostile", HOSTILE.replace("\r\n", " "))))
    return Response(status, headers, body, arrivals)


def exchanges() -> tuple[Exchange, ...]:
    chat = json.dumps(
        {"model": "gpt-4", "messages": [{"role": "user", "content": "Say <b>hello</b> & 'bye'."}]}
    ).encode()
    answer = json.dumps({"id": "chatcmpl-1", "choices": [{"message": {"content": HOSTILE}}], "usage": {}}).encode()
    big = b"[" + b"1234567890," * 20_000 + b"1]"
    made = [
        (request("GET", "/models"), response(b'{"object":"list","data":[]}'), None),
        (request(body=chat), response(answer), None),
        (request(body=chat[:-1] + b',"stream":true}'), response(_STREAM, kind="text/event-stream", pieces=6), None),
        (request(body=chat), response(HOSTILE.encode("utf-8", "surrogatepass"), 500, "text/html"), None),
        (request(body=chat), None, Failure(FailureKind.CONNECT, f"no connection: {HOSTILE}")),
        (request(body=chat), response(_STREAM[:300], kind="text/event-stream"), Failure(FailureKind.CUT, "broke off")),
        (request("GET", "/files/file-1/content"), response(bytes(range(256)) * 9, kind="image/png"), None),
        (request("POST", "/embeddings", big), response(big), None),
        (request("DELETE", "/files/..%2f[1]"), response(b"", 404), None),
        (
            request("POST", "/files", b"--x\r\n\x00\xff\r\n--x--", "multipart/form-data; boundary=x"),
            response(b"{}"),
            None,
        ),
    ]
    return tuple(
        Exchange(i, f"number {i}", asked, came, failure, 1_700_000_000.0 + i, 0.08 + i / 100)
        for i, (asked, came, failure) in enumerate(made, 1)
    )


def requirements(amount: int = 250) -> tuple[Requirement, ...]:
    made = []
    for number in range(amount):
        area = AREAS[number * len(AREAS) // amount]
        level = (Level.MUST, Level.MUST, Level.SHOULD, Level.MAY)[number % 4]
        requires = (f"{area}.thing-{number - 1}",) if number % 25 in {21, 22} else ()
        source = Source("ozwell" if number % 3 else "openai", "Endpoints, Something <Else>")
        text = "What is owed here is said in one sentence, with <angles> & ampersands."
        made.append(Requirement(f"{area}.thing-{number}", area, level, text, source, None, requires))
    return tuple(made)


def finding(requirement: Requirement, status: Status, held: tuple[Exchange, ...], number: int) -> Finding:
    evidence = held[number % len(held)]
    plain = Finding(requirement.id, requirement.area, requirement.level, status, exchanges=(evidence.id,))
    match status:
        case Status.PASSED:
            return plain
        case Status.FAILED | Status.WARNED:
            hostile = HOSTILE if number % 3 == 0 else ""
            return replace(
                plain,
                level=Level.MUST if status is Status.FAILED else Level.SHOULD,
                message=f"The answer number {number % 7} is not what it should be. {hostile}".strip(),
                expected="status 400 with type invalid_request_error"
                if number % 2
                else "a JSON object\nwith two lines",
                actual=f'status 500 {{"error": "x"}} {hostile}' + "long " * (number % 5 * 200),
                exchanges=tuple(e.id for e in held) if number % 10 == 0 else (evidence.id,),
                reproduce=curl(evidence.request),
            )
        case Status.ERROR:
            return replace(plain, message=f"The harness failed: ValueError: {HOSTILE}", exchanges=())
        case Status.NOT_TESTABLE:
            return replace(plain, message=f"Its prerequisite did not hold: {HOSTILE}", exchanges=())
        case Status.NOT_APPLICABLE:
            return replace(plain, message="The target does not offer it.")


def load_block(seconds: int = 30) -> dict[str, Any]:
    def metric(base: float) -> dict[str, Any]:
        return {"count": 812, "mean": base * 1.1} | {
            name: base * factor for name, factor in (("p50", 1), ("p90", 1.4), ("p95", 1.7), ("p99", 2.6), ("max", 4.1))
        }

    metrics = {"ttft_s": metric(0.045), "e2e_s": metric(0.31), "icl_s": metric(0.012), "tpot_s": metric(0.0119)}
    counts = {"sent": 850, "completed": 812, "failed": 30, "censored": 8}
    return {
        "scenario": "mixed",
        "arrivals": "closed",
        "users": 8,
        "seed": 0,
        "duration_s": float(seconds),
        "warmup_s": 5.0,
        "window": {"started": 1_700_000_100.0, "ended": 1_700_000_130.0},
        "requests": counts,
        "throughput_rps": 27.07,
        "error_rate": 0.0356,
        "errors": [{"kind": "timeout", "count": 20}, {"kind": f"status {HOSTILE}", "count": 10}],
        "metrics": metrics,
        "tokens": {"prompt": 9000, "completion": 15000, "completion_per_s": 500.0, "per_chunk": 1, "from_usage": None},
        "nonconformities": [
            {"requirement": "http.answers-never-cross", "count": 2, "message": "An answer holds another's nonce.",
             "example": HOSTILE}
        ],
        "valid": False,
        "reasons": ["The client used 97% of its core: it set the pace, not the target."],
        "validity": {"client_cpu_mean": 0.97, "unsent": 0, "stamps": "kernel", "receive_lag_p99_s": None},
        "per_second": [
            {
                "t": t,
                "sent": 28,
                "completed": 27 + round(4 * math.sin(t / 3)),
                "failed": 3 if t % 10 == 4 else 0,
                "e2e_p50_s": None if t in {11, 12} else 0.3 + 0.05 * math.sin(t / 4),
                "ttft_p50_s": None if t == 11 else 0.045 + 0.01 * math.cos(t / 4),
            }
            for t in range(seconds + 5)
        ],
        "scenarios": [
            {"name": "chat", "requests": counts, "metrics": {"e2e_s": metric(0.2)}},
            {"name": "chat_stream", "requests": counts, "metrics": metrics | {"e2e_s": metric(0.4) | {"p99": None}}},
        ],
        "slo": {
            "expression": "ttft_p99<500ms, error_rate<0.1%",
            "met": False,
            "terms": [
                {"term": "ttft_p99<500ms", "value": 0.117, "met": True},
                {"term": "error_rate<0.1%", "value": 0.0356, "met": False},
            ],
        },
        "interrupted": False,
    }  # fmt: skip


def run_of(findings: Iterable[Finding], **changes: Any) -> Run:
    found = tuple(findings)
    run = Run(
        target="http://127.0.0.1:8000/v1",
        profile="ozwell",
        seed=7,
        started=1_700_000_000.25,
        duration_s=12.345,
        verdict=decide(found),
        tally=tally(found),
        findings=found,
        cost=Cost(143, 5120, 2210, 2, 14.5),
        facts={"model": "gpt-4", "embedding_model": "text-embedding-ada-002"},
    )
    return replace(run, **changes)


def full_run(amount: int = 250) -> Run:
    held = exchanges()
    findings = [
        finding(requirement, _STATUSES[number % len(_STATUSES)], held, number)
        for number, requirement in enumerate(requirements(amount))
    ]
    notes = ("The target limited the rate 2 times; the run waited 14 s for it.", f"A hostile note: {HOSTILE}")
    return run_of(findings, exchanges=held, notes=notes, load=load_block())


def green_run() -> Run:
    held = exchanges()[:3]
    findings = [finding(r, Status.PASSED, held, n) for n, r in enumerate(requirements(40))]
    block = load_block() | {"valid": True, "reasons": [], "errors": [], "nonconformities": [], "slo": None}
    return run_of(findings, exchanges=held, load=block)


def unreachable_run() -> Run:
    findings = [
        Finding(r.id, r.area, r.level, Status.NOT_TESTABLE, "The target could not be reached.")
        for r in requirements(20)
    ]
    return run_of(findings, notes=("Unreachable: http://127.0.0.1:9/v1 did not answer: no connection.",))


def interrupted_run() -> Run:
    run = full_run(30)
    return replace(run, verdict=Verdict.INCONCLUSIVE, interrupted=True, load=None, exchanges=run.exchanges[:2])
