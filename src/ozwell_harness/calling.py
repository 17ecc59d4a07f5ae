"""What a call is, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from ozwell_harness import __version__
from ozwell_harness.decoding import ACCEPT_ENCODING
from ozwell_harness.sending import Message
from ozwell_harness.target import KeyName, Target
from ozwell_harness.versions import at_version


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make.

    Attributes:
        headers: on top of the usual ones.
        key: decides Authorization if ``headers`` do not.
        leave_after: hang up once so many bytes of body are there, as a client does that loses interest in a stream.
        despite_silence: send it also to a target that has stopped answering: whether it answers is the question.
        cleanup: it removes what the run left on the target, so a spent budget does not stop it.
        version: asked for under this version of the API instead of the one in the base URL.
    """

    method: str
    path: str
    label: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    key: KeyName = KeyName.MAIN
    leave_after: int | None = None
    despite_silence: bool = False
    cleanup: bool = False
    version: str | None = None

    @property
    def place(self) -> str:
        """Where it goes, below the base URL; to another version, beside it."""
        return self.path if self.version is None else f"../{self.version}{self.path}"


def message_of(call: Call, target: Target, *, limit: int, within_s: float) -> Message:
    """Return what goes on the wire; the answer gets ``limit`` bytes of body and ``within_s`` seconds, no more."""
    return Message(
        method=call.method,
        url=at_version(target.base_url, call.version) + call.path,
        headers=tuple(_headers(call, target)),
        body=call.body,
        leave_after=call.leave_after,
        limit=limit,
        within_s=within_s,
    )


def _headers(call: Call, target: Target) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in call.headers}
    usual = [
        ("User-Agent", f"ozwell-harness/{__version__}"),
        ("Accept-Encoding", ACCEPT_ENCODING),
        ("Accept", "*/*"),
    ]
    secret = target.keys.get(call.key)
    if secret is not None:
        usual.append(("Authorization", f"Bearer {secret.reveal()}"))
    return [(name, value) for name, value in usual if name.lower() not in given] + list(call.headers)
