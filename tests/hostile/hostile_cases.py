"""The hostile and broken targets that are judged as a whole, by name."""

from __future__ import annotations

import contextlib
import gzip
import ssl
from collections.abc import Callable
from pathlib import Path

from hostile_running import KEY, SHORT, Case
from hostile_wire import Asked, Handler, Line, Served, always, answer, close, head, serve, then_close

MODELS = {
    "object": "list",
    "data": [
        {"id": "gpt-4", "object": "model", "created": 1_700_000_000, "owned_by": "x"},
        {"id": "text-embedding-ada-002", "object": "model", "created": 1_700_000_000, "owned_by": "x"},
    ],
}
CERTIFICATES = Path(__file__).with_name("certificates")
#: What a run is given that names no model, and one that has no key either.
KEY_ONLY = {"OZWELL_API_KEY": KEY}
NOTHING: dict[str, str] = {}
#: Where nothing can be judged, a few requirements show it as well as all of them.
FEW = ("--area", "models")
#: What is asked again and again costs its time each time.
CHAT = ("--area", "chat")


def served(handler: Handler, **options: object) -> Callable[[], contextlib.AbstractContextManager[Served]]:
    return lambda: serve(handler, **options)  # type: ignore[arg-type]


def but_for_models(handler: Handler) -> Handler:
    """Misbehave, except when asked for the models."""

    def handle(line: Line, asked: Asked) -> None:
        if asked.method == "GET" and asked.path.partition("?")[0].endswith("/models"):
            line.say(answer(MODELS))
        else:
            handler(line, asked)

    return handle


# Too slow


def hang(line: Line, _asked: Asked) -> None:
    line.hang()


def hang_in_body(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "application/json", "Content-Length: 1000") + b'{"object": ')
    line.hang()


def hang_in_stream(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "text/event-stream") + b'data: {"id": "x", "choices": []}\n\n')
    line.hang()


def dribble_head(line: Line, _asked: Asked) -> None:
    line.dribble(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000, 0.05)


def dribble_body(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "application/json"))
    line.dribble(b'{"object": "' + b"a" * 10_000, 0.05)


SLOW = {
    "hangs before headers": Case(served(hang), FEW, SHORT),
    "hangs before headers, but for models": Case(served(but_for_models(hang)), timeouts=SHORT),
    "hangs in the body": Case(served(hang_in_body), timeouts=SHORT),
    "hangs in the stream, but for models": Case(served(but_for_models(hang_in_stream)), CHAT, SHORT),
    "dribbles the head": Case(served(dribble_head), FEW, SHORT),
    "dribbles the body, but for models": Case(served(but_for_models(dribble_body)), CHAT, SHORT),
}

# Too much


def gibibyte(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "application/json", f"Content-Length: {1 << 30}"))
    line.flood(b"[[],{}," * 10_000, 1 << 30)


def stream_for_ever(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "text/event-stream"))
    line.flood(b'data: {"choices": [{"index": 0, "delta": {"content": "on "}}]}\n\n' * 1000, 1 << 34)


#: 1 GiB in 1 MiB. A gzip body may have several members (RFC 1952 section 2.2): one is compressed, and sent 16 times.
BOMB = answer(gzip.compress(bytes(64 << 20), 9) * 16, headers=("Content-Encoding: gzip",))
MANY_HEADERS = head("200 OK", "application/json", *(f"X-Header-{number}: value" for number in range(10_000)))

MUCH = {
    "1 GiB, but for models": Case(served(but_for_models(gibibyte))),
    "streams for ever, but for models": Case(served(but_for_models(stream_for_ever))),
    "10,000 headers, but for models": Case(served(but_for_models(then_close(always(MANY_HEADERS))))),
    "a gzip bomb, but for models": Case(served(but_for_models(always(BOMB)))),
}

# The same to everything


