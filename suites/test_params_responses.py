"""The parameters of chat completions where POST /responses takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.asked_responses import COLD, STOP
from ozwell_harness.checks import params
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Judge, each, requirement

CAP = 1

HOT: dict[str, dict[str, Any]] = {
    "params.responses-temperature-upper-bound-accepted": {"temperature": 2},
    "params.responses-top-p-upper-bound-accepted": {"top_p": 1},
    "params.responses-presence-penalty-lower-bound-accepted": {"presence_penalty": -2},
    "params.responses-frequency-penalty-lower-bound-accepted": {"frequency_penalty": -2},
    "params.responses-max-tokens-one-accepted": {
        "messages": [user("Tell me a long story about a lighthouse.")],
        "max_tokens": CAP,
    },
}
#: One for each parameter shows that it is validated here too; types on one endpoint and ranges on the other.
REFUSED: dict[str, dict[str, Any]] = {
    "params.responses-temperature-wrong-type-refused": {"temperature": "1"},
    "params.responses-top-p-wrong-type-refused": {"top_p": True},
    "params.responses-presence-penalty-wrong-type-refused": {"presence_penalty": "1"},
    "params.responses-frequency-penalty-wrong-type-refused": {"frequency_penalty": [1]},
    "params.responses-n-wrong-type-refused": {"n": True},
    "params.responses-max-tokens-wrong-type-refused": {"max_tokens": "16"},
    "params.responses-stop-wrong-type-refused": {"stop": [5]},
}

#: For where a lax target answers what it should refuse.
TINY = {"max_tokens": 2}
SMALLEST = "params.responses-max-tokens-one-accepted"


@pytest.fixture(scope="session")
def hot(client: Client) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.respond(label, **fields)

    return Combined(send, f"a response at the hot bounds, capped at {CAP} token", HOT)


@pytest.fixture(scope="session")
def tiny(hot: Combined) -> dict[str, Any]:
    """Only where it is taken: else it would be what is refused, whatever was sent beside it."""
    return TINY if is_answered(hot.shows(SMALLEST)) else {}


@pytest.fixture(scope="session")
def capped(hot: Combined) -> Exchange:
    return hot.shows("params.responses-max-tokens-one-accepted")


@pytest.fixture(scope="session")
def stopped(cold: Combined) -> Exchange:
    return cold.shows("params.responses-stop-accepted")


@each({name: name for name in COLD}, argument="name")
def test_cold(name: str, cold: Combined, judge: Judge) -> None:
    judge(params.accepts, cold.shows(name), params.worded(named_by(name, COLD)))


@each({name: name for name in HOT}, argument="name")
def test_hot(name: str, hot: Combined, judge: Judge) -> None:
    judge(params.accepts, hot.shows(name), params.worded(named_by(name, HOT)))


def named_by(name: str, parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields of a part that the finding is about."""
    return {field: value for field, value in parts[name].items() if field.replace("_", "-") in name}


@each(REFUSED, argument="fields")
def test_refused(
    fields: dict[str, Any], tiny: Mapping[str, Any], client: Client, profile: Profile, judge: Judge
) -> None:
    what = params.worded(fields)
    exchange = client.respond(f"a response with {what}", **{**tiny, **fields})
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("params.responses-max-tokens-caps")
def test_cap(capped: Exchange, judge: Judge) -> None:
    judge(params.caps_tokens, capped, CAP)


@requirement("params.responses-stop-left-out")
def test_stop_left_out(stopped: Exchange, judge: Judge) -> None:
    judge(params.leaves_out, stopped, (str(STOP),))


@requirement("params.responses-stop-ends")
def test_stop_ends(stopped: Exchange, judge: Judge) -> None:
    judge(params.counts_no_further, stopped, STOP)
