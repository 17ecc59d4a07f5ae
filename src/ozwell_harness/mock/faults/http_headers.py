"""Headers: request ids that are missing or given twice, and CORS that keeps pages out or lets all in."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("http")

Named = Callable[[Reply, Call], str]


def _request_id(name: str, description: str, named: Named, requirement: str) -> None:
    """Register a fault in the request id that a reply carries."""

    @AREA.reply(name, description, breaks=(requirement,))
    def change(reply: Reply, call: Call) -> Reply:
        call.request_id = named(reply, call)
        return reply


def _without(is_meant: Callable[[Reply, Call], bool]) -> Named:
    return lambda reply, call: "" if is_meant(reply, call) else call.request_id


def _counted(call: Call, every: int) -> str:
    count: int = call.notes.get("http.request-ids", 0)
    call.notes["http.request-ids"] = count + 1
    return f"req_{count // every:08d}"


def _by_connection(reply: Reply, call: Call) -> str:  # noqa: ARG001
    return f"req_{call.scope['client'][1]}"


_PRESENT, _UNIQUE = "http.request-id-present", "http.request-ids-unique"
_request_id("id-missing", "No answer has a request id.", _without(lambda reply, call: True), _PRESENT)  # noqa: ARG005
_request_id(
    "id-missing-on-errors",
    "An error has no request id.",
    _without(lambda reply, call: reply.status >= 400),  # noqa: ARG005
    _PRESENT,
)
_request_id(
    "id-missing-on-streams",
    "A stream has no request id.",
    _without(lambda reply, call: not isinstance(reply.body, bytes)),  # noqa: ARG005
    _PRESENT,
)
_request_id(
    "id-missing-on-downloads",
    "A download has no request id.",
    _without(lambda reply, call: call.operation is Operation.RETRIEVE_FILE_CONTENT),  # noqa: ARG005
    _PRESENT,
)
_request_id("id-constant", "All answers have one request id.", lambda reply, call: "req_1", _UNIQUE)  # noqa: ARG005
_request_id("id-by-connection", "A request id is that of the connection.", _by_connection, _UNIQUE)
_request_id(
    "id-in-pairs",
    "Every second answer has the request id of the one before.",
    lambda reply, call: _counted(call, 2),  # noqa: ARG005
    _UNIQUE,
)


def _preflight(
    name: str, words: str, *, status: int = 204, origin: bytes | None = b"*", allowed: bytes | None = b"authorization"
) -> None:
    """Register a fault in the answer to a CORS preflight."""

    @AREA.reply(f"preflight-{name}", f"{words}.", breaks=("http.cors-preflight-permits-authorization",))
    def change(reply: Reply, call: Call) -> Reply:
        if call.method != "OPTIONS":
            return reply
        call.heads.pop(b"origin", None)
        reply.status = status
        reply.headers = [] if origin is None else [(b"access-control-allow-origin", origin)]
        if allowed is not None:
            reply.headers.append((b"access-control-allow-headers", allowed))
        return reply


_preflight("refused", "A preflight is refused, as it has no key", status=401)
_preflight("405", "A preflight is a method that the path lacks", status=405)
_preflight("without-origin", "A preflight lets no origin in", origin=None)
_preflight("for-one-origin", "A preflight lets the one origin of the console in", origin=b"https://console.example")
_preflight("without-headers", "A preflight permits no header", allowed=None)
_preflight("wildcard-headers", "A preflight permits any header, which does not cover Authorization", allowed=b"*")
_preflight("other-headers", "A preflight permits other headers than Authorization", allowed=b"content-type, x-api-key")


@AREA.reply("cors-not-on-errors", "Errors have no CORS headers.", breaks=("http.cors-on-errors",))
def cors_not_on_errors(reply: Reply, call: Call) -> Reply:
    """Add them only where nothing went wrong."""
    if reply.status >= 400:
        call.heads.pop(b"origin", None)
    return reply


_CREDENTIALS = (b"access-control-allow-credentials", b"true")
_WILDCARD = "http.cors-no-wildcard-with-credentials"


@AREA.reply("cors-credentials", "Every origin is let in with credentials.", breaks=(_WILDCARD,))
def cors_credentials(reply: Reply, call: Call) -> Reply:
    """Allow both."""
    if b"origin" in call.heads:
        reply.headers = [*reply.headers, _CREDENTIALS]
    return reply


@AREA.reply("cors-any-origin-repeated", "Whatever origin asks is let in with credentials.", breaks=(_WILDCARD,))
def cors_any_origin_repeated(reply: Reply, call: Call) -> Reply:
    """Repeat the origin, so that a browser takes it for a list of one."""
    origin = call.heads.pop(b"origin", None)
    if origin is not None:
        reply.headers = [*reply.headers, (b"access-control-allow-origin", origin), _CREDENTIALS]
    return reply
