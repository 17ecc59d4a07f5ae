"""The parameters of chat completions where POST /responses takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.checks import params
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Judge, each, requirement

LOWER: dict[str, dict[str, Any]] = {
    "params.responses-temperature-lower-bound-accepted": {"temperature": 0},
    "params.responses-top-p-lower-bound-accepted": {"top_p": 0},
    "params.responses-presence-penalty-lower-bound-accepted": {"presence_penalty": -2},
    "params.responses-frequency-penalty-lower-bound-accepted": {"frequency_penalty": -2},
    "params.responses-n-one-accepted": {"n": 1},
    "params.responses-max-tokens-one-accepted": {"max_tokens": 1},
}
UPPER: dict[str, dict[str, Any]] = {
    "params.responses-temperature-upper-bound-accepted": {"temperature": 2},
    "params.responses-top-p-upper-bound-accepted": {"top_p": 1},
    "params.responses-presence-penalty-upper-bound-accepted": {"presence_penalty": 2},
    "params.responses-frequency-penalty-upper-bound-accepted": {"frequency_penalty": 2},
}
#: The other side of each bound is judged on chat completions: one request for a parameter shows that it is validated.
REFUSED: dict[str, dict[str, Any]] = {
    "params.responses-temperature-above-refused": {"temperature": 2.01},
    "params.responses-top-p-above-refused": {"top_p": 1.01},
    "params.responses-presence-penalty-below-refused": {"presence_penalty": -2.01},
    "params.responses-frequency-penalty-above-refused": {"frequency_penalty": 2.01},
    "params.responses-n-zero-refused": {"n": 0},
    "params.responses-max-tokens-zero-refused": {"max_tokens": 0},
    "params.responses-stop-wrong-type-refused": {"stop": [5]},
}

TINY = {"max_tokens": 2}
CAP = 8
STOP = 5


@pytest.fixture(scope="session")
def lower(client: Client) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.respond(label, **fields)

    return Combined(send, "a response with parameters at their lower bounds", LOWER)


@pytest.fixture(scope="session")
def upper(client: Client) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.respond(label, **fields)

    whole = {name: value for fields in UPPER.values() for name, value in fields.items()}
    return Combined(send, "a response with parameters at their upper bounds", UPPER, whole=whole | {"max_tokens": 16})


@pytest.fixture(scope="session")
def capped(client: Client) -> Exchange:
    messages = [user("Tell me a long story about a lighthouse.")]
    return client.respond(f"a long response capped at {CAP} tokens", messages=messages, max_tokens=CAP)


@pytest.fixture(scope="session")
def stopped(client: Client) -> Exchange:
    messages = [user("Count from 1 to 12, separated by commas.")]
    return client.respond("a count stopped in a response", messages=messages, stop=str(STOP))


@each({name: name for name in LOWER}, argument="name")
def test_lower_bound(name: str, lower: Combined, judge: Judge) -> None:
    judge(params.accepts, lower.shows(name), params.worded(LOWER[name]))


@each({name: name for name in UPPER}, argument="name")
def test_upper_bound(name: str, upper: Combined, judge: Judge) -> None:
    judge(params.accepts, upper.shows(name), params.worded(UPPER[name]))


@each(REFUSED, argument="fields")
def test_refused(fields: dict[str, Any], client: Client, profile: Profile, judge: Judge) -> None:
    what = params.worded(fields)
    exchange = client.respond(f"a response with {what}", **TINY | fields)
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("params.responses-max-tokens-caps")
def test_cap(capped: Exchange, judge: Judge) -> None:
    judge(params.accepts, capped, f"max_tokens {CAP}")
    judge(params.caps_tokens, capped, CAP)


@requirement("params.responses-stop-accepted")
def test_stop_accepted(stopped: Exchange, judge: Judge) -> None:
    judge(params.accepts, stopped, params.worded({"stop": str(STOP)}))


@requirement("params.responses-stop-left-out")
def test_stop_left_out(stopped: Exchange, judge: Judge) -> None:
    judge(params.leaves_out, stopped, (str(STOP),))


@requirement("params.responses-stop-ends")
def test_stop_ends(stopped: Exchange, judge: Judge) -> None:
    judge(params.counts_no_further, stopped, STOP)
