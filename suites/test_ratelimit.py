"""Rate limits: headers on every answer, and a key that is exhausted on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ozwell_harness.checks import errors, ratelimit, spending
from ozwell_harness.client import Client, json_call, user
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Status, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.session import Session
from ozwell_harness.suite import Check, Judge, each, provoke, requirement
from ozwell_harness.target import KeyName, Target

Exchanges = Callable[[], tuple[Exchange, ...]]

AGAIN = "ask again after the wait"
#: Asked for with the main key in any case, if it is to be judged: chats at the same time.
NEEDED = "http.answers-never-cross"
#: After so many requests with the limited key comes one with the main key, where earlier ones do not show as much.
BETWEEN = 1
#: A prompt of about as many tokens: a few of them exceed the 10,000 a minute of the Free plan.
WORDS = 2_500


@dataclass(frozen=True, slots=True)
class Spending:
    """What exhausting a key showed.

    Attributes:
        requests: with the limited key, one after the other, until a 429 or until more would show nothing.
        before: the main key's last answer before the first of them, if it tells what remains.
        meanwhile: answers to the main key while the limited key was limited.
    """

    requests: tuple[Exchange, ...]
    before: Exchange | None
    meanwhile: tuple[Exchange, ...]


class Spender:
    """Spends the limited key on the cheapest request that the dialect has."""

    def __init__(self, client: Client, profile: Profile) -> None:
        self._client = client
        self._path = profile.knock.path
        self._rates = profile.expect.rates
        self.meanwhile = Call("GET", self._path, f"{profile.knock.label} with the main key meanwhile")

    def call(self, number: int) -> Call:
        return Call("GET", self._path, f"spend request {number} of the limited key", key=KeyName.LIMITED)

    def spend(self, first: Exchange, before: Exchange | None) -> list[Exchange]:
        made = [first]
        while not spending.is_enough(made, self._rates):
            if len(made) == BETWEEN and not spending.spares_limited(before, first, self._rates):
                self._client.recorder.send_once(self.meanwhile)
            made.append(self._client.recorder.send_once(self.call(len(made) + 1)))
        return made


@pytest.fixture(scope="session")
def spent(
    client: Client, exchanges: Exchanges, run_session: Session, profile: Profile, request: pytest.FixtureRequest
) -> Spending:
    before, spender = spending.last_of_key(exchanges(), KeyName.MAIN.value), Spender(client, profile)
    made = spender.spend(client.recorder.send_once(spender.call(1)), before)
    if spending.is_short(made):
        # The key had been used up before: once more, after the wait that it asks for.
        before = None
        made = spender.spend(client.send(spender.call(1)), before)
    seen = len(exchanges())
    if NEEDED in run_session.wanted:
        provoke(request, "simultaneous")
    meanwhile = exchanges()[seen:]
    if not spending.tells_freedom(meanwhile, profile.expect.rates):
        meanwhile = (*meanwhile, client.recorder.send_once(spender.meanwhile))
    return Spending(tuple(made), before, meanwhile)


@pytest.fixture(scope="session")
def refusal(spent: Spending) -> Exchange:
    """The 429."""
    return spent.requests[-1]


@pytest.fixture(scope="session")
def first_chat(client: Client, limit: int | None, waited: bool, run_session: Session) -> Exchange | None:  # noqa: FBT001
    """A long prompt, right after the wait; None where it would cost too much, or chat is not known to work."""
    chat = run_session.findings.get("chat.completes")
    works = chat is not None and chat.status is Status.PASSED
    return _long_chat(client, 1) if waited and works and spending.chats_to_try(limit, WORDS) else None


@pytest.fixture(scope="session")
def waited(client: Client, refusal: Exchange, target: Target) -> bool:
    return client.recorder.wait_out(refusal, target.politeness.max_wait_s)


@pytest.fixture(scope="session")
def attempts(
    client: Client,
    exchanges: Exchanges,
    refusal: Exchange,
    waited: bool,  # noqa: FBT001
    first_chat: Exchange | None,
    profile: Profile,
) -> list[Exchange]:
    """The 429, and what is asked after the wait: a request like the one that it refused, if no chat was answered."""
    if not waited:
        return [refusal]
    if first_chat is not None and first_chat.status == 200:
        return [refusal, first_chat]
    client.send(Call("GET", profile.knock.path, AGAIN, key=KeyName.LIMITED))
    return [refusal, *(exchange for exchange in exchanges() if exchange.label == AGAIN)]


@pytest.fixture(scope="session")
def chats(client: Client, first_chat: Exchange | None, limit: int | None) -> list[Exchange]:
    """Long prompts with the limited key, the first requests of their window."""
    made = [first_chat] if first_chat else []
    while made and made[-1].status == 200 and len(made) < spending.chats_to_try(limit, WORDS):
        made.append(_long_chat(client, len(made) + 1))
    return made


def _long_chat(client: Client, number: int) -> Exchange:
    body = {"model": client.target.model, "messages": [user("word " * WORDS)], "max_tokens": 16}
    label = f"spend tokens of the limited key, {number}"
    return client.recorder.send_once(json_call("/chat/completions", body, label, key=KeyName.LIMITED))


@pytest.fixture(scope="session")
def success(knocked: Exchange, request: pytest.FixtureRequest) -> Exchange:
    """An answer to the main key of status 200: not every dialect has one that costs no tokens."""
    plain: Exchange = knocked if knocked.status == 200 else request.getfixturevalue("chat_plain")
    if plain.status != 200:
        raise Unjudgeable(f"there is no success to look at: {plain.label} is answered with {plain.status}")
    return plain


@pytest.fixture(scope="session")
def limit(refusal: Exchange) -> int | None:
    """Requests a minute of the limited key, as its 429 says."""
    return ratelimit.read(refusal, ratelimit.LIMIT)


@each(
    {
        "ratelimit.success-has-limit": ratelimit.LIMIT,
        "ratelimit.success-has-remaining": ratelimit.REMAINING,
        "ratelimit.success-has-reset": ratelimit.RESET,
    },
    argument="header",
)
def test_success_has_header(header: str, success: Exchange, judge: Judge) -> None:
    judge(ratelimit.has_header, success, header)


@requirement("ratelimit.exceeding-gives-429")
def test_exceeding(spent: Spending, profile: Profile, judge: Judge) -> None:
    judge(spending.exceeding_is_refused, spent.requests, profile.expect.rates)


@requirement("ratelimit.429-in-envelope")
def test_envelope(refusal: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.in_envelope, refusal, profile.expect.envelope)


@each({"ratelimit.429-type": errors.has_type, "ratelimit.429-code": errors.has_code})
def test_error(check: Check, refusal: Exchange, profile: Profile, judge: Judge) -> None:
    judge(check, refusal, profile.expect.errors["rate_limited"])


@each(
    {
        "ratelimit.429-has-limit": ratelimit.LIMIT,
        "ratelimit.429-has-remaining": ratelimit.REMAINING,
        "ratelimit.429-has-reset": ratelimit.RESET,
        "ratelimit.retry-after-present": ratelimit.RETRY_AFTER,
    },
    argument="header",
)
def test_refusal_has_header(header: str, refusal: Exchange, judge: Judge) -> None:
    judge(ratelimit.has_header, refusal, header)


@each(
    {
        "ratelimit.429-nothing-remains": ratelimit.nothing_remains,
        "ratelimit.retry-after-readable": ratelimit.asks_to_wait,
    }
)
def test_refusal(check: Check, refusal: Exchange, judge: Judge) -> None:
    judge(check, refusal)


@requirement("ratelimit.retry-after-fits-reset")
def test_wait(refusal: Exchange, profile: Profile, judge: Judge) -> None:
    judge(ratelimit.wait_fits_reset, refusal, profile.expect.rates)


@each(
    {
        "ratelimit.remaining-falls": spending.remaining_falls,
        "ratelimit.429-announced": spending.last_is_announced,
    }
)
def test_spending(check: Check, spent: Spending, profile: Profile, judge: Judge) -> None:
    judge(check, spent.requests, profile.expect.rates)


@requirement("ratelimit.limit-constant")
def test_limit(spent: Spending, judge: Judge) -> None:
    judge(spending.limit_is_constant, spent.requests)


@requirement("ratelimit.per-key")
def test_per_key(spent: Spending, profile: Profile, judge: Judge) -> None:
    judge(spending.other_key_is_free, spent.meanwhile, spent.before, profile.expect.rates)


@requirement("ratelimit.counted-per-key")
def test_counted_per_key(spent: Spending, profile: Profile, judge: Judge) -> None:
    judge(spending.other_key_costs_nothing, spent.requests, BETWEEN, spent.before, profile.expect.rates)


@requirement("ratelimit.waiting-helps")
def test_waiting(attempts: list[Exchange], profile: Profile, judge: Judge) -> None:
    judge(spending.waiting_helps, attempts, profile.expect.rates)


@requirement("ratelimit.tokens-limited")
def test_tokens(chats: list[Exchange], limit: int | None, judge: Judge) -> None:
    judge(spending.tokens_are_limited, chats, limit)


@each(
    {
        "ratelimit.limit-is-integer": ratelimit.LIMIT,
        "ratelimit.remaining-is-integer": ratelimit.REMAINING,
        "ratelimit.reset-is-integer": ratelimit.RESET,
    },
    argument="header",
)
def test_header_is_integer(header: str, exchanges: Exchanges, judge: Judge) -> None:
    judge.every(ratelimit.is_integer, exchanges(), header)


@each(
    {
        "ratelimit.limit-positive": ratelimit.limit_is_positive,
        "ratelimit.remaining-in-range": ratelimit.remaining_is_in_range,
    }
)
def test_headers(check: Check, exchanges: Exchanges, judge: Judge) -> None:
    judge.every(check, exchanges())


@each({"ratelimit.reset-ahead": ratelimit.reset_is_ahead, "ratelimit.reset-within-window": ratelimit.reset_is_near})
def test_reset(check: Check, exchanges: Exchanges, profile: Profile, judge: Judge) -> None:
    judge.every(check, exchanges(), profile.expect.rates)
