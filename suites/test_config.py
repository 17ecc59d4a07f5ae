"""Configuration of a model that the owner named for it: what is put is what is answered, and what chats use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ozwell_harness.changing import HARMLESS_CONFIG, UNKNOWN_MODEL, Changes, config_call
from ozwell_harness.checks import base, chat, config, params
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Judge, each, requirement

FIRST = {"temperature": 1}
SHORTEST = "config.max-tokens-one-accepted"

LOWER: dict[str, dict[str, float]] = {
    "config.temperature-lower-bound-accepted": {"temperature": 0},
    "config.top-p-lower-bound-accepted": {"top_p": 0},
    "config.frequency-penalty-lower-bound-accepted": {"frequency_penalty": -2},
    "config.presence-penalty-lower-bound-accepted": {"presence_penalty": -2},
    SHORTEST: {"max_tokens": 1},
}
#: What leaves max_tokens out.
UPPER: dict[str, dict[str, float]] = {
    "config.temperature-upper-bound-accepted": {"temperature": 2},
    "config.top-p-upper-bound-accepted": {"top_p": 1},
    "config.frequency-penalty-upper-bound-accepted": {"frequency_penalty": 2},
    "config.presence-penalty-upper-bound-accepted": {"presence_penalty": 2},
}
REFUSED: dict[str, dict[str, Any]] = {
    "config.temperature-beyond-refused": {"temperature": 2.01},
    "config.top-p-beyond-refused": {"top_p": -0.01},
    "config.frequency-penalty-beyond-refused": {"frequency_penalty": -2.01},
    "config.presence-penalty-beyond-refused": {"presence_penalty": 2.01},
    "config.max-tokens-zero-refused": {"max_tokens": 0},
    "config.wrong-type-refused": {"temperature": "warm"},
}
STORY = [user("Tell me a long story about a lighthouse.")]


@pytest.fixture(scope="session")
def changes(client: Client) -> Iterator[Changes]:
    """The configuration of the model; harmless values are put back at the end, also when the run is interrupted."""
    own = Changes(client, config_call, HARMLESS_CONFIG)
    yield own
    own.settle()


@pytest.fixture(scope="session")
def first(changes: Changes) -> Exchange:
    """One value; what the answer tells of the others is what will be put back."""
    exchange = changes.make(f"configure a model with {FIRST}", FIRST)
    try:
        told = config.told_by(exchange)
    except Unjudgeable:
        return exchange
    changes.harmless |= {name: value for name in HARMLESS_CONFIG if (value := told.get(name)) is not None}
    return exchange


def together(changes: Changes, label: str, parts: Mapping[str, Mapping[str, float]]) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return changes.make(label, fields)

    return Combined(send, label, parts)


@pytest.fixture(scope="session")
def lower(changes: Changes, first: Exchange) -> Combined:  # noqa: ARG001 - comes first
    return together(changes, "configure a model with the lower bounds", LOWER)


@pytest.fixture(scope="session")
def upper(changes: Changes, lower: Combined) -> Combined:
    """After the lower bounds."""
    lower.shows(SHORTEST)
    return together(changes, "configure a model with the upper bounds", UPPER)


@pytest.fixture(scope="session")
def last_put(lower: Combined, upper: Combined) -> Exchange:
    """What leaves max_tokens out, after it was put."""
    if not is_answered(lower.shows(SHORTEST)):
        raise Unjudgeable("a max_tokens of 1 was not accepted, so that none was put before")
    return [upper.shows(name) for name in UPPER][-1]


@pytest.fixture(scope="session")
def told_story(client: Client, changes: Changes, last_put: Exchange) -> Exchange:
    """A chat that says nothing of parameters."""
    if config.left_out_is_kept(last_put, LOWER[SHORTEST]):
        raise Unjudgeable("the configured max_tokens did not last until a chat was asked for")
    return client.chat("a long story of a configured model", model=changes.model, messages=STORY)


@pytest.fixture(scope="session")
def stranger(client: Client) -> Exchange:
    return client.send(config_call(UNKNOWN_MODEL, FIRST, "configure an unknown model"))


@requirement("config.takes-put")
def test_path(stranger: Exchange, judge: Judge) -> None:
    judge(config.takes, stranger)


@requirement("config.answers")
def test_first(first: Exchange, judge: Judge) -> None:
    judge(chat.completes, first)


@each({name: name for name in LOWER}, argument="name")
def test_lower_bound(name: str, lower: Combined, judge: Judge) -> None:
    judge(params.accepts, lower.shows(name), params.worded(LOWER[name]))


@each({name: name for name in UPPER}, argument="name")
def test_upper_bound(name: str, upper: Combined, judge: Judge) -> None:
    judge(params.accepts, upper.shows(name), params.worded(UPPER[name]))


@requirement("config.values-told")
def test_told(first: Exchange, judge: Judge) -> None:
    judge(config.values_are_told, first, FIRST)


@requirement("config.values-true")
def test_true(first: Exchange, lower: Combined, upper: Combined, judge: Judge) -> None:
    judge(config.values_are_true, first, FIRST)
    for combined, parts in ((lower, LOWER), (upper, UPPER)):
        for name, put in parts.items():
            if is_answered(combined.shows(name)):
                judge(config.values_are_true, combined.shows(name), put)


@requirement("config.left-out-kept")
def test_left_out(last_put: Exchange, judge: Judge) -> None:
    judge(config.left_out_is_kept, last_put, LOWER[SHORTEST])


@requirement("config.used-by-chat")
def test_used(told_story: Exchange, changes: Changes, judge: Judge) -> None:
    changes.settle()
    judge(config.cuts_chat, told_story, 1)


@each(REFUSED, argument="fields")
def test_refused(fields: dict[str, Any], changes: Changes, profile: Profile, judge: Judge) -> None:
    # What comes after the bounds must not find the model at them.
    changes.settle()
    what = params.worded(fields)
    exchange = changes.attempt(f"configure a model with {what}", fields)
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("config.unknown-model-refused")
def test_unknown_model(stranger: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, stranger, profile.expect.errors["unknown_model"])
