"""Refusals of a key that look otherwise than promised."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area

AREA = Area("auth")

Change = Callable[[Refusal], object]


def on_refused_key(
    name: str, description: str, change: Change, *breaks: str, status: int = 401, code: str | None = None
) -> None:
    """Register a fault that changes how a key is refused: of this status, and with this code if one is named."""

    @AREA.error(name, description, breaks=breaks)
    def act(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == status and code in (None, refusal.cause.code):
            change(refusal)
        return refusal


def _to(member: str, value: object) -> Change:
    return lambda refusal: refusal.tell(**{member: value})


def _status(status: int) -> Change:
    return lambda refusal: setattr(refusal, "status", status)


def _challenge(*values: bytes) -> Change:
    def change(refusal: Refusal) -> None:
        kept = [pair for pair in refusal.headers if pair[0] != b"www-authenticate"]
        refusal.headers = kept + [(b"www-authenticate", value) for value in values]

    return change


_MISSING, _WRONG = "missing_api_key", "invalid_api_key"

on_refused_key(
    "missing-key-403", "A missing key is answered with 403.", _status(403), "auth.missing-key-refused", code=_MISSING
)
on_refused_key(
    "restricted-key-404",
    "A lacking permission is answered with 404.",
    _status(404),
    "auth.restricted-key-refused",
    "errors.type-fits-status",
    status=403,
)
on_refused_key(
    "missing-key-type",
    "The error for a missing key has another type.",
    _to("type", "invalid_request_error"),
    "auth.missing-key-type",
    code=_MISSING,
)
on_refused_key(
    "wrong-key-type",
    "The error for a wrong key has another type.",
    _to("type", "invalid_request_error"),
    "auth.wrong-key-type",
    code=_WRONG,
)
on_refused_key(
    "wrong-key-code",
    "The code of a wrong key is nearly right.",
    _to("code", "invalid_apikey"),
    "auth.wrong-key-code",
    code=_WRONG,
)
on_refused_key(
    "missing-key-code-shared",
    "A missing key has the code of a wrong one.",
    _to("code", _WRONG),
    "auth.missing-key-own-code",
    code=_MISSING,
)
on_refused_key(
    "restricted-key-type",
    "The error for a lacking permission has the type of a wrong key.",
    _to("type", "authentication_error"),
    "auth.restricted-key-type",
    status=403,
)
on_refused_key("challenge-missing", "A 401 has no WWW-Authenticate.", _challenge(), "auth.challenge-on-401")
on_refused_key(
    "challenge-missing-for-wrong-key",
    "Only the 401 for a wrong key has no WWW-Authenticate.",
    _challenge(),
    "auth.challenge-on-401",
    code=_WRONG,
)
on_refused_key(
    "challenge-of-another-scheme",
    "A 401 asks for a name and a password.",
    _challenge(b'Basic realm="ozwell"'),
    "auth.challenge-on-401",
)
