"""Operations that ask for no key, and credentials that are none and are let in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.mock.auth import Admission
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.keys import Standing
from ozwell_harness.mock.routing import Operation

AREA = Area("auth")

BEARER = b"bearer "
#: As in the requirements: what an operation is called there.
OPERATIONS = {
    "chat": Operation.CREATE_CHAT,
    "responses": Operation.CREATE_RESPONSE,
    "embeddings": Operation.CREATE_EMBEDDING,
    "files-list": Operation.LIST_FILES,
    "files-upload": Operation.CREATE_FILE,
    "files-retrieve": Operation.RETRIEVE_FILE,
    "files-content": Operation.RETRIEVE_FILE_CONTENT,
    "files-delete": Operation.DELETE_FILE,
    "models-list": Operation.LIST_MODELS,
    "models-retrieve": Operation.RETRIEVE_MODEL,
    "history": Operation.RETRIEVE_HISTORY,
    "documents": Operation.CREATE_DOCUMENT,
    "query": Operation.QUERY_DOCUMENTS,
    "config": Operation.CONFIGURE_MODEL,
    "deploy": Operation.DEPLOY_MODEL,
}


def _open(name: str, operation: Operation) -> None:
    @AREA.auth(f"{name}-open", f"{operation} asks for no key.", operation, breaks=(f"auth.enforced-on-{name}",))
    def let_in(admission: Admission, call: Call) -> Admission:  # noqa: ARG001
        return replace(admission, denial=None)


for _name, _operation in OPERATIONS.items():
    _open(_name, _operation)


def takes(
    name: str, description: str, requirement: str
) -> Callable[[Callable[[list[bytes], Call], bool]], Callable[[list[bytes], Call], bool]]:
    """Register a fault that lets in what the decorated function is true of: the values of Authorization."""

    def register(is_taken: Callable[[list[bytes], Call], bool]) -> Callable[[list[bytes], Call], bool]:
        @AREA.auth(name, description, breaks=(requirement,))
        def let_in(admission: Admission, call: Call) -> Admission:
            values = [value for header, value in call.headers if header == b"authorization"]
            if admission.denial is None or not is_taken(values, call):
                return admission
            return Admission(call.services.keyring.named("main"))

        return is_taken

    return register


@takes("empty-token-accepted", "The word Bearer alone is let in.", "auth.empty-token-refused")
def empty_token(values: list[bytes], call: Call) -> bool:  # noqa: ARG001
    """No token at all."""
    return [value.strip().lower() for value in values] == [b"bearer"]


@takes("other-scheme-accepted", "A key under the Basic scheme is let in.", "auth.other-scheme-refused")
def other_scheme(values: list[bytes], call: Call) -> bool:
    """Whatever the scheme, the last word counts."""
    scheme, _, token = b",".join(values).partition(b" ")
    return scheme.lower() != b"bearer" and token.strip() in _secrets(call)


@takes("no-scheme-accepted", "A key without a scheme is let in.", "auth.no-scheme-refused")
def no_scheme(values: list[bytes], call: Call) -> bool:
    """The header is the key."""
    return b",".join(values).strip() in _secrets(call)


@takes("first-of-two-accepted", "Of two Authorization headers the first counts.", "auth.two-values-refused")
def first_of_two(values: list[bytes], call: Call) -> bool:
    """The second is not looked at."""
    return len(values) > 1 and _token(values[0]) in _secrets(call)


@takes("any-of-two-accepted", "Of two Authorization headers one good key is enough.", "auth.two-values-refused")
def any_of_two(values: list[bytes], call: Call) -> bool:
    """Whichever of them."""
    return len(values) > 1 and any(_token(value) in _secrets(call) for value in values)


@takes("extended-key-accepted", "What begins with a valid key is let in.", "auth.extended-key-refused")
def extended_key(values: list[bytes], call: Call) -> bool:
    """Compare as far as the valid key goes."""
    token = _only_token(values)
    return any(token.startswith(secret) for secret in _secrets(call))


@takes("key-cut-before-comparing", "Only the first 24 characters of a key count.", "auth.extended-key-refused")
def key_cut(values: list[bytes], call: Call) -> bool:
    """As a column of a database that is too narrow does."""
    token = _only_token(values)
    return any(token[:24] == secret[:24] for secret in _secrets(call))


@takes("prefix-alone-accepted", "The beginning of a valid key is let in.", "auth.prefix-alone-refused")
def prefix_alone(values: list[bytes], call: Call) -> bool:
    """Compare as far as the given key goes."""
    token = _only_token(values)
    return bool(token) and any(secret.startswith(token) for secret in _secrets(call))


@AREA.reply(
    "stream-refused-as-stream",
    "A chat with a wrong key is refused with an event stream.",
    Operation.CREATE_CHAT,
    breaks=("auth.stream-refusal-is-json",),
)
def stream_refused_as_stream(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Send the envelope as an event."""
    if reply.status == 401 and isinstance(reply.body, bytes):
        reply.body, reply.content_type = b"data: " + reply.body + b"\n\ndata: [DONE]\n\n", b"text/event-stream"
    return reply


def _token(value: bytes) -> bytes:
    return value[len(BEARER) :].strip() if value.lower().startswith(BEARER) else b""


def _only_token(values: list[bytes]) -> bytes:
    return _token(values[0]) if len(values) == 1 else b""


def _secrets(call: Call) -> list[bytes]:
    keys = call.services.settings.keys()
    return [key.secret.encode() for key in keys if key.standing is not Standing.REVOKED]
