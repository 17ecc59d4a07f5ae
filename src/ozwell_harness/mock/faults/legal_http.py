"""Odd but legal uses of HTTP: what a conformance check must not report."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from ozwell_harness.mock.call import EVENT_STREAM_TYPE, JSON_TYPE, Call, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.errors import internal_error, invalid_value
from ozwell_harness.mock.faults.base import Area, Kind
from ozwell_harness.mock.faults.sending import CHUNKED, chunk, its_turn, send_as_usual
from ozwell_harness.mock.faults.wrappers import whole_body
from ozwell_harness.mock.replies import encode
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.writer import reply_head

AREA = Area("legal", Kind.LEGAL)

PAGE_413 = b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n</html>\r\n"


def _headed(name: str, description: str, rewrite: Callable[[bytes], bytes]) -> None:
    """Register a variation of the bytes before a body."""

    @AREA.wire(name, description)
    async def send(connection: Connection, reply: Reply, call: Call) -> None:
        await send_as_usual(connection, reply, call, rewrite)


def _each_line(change: Callable[[bytes, bytes], bytes]) -> Callable[[bytes], bytes]:
    """Make each header line anew of its name and value; the status line stays."""

    def rewrite(head: bytes) -> bytes:
        status, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        changed = [change(*line.split(b": ", 1)) for line in lines]
        return b"\r\n".join([status, *changed]) + b"\r\n\r\n"

    return rewrite


def _of_another_name(name: bytes, value: bytes) -> bytes:
    return (b"request-id" if name == b"x-request-id" else name) + b": " + value


def _without_reason(head: bytes) -> bytes:
    status, rest = head.split(b"\r\n", 1)
    return b" ".join(status.split(b" ", 2)[:2]) + b" \r\n" + rest


_headed("header-case", "Names of headers have capitals.", _each_line(lambda name, value: name.title() + b": " + value))
_headed(
    "header-spacing",
    "Values of headers have spaces around.",
    _each_line(lambda name, value: name + b":  " + value + b"\t "),
)
_headed("request-id-elsewhere", "The request id is in a header named Request-Id.", _each_line(_of_another_name))
_headed("no-reason", "The status line has no reason.", _without_reason)
_headed("early-hints", "An interim answer comes first.", lambda head: b"HTTP/1.1 103 Early Hints\r\n\r\n" + head)


@AREA.wire("http-1-0", "Answers are in HTTP/1.0, and end where the connection does.")
async def http_1_0(connection: Connection, reply: Reply, call: Call) -> None:
    """Send as a server of 1996 would."""
    head = head_bytes(reply.status, reply_head(call, reply)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    await connection.write(head)
    for item in [reply.body] if isinstance(reply.body, bytes) else reply.body:
        if isinstance(item, bytes) and connection.is_open:
            await connection.write(item)
    connection.close()


@AREA.wire("json-in-chunks", "JSON comes in chunks, with a trailer, and no length.")
async def json_in_chunks(connection: Connection, reply: Reply, call: Call) -> None:
    """Use the chunked coding with an extension and a trailer field (RFC 9112 section 7.1)."""
    if not isinstance(reply.body, bytes) or not reply.body:
        await send_as_usual(connection, reply, call)
        return
    body = whole_body(reply)
    head = [pair for pair in reply_head(call, reply) if pair[0] != b"content-length"]
    half = len(body) // 2
    await connection.write(head_bytes(reply.status, [*head, CHUNKED]) + chunk(body[:half]) if half else b"")
    await connection.write(b"%x;part=2\r\n%s\r\n0\r\nx-took: 3\r\n\r\n" % (len(body) - half, body[half:]))


@AREA.reply("connection-closed", "The connection is closed after each answer.")
def connection_closed(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Keep none."""
    reply.headers = [*reply.headers, (b"connection", b"close")]
    return reply


@AREA.wire("closed-after-errors", "The connection is closed after an error, without a word.")
async def closed_after_errors(connection: Connection, reply: Reply, call: Call) -> None:
    """Close an idle connection, as a server may at any moment (RFC 9112 section 9.3.1)."""
    await send_as_usual(connection, reply, call)
    if reply.status >= 400:
        connection.close()


