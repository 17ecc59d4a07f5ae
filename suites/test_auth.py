"""Authentication: who is let in, and that every operation asks.

A refusal needs an operation to knock at and a credential to knock with. One exchange shows both that the operation
asks for a key and that the credential is none, as long as it is refused. If it is not, a second exchange tells which
half failed: the same operation with a plainly wrong key, the same credential at an operation known to ask.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ozwell_harness.checks import auth, errors
from ozwell_harness.checks.operations import find_operation
from ozwell_harness.client import JSON_TYPE, Client, json_call, segment, upload_call, user
from ozwell_harness.exchange import MADE_UP_KEY, Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import KeyName, Target

UNKNOWN_FILE = "/files/file-no-such-file-7f3c"
UNKNOWN_MODEL = "/models/no-such-model-7f3c"
#: Harmless even where whoever knocks is let in.
DEPLOYMENT = {"instance_type": "cpu-small", "replicas": 1, "auto_scaling": False}
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
    "restricted": "a key without permission",
    "lower-case": "the key under the bearer scheme",
}

KEYS = {"revoked": KeyName.REVOKED, "restricted": KeyName.RESTRICTED}


class UnmakeableError(Unjudgeable):
    """A credential needs a key that this run does not have."""


def question(target: Target) -> dict[str, object]:
    return {"model": target.model, "messages": [user("Say hello.")], "max_tokens": 16}


def operations(target: Target, profile: Profile) -> dict[str, Call]:
    """The operations to knock at, without a credential."""
    chat, embeddings = question(target), {"model": target.embedding_model or target.model, "input": "fox"}
    return {
        "chat": json_call("/chat/completions", chat, "chat"),
        "chat-stream": json_call("/chat/completions", chat | {"stream": True}, "a streamed chat"),
        "broken-stream": json_call("/chat/completions", {"stream": True}, "a streamed chat of nothing"),
        "responses": json_call("/responses", chat, "create a response"),
        "embeddings": json_call("/embeddings", embeddings, "embed"),
        "files-list": Call("GET", "/files", "list files"),
        "files-upload": upload_call("upload a file", content=b"A short note.\n"),
        "broken-upload": Call("POST", "/files", "upload without parts", headers=(JSON_TYPE,), body=b"{}"),
        "files-retrieve": Call("GET", UNKNOWN_FILE, "retrieve a file"),
        "files-content": Call("GET", f"{UNKNOWN_FILE}/content", "download a file"),
        "files-delete": Call("DELETE", UNKNOWN_FILE, "delete a file"),
        "cheap": Call("GET", profile.knock.path, profile.knock.label),
        "models-retrieve": Call("GET", f"/models/{segment(target.model)}", "retrieve the model"),
        "history": Call("GET", "/chat/history?chat_id=no-such-chat-7f3c", "read the history of no chat"),
        "broken-document": Call("POST", "/rag/documents", "upload no document", headers=(JSON_TYPE,), body=b"{}"),
        "query": json_call("/rag/query", {"query": "fox"}, "query documents"),
        "config": json_call(f"{UNKNOWN_MODEL}/config", {}, "configure an unknown model", method="PUT"),
        "deploy": json_call(f"{UNKNOWN_MODEL}/deploy", DEPLOYMENT, "deploy an unknown model"),
    }


def authorization(target: Target, credential: str) -> tuple[str, ...]:
    """The values of Authorization.

    Raises:
        UnmakeableError: this run cannot make the credential.
    """
    wrong = f"Bearer {MADE_UP_KEY}"
    key = target.keys[KeyName.MAIN].reveal()
    match credential:
        case "none":
            return ()
        case "revoked" | "restricted" if (name := KEYS[credential]) in target.keys:
            return (f"Bearer {target.keys[name].reveal()}",)
        case "prefix" if end := next((n for n, c in enumerate(key[:12], 1) if c in "_-"), None):
            return (f"Bearer {key[:end]}",)
        case "prefix" | "revoked" | "restricted":
            raise UnmakeableError(f"this run has no {credential} to send")
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
class Try:
    """A credential at an operation, and the situation whose statuses refuse it."""

    operation: str
    credential: str
    situation: str = "bad_key"


#: What must be refused: the later tries are made only if the one before was let in, or cannot be made.
REFUSALS = {
    # If chat lets it in, is it for the key or for the operation? A list of models may be open to all.
    "auth.wrong-key-refused": (
        Try("broken-stream", "wrong"),
        Try("chat-stream", "wrong"),
        Try("cheap", "wrong"),
    ),
    "auth.enforced-on-chat": (Try("broken-stream", "wrong"), Try("chat-stream", "wrong")),
    "auth.judged-before-body": (Try("broken-stream", "wrong"),),
    "auth.enforced-on-models-retrieve": (Try("models-retrieve", "two-values"), Try("models-retrieve", "wrong")),
    "auth.two-values-refused": (
        Try("models-retrieve", "two-values", "ambiguous_key"),
        Try("history", "two-values", "ambiguous_key"),
        Try("chat", "two-values", "ambiguous_key"),
    ),
    "auth.enforced-on-responses": (Try("responses", "empty-token"), Try("responses", "wrong")),
    "auth.empty-token-refused": (
        Try("responses", "empty-token", "malformed_key"),
        Try("query", "empty-token", "malformed_key"),
        Try("chat", "empty-token", "malformed_key"),
    ),
    "auth.enforced-on-embeddings": (Try("embeddings", "extended"), Try("embeddings", "wrong")),
    "auth.extended-key-refused": (Try("embeddings", "extended"), Try("config", "extended"), Try("chat", "extended")),
    "auth.enforced-on-files-list": (Try("files-list", "wrong"),),
    "auth.restricted-key-refused": (Try("chat", "restricted", "no_permission"),),
    "auth.enforced-on-files-retrieve": (Try("files-retrieve", "no-scheme"), Try("files-retrieve", "wrong")),
    "auth.no-scheme-refused": (
        Try("files-retrieve", "no-scheme", "malformed_key"),
        Try("history", "no-scheme", "malformed_key"),
        Try("chat", "no-scheme", "malformed_key"),
    ),
    "auth.enforced-on-files-content": (Try("files-content", "prefix"), Try("files-content", "wrong")),
    "auth.prefix-alone-refused": (Try("files-content", "prefix"), Try("deploy", "prefix"), Try("chat", "prefix")),
    "auth.enforced-on-files-delete": (Try("files-delete", "revoked"), Try("files-delete", "wrong")),
    "auth.revoked-key-refused": (Try("files-delete", "revoked"), Try("history", "revoked"), Try("chat", "revoked")),
    "auth.enforced-on-files-upload": (Try("broken-upload", "other-scheme"), Try("files-upload", "wrong")),
    "auth.other-scheme-refused": (
        Try("broken-upload", "other-scheme", "malformed_key"),
        Try("broken-document", "other-scheme", "malformed_key"),
        Try("chat", "other-scheme", "malformed_key"),
    ),
    "auth.enforced-on-documents": (Try("broken-document", "other-scheme"), Try("broken-document", "wrong")),
    "auth.enforced-on-query": (Try("query", "empty-token"), Try("query", "wrong")),
    "auth.enforced-on-config": (Try("config", "extended"), Try("config", "wrong")),
    "auth.enforced-on-deploy": (Try("deploy", "prefix"), Try("deploy", "wrong")),
}


@pytest.fixture(scope="session")
def knock(client: Client, target: Target, profile: Profile) -> Knock:
    """Sends an operation with a credential, each pair once."""
    calls = operations(target, profile)
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


Evidence = tuple[Exchange, ErrorExpectation, str]
Find = Callable[[str], Evidence]


@pytest.fixture(scope="session")
def evidence(knock: Knock, target: Target, profile: Profile) -> Find:
    """For a requirement: the first try that was refused, or the last one; what refuses it; what it came with."""
    known = {
        name for name, call in operations(target, profile).items() if find_operation(call.method, call.path, profile)
    }

    def find(requirement_id: str) -> Evidence:
        *tries, last = (attempt for attempt in REFUSALS[requirement_id] if attempt.operation in known)
        for attempt in tries:
            expected = profile.expect.errors[attempt.situation]
            with contextlib.suppress(UnmakeableError):
                found = knock(attempt.operation, attempt.credential)
                if found.status in expected.statuses:
                    return found, expected, CREDENTIALS[attempt.credential]
        found = knock(last.operation, last.credential)
        return found, profile.expect.errors[last.situation], CREDENTIALS[last.credential]

    return find


@pytest.fixture(scope="session")
def unserved(knocked: Exchange, profile: Profile) -> int | None:
    """The status of the answer to a valid key where that key is not served as it should be."""
    return None if knocked.status in profile.knock.statuses else knocked.status


@pytest.fixture(scope="session")
def missing(without_key: Exchange, knock: Knock, profile: Profile) -> Exchange:
    refused = without_key.status in profile.expect.errors["missing_key"].statuses
    return without_key if refused else knock("chat", "none")


@pytest.fixture(scope="session")
def wrong(evidence: Find) -> Exchange:
    return evidence("auth.wrong-key-refused")[0]


@requirement("auth.valid-key-accepted")
def test_valid_key(knocked: Exchange, request: pytest.FixtureRequest, judge: Judge) -> None:
    # A key may be good for chat only.
    seen = knocked.status not in {None, 401, 403}
    judge(auth.key_is_accepted, knocked if seen else request.getfixturevalue("chat_plain"))


@requirement("auth.scheme-case-insensitive")
def test_lower_case_scheme(lower_case_scheme: Exchange, knock: Knock, judge: Judge) -> None:
    # That exchange may be refused for another reason: it asks for a model that does not exist.
    accepted = lower_case_scheme.status not in {None, 401, 403}
    judge(auth.key_is_accepted, lower_case_scheme if accepted else knock("cheap", "lower-case"))


@each({name: name for name in REFUSALS}, argument="name")
def test_refusal(name: str, evidence: Find, unserved: int | None, judge: Judge) -> None:
    judge(auth.is_refused, *evidence(name), unserved)


@requirement("auth.missing-key-refused")
def test_missing_key(missing: Exchange, profile: Profile, unserved: int | None, judge: Judge) -> None:
    judge(auth.is_refused, missing, profile.expect.errors["missing_key"], CREDENTIALS["none"], unserved)


@each(dict.fromkeys(("auth.enforced-on-models-list", "auth.enforced-on-history"), CREDENTIALS["none"]), argument="sent")
def test_cheap_path(sent: str, without_key: Exchange, profile: Profile, unserved: int | None, judge: Judge) -> None:
    judge(auth.is_refused, without_key, profile.expect.errors["missing_key"], sent, unserved)


@requirement("auth.missing-key-type")
def test_missing_key_type(missing: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.has_type, missing, profile.expect.errors["missing_key"])


@requirement("auth.missing-key-own-code")
def test_missing_key_code(missing: Exchange, wrong: Exchange, profile: Profile, judge: Judge) -> None:
    judge(auth.missing_key_has_own_code, missing, wrong, profile.expect.envelope)


@each({"auth.wrong-key-type": errors.has_type, "auth.wrong-key-code": errors.has_code})
def test_wrong_key_error(check: Check, wrong: Exchange, profile: Profile, judge: Judge) -> None:
    judge(check, wrong, profile.expect.errors["bad_key"])


@requirement("auth.challenge-on-401")
def test_challenge(missing: Exchange, wrong: Exchange, judge: Judge) -> None:
    judge(auth.challenges, missing)
    judge(auth.challenges, wrong)


@requirement("auth.stream-refusal-is-json")
def test_refused_stream(evidence: Find, judge: Judge) -> None:
    judge(auth.refusal_is_json, evidence("auth.enforced-on-chat")[0])


@requirement("auth.restricted-key-type")
def test_restricted_key_type(evidence: Find, judge: Judge) -> None:
    found, expected, _ = evidence("auth.restricted-key-refused")
    judge(errors.has_type, found, expected)
