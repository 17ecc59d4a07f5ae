"""HTTP: what a target makes of unusual requests, of several at once, and how it uses HTTP throughout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ozwell_harness.checks import cors, http, wire
from ozwell_harness.checks.passive import PassiveCheck, passive_of
from ozwell_harness.client import JSON_TYPE, Client, json_call, user
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, provoke, requirement
from ozwell_harness.target import KeyName, Target

CHAT = "/chat/completions"
ORIGIN = "https://page.example"
LEVELS = 20_000
#: Beyond what common servers and gateways allow, and no prompt that could be billed.
PADDING = 5 * 1024 * 1024
NONCES = ("kestrel-4817", "ptarmigan-2093", "whimbrel-3158")
Exchanges = Callable[[], tuple[Exchange, ...]]


def nonce_calls(target: Target) -> list[Call]:
    calls = []
    for nonce in NONCES:
        body = {"model": target.model, "messages": [user(f"Repeat exactly: {nonce}")]}
        calls.append(json_call(CHAT, body, f"repeat {nonce}, at the same time as others"))
    return calls


def in_chunks(call: Call) -> Call:
    return replace(call, headers=(*call.headers, ("Transfer-Encoding", "chunked")), label=f"{call.label}, in chunks")


def with_charset(call: Call) -> Call:
    name, value = JSON_TYPE
    others = tuple(header for header in call.headers if header[0] != name)
    label = f"{call.label}, with a charset"
    return replace(call, headers=(*others, (name, f"{value}; charset=utf-8")), label=label)


#: Oddities of a request that change nothing. One request has all of them; each is tried alone if that is refused.
ODDITIES: dict[str, tuple[Callable[[Call], Call], Check]] = {
    "http.chunked-body-accepted": (in_chunks, http.accepts_chunked_body),
    "http.charset-accepted": (with_charset, http.accepts_charset),
}


@pytest.fixture(scope="session")
def nested(client: Client, target: Target) -> Exchange:
    deep = "[" * LEVELS + "]" * LEVELS
    body = f'{{"model": {json.dumps(target.model)}, "messages": [{{"role": "user", "content": {deep}}}]}}'
    headers = (JSON_TYPE, ("Origin", ORIGIN))
    return client.send(Call("POST", CHAT, f"content nested {LEVELS} levels deep", headers, body.encode()))


@pytest.fixture(scope="session")
def simultaneous(request: pytest.FixtureRequest, client: Client, target: Target) -> list[Exchange]:
    """Right after a refused request, so that they find the connection which that one has left."""
    request.getfixturevalue("nested")
    *calls, last = nonce_calls(target)
    return client.together([*calls, with_charset(in_chunks(last))])


@pytest.fixture(scope="session")
def preflight(client: Client) -> Exchange:
    asked = (
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    )
    return client.send(Call("OPTIONS", CHAT, "a CORS preflight", asked, key=KeyName.NONE))


@requirement("http.deep-nesting-refused")
def test_deep_nesting(nested: Exchange, judge: Judge) -> None:
    judge(http.deep_nesting_is_refused, nested)


@requirement("http.usable-after-error")
def test_usable_after_error(nested: Exchange, simultaneous: list[Exchange], judge: Judge) -> None:
    judge(http.usable_after_error, nested, simultaneous[:-1])


@each(ODDITIES, argument="oddity")
def test_oddity(
    oddity: tuple[Callable[[Call], Call], Check],
    simultaneous: list[Exchange],
    client: Client,
    target: Target,
    judge: Judge,
) -> None:
    with_all = simultaneous[-1]
    accepted = with_all.failure is None and with_all.status == 200
    make, check = oddity
    judge(check, with_all if accepted else client.send(make(nonce_calls(target)[-1])))


@requirement("http.answers-never-cross")
def test_answers_never_cross(simultaneous: list[Exchange], judge: Judge) -> None:
    judge(http.answers_do_not_cross, simultaneous, NONCES)


@requirement("http.answers-hold-their-own")
def test_answers_hold_their_own(simultaneous: list[Exchange], client: Client, target: Target, judge: Judge) -> None:
    def provoke(attempt: int) -> list[Exchange]:
        return simultaneous if attempt == 1 else client.together(nonce_calls(target))

    judge.model_dependent(http.answers_hold_their_own, provoke, NONCES)


@requirement("http.oversized-body-refused")
def test_oversized_body(client: Client, target: Target, judge: Judge) -> None:
    body = {"model": target.model, "messages": [user("Say hello.")], "padding": "x" * PADDING}
    judge(http.oversized_body_is_refused, client.post(CHAT, body, "a body of 5 MiB"))


@requirement("http.cors-preflight-permits-authorization")
def test_preflight(preflight: Exchange, judge: Judge) -> None:
    judge(cors.preflight_permits_authorization, preflight, ORIGIN)


@requirement("http.cors-on-errors")
def test_cors_on_errors(nested: Exchange, preflight: Exchange, judge: Judge) -> None:
    judge(cors.error_has_cors, nested, preflight, ORIGIN)


# Something is there to be judged, even when nothing else was selected.


@pytest.fixture(scope="session")
def provoked(request: pytest.FixtureRequest) -> None:
    provoke(request, "model_list", "preflight")


@each(passive_of("http"))
@pytest.mark.usefixtures("provoked")
def test_every_exchange(check: PassiveCheck, exchanges: Exchanges, profile: Profile, judge: Judge) -> None:
    judge.every(check, exchanges(), profile)


@requirement("http.request-ids-unique")
@pytest.mark.usefixtures("provoked")
def test_request_ids(exchanges: Exchanges, judge: Judge) -> None:
    seen = exchanges()
    judge.every(wire.request_id_is_unique, seen, wire.request_id_counts(seen))
