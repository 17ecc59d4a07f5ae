"""Every passive check, seen to pass and to fail; and on one broken exchange, only the one whose business it is."""

from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, stream, unanswered

from ozwell_harness.checks.passive import PASSIVE, passive_of
from ozwell_harness.model import Exchange, FailureKind, Leak, Unjudgeable
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue

OZWELL = load_profile("ozwell")
OPENAI = load_profile("openai")
#: Those that Ozwell owes; what only another dialect owes is seen to pass and to fail beside its other checks.
OWED = {name: check for name, check in PASSIVE.items() if name in OZWELL.select(load_catalogue())}

MODELS = request("GET", "/models")
CHAT = request(body={"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]})
BAD_CHAT = request(body={"model": "gpt-4"})
DOWNLOAD = request("GET", "/files/file-1/content")
UNKNOWN = request("GET", "/no-such-endpoint")
CLIMBING = request("GET", "/files/..%2F..%2Fetc%2Fhostname/content")
VALID_CHAT = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'
LABELLED_AS_TEXT = request(body=VALID_CHAT, headers={"Content-Type": "text/plain"})
IN_CHUNKS = request(body=VALID_CHAT, headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
MADE_UP = "https://page.example"
FROM_A_PAGE = request("GET", "/models", headers={"Origin": MADE_UP})
LIST: dict[str, Any] = {"object": "list", "data": []}
ID = {"x-request-id": "req-1"}
JSON = {"Content-Type": "application/json", **ID}
BOM = b"\xef\xbb\xbf"
ENVELOPE = b'{"error": {"message": "m", "type": "t", "code": "c"}}'


def error(status: int = 400, **more: Any) -> Exchange:
    more.setdefault("headers", ID)
    return refusal(status, **more)


def told(message: str, *, asked: Any = CHAT) -> Exchange:
    return error(message=message, asked=asked)


def raw(body: bytes, status: int = 200, *, media_type: str = "application/json", asked: Any = MODELS) -> Exchange:
    return exchange(status, body=body, headers={"Content-Type": media_type, **ID}, asked=asked)


#: What only the named check reports, by what is wrong.
BAD: dict[str, dict[str, Exchange]] = {
    "errors.error-is-object": {
        "text": exchange(400, json={"error": "Wrong."}, headers=JSON),
        "not nested": exchange(400, json={"message": "Wrong.", "type": "x", "code": "y"}, headers=JSON),
        "another framework's": exchange(400, json={"detail": [{"msg": "Wrong."}]}, headers=JSON),
        "an array": exchange(400, json=[{"error": {}}], headers=JSON),
        "null": exchange(404, json={"error": None}, headers=JSON, asked=MODELS),
    },
    "errors.message-is-text": {
        "empty": error(message=""),
        "blank": error(message="  "),
        "null": error(message=None),
        "an object": error(message={"en": "Wrong."}),
    },
    "errors.type-is-text": {"null": error(type=None), "a number": error(type=400), "empty": error(type="")},
    "errors.code-present": {
        "null": error(code=None),
        "absent": exchange(400, json={"error": {"message": "Wrong.", "type": "x"}}, headers=JSON),
    },
    "errors.code-is-text": {"a number": error(code=400), "empty": error(code=""), "a boolean": error(code=False)},
    "errors.type-fits-status": {
        "a server error": error(type="server_error"),
        "a rate limit": error(404, type="rate_limit_error", asked=MODELS),
        "a key": error(429, type="authentication_error"),
    },
    "errors.param-is-text": {"an array": error(param=["messages", 0]), "a number": error(param=0)},
    "errors.null-is-null": {"param": error(param="None"), "code": error(code="null"), "type": error(type="undefined")},
    "errors.json-content-type": {
        "a page": raw(b"<html>Bad Gateway</html>", 401, media_type="text/html"),
        "plain text": raw(b'{"error": {"message": "m", "type": "t", "code": "c"}}', 400, media_type="text/plain"),
        "unlabelled": exchange(404, body=b"Not found", headers=ID, asked=MODELS),
    },
    "errors.no-error-in-success": {
        "an envelope": exchange(json={"error": {"message": "Wrong."}}, headers=JSON),
        "a text": exchange(json={"error": "Wrong."}, headers=JSON, asked=MODELS),
        "an error object": exchange(json={"object": "error", "message": "Wrong."}, headers=JSON),
    },
    "errors.bad-input-no-server-error": {
        "a field missing": error(500, asked=BAD_CHAT),
        "no JSON": error(500, asked=request(body=b'{"model"', headers={"Content-Type": "application/json"})),
        "an array": error(502, asked=request(body=[])),
        "deeply nested": error(500, asked=request(body=b"[" * 100_000 + b"]" * 100_000)),
        "labelled as text": error(500, asked=LABELLED_AS_TEXT),
    },
    "errors.no-file-paths": {
        "a source": told("Cannot read property of undefined (/srv/app/routes/chat.js)"),
        "a library": told("in /usr/lib/python3.11/json/decoder.py"),
        "a system file": told("open /etc/secrets: permission denied"),
        "Windows": told(r"C:\inetpub\wwwroot\api\Chat.cs is locked"),
    },
    "errors.no-sql": {
        "a statement": told("SELECT id, name FROM users WHERE id = 1"),
        "an insertion": told('INSERT INTO "files" VALUES ($1)'),
        "a driver": told("(psycopg2.errors.UndefinedTable) wrong"),
        "a database": told('relation "files" does not exist'),
        "a state": told("SQLSTATE[42S02]: Base table not found"),
    },
    "http.json-content-type": {
        "a page": raw(b"<html></html>", media_type="text/html"),
        "plain text": raw(b'{"object": "list", "data": []}', media_type="text/plain"),
        "unlabelled": exchange(body=b"{}", headers=ID, asked=MODELS),
    },
    "http.one-json-document": {
        "two": raw(b'{"data": []}{"data": []}'),
        "cut": raw(b'{"data": ['),
        "empty": raw(b""),
        "not UTF-8": raw(b'{"a": "\xff"}'),
        "NaN": raw(b'{"a": NaN}'),
        "lines": raw(b'{"a": 1}\n{"a": 2}\n'),
        "an error": raw(b"Wrong.", 400),
    },
    "http.no-byte-order-mark": {"success": raw(BOM + b'{"data": []}'), "error": raw(BOM + ENVELOPE, 400)},
    "http.json-names-unique": {
        "at the top": raw(b'{"data": [], "data": [1]}'),
        "further down": raw(b'{"data": [{"id": 1, "id": 1}]}', asked=MODELS),
        "in an error": raw(b'{"error": {"code": "a", "message": "m", "type": "t", "code": "c"}}', 400),
    },
    "http.framing-clear": {
        "both": exchange(
            json=LIST, headers={**JSON, "Transfer-Encoding": "chunked", "Content-Length": "30"}, asked=MODELS
        ),
    },
    "http.success-is-200": {
        "201": exchange(201, json=LIST, headers=JSON, asked=MODELS),
        "202": exchange(202, json={}, headers=JSON, asked=CHAT),
        "204": exchange(204, headers=ID, asked=request("DELETE", "/files/file-1")),
    },
    "http.no-server-errors": {
        "valid": error(500, asked=CHAT),
        "a list": error(503, asked=MODELS),
        "an unknown path": error(500, asked=UNKNOWN),
        "overloaded": error(529, asked=CHAT),
    },
    "http.requests-answered": {
        "reset": unanswered(asked=CHAT),
        "timeout": unanswered(FailureKind.TIMEOUT, asked=MODELS),
        "gone": unanswered(FailureKind.CONNECT, asked=MODELS),
    },
    "http.answers-whole": {
        "cut off": exchange(body=b'{"data', failure=FailureKind.CUT, headers=JSON, asked=MODELS),
        "stalled": exchange(body=b'{"data', failure=FailureKind.TIMEOUT, headers=JSON, asked=MODELS),
        "no HTTP": unanswered(FailureKind.PROTOCOL, asked=CHAT),
    },
    "http.request-id-present": {
        "success": exchange(json=LIST, asked=MODELS),
        "error": refusal(401),
        "empty": exchange(json=LIST, headers={"x-request-id": " "}, asked=MODELS),
    },
    "http.cors-no-wildcard-with-credentials": {
        "both": exchange(
            json=LIST,
            headers={**JSON, "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"},
            asked=MODELS,
        ),
        "any origin repeated": exchange(
            json=LIST,
            headers={**JSON, "Access-Control-Allow-Origin": MADE_UP, "Access-Control-Allow-Credentials": "true"},
            asked=FROM_A_PAGE,
        ),
    },
    "security.key-not-echoed": {
        "in the body": error(401, leaks=(Leak("OZWELL_API_KEY", "body"),)),
        "in a header": exchange(json=LIST, headers=JSON, leaks=(Leak("MADE_UP_KEY", "header x-debug"),), asked=MODELS),
        "of an unknown path": error(404, leaks=(Leak("OZWELL_API_KEY", "body"),), asked=UNKNOWN),
    },
    "security.no-stack-traces": {
        "Python": told('Traceback (most recent call last):\n  File "<stdin>", line 1, in f'),
        "Java": told("java.lang.NullPointerException\n\tat com.acme.Chat.create(Chat.java:12)"),
        "Node": told("TypeError: x\n    at create (node:internal/url:797:36)"),
        "Go": told("panic: nil\n\ngoroutine 1 [running]:"),
        "Rust": told("thread 'main' panicked at 'oops'"),
        "a page": raw(b"<pre>Traceback (most recent call last):</pre>", 404, media_type="text/html", asked=UNKNOWN),
    },
    "security.no-other-keys": {
        "of a provider": told("Incorrect API key provided: sk-proj-Zk41vQ0pXw7LmN2bTg6c."),
        "of a cloud": told("Access denied for AKIAIOSFODNN7EXAMPLE"),
        "a token": told("Bearer eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl expired"),
    },
    "security.no-internal-addresses": {
        "with a port": told("connect ECONNREFUSED 10.12.0.7:8000"),
        "in a link": told("upstream http://192.168.4.20/generate timed out"),
        "a name": told("no healthy backend for models.serving.svc.cluster.local"),
    },
}

#: What no passive check reports: whatever the documents, HTTP and the OpenAI API allow.
GOOD: dict[str, Exchange] = {
    "a success": exchange(json=LIST, headers=JSON, asked=MODELS),
    "more fields": exchange(json={**LIST, "has_more": False, "x": None}, headers=JSON, asked=MODELS),
    "error null": exchange(json={"object": "response", "error": None}, headers=JSON),
    "charset": raw(b'{"object": "list", "data": []}', media_type="application/json; charset=utf-8"),
    "spaces around": raw(b' \r\n{"object": "list", "data": []}\n'),
    "escapes": raw(b'{"a": "\\ud83e\\udd8a \\u0000"}'),
    "an error": error(asked=CHAT),
    "a wrong key": error(401, type="authentication_error", asked=CHAT),
    "an error with param": error(param="messages[0].role"),
    "an error with param null": error(param=None),
    "an error with more": exchange(
        400, json={"error": {"message": "m", "type": "t", "code": "c", "details": [1]}, "id": 7}, headers=JSON
    ),
    "problem+json": raw(
        b'{"error": {"message": "m", "type": "t", "code": "c"}}', 400, media_type="application/problem+json"
    ),
    "a refused bad body": error(400, asked=BAD_CHAT),
    "a stream": stream({"choices": []}, headers={"Content-Type": "text/event-stream", **ID}, asked=CHAT),
    "a stream with an error": stream({"error": {"message": "m"}}, headers={"Content-Type": "text/event-stream", **ID}),
    "a cut stream": stream(
        b"data: {", headers={"Content-Type": "text/event-stream", **ID}, failure=FailureKind.CUT, asked=CHAT
    ),
    "a stream that was left": stream(
        b"data: {", headers={"Content-Type": "text/event-stream", **ID}, failure=FailureKind.LEFT, asked=CHAT
    ),
    "a download": raw(b"\x00\xff\r\n", media_type="application/octet-stream", asked=DOWNLOAD),
    "a download of broken JSON": raw(b"{", asked=DOWNLOAD),
    "a download of an error": raw(b'{"error": "Wrong."}', asked=DOWNLOAD),
    "an empty download": raw(b"", media_type="text/plain", asked=DOWNLOAD),
    "HEAD": exchange(200, headers=JSON, asked=request("HEAD", "/models")),
    "a preflight": exchange(
        204,
        headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization"},
        asked=request("OPTIONS", "/chat/completions"),
    ),
    "credentials for one origin": exchange(
        json=LIST,
        headers={
            **JSON,
            "Access-Control-Allow-Origin": "https://a.example",
            "Access-Control-Allow-Credentials": "true",
        },
        asked=MODELS,
    ),
    "TRACE not implemented": exchange(501, body=b"<html>", asked=request("TRACE", "/models")),
    "a page for an unknown path": raw(b"<html>", 404, media_type="text/html", asked=UNKNOWN),
    "another shape for an unknown method": exchange(
        405, json={"detail": "Method Not Allowed"}, asked=request("PUT", "/chat/completions")
    ),
    "a gateway's 413": raw(b"<html>", 413, media_type="text/html", asked=CHAT),
    "a gateway's 413 without an id": exchange(413, body=b"<html>", headers={"Content-Type": "text/html"}, asked=CHAT),
    "a gateway's page for a path that climbs": raw(b"<html>", 400, media_type="text/html", asked=CLIMBING),
    "a refused stream, which is judged elsewhere": raw(
        b"data: {}\n\n", 401, media_type="text/event-stream", asked=request(body={"stream": True})
    ),
    "chunks not known": error(501, asked=IN_CHUNKS),
    "a server error for a huge body": error(500, asked=request(body=VALID_CHAT + b" " * 3_000_000)),
    "names that are twice in different objects": raw(b'{"a": {"id": 1}, "b": [{"id": 1}, {"id": 1}]}'),
    "a masked key": told("Incorrect API key provided: sk-proj-********************Tg6c."),
    "a long word": told("The task sk-learn-pipeline-for-something is unknown, as is desk-0123456789012345678901."),
    "a version": told("Windows 10.0.19.45 is too old, use 192.168 or 10.2.3.4."),
    "an address that was sent": told(
        "Could not fetch http://192.168.0.1:80/a.png", asked=request(body={"url": "http://192.168.0.1:80/a.png"})
    ),
    "unavailable for now": error(503, headers={**ID, "Retry-After": "5"}, asked=CHAT),
    "too large to be read": exchange(body=b"x", failure=FailureKind.TOO_LARGE, headers=JSON, asked=MODELS),
    "a huge request cut off": unanswered(asked=request(body=b"x" * 3_000_000)),
    "a reset unknown path": unanswered(asked=UNKNOWN),
    "a link in a message": told("See https://example.org/docs/usr/lib/errors.js for help."),
    "a path of the API": told("There is no /v1/chat/completion, did you mean /v1/chat/completions?"),
    "a media type": told("Send application/json, not text/x-python.py."),
    "a quoted path": told("No such file: '/etc/hostname'.", asked=request("GET", "/files/%2Fetc%2Fhostname")),
    "a quoted model": told(
        "The model /opt/models/llama.so does not exist.",
        asked=request(body={"model": "/opt/models/llama.so", "messages": []}),
    ),
    "plain words": told("Select a model from the list, insert into messages, update it, or delete from files at will."),
    "a line of an upload": told('Invalid JSON in File "train.jsonl", line 3.'),
    "words like a trace": told("Look at chat.create(model) and at messages[0]."),
}


def reported(seen: Exchange, profile: Any = OZWELL) -> set[str]:
    found = set()
    for name, check in PASSIVE.items():
        try:
            deviation = check(seen, profile)
        except Unjudgeable:
            continue
        if deviation is not None:
            assert deviation.message, name
            assert deviation.expected, name
            assert deviation.actual, name
            found.add(name)
    return found


@pytest.mark.parametrize(
    ("name", "what", "seen"), [(name, what, seen) for name, cases in BAD.items() for what, seen in cases.items()]
)
def test_exactly_the_one_whose_business_it_is(name: str, what: str, seen: Exchange) -> None:
    assert reported(seen) == {name}, what


@pytest.mark.parametrize(("what", "seen"), list(GOOD.items()))
def test_nothing_is_said_of_what_is_allowed(what: str, seen: Exchange) -> None:
    assert reported(seen) == set(), what


@pytest.mark.parametrize("name", OWED)
def test_every_check_can_pass(name: str) -> None:
    def passes(seen: Exchange) -> bool:
        try:
            return PASSIVE[name](seen, OZWELL) is None
        except Unjudgeable:
            return False

    assert any(passes(seen) for seen in GOOD.values())


def test_table_and_catalogue_agree() -> None:
    assert OWED.keys() == BAD.keys()
    assert PASSIVE.keys() <= load_catalogue().by_id.keys()
    assert "security.key-not-echoed" in passive_of("security")


def test_an_operation_that_the_profile_lacks_is_not_judged() -> None:
    flat = exchange(404, json={"detail": "Not Found"}, headers=JSON, asked=request(path="/responses"))
    assert reported(flat) == {"errors.error-is-object"}
    assert reported(flat, OPENAI) == set()
