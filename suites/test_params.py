"""Parameters of chat completions: their bounds and types, and what they do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.asked_chats import COUNT, LOWER, MORE, UNKNOWN, Dialect, Together
from ozwell_harness.checks import base, chat, params, usage
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement

#: For where a lax target answers what it should refuse, 129 choices even.
TINY = {"max_tokens": 2}
SMALLEST = "params.max-tokens-one-accepted"

UPPER: dict[str, dict[str, Any]] = {
    "params.temperature-upper-bound-accepted": {"temperature": 2},
    "params.top-p-upper-bound-accepted": {"top_p": 1},
    "params.presence-penalty-upper-bound-accepted": {"presence_penalty": 2},
    "params.frequency-penalty-upper-bound-accepted": {"frequency_penalty": 2},
}
REFUSED: dict[str, dict[str, Any]] = {
    "params.temperature-below-refused": {"temperature": -0.01},
    "params.temperature-above-refused": {"temperature": 2.01},
    "params.temperature-wrong-type-refused": {"temperature": "1"},
    "params.top-p-below-refused": {"top_p": -0.01},
    "params.top-p-above-refused": {"top_p": 1.01},
    "params.top-p-wrong-type-refused": {"top_p": True},
    "params.presence-penalty-below-refused": {"presence_penalty": -2.01},
    "params.presence-penalty-above-refused": {"presence_penalty": 2.01},
    "params.presence-penalty-wrong-type-refused": {"presence_penalty": "1"},
    "params.frequency-penalty-below-refused": {"frequency_penalty": -2.01},
    "params.frequency-penalty-above-refused": {"frequency_penalty": 2.01},
    "params.frequency-penalty-wrong-type-refused": {"frequency_penalty": [1]},
    "params.n-zero-refused": {"n": 0},
    "params.n-above-refused": {"n": 129},
    "params.n-wrong-type-refused": {"n": True},
    "params.max-tokens-zero-refused": {"max_tokens": 0},
    "params.max-tokens-wrong-type-refused": {"max_tokens": "16"},
    "params.stop-wrong-type-refused": {"stop": 5},
    "params.stop-five-refused": {"stop": ["a!", "b!", "c!", "d!", "e!"]},
    "params.stream-wrong-type-refused": {"stream": "true"},
    "params.huge-integer-refused": {"max_tokens": 10**30},
    "params.nan-refused": {"temperature": math.nan},
    "params.infinity-refused": {"temperature": math.inf},
}
CAP = 8
STORY: dict[str, Any] = {"messages": [user("Tell me a long story about a lighthouse.")], "max_tokens": CAP}

#: Name of the kind → (stop, its texts, the number that it stops).
STOPS: dict[str, tuple[Any, tuple[str, ...], int]] = {
    "string": ("5", ("5",), 5),
    "array": (["11", "6", "zebra"], ("11", "6", "zebra"), 6),
}


def together(client: Client, label: str, parts: Mapping[str, Mapping[str, Any]]) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.chat(label, **fields)

    return Combined(send, label, parts)


@pytest.fixture(scope="session")
def upper(client: Client, dialect: Dialect) -> Combined:
    """Shows the cap too and, hot as it is and sent once more, what the seed is worth."""
    parts = dialect.parts(UPPER | {"cap": STORY, "seed": {"seed": 7}})
    return together(client, "parameters at their upper bounds", parts)


@pytest.fixture(scope="session")
def again(upper: Combined) -> Exchange:
    return upper.repeat("seed")


@pytest.fixture(scope="session")
def double(client: Client) -> Combined:
    stopped = {"messages": COUNT, "stop": STOPS["array"][0]}
    return together(client, "two choices and several stop texts", {"n": {"n": 2}, "stop": stopped})


@pytest.fixture(scope="session")
def two(double: Combined) -> Exchange:
    return double.shows("n")


@pytest.fixture(scope="session")
def capped(upper: Combined) -> Exchange:
    return upper.shows("cap")


@pytest.fixture(scope="session")
def stopped(more: Combined, double: Combined) -> dict[str, Exchange]:
    return {"string": more.shows("stop"), "array": double.shows("stop")}


@pytest.fixture(scope="session")
def tiny(lower: Together) -> dict[str, Any]:
    """Only where it is taken: else it would be what is refused, whatever was sent beside it."""
    return TINY if is_answered(lower.parts.shows(SMALLEST)) else {}


@pytest.fixture(scope="session")
def unsupported(profile: Profile) -> Any:
    return profile.expect.errors.get("unsupported")


@each({name: name for name in LOWER}, argument="name")
def test_lower_bound(name: str, lower: Together, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, lower.parts.shows(name), params.worded(LOWER[name]), unsupported)


@each({name: name for name in UPPER}, argument="name")
def test_upper_bound(name: str, upper: Combined, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, upper.shows(name), params.worded(UPPER[name]), unsupported)


@each({name: name for name in MORE}, argument="name")
def test_more(name: str, more: Combined, dialect: Dialect, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, more.shows(name), params.worded(dialect.known(MORE[name])), unsupported)


@each({name: name for name in UNKNOWN}, argument="name")
def test_unknown_field_ignored(name: str, more: Combined, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, more.shows(name), params.worded(UNKNOWN[name]), unsupported)


@requirement("params.unknown-field-survived")
def test_unknown_field(more: Combined, judge: Judge) -> None:
    judge(base.not_server_error, more.shows("params.unknown-field-ignored"))


@requirement("params.seed-accepted")
def test_seed_accepted(upper: Combined, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, upper.shows("seed"), "seed 7", unsupported)


@requirement("params.seed-repeatable")
def test_seed(upper: Combined, again: Exchange, judge: Judge) -> None:
    def provoke(attempt: int) -> list[Exchange]:
        return [upper.shows("seed"), again if attempt == 1 else upper.repeat("seed")]

    judge.model_dependent(params.repeats, provoke)


@requirement("chat.repeats-have-own-ids")
def test_ids_of_repeats(upper: Combined, again: Exchange, judge: Judge) -> None:
    judge(chat.ids_differ, [upper.shows("seed"), again])


@each(REFUSED, argument="fields")
def test_refused(
    fields: dict[str, Any], tiny: Mapping[str, Any], client: Client, profile: Profile, judge: Judge
) -> None:
    what = params.worded(fields)
    exchange = client.chat(f"chat with {what}", **{**tiny, **fields})
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("params.n-two-accepted")
def test_two_accepted(two: Exchange, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, two, "n 2", unsupported)


@requirement("params.n-two-choices")
def test_two_choices(two: Exchange, judge: Judge) -> None:
    judge(chat.has_choices, two, 2)


@each(
    {
        "params.n-two-indexes": chat.indexes_run_from_zero,
        "params.n-two-choices-whole": params.choices_are_whole,
        "params.n-two-usage-is-sum": usage.total_is_sum,
    }
)
def test_two(check: Check, two: Exchange, judge: Judge) -> None:
    judge(check, two)


@requirement("params.n-two-usage-counts-both")
def test_two_counted(two: Exchange, stopped: Mapping[str, Exchange], judge: Judge) -> None:
    judge(params.counts_both, two, stopped["string"])


@requirement("params.max-tokens-caps")
def test_cap(capped: Exchange, unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, capped, f"max_tokens {CAP}", unsupported)
    judge(params.caps_tokens, capped, CAP)


@requirement("params.max-tokens-finish-length")
def test_cap_finish(capped: Exchange, judge: Judge) -> None:
    judge(params.finishes_by_length, capped, CAP)


@each({f"params.stop-{kind}-accepted": kind for kind in STOPS}, argument="kind")
def test_stop_accepted(kind: str, stopped: Mapping[str, Exchange], unsupported: Any, judge: Judge) -> None:
    judge(params.accepts, stopped[kind], params.worded({"stop": STOPS[kind][0]}), unsupported)


@each({f"params.stop-{kind}-left-out": kind for kind in STOPS}, argument="kind")
def test_stop_left_out(kind: str, stopped: Mapping[str, Exchange], judge: Judge) -> None:
    judge(params.leaves_out, stopped[kind], STOPS[kind][1])


@each({f"params.stop-{kind}-ends": kind for kind in STOPS}, argument="kind")
def test_stop_ends(kind: str, stopped: Mapping[str, Exchange], judge: Judge) -> None:
    judge(params.counts_no_further, stopped[kind], STOPS[kind][2])


@each({f"params.stop-{kind}-finish-stop": kind for kind in STOPS}, argument="kind")
def test_stop_finish(kind: str, stopped: Mapping[str, Exchange], judge: Judge) -> None:
    judge(params.finishes_by_stop, stopped[kind], STOPS[kind][2])
