"""Keys that are not judged, or judged in the wrong way."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.errors import ApiError, ErrorType
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.keys import Standing
from ozwell_harness.mock.routing import Operation

AREA = Area("auth")


@AREA.auth(
    "any-key-accepted",
    "Every request is let in, whatever key it has or lacks.",
    breaks=("auth.missing-key-refused", "auth.wrong-key-refused"),
)
def any_key_accepted(admission: Admission, call: Call) -> Admission:
    """Let everyone in as the main key."""
    return Admission(admission.key or call.services.keyring.named("main"))


@AREA.auth(
    "body-judged-first",
    "An invalid body is reported before a missing or wrong key is.",
    Operation.CREATE_CHAT,
    Operation.CREATE_RESPONSE,
    Operation.CREATE_EMBEDDING,
    Operation.CREATE_FILE,
    breaks=("auth.judged-before-body",),
)
def body_judged_first(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
    """Let validation speak before the denial."""
    return replace(admission, deferred=True)


@AREA.auth(
    "file-looked-up-first",
    "That there is no such file is told before the key is judged.",
    Operation.RETRIEVE_FILE,
    Operation.RETRIEVE_FILE_CONTENT,
    Operation.DELETE_FILE,
    breaks=("auth.enforced-on-files-retrieve", "auth.enforced-on-files-content", "auth.enforced-on-files-delete"),
)
def file_looked_up_first(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
    """Let the store speak before the denial."""
    return replace(admission, deferred=True)


@AREA.error(
    "bad-key-400",
    "A missing or wrong key is answered with 400.",
    breaks=("auth.missing-key-refused", "auth.wrong-key-refused"),
)
def bad_key_400(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status of a 401."""
    if refusal.status == 401:
        refusal.status = 400
        refusal.tell(type=ErrorType.INVALID_REQUEST.value)
    return refusal


@AREA.error("key-echoed", "The message of a 401 repeats the key that was sent.", breaks=("security.key-not-echoed",))
def key_echoed(refusal: Refusal, call: Call) -> Refusal:
    """Put the token into the message."""
    if refusal.status == 401:
        token = call.heads.get(b"authorization", b"").split()[-1:]
        refusal.add(" You sent: " + b"".join(token).decode("latin-1"))
    return refusal


@AREA.auth("missing-key-accepted", "A request without a key is let in.", breaks=("auth.missing-key-refused",))
def missing_key_accepted(admission: Admission, call: Call) -> Admission:
    """Judge only keys that are there."""
    return admission if b"authorization" in call.heads else Admission(call.services.keyring.named("main"))


@AREA.auth(
    "key-remembered-by-connection",
    "A request without a key is let in where an earlier one on its connection had a good key.",
    breaks=("auth.missing-key-refused",),
)
def key_remembered_by_connection(admission: Admission, call: Call) -> Admission:
    """Keep the key of each client port, as a proxy that authenticates connections does."""
    known = call.notes.setdefault("auth.key-remembered-by-connection", {})
    port = call.scope["client"]
    if admission.key is not None:
        known[port] = admission.key
    if b"authorization" in call.heads or port not in known:
        return admission
    return Admission(known[port])


@AREA.auth("wrong-key-accepted", "A key that was never issued is let in.", breaks=("auth.wrong-key-refused",))
def wrong_key_accepted(admission: Admission, call: Call) -> Admission:
    """Ask for a bearer token, whatever it reads."""
    parts = call.heads.get(b"authorization", b"").split()
    well_formed = len(parts) == 2 and parts[0].lower() == b"bearer"
    return Admission(admission.key or call.services.keyring.named("main")) if well_formed else admission


def _refuses_main(name: str, status: int, code: str, kind: ErrorType) -> None:
    @AREA.auth(f"valid-key-{name}", f"A valid key is answered with {status}.", breaks=("auth.valid-key-accepted",))
    def refuse(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
        if admission.key is None or admission.key.name != "main":
            return admission
        return Admission(None, ApiError(status, code, "This key is not known here.", type=kind))


_refuses_main("refused", 401, "invalid_api_key", ErrorType.AUTHENTICATION)
_refuses_main("forbidden", 403, "insufficient_permissions", ErrorType.PERMISSION)


@AREA.auth(
    "scheme-case-sensitive",
    "The scheme must be written Bearer, with that capital.",
    breaks=("auth.scheme-case-insensitive",),
)
def scheme_case_sensitive(admission: Admission, call: Call) -> Admission:
    """Compare the scheme byte by byte."""
    if admission.key is None or call.heads[b"authorization"].startswith(b"Bearer "):
        return admission
    message = "The Authorization header must read 'Bearer KEY'."
    return Admission(None, ApiError(401, "invalid_api_key", message, type=ErrorType.AUTHENTICATION))


@AREA.auth(
    "restricted-key-accepted",
    "A key without permission may do everything.",
    breaks=("auth.restricted-key-refused",),
)
def restricted_key_accepted(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
    """Forget that the key is restricted."""
    if admission.key is None or admission.key.standing is not Standing.RESTRICTED:
        return admission
    return Admission(replace(admission.key, standing=Standing.ACTIVE))


@AREA.auth("revoked-key-accepted", "A revoked key is still good.", breaks=("auth.revoked-key-refused",))
def revoked_key_accepted(admission: Admission, call: Call) -> Admission:
    """Look the key up and not at its standing."""
    key = call.services.keyring.find(b"".join(call.heads.get(b"authorization", b"").split()[1:]))
    return Admission(key) if key is not None and key.standing is Standing.REVOKED else admission


@AREA.auth("wrong-key-403", "A key that was never issued is answered with 403.", breaks=("auth.wrong-key-refused",))
def wrong_key_403(admission: Admission, call: Call) -> Admission:
    """Know the caller, and forbid."""
    parts = call.heads.get(b"authorization", b"").split()
    if admission.denial is None or len(parts) != 2:
        return admission
    message = "This API key has no permission for this operation."
    return Admission(None, ApiError(403, "insufficient_permissions", message, type=ErrorType.PERMISSION))