def html(line: Line, _asked: Asked) -> None:
    line.say(answer(b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>", kind="text/html; charset=utf-8"))


def error(status: str, *headers: str) -> bytes:
    return answer({"error": {"message": status, "type": "x", "code": "x"}}, status=status, headers=headers)


def redirect_elsewhere(line: Line, asked: Asked) -> None:
    """Lead to this very server under another name, so that a client that follows is seen here."""
    _, _, port = asked.headers["host"].rpartition(":")
    where = f"Location: http://localhost:{port}/elsewhere"
    line.say(answer(b"", status="307 Temporary Redirect", headers=(where,), kind="text/plain"))


def alike(data: bytes, **options: object) -> Case:
    return Case(served(always(data)), **options)  # type: ignore[arg-type]


REDIRECT = answer(b"", status="307 Temporary Redirect", headers=("Location: /v1/elsewhere",), kind="text/plain")
ALIKE = {
    "{} to everything": alike(answer(b"{}"), environment=KEY_ONLY),
    "nothing in every body": alike(answer(b"")),
    "HTML everywhere": Case(served(html), environment=NOTHING),
    "500 to everything": alike(error("500 Internal Server Error")),
    "502 to everything": alike(answer(b"Bad Gateway", status="502 Bad Gateway", kind="text/plain")),
    "503 to everything, for now": alike(error("503 Service Unavailable", "Retry-After: 0"), options=FEW),
    "401 to everything": alike(error("401 Unauthorized")),
    "401 to everything, no model": alike(error("401 Unauthorized"), environment=KEY_ONLY),
    "401 to everything, no key": alike(error("401 Unauthorized"), environment=NOTHING),
    "404 to everything": alike(error("404 Not Found")),
    "404 to everything, no model": alike(error("404 Not Found"), environment=KEY_ONLY),
    "a redirect to everything": alike(REDIRECT),
    "a redirect to another host": Case(served(redirect_elsewhere)),
    "429 to everything": alike(error("429 Too Many Requests", "Retry-After: 0"), options=FEW),
    "429 to everything, for ages": alike(error("429 Too Many Requests", "Retry-After: " + "9" * 400), options=FEW),
    "429, but for models": Case(
        served(but_for_models(always(error("429 Too Many Requests", "Retry-After: 86400")))),
    ),
}

# Broken


def dying(after: int) -> Handler:
    """Serve so many requests, then close every connection."""
    count = [0]

    def handle(line: Line, asked: Asked) -> None:
        count[0] += 1
        if count[0] > after:
            close(line)
        but_for_models(always(answer(b"{}")))(line, asked)

    return handle


BROKEN = {
    "closes without answering": Case(served(close), FEW),
    "closes without answering, but for models": Case(served(but_for_models(close))),
    "speaks another protocol": alike(b"220 mail.example ESMTP\r\n\r\n", options=FEW),
    "speaks another protocol, but for models": Case(
        served(but_for_models(then_close(always(b"HTTP/banana 200 OK\r\n\r\n"))))
    ),
    "dies after thirty requests": Case(lambda: serve(dying(30))),
}

# TLS. The keys in the certificate files were made for these tests and open nothing.


def tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


def secured(name: str, *options: str, scheme: str = "https") -> Case:
    handler = but_for_models(always(answer(b"{}")))
    return Case(served(handler, tls=tls(name), scheme=scheme), options=(*FEW, *options))


def bewildered(line: Line, _asked: Asked) -> None:
    """Understand nothing of what comes."""
    line.connection.recv(65536)
    line.say(answer(b"what?", status="400 Bad Request", kind="text/plain"))
    close(line)


TRUST = ("--ca-file", str(CERTIFICATES / "ca.pem"))
SECURED = {
    "a private authority that is not trusted": secured("trusted"),
    "a self-signed certificate": secured("self-signed", *TRUST),
    "an expired certificate": secured("expired", *TRUST),
    "a certificate for another host": secured("elsewhere", *TRUST),
    "TLS where http was said": secured("trusted", scheme="http"),
    "plain HTTP where https was said": Case(served(bewildered, scheme="https", reads=False), FEW),
}

CASES: dict[str, Case] = SLOW | MUCH | ALIKE | BROKEN | SECURED
