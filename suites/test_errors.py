"""Errors: what is refused, with which status, and in which shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ozwell_harness.checks import base, errors, errors_alike
from ozwell_harness.checks.passive import PassiveCheck, passive_of
from ozwell_harness.client import JSON_TYPE, OMIT, Client, user
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Request
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, provoke, requirement
from ozwell_harness.target import KeyName, Target

CHAT = "/chat/completions"
Exchanges = Callable[[], tuple[Exchange, ...]]

#: Bodies that are no JSON object, from that of a valid request.
BODIES: dict[str, Callable[[str], str]] = {
    "errors.malformed-json-refused": lambda valid: valid[:-1],
    "errors.empty-body-refused": lambda _valid: "",
    "errors.array-body-refused": lambda valid: f"[{valid}]",
    "errors.string-body-refused": lambda _valid: '"Say hello."',
    "errors.number-body-refused": lambda _valid: "42",
    "errors.null-body-refused": lambda _valid: "null",
}


def valid_body(target: Target) -> str:
    return json.dumps({"model": target.model, "messages": [user("Say hello.")]})


def chat_call(label: str, body: str, media_type: tuple[str, str] = JSON_TYPE) -> Call:
    return Call("POST", CHAT, label, headers=(media_type,), body=body.encode())


Recorded = Callable[[Callable[[Request], bool]], Exchange | None]


@pytest.fixture(scope="session")
def recorded(client: Client, target: Target) -> Recorded:
    """Finds what an earlier area has already sent with the usual key."""
    usual = f"Bearer ${KeyName.MAIN.value}" if KeyName.MAIN in target.keys else None

    def find(wanted: Callable[[Request], bool]) -> Exchange | None:
        answered = (e for e in client.recorder.exchanges if e.failure is None and e.status != 429)
        return next(
            (e for e in answered if e.request.headers.get("authorization") == usual and wanted(e.request)), None
        )

    return find


def asks(matches: Callable[[dict[str, Any]], bool]) -> Callable[[Request], bool]:
    """Tell of a request whether it is a chat whose body matches."""

    def matching(request: Request) -> bool:
        asked = (request.method, request.path, request.headers.get("content-type"))
        if asked != ("POST", CHAT, JSON_TYPE[1]):
            return False
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and not body.get("stream") and matches(body)

    return matching


@pytest.fixture(scope="session")
def missing_field(recorded: Recorded, client: Client) -> Exchange:
    found = recorded(asks(lambda body: "model" in body and "messages" not in body))
    return found or client.chat("no messages", messages=OMIT)


@pytest.fixture(scope="session")
def out_of_range(recorded: Recorded, client: Client) -> Exchange:
    def too_hot(body: dict[str, Any]) -> bool:
        temperature = body.get("temperature")
        return isinstance(temperature, int | float) and temperature > 2 and isinstance(body.get("messages"), list)

    return recorded(asks(too_hot)) or client.chat("temperature 3", temperature=3)


@pytest.fixture(scope="session")
def unknown_model(lower_case_scheme: Exchange, client: Client) -> Exchange:
    if lower_case_scheme.failure is None and lower_case_scheme.status not in {401, 403}:
        return lower_case_scheme
    return client.chat("chat with an unknown model", model="no-such-model-7f3c")


@pytest.fixture(scope="session")
def malformed(client: Client, target: Target) -> Exchange:
    return client.send(chat_call("a body that is cut off", valid_body(target)[:-1]))


@pytest.fixture(scope="session")
def unknown_path(client: Client) -> Exchange:
    return client.get("/no-such-endpoint-7f3c", "an unknown path")


@pytest.fixture(scope="session")
def wrong_method(client: Client) -> Exchange:
    return client.send(Call("PUT", CHAT, "PUT where only POST is documented"))


@each(BODIES, argument="body_of")
def test_no_object(
    body_of: Callable[[str], str],
    client: Client,
    target: Target,
    malformed: Exchange,
    profile: Profile,
    judge: Judge,
) -> None:
    valid = valid_body(target)
    body = body_of(valid)
    found = malformed if body == valid[:-1] else client.send(chat_call(f"the body {body[:20] or 'is empty'}", body))
    judge(base.refused, found, profile.expect.errors["bad_request"])


@requirement("errors.param-names-field")
def test_param(missing_field: Exchange, out_of_range: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.names_field, missing_field, "messages", profile.expect.envelope)
    judge(errors.names_field, out_of_range, "temperature", profile.expect.envelope)


@requirement("errors.wrong-media-type-refused")
def test_media_type(client: Client, target: Target, profile: Profile, judge: Judge) -> None:
    found = client.send(chat_call("JSON labelled as text", valid_body(target), ("Content-Type", "text/plain")))
    judge(base.refused, found, profile.expect.errors["wrong_media_type"])


@each({"errors.unknown-model-refused": base.refused, "errors.unknown-model-code": errors.has_code})
def test_unknown_model(check: Check, unknown_model: Exchange, profile: Profile, judge: Judge) -> None:
    judge(check, unknown_model, profile.expect.errors["unknown_model"])


@requirement("errors.unknown-path-refused")
def test_unknown_path(unknown_path: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, unknown_path, profile.expect.errors["not_found"])


@requirement("errors.unknown-path-envelope")
def test_unknown_path_envelope(unknown_path: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.in_envelope, unknown_path, profile.expect.envelope)


@requirement("errors.wrong-method-refused")
def test_wrong_method(wrong_method: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, wrong_method, profile.expect.errors["wrong_method"])


@requirement("errors.wrong-method-names-allowed")
def test_allow(wrong_method: Exchange, judge: Judge) -> None:
    judge(errors.names_allowed_methods, wrong_method, "POST")


# One error at least is there to be judged, even when nothing else was selected.


@pytest.fixture(scope="session")
def provoked(request: pytest.FixtureRequest) -> None:
    provoke(request, "malformed")


@each(passive_of("errors"))
@pytest.mark.usefixtures("provoked")
def test_every_exchange(check: PassiveCheck, exchanges: Exchanges, profile: Profile, judge: Judge) -> None:
    judge.every(check, exchanges(), profile)


@requirement("errors.same-shape-everywhere")
@pytest.mark.usefixtures("malformed", "unknown_model")
def test_same_shape(exchanges: Exchanges, profile: Profile, judge: Judge) -> None:
    seen = exchanges()
    judge.every(errors_alike.has_common_shape, seen, profile, errors_alike.common_traits(seen, profile))
