"""The error envelope and the refusals that the mock can give.

Shape, types and codes follow the Ozwell documents (Backend API Documentation, Error Handling); where they are silent
the OpenAI API decides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

ELLIPSIS_AT = 120


class ErrorType(StrEnum):
    """The `type` of an error envelope."""

    INVALID_REQUEST = "invalid_request_error"
    AUTHENTICATION = "authentication_error"
    PERMISSION = "permission_error"
    RATE_LIMIT = "rate_limit_error"
    SERVER = "server_error"


class MockError(Exception):
    """Base of everything that the mock raises on purpose."""


class MockSettingsError(MockError):
    """The settings cannot be honoured; the message is one plain sentence for the user."""


class ApiError(MockError):
    """A refusal that reaches the client as an HTTP status and an error envelope.

    Attributes:
        status: HTTP status, 400 to 599.
        type: envelope `type`.
        code: envelope `code`, a non-empty string.
        param: the offending field as a path (`messages[0].role`), or None.
        headers: extra response headers, names in lower case.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        type: ErrorType = ErrorType.INVALID_REQUEST,  # noqa: A002 - the wire's own name
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.type = type
        self.headers = headers

    def envelope(self) -> dict[str, Any]:
        """The JSON body of the refusal, as plain dictionaries."""
        return {"error": {"message": self.message, "type": self.type.value, "param": self.param, "code": self.code}}


def shorten(text: str, limit: int = ELLIPSIS_AT) -> str:
    """Cut text that is quoted from the client, so that a message stays a sentence."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def invalid_value(param: str, message: str) -> ApiError:
    """400 for a value of the right type that is out of bounds or makes no sense."""
    return ApiError(400, "invalid_value", message, param=param)


def missing_parameter(param: str) -> ApiError:
    """400 for a required field that is absent."""
    return ApiError(400, "missing_required_parameter", f"Missing required parameter: '{param}'.", param=param)


def model_not_found(model: str) -> ApiError:
    """404 for a model that does not exist."""
    return ApiError(404, "model_not_found", f"The model '{shorten(model)}' does not exist.", param="model")


def not_found(kind: str, name: str, param: str) -> ApiError:
    """404 for a resource that does not exist or belongs to another tenant."""
    return ApiError(404, "not_found", f"No such {kind}: '{shorten(name)}'.", param=param)


def unknown_url() -> ApiError:
    """404 for a path outside the API."""
    return ApiError(404, "unknown_url", "This path is not part of the API. Check the path and the base URL.")


def method_not_allowed(allowed: tuple[str, ...]) -> ApiError:
    """405 with `Allow` (RFC 9110, 15.5.6)."""
    names = ", ".join(allowed)
    headers = ((b"allow", names.encode()),)
    return ApiError(405, "method_not_allowed", f"This path accepts only: {names}.", headers=headers)


def too_large(limit: int) -> ApiError:
    """413; the connection closes because the rest of the body is not read."""
    message = f"The request body is larger than the limit of {limit} bytes."
    return ApiError(413, "request_too_large", message, headers=((b"connection", b"close"),))


def unsupported_media_type(message: str) -> ApiError:
    """415 for a body in a format that the operation does not read."""
    return ApiError(415, "unsupported_media_type", message)


def state_unavailable() -> ApiError:
    """503 while the place where state is kept does not answer; nothing is answered from memory instead."""
    message = "The server cannot reach its state at the moment. Try again."
    headers = ((b"retry-after", b"1"),)
    return ApiError(503, "service_unavailable", message, type=ErrorType.SERVER, headers=headers)


def internal_error() -> ApiError:
    """500; says nothing about its cause."""
    return ApiError(500, "internal_error", "The server failed to answer this request.", type=ErrorType.SERVER)
