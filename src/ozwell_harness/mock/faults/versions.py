"""Versions of the API: what a version that is not there answers, and what one of two versions does not know."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import ApiError, unknown_url
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.replies import error_reply
from ozwell_harness.mock.routing import Operation

AREA = Area("versions")
LEGAL = Area("legal", Kind.LEGAL)
AREAS = (AREA, LEGAL)

PAGE = b"<!doctype html><title>404</title>"
_REFUSED, _ENVELOPE = "versions.unsupported-refused", "versions.unsupported-in-envelope"
_LATER = "v2"
_WEBUI = (
    Operation.CREATE_CHAT,
    Operation.RETRIEVE_HISTORY,
    Operation.CREATE_DOCUMENT,
    Operation.QUERY_DOCUMENTS,
    Operation.CONFIGURE_MODEL,
    Operation.DEPLOY_MODEL,
)


def _is_unsupported(call: Call) -> bool:
    return call.dialect.match(call.path).unknown is not unknown_url


def _unsupported(
    name: str, description: str, status: int, body: bytes | None, content_type: bytes | None, *breaks: str
) -> None:
    """Register a fault in the reply under an unsupported version; a body of None leaves the envelope."""

    @AREA.reply(name, description, breaks=breaks)
    def change(reply: Reply, call: Call) -> Reply:
        if reply.status == 404 and _is_unsupported(call):
            reply.status = status
            if body is not None:
                reply.body, reply.content_type = body, content_type
        return reply


_unsupported("unsupported-answers", "Any version answers.", 200, b"{}", b"application/json", _REFUSED)
_unsupported("unsupported-redirects", "An unsupported version leads elsewhere.", 302, b"", None, _REFUSED)
_unsupported(
    "unsupported-500", "An unsupported version is a failure.", 500, None, None, _REFUSED, "http.no-server-errors"
)
_unsupported("unsupported-html", "An unsupported version has a page for an error.", 404, PAGE, b"text/html", _ENVELOPE)
_unsupported("unsupported-empty", "An unsupported version is answered without a body.", 404, b"", None, _ENVELOPE)
_unsupported(
    "unsupported-detail",
    "An unsupported version is answered as a web framework does by itself.",
    404,
    b'{"detail":"Not Found"}',
    b"application/json",
    _ENVELOPE,
)


@LEGAL.reply("version-is-a-bad-request", "An unsupported version is a bad request.")
def version_is_a_bad_request(reply: Reply, call: Call) -> Reply:
    """Refuse with 400 in place of 404."""
    if reply.status == 404 and _is_unsupported(call):
        return error_reply(call, ApiError(400, "unsupported_version", "This version is not supported."))
    return reply


@AREA.reply("later-missing", "There is only the first version.", *_WEBUI, breaks=("versions.all-answer",))
def later_missing(reply: Reply, call: Call) -> Reply:
    """Answer the second version as one that is not supported."""
    return _nothing(call, "unsupported_version") if _is_later(call) else reply


@AREA.reply(
    "history-not-migrated",
    "Chats of the first version are unknown to the second.",
    Operation.RETRIEVE_HISTORY,
    breaks=("versions.history-kept",),
)
def history_not_migrated(reply: Reply, call: Call) -> Reply:
    """Know no chat under the second version."""
    return _nothing(call, "not_found") if _is_later(call) else reply


@AREA.items(
    "history-half-migrated",
    "Of chats of the first version the second knows all but the answer.",
    Operation.RETRIEVE_HISTORY,
    breaks=("versions.history-kept",),
)
def history_half_migrated(items: list[JsonObject], call: Call) -> list[JsonObject]:
    """Lose the last message."""
    return items[:-1] if _is_later(call) else items


@AREA.result(
    "documents-not-migrated",
    "Documents of the first version are not found under the second.",
    Operation.QUERY_DOCUMENTS,
    breaks=("versions.documents-kept",),
)
def documents_not_migrated(answer: JsonObject, call: Call) -> JsonObject:
    """Find nothing under the second version."""
    return answer | {"results": []} if _is_later(call) else answer


def _nothing(call: Call, code: str) -> Reply:
    return error_reply(call, ApiError(404, code, "There is no such thing."))


def _is_later(call: Call) -> bool:
    return call.version == _LATER
