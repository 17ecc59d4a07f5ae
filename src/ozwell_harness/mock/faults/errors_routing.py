"""Paths that do not exist, and methods that a path does not have."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.errors import unknown_url
from ozwell_harness.mock.faults.base import Area

AREA = Area("errors")

PAGE = b"<!doctype html><title>App</title><div id=root></div>"


def _unknown_path(
    name: str, description: str, status: int, body: bytes | None, content_type: bytes | None, *breaks: str
) -> None:
    """Register a fault in the reply to an unknown path; a body of None leaves the envelope."""

    @AREA.reply(name, description, breaks=breaks)
    def change(reply: Reply, call: Call) -> Reply:
        if reply.status == 404 and call.operation is None and call.dialect.match(call.path).unknown is unknown_url:
            reply.status = status
            if body is not None:
                reply.body, reply.content_type = body, content_type
        return reply


_REFUSED, _ENVELOPE = "errors.unknown-path-refused", "errors.unknown-path-envelope"
_unknown_path("unknown-path-200", "An unknown path shows the page of an app.", 200, PAGE, b"text/html", _REFUSED)
_unknown_path("unknown-path-400", "An unknown path is answered with 400.", 400, None, None, _REFUSED)
_unknown_path(
    "unknown-path-500", "An unknown path is answered with 500.", 500, None, None, _REFUSED, "http.no-server-errors"
)
_unknown_path("unknown-path-redirects", "An unknown path leads elsewhere.", 302, b"", None, _REFUSED)
_unknown_path("unknown-path-html", "An unknown path has a page for an error.", 404, PAGE, b"text/html", _ENVELOPE)
_unknown_path("unknown-path-empty", "An unknown path is answered without a body.", 404, b"", None, _ENVELOPE)
_unknown_path(
    "unknown-path-detail",
    "An unknown path is answered as a web framework does by itself.",
    404,
    b'{"detail":"Not Found"}',
    b"application/json",
    _ENVELOPE,
)


def _wrong_method(name: str, description: str, *breaks: str, status: int = 405, allow: bytes | None = None) -> None:
    """Register a fault in how a method is refused; without ``allow`` there is no Allow header."""

    @AREA.error(name, description, breaks=breaks)
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.cause.code == "method_not_allowed":
            refusal.status = status
            refusal.headers = [] if allow is None else [(b"allow", allow)]
        return refusal


_METHOD, _ALLOW = "errors.wrong-method-refused", "errors.wrong-method-names-allowed"
_wrong_method(
    "wrong-method-500",
    "A method that a path lacks is answered with 500.",
    _METHOD,
    "http.no-server-errors",
    status=500,
)
_wrong_method("wrong-method-200", "A method that a path lacks does nothing, with 200.", _METHOD, status=200)
_wrong_method("allow-missing", "A 405 has no Allow.", _ALLOW)
_wrong_method("allow-empty", "The Allow of a 405 is empty.", _ALLOW, allow=b"")
_wrong_method("allow-wrong", "The Allow of a 405 names another method than the path has.", _ALLOW, allow=b"GET, HEAD")
