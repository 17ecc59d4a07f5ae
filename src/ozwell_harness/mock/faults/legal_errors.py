"""Odd but legal JSON and errors: what a conformance check must not report."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import JSON_TYPE, Call, Refusal, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind

AREA = Area("legal", Kind.LEGAL)


def _written(name: str, description: str, write: Callable[[Any], str]) -> None:
    """Register another way to write JSON of the same meaning."""

    @AREA.reply(name, description)
    def rewrite(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if isinstance(reply.body, bytes) and reply.body and reply.content_type == JSON_TYPE:
            reply.body = write(json.loads(reply.body)).encode()
        return reply


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


_written(
    "json-indented", "JSON is indented, with white space around it.", lambda v: f"\r\n {json.dumps(v, indent=4)}\n\n"
)
_written("json-escaped", "JSON is in ASCII, and its slashes are escaped.", lambda v: json.dumps(v).replace("/", "\\/"))
_written("json-reordered", "Members come in another order.", lambda v: json.dumps(_reversed(v), ensure_ascii=False))


@AREA.result("error-null", "A success has an error that is null, and other members without a value.")
def error_null(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Say that nothing went wrong."""
    return {**answer, "error": None, "incomplete_details": None, "metadata": {}}


@AREA.error("error-extra-members", "Errors have more members, in the envelope and beside it.")
def error_extra_members(refusal: Refusal, call: Call) -> Refusal:
    """Tell more."""
    refusal.error.update({"status": refusal.status, "details": [{"reason": None}], "inner_error": {}})
    refusal.envelope.update({"request_id": call.request_id, "timestamp": 1_763_683_200.5})
    return refusal


@AREA.error("param-absent", "Errors that are of no field have no param.")
def param_absent(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Leave null out."""
    if refusal.error.get("param", "") is None:
        del refusal.error["param"]
    return refusal


@AREA.error("param-a-pointer", "The param of an error is a path within the body.")
def param_a_pointer(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Write it as a JSON path."""
    if refusal.error.get("param") is not None:
        refusal.tell(param=f"$.body.{refusal.error['param']}")
    return refusal


@AREA.error("other-codes", "Codes that no document names are others than usual.")
def other_codes(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Have one code for all bad input."""
    if refusal.error.get("code") in (
        "invalid_value",
        "invalid_type",
        "invalid_json",
        "missing_required_parameter",
        "unknown_url",
    ):
        refusal.tell(code="validation_failed")
    return refusal


@AREA.reply("problem-json", "Errors are labelled as problem details.")
def problem_json(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Use a media type that ends in +json (RFC 6839)."""
    if reply.status >= 400 and reply.content_type == JSON_TYPE:
        reply.content_type = b"application/problem+json"
    return reply


@AREA.error("key-masked", "The error for a wrong key shows the beginning and the end of it.")
def key_masked(refusal: Refusal, call: Call) -> Refusal:
    """Help without giving it away."""
    token = b"".join(call.heads.get(b"authorization", b"").split()[-1:]).decode("latin-1")
    if refusal.status == 401 and len(token) > 20:
        refusal.add(f" You sent {token[:4]}{'*' * 12}{token[-4:]}.")
    return refusal


@AREA.error("challenges-several", "A 401 offers several ways to authenticate.")
def challenges_several(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Put another scheme first (RFC 9110 section 11.6.1)."""
    if refusal.status == 401:
        value = b'Negotiate, bearer realm="ozwell", error="invalid_token"'
        refusal.headers = [(b"www-authenticate", b'DPoP algs="ES256"'), (b"www-authenticate", value)]
    return refusal


@AREA.error("input-quoted", "An error quotes a path and a link that have nothing to do with the server's inside.")
def input_quoted(refusal: Refusal, call: Call) -> Refusal:
    """Quote what was asked for, and point to the documentation."""
    refusal.add(f" ({call.method} {call.path}; see https://docs.example.com/errors/api.ts)")
    return refusal
