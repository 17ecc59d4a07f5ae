"""Authentication: who is let in, and that every operation asks.

A refusal needs an operation to knock at and a credential to knock with. One exchange shows both that the operation
asks for a key and that the credential is none, as long as it is refused. If it is not, a second exchange tells which
half failed: the same operation with a plainly wrong key, the same credential at an operation known to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ozwell_harness.checks import auth, errors
from ozwell_harness.client import JSON_TYPE, Client, json_call, segment, upload_call, user
from ozwell_harness.exchange import MADE_UP_KEY, Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import KeyName, Target

UNKNOWN_FILE = "/files/file-no-such-file-7f3c"
CREDENTIALS = {
    "none": "no key",
    "wrong": "a made-up key",
    "empty-token": "an empty token",
    "other-scheme": "the key under the Basic scheme",
    "no-scheme": "the key without a scheme",
    "two-values": "a valid and a made-up key",
    "extended": "a valid key and more",
    "prefix": "the prefix of all keys alone",
    "revoked": "a revoked key",
    "lower-case": "the key under the bearer scheme",
}


def question(target: Target) -> dict[str, object]:
    return {"model": target.model, "messages": [user("Say hello.")], "max_tokens": 16}


def operations(target: Target) -> dict[str, Call]:
    """The operations to knock at, without a credential."""
    chat, embeddings = question(target), {"model": target.embedding_model or target.model, "input": "fox"}
    return {
        "chat": json_call("/chat/completions", chat, "chat"),
        "chat-stream": json_call("/chat/completions", chat | {"stream": True}, "a streamed chat"),
        "broken-chat": json_call("/chat/completions", {}, "an empty object as a chat"),
        "responses": json_call("/responses", chat, "create a response"),
        "embeddings": json_call("/embeddings", embeddings, "embed"),
        "files-list": Call("GET", "/files", "list files"),
        "files-upload": upload_call("upload a file", content=b"A short note.\n"),
        "broken-upload": Call("POST", "/files", "upload without parts", headers=(JSON_TYPE,), body=b"{}"),
        "files-retrieve": Call("GET", UNKNOWN_FILE, "retrieve a file"),
        "files-content": Call("GET", f"{UNKNOWN_FILE}/content", "download a file"),
        "files-delete": Call("DELETE", UNKNOWN_FILE, "delete a file"),
        "models-list": Call("GET", "/models", "list models"),
        "models-retrieve": Call("GET", f"/models/{segment(target.model)}", "retrieve the model"),
    }


def authorization(target: Target, credential: str) -> tuple[str, ...]:
    """The values of Authorization; Unjudgeable where this run cannot make the credential."""
    wrong = f"Bearer {MADE_UP_KEY}"
    key = target.keys[KeyName.MAIN].reveal()
    match credential:
        case "none":
            return ()
        case "revoked" if KeyName.REVOKED in target.keys:
            return (f"Bearer {target.keys[KeyName.REVOKED].reveal()}",)
        case "prefix" if end := next((n for n, c in enumerate(key[:12], 1) if c in "_-"), None):
            return (f"Bearer {key[:end]}",)
        case "prefix" | "revoked":
            raise Unjudgeable(f"this run has no {credential} to send")
    known = {
        "wrong": (wrong,),
        "empty-token": ("Bearer",),
        "other-scheme": (f"Basic {key}",),
        "no-scheme": (key,),
        "two-values": (f"Bearer {key}", wrong),
        "extended": (f"Bearer {key}-x",),
        "lower-case": (f"bearer {key}",),
    }
    return known[credential]


Knock = Callable[[str, str], Exchange]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What must be refused: (operation, credential), the second only sent if the first is let in."""

    first: tuple[str, str]
    second: tuple[str, str]
    situation: str = "bad_key"


REFUSALS = {
    "auth.wrong-key-refused": Refusal(("chat-stream", "wrong"), ("chat", "wrong")),
    "auth.enforced-on-chat": Refusal(("chat-stream", "wrong"), ("chat-stream", "wrong")),
    "auth.enforced-on-models-retrieve": Refusal(("models-retrieve", "two-values"), ("models-retrieve", "wrong")),
    "auth.two-values-refused": Refusal(("models-retrieve", "two-values"), ("chat", "two-values"), "ambiguous_key"),
    "auth.enforced-on-responses": Refusal(("responses", "empty-token"), ("responses", "wrong")),
    "auth.empty-token-refused": Refusal(("responses", "empty-token"), ("chat", "empty-token"), "malformed_key"),
    "auth.enforced-on-embeddings": Refusal(("embeddings", "extended"), ("embeddings", "wrong")),
    "auth.extended-key-refused": Refusal(("embeddings", "extended"), ("chat", "extended")),
    "auth.enforced-on-files-list": Refusal(("files-list", "other-scheme"), ("files-list", "wrong")),
    "auth.other-scheme-refused": Refusal(("files-list", "other-scheme"), ("chat", "other-scheme"), "malformed_key"),
    "auth.enforced-on-files-retrieve": Refusal(("files-retrieve", "no-scheme"), ("files-retrieve", "wrong")),
    "auth.no-scheme-refused": Refusal(("files-retrieve", "no-scheme"), ("chat", "no-scheme"), "malformed_key"),
    "auth.enforced-on-files-content": Refusal(("files-content", "prefix"), ("files-content", "wrong")),
    "auth.prefix-alone-refused": Refusal(("files-content", "prefix"), ("chat", "prefix")),
    "auth.enforced-on-files-delete": Refusal(("files-delete", "revoked"), ("files-delete", "wrong")),
    "auth.revoked-key-refused": Refusal(("files-delete", "revoked"), ("chat", "revoked")),
    "auth.enforced-on-files-upload": Refusal(("broken-upload", "wrong"), ("files-upload", "wrong")),
    "auth.judged-before-body": Refusal(("broken-upload", "wrong"), ("broken-chat", "wrong")),
}


