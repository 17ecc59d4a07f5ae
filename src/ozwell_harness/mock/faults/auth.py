"""Keys that are not judged, or judged in the wrong way."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area

AREA = Area("auth")


@AREA.auth("any-key-accepted", "Every request is let in, whatever key it has or lacks.")
def any_key_accepted(admission: Admission, call: Call) -> Admission:
    """Let everyone in as the main key."""
    return Admission(admission.key or call.services.keyring.named("main"))


@AREA.auth("body-judged-first", "An invalid body is reported before a missing or wrong key is.")
def body_judged_first(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
    """Let validation speak before the denial."""
    return replace(admission, deferred=True)


@AREA.error("bad-key-400", "A missing or wrong key is answered with 400.")
def bad_key_400(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status of a 401."""
    if refusal.status == 401:
        refusal.status = 400
    return refusal


@AREA.error("key-echoed", "The message of a 401 repeats the key that was sent.")
def key_echoed(refusal: Refusal, call: Call) -> Refusal:
    """Put the token into the message."""
    if refusal.status == 401:
        token = call.heads.get(b"authorization", b"").split()[-1:]
        refusal.envelope["error"]["message"] += " You sent: " + b"".join(token).decode("latin-1")
    return refusal
