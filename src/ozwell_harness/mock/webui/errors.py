"""The flat error object (API Integration Documentation, Error Handling)."""

from __future__ import annotations

from typing import Any

from ozwell_harness.mock.errors import ApiError

_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    415: "unsupported_media_type",
    429: "rate_limit",
}


def flat_error(error: ApiError) -> dict[str, Any]:
    """The JSON body of a refusal, as a plain dictionary."""
    return {"error": code_of(error.status), "message": error.message, "status_code": error.status}


def code_of(status: int) -> str:
    """The code of a status; those beyond the documented map are the mock's own choice."""
    return _CODES.get(status, "internal_error" if status >= 500 else "invalid_input")


def restated(body: Any, told: int, status: int) -> Any:
    """An error body that tells one status, made to tell another, with its code; any other body as it is."""
    if told == status or not isinstance(body, dict) or body.get("status_code") != told:
        return body
    code = {"error": code_of(status)} if body.get("error") == code_of(told) else {}
    return {**body, **code, "status_code": status}
