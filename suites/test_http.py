"""HTTP: what a target makes of unusual requests, of several at once, and how it uses HTTP throughout."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ozwell_harness.checks import cors, http, wire
from ozwell_harness.checks.passive import PassiveCheck, passive_of
from ozwell_harness.client import Client, user
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, provoke, requirement
from ozwell_harness.target import KeyName, Target
from ozwell_harness.unusual import CHAT, NONCES, ORIGIN, in_chunks, nonce_calls, with_charset

#: Beyond what common servers and gateways allow, and no prompt that could be billed.
PADDING = 5 * 1024 * 1024
Exchanges = Callable[[], tuple[Exchange, ...]]

#: Oddities of a request that change nothing. One request has all of them; each is tried alone if that is refused.
ODDITIES: dict[str, tuple[Callable[[Call], Call], Check]] = {
    "http.chunked-body-accepted": (in_chunks, http.accepts_chunked_body),
    "http.charset-accepted": (with_charset, http.accepts_charset),
}


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
    provoke(request, "knocked", "preflight")


@each(passive_of("http"))
@pytest.mark.usefixtures("provoked")
def test_every_exchange(check: PassiveCheck, exchanges: Exchanges, profile: Profile, judge: Judge) -> None:
    judge.every(check, exchanges(), profile)


@requirement("http.request-ids-unique")
@pytest.mark.usefixtures("provoked")
def test_request_ids(exchanges: Exchanges, judge: Judge) -> None:
    seen = exchanges()
    judge.every(wire.request_id_is_unique, seen, wire.request_id_counts(seen))