@pytest.fixture(scope="session")
def knock(client: Client, target: Target) -> Knock:
    """Sends an operation with a credential, each pair once."""
    calls = operations(target)
    known: dict[tuple[str, str], Exchange] = {}

    def send(operation: str, credential: str) -> Exchange:
        if (operation, credential) not in known:
            values = authorization(target, credential)
            call = calls[operation]
            headers = (*call.headers, *(("Authorization", value) for value in values))
            label = f"{call.label} with {CREDENTIALS[credential]}"
            call = replace(call, headers=headers, label=label, key=KeyName.NONE)
            known[operation, credential] = client.send(call)
        return known[operation, credential]

    return send


def evidence(knock: Knock, refusal: Refusal, statuses: frozenset[int]) -> Exchange:
    """The first exchange if it was refused, else the one that tells which half failed."""
    try:
        first = knock(*refusal.first)
    except Unjudgeable:
        return knock(*refusal.second)
    return first if first.status in statuses else knock(*refusal.second)


@pytest.fixture(scope="session")
def missing(without_key: Exchange, knock: Knock, profile: Profile) -> Exchange:
    refused = without_key.status in profile.expect.errors["missing_key"].statuses
    return without_key if refused else knock("chat", "none")


@pytest.fixture(scope="session")
def wrong(knock: Knock, profile: Profile) -> Exchange:
    statuses = profile.expect.errors["bad_key"].statuses
    return evidence(knock, REFUSALS["auth.wrong-key-refused"], statuses)


@pytest.fixture(scope="session")
def restricted(client: Client, target: Target) -> Exchange:
    return client.post("/chat/completions", question(target), "chat with a restricted key", key=KeyName.RESTRICTED)


@requirement("auth.valid-key-accepted")
def test_valid_key(model_list: Exchange, request: pytest.FixtureRequest, judge: Judge) -> None:
    # A key may be good for chat only.
    seen = model_list.status not in {None, 401, 403}
    judge(auth.key_is_accepted, model_list if seen else request.getfixturevalue("chat_plain"))


@requirement("auth.scheme-case-insensitive")
def test_lower_case_scheme(lower_case_scheme: Exchange, knock: Knock, judge: Judge) -> None:
    # That exchange may be refused for another reason: it asks for a model that does not exist.
    accepted = lower_case_scheme.status not in {None, 401, 403}
    judge(auth.key_is_accepted, lower_case_scheme if accepted else knock("models-list", "lower-case"))


@each(REFUSALS, argument="refusal")
def test_refusal(refusal: Refusal, knock: Knock, profile: Profile, judge: Judge) -> None:
    expected = profile.expect.errors[refusal.situation]
    found = evidence(knock, refusal, expected.statuses)
    judge(auth.is_refused, found, expected, CREDENTIALS[refusal.first[1]])


@requirement("auth.missing-key-refused")
def test_missing_key(missing: Exchange, profile: Profile, judge: Judge) -> None:
    judge(auth.is_refused, missing, profile.expect.errors["missing_key"], CREDENTIALS["none"])


@requirement("auth.enforced-on-models-list")
def test_models_list(without_key: Exchange, profile: Profile, judge: Judge) -> None:
    judge(auth.is_refused, without_key, profile.expect.errors["missing_key"], CREDENTIALS["none"])


@requirement("auth.missing-key-type")
def test_missing_key_type(missing: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.has_type, missing, profile.expect.errors["missing_key"])


@requirement("auth.missing-key-own-code")
def test_missing_key_code(missing: Exchange, wrong: Exchange, judge: Judge) -> None:
    judge(auth.missing_key_has_own_code, missing, wrong)


@each({"auth.wrong-key-type": errors.has_type, "auth.wrong-key-code": errors.has_code})
def test_wrong_key_error(check: Check, wrong: Exchange, profile: Profile, judge: Judge) -> None:
    judge(check, wrong, profile.expect.errors["bad_key"])


@requirement("auth.challenge-on-401")
def test_challenge(missing: Exchange, wrong: Exchange, judge: Judge) -> None:
    judge(auth.challenges, missing)
    judge(auth.challenges, wrong)


@requirement("auth.stream-refusal-is-json")
def test_refused_stream(knock: Knock, judge: Judge) -> None:
    judge(auth.refusal_is_json, knock("chat-stream", "wrong"))


@requirement("auth.restricted-key-refused")
def test_restricted_key(restricted: Exchange, profile: Profile, judge: Judge) -> None:
    judge(auth.is_refused, restricted, profile.expect.errors["no_permission"], "a key without permission")


@requirement("auth.restricted-key-type")
def test_restricted_key_type(restricted: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.has_type, restricted, profile.expect.errors["no_permission"])