@AREA.reply("compressed", "Answers and streams are compressed, as the request allows.")
def compressed(reply: Reply, call: Call) -> Reply:
    """Compress what is whole."""
    accepts = b"gzip" in call.heads.get(b"accept-encoding", b"")
    if accepts and isinstance(reply.body, bytes) and reply.body:
        reply.body = gzip.compress(reply.body, mtime=0)
        reply.headers = [*reply.headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    return reply


@AREA.reply("more-headers", "Answers have the headers of a gateway, cookies too.")
def more_headers(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Add what gateways add."""
    reply.headers = [
        *reply.headers,
        (b"via", b"1.1 edge-7"),
        (b"set-cookie", b"__cf=4f1; path=/; HttpOnly"),
        (b"set-cookie", b"route=b; path=/"),
        (b"alt-svc", b'h3=":443"; ma=86400'),
        (b"strict-transport-security", b"max-age=31536000"),
        (b"vary", b"Origin"),
        (b"vary", b"Accept-Encoding"),
        (b"server-timing", b"app;dur=3.1"),
    ]
    return reply


@AREA.reply("labels-in-capitals", "Media types are written in capitals, with a parameter.")
def labels_in_capitals(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Media types know no case (RFC 9110 section 8.3.1)."""
    labels = {JSON_TYPE: b'Application/JSON;Charset="UTF-8"', EVENT_STREAM_TYPE: b"Text/Event-Stream;Charset=UTF-8"}
    reply.content_type = labels.get(reply.content_type or b"", reply.content_type)
    return reply


@AREA.reply("origin-repeated", "The origin that asks is let in, without credentials; a preflight is answered with 200.")
def origin_repeated(reply: Reply, call: Call) -> Reply:
    """Repeat the origin."""
    origin = call.heads.pop(b"origin", None)
    if origin is not None:
        reply.headers = [*reply.headers, (b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    if call.method == "OPTIONS":
        reply.status, reply.body, reply.content_type = 200, b"OK", b"text/plain"
    return reply


@AREA.reply("gateway-413", "A gateway refuses a body beyond its limit with a page of its own.")
def gateway_413(reply: Reply, call: Call) -> Reply:
    """Answer before the API sees the request."""
    if reply.status == 413:
        call.request_id = ""
        reply.body, reply.content_type = PAGE_413, b"text/html"
    return reply


@AREA.wire(
    "closed-on-oversized", "A body beyond the limit ends the connection without an answer.", Operation.CREATE_CHAT
)
async def closed_on_oversized(connection: Connection, reply: Reply, call: Call) -> None:
    """Do not read on."""
    if reply.status == 413:
        connection.reset()
    else:
        await send_as_usual(connection, reply, call)


@AREA.reply("gateway-refuses-climbing", "A gateway refuses a path that climbs, with a page of its own.")
def gateway_refuses_climbing(reply: Reply, call: Call) -> Reply:
    """Answer before the API sees the request."""
    if "../" in call.identifier:
        call.request_id = ""
        return Reply(400, b"<html><h1>400 Bad Request</h1></html>", b"text/html")
    return reply


@AREA.reply("unavailable-for-a-moment", "One request is put off with 503 and Retry-After.")
def unavailable_for_a_moment(reply: Reply, call: Call) -> Reply:
    """Ask to come again at once (RFC 9110 section 15.6.4)."""
    if call.operation is not Operation.RETRIEVE_FILE or reply.status != 200:
        return reply
    if not its_turn(call, "legal.unavailable-for-a-moment"):
        return reply
    return Reply(503, encode(call.dialect.refusal(internal_error())), headers=[(b"retry-after", b"0")])


@AREA.reply("trace-not-known", "TRACE is a method that the server does not know.")
def trace_not_known(reply: Reply, call: Call) -> Reply:
    """Have no such method (RFC 9110 section 15.6.2)."""
    return Reply(501, b"<html>Unsupported method</html>", b"text/html") if call.method == "TRACE" else reply


@AREA.reply("two-keys-are-a-bad-request", "Two Authorization headers are a bad request.")
def two_keys_are_a_bad_request(reply: Reply, call: Call) -> Reply:
    """Refuse the request for its form, not for its key."""
    if sum(name == b"authorization" for name, _ in call.headers) < 2:
        return reply
    return Reply(400, encode(call.dialect.refusal(invalid_value("Authorization", "Send one Authorization header."))))
