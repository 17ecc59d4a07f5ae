"""What a server must not give away, and requests that it does not survive."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import JSON_TYPE, Call, Refusal, Reply
from ozwell_harness.mock.connection import Connection
from ozwell_harness.mock.errors import ApiError, ErrorType, not_found
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.sending import send_as_usual
from ozwell_harness.mock.routing import Operation

AREA = Area("security")

_ECHOED = "security.key-not-echoed"


def _key(call: Call) -> bytes:
    return b"".join(call.heads.get(b"authorization", b"").split()[-1:])


@AREA.reply("key-in-a-header", "A header of every answer holds the key.", Operation.LIST_MODELS, breaks=(_ECHOED,))
def key_in_a_header(reply: Reply, call: Call) -> Reply:
    """Tell a gateway who asked."""
    reply.headers = [*reply.headers, (b"x-authenticated-as", _key(call))]
    return reply


@AREA.result(
    "key-in-an-answer", "An embedding tells which key paid for it.", Operation.CREATE_EMBEDDING, breaks=(_ECHOED,)
)
def key_in_an_answer(answer: JsonObject, call: Call) -> JsonObject:
    """Add it to the usage."""
    answer["usage"]["billed_to"] = _key(call).decode("latin-1")
    return answer


@AREA.error("key-escaped", "The key is repeated in percent-encoding.", Operation.RETRIEVE_MODEL, breaks=(_ECHOED,))
def key_escaped(refusal: Refusal, call: Call) -> Refusal:
    """Link to a page of help that is given the key."""
    escaped = "".join(f"%{byte:02x}" for byte in _key(call))
    refusal.add(f" See /help?key={escaped}")
    return refusal


@AREA.error("another-key-told", "The error for a wrong key names a valid one.", breaks=(_ECHOED,))
def another_key_told(refusal: Refusal, call: Call) -> Refusal:
    """Be helpful."""
    if refusal.status == 401:
        known = call.services.settings.secrets.main
        refusal.add(f" Did you mean {known}?")
    return refusal


@AREA.error("key-of-a-restricted", "The error for a lacking permission repeats the key.", breaks=(_ECHOED,))
def key_of_a_restricted(refusal: Refusal, call: Call) -> Refusal:
    """Name the key that lacks it."""
    if refusal.status == 403:
        refusal.add(f" Key: {_key(call).decode('latin-1')}")
    return refusal


@AREA.reply("trace-echoes", "TRACE sends the request back.", breaks=("security.trace-refused",))
def trace_echoes(reply: Reply, call: Call) -> Reply:
    """Answer with the head of the request (RFC 9110 section 9.3.8)."""
    if call.method == "TRACE":
        lines = [f"TRACE {call.path} HTTP/1.1".encode(), *(name + b": " + value for name, value in call.headers)]
        return Reply(200, b"\r\n".join(lines), b"message/http")
    return reply


@AREA.reply("trace-as-get", "TRACE is taken for a GET.", breaks=("security.trace-refused",))
def trace_as_get(reply: Reply, call: Call) -> Reply:
    """Route by the path alone."""
    return Reply(200, b'{"object":"list","data":[]}') if call.method == "TRACE" else reply


@AREA.reply("trace-fails", "TRACE is answered with 500.", breaks=("http.no-server-errors",))
def trace_fails(reply: Reply, call: Call) -> Reply:
    """Have no handler for it."""
    if call.method == "TRACE":
        reply.status = 500
    return reply


def _climbing(name: str, words: str, climb: Callable[[], Reply], *breaks: str) -> None:
    @AREA.reply(
        f"traversal-{name}",
        f"A file id that climbs out of its folder is {words}.",
        Operation.RETRIEVE_FILE_CONTENT,
        breaks=("security.traversal-harmless", *breaks),
    )
    def change(reply: Reply, call: Call) -> Reply:
        return climb() if "../" in call.identifier and reply.status == 404 else reply


_SERVER_ERROR = b'{"error":{"message":"The file cannot be read.","type":"server_error","code":"internal_error"}}'
_climbing("read", "answered with a file of the server", lambda: Reply(200, b"mock-7\n", b"application/octet-stream"))
_climbing("empty", "answered with an empty file", lambda: Reply(200, b"", b"application/octet-stream"))
_climbing("fails", "answered with 500", lambda: Reply(500, _SERVER_ERROR, JSON_TYPE), "http.no-server-errors")
_climbing("redirects", "normalised by a redirect", lambda: Reply(301, b"", None, [(b"location", b"/etc/hostname")]))


def _is_attack(call: Call) -> bool:
    """Whether a request is one of those that no ordinary client sends: TRACE, or an id that climbs."""
    return call.method == "TRACE" or _climbs(call)


def _climbs(call: Call) -> bool:
    # In a query, further up than the ids that are merely odd.
    return "../" in call.identifier or "../../../" in unquote(call.query.decode("latin-1"))


@AREA.auth("routes-lost", "After a strange request no path is found any more.", breaks=("security.survives-the-run",))
def routes_lost(admission: Admission, call: Call) -> Admission:
    """Lose all routes."""
    lost = call.notes.get("security.lost", False)
    call.notes["security.lost"] = lost or _is_attack(call)
    if lost:
        raise not_found("path", call.path, "path")
    return admission


@AREA.auth("keys-lost", "After a strange request no key is known any more.", breaks=("security.survives-the-run",))
def keys_lost(admission: Admission, call: Call) -> Admission:
    """Forget the keys."""
    lost = call.notes.get("security.lost", False)
    call.notes["security.lost"] = lost or _is_attack(call)
    denial = ApiError(401, "invalid_api_key", "The API key is not valid.", type=ErrorType.AUTHENTICATION)
    return Admission(None, denial) if lost else admission


@AREA.wire(
    "worker-lost",
    "After a strange request every connection is closed without an answer.",
    breaks=("security.survives-the-run",),
)
async def worker_lost(connection: Connection, reply: Reply, call: Call) -> None:
    """Let the process die behind its socket."""
    if call.notes.get("security.lost"):
        connection.close()
        return
    call.notes["security.lost"] = _climbs(call)
    await send_as_usual(connection, reply, call)
