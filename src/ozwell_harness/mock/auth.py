"""Who is asking: one Authorization header, one bearer token, compared whole (RFC 6750, RFC 9110 11.4)."""

from __future__ import annotations

from dataclasses import dataclass

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import ApiError, ErrorType
from ozwell_harness.mock.keys import Key, Keyring, Standing

_CHALLENGE = ((b"www-authenticate", b'Bearer realm="ozwell"'),)
_BAD_TOKEN = ((b"www-authenticate", b'Bearer realm="ozwell", error="invalid_token"'),)


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about a request's key.

    Attributes:
        key: the key that the request acts as, if any.
        denial: why it is refused, if it is.
        deferred: let validation speak first (only a fault does that).
    """

    key: Key | None
    denial: ApiError | None = None
    deferred: bool = False


def judge(call: Call, keyring: Keyring) -> Admission:
    """Decide by the Authorization header alone; permission is judged later, by `permission`."""
    value = call.heads.get(b"authorization")
    if not value:
        return Admission(None, _denied("missing_api_key", "No API key was given. Send 'Authorization: Bearer KEY'."))
    if sum(name == b"authorization" for name, _ in call.headers) > 1:
        return Admission(None, _denied("invalid_api_key", "Send exactly one Authorization header."))
    parts = value.split()
    if len(parts) != 2 or parts[0].lower() != b"bearer":
        return Admission(None, _denied("invalid_api_key", "The Authorization header must read 'Bearer KEY'."))
    key = keyring.find(parts[1])
    if key is None:
        return Admission(None, _denied("invalid_api_key", "The API key is not valid."))
    if key.standing is Standing.REVOKED:
        return Admission(None, _denied("invalid_api_key", "The API key has been revoked."))
    return Admission(key)


def permission(key: Key) -> ApiError | None:
    """403 for a restricted key, else None."""
    if key.standing is not Standing.RESTRICTED:
        return None
    message = "This API key has no permission for this operation."
    return ApiError(403, "insufficient_permissions", message, type=ErrorType.PERMISSION)


def _denied(code: str, message: str) -> ApiError:
    headers = _CHALLENGE if code == "missing_api_key" else _BAD_TOKEN
    return ApiError(401, code, message, type=ErrorType.AUTHENTICATION, headers=headers)
