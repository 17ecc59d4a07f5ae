"""Streaming: the event stream, its chunks, the answer they add up to, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ozwell_harness.checks import base, stream_delivery, stream_ending, stream_framing, stream_usage, streaming
from ozwell_harness.client import Client, json_call, user
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target

#: At temperature 0 real models answer this alike every time, in many small pieces.
COUNT: dict[str, Any] = {
    "messages": [user("Count from 1 to 40 with commas in between and no other text.")],
    "temperature": 0,
}
STOP = "7, 8"
CAP = 5

LINE = "Żółw, ёлка, 日本語, 한국어, 🎉🚀"
REPEAT: dict[str, Any] = {"messages": [user(f"Repeat exactly: {LINE}")], "temperature": 0}

USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}


@pytest.fixture(scope="session")
def streamed(client: Client) -> Exchange:
    return client.chat("a streamed chat completion", **COUNT, stream=True)


@pytest.fixture(scope="session")
def plain(client: Client) -> Exchange:
    return client.chat("the same with stream false", **COUNT, stream=False)


@pytest.fixture(scope="session")
def repeats(client: Client, streamed: Exchange, plain: Exchange) -> list[Exchange]:
    """One more of each where the two differ: is the target deterministic at all?"""
    if not streaming.differs(streamed, plain):
        return []
    return [
        client.chat("the streamed completion once more", **COUNT, stream=True),
        client.chat("the plain completion once more", **COUNT, stream=False),
    ]


@pytest.fixture(scope="session")
def double(client: Client) -> Exchange:
    """Two choices, a text of many scripts and the usage in one request."""
    return client.chat("a stream of two choices with usage", **REPEAT, **USAGE, n=2, stream=True)


@pytest.fixture(scope="session")
def with_usage(client: Client, double: Exchange) -> Exchange:
    """Only where two choices are refused it costs a request of its own."""
    return double if double.status == 200 else client.chat("a stream with usage", **REPEAT, **USAGE, stream=True)


@pytest.fixture(scope="session")
def two(client: Client, double: Exchange, with_usage: Exchange) -> Exchange:
    """Only where it was the usage that was refused it costs a request of its own."""
    if double.status == 200 or with_usage.status == 200:
        return double
    return client.chat("a stream of two choices", **REPEAT, n=2, stream=True)


@pytest.fixture(scope="session")
def many_scripts(client: Client, with_usage: Exchange) -> Exchange:
    """Only where a usage is refused it costs a request of its own."""
    if with_usage.status == 200:
        return with_usage
    return client.chat("a streamed text of many scripts", **REPEAT, stream=True)


@pytest.fixture(scope="session")
def left(client: Client, target: Target) -> Exchange:
    story = {"model": target.model, "messages": [user("Tell me a long story.")], "stream": True, "max_tokens": 300}
    return client.send(replace(json_call("/chat/completions", story, "leave in mid-stream"), leave_after=1))


@pytest.fixture(scope="session")
def capped(client: Client, with_usage: Exchange, left: Exchange) -> Exchange:  # noqa: ARG001
    """A short stream; sent right after a client has left, it also shows whether the target is still there."""
    options = USAGE if with_usage.status == 200 else {}
    return client.chat("a stream cut by max_tokens", **COUNT, **options, max_tokens=CAP, stream=True)


@pytest.fixture(scope="session")
def stopped(client: Client) -> Exchange:
    return client.chat("a stream ended by a stop text", **COUNT, stop=STOP, stream=True)


@pytest.fixture(scope="session")
def refused(client: Client) -> Exchange:
    return client.chat("a bad request for a stream", messages="Hello", stream=True)


@pytest.fixture(scope="session")
def singles(streamed: Exchange, request: pytest.FixtureRequest) -> list[Exchange]:
    """Every stream of one choice; only the first where that did not end, because each would wait as long."""
    others = () if streamed.failure else ("capped", "stopped")
    return [streamed, *(request.getfixturevalue(name) for name in others)]


@pytest.fixture(scope="session")
def streams(streamed: Exchange, request: pytest.FixtureRequest) -> list[Exchange]:
    others = () if streamed.failure else ("with_usage", "many_scripts", "capped", "stopped")
    found = [streamed, *(request.getfixturevalue(name) for name in others)]
    return list({exchange.id: exchange for exchange in found}.values())


@each(
    {
        "streaming.answers": stream_framing.answers_with_events,
        "streaming.incremental": stream_delivery.arrives_incrementally,
        "streaming.created-is-now": streaming.created_is_now,
        "streaming.content-streamed": streaming.says_something,
        "streaming.deltas-are-increments": streaming.adds_increments,
    }
)
def test_streamed(check: Check, streamed: Exchange, judge: Judge) -> None:
    judge(check, streamed)


@each(
    {
        "streaming.content-type": stream_framing.has_event_stream_type,
        "streaming.fields-known": stream_framing.has_known_fields_only,
        "streaming.utf8": stream_framing.is_utf8,
        "streaming.data-is-json": stream_framing.has_json_data,
        "streaming.ends-cleanly": stream_framing.ends_cleanly,
        "streaming.events-completed": stream_framing.completes_events,
        "streaming.done-sent": stream_framing.has_done,
        "streaming.done-once": stream_framing.has_done_once,
        "streaming.nothing-after-done": stream_framing.ends_with_done,
        "streaming.no-silent-cut": stream_ending.is_never_cut_in_silence,
        "streaming.not-cached": stream_delivery.forbids_caching,
        "streaming.coding-decodes": stream_delivery.decodes,
        "streaming.role-first": streaming.begins_with_role,
        "streaming.role-once": streaming.tells_role_once,
        "streaming.finish-null-before": stream_ending.has_null_before_finish,
        "streaming.nothing-after-finish": stream_ending.adds_nothing_after_finish,
        "streaming.finish-delta-empty": stream_ending.finishes_with_empty_delta,
    }
)
def test_every_stream(check: Check, streams: Sequence[Exchange], judge: Judge) -> None:
    judge.every(check, streams)


@requirement("streaming.chunk-schema")
def test_chunk_schema(streams: Sequence[Exchange], profile: Profile, judge: Judge) -> None:
    judge.every(streaming.chunks_match_schema, streams, profile)


@each({"streaming.one-id": "id", "streaming.one-created": "created", "streaming.one-model": "model"}, argument="field")
def test_one_of_a_stream(field: str, streams: Sequence[Exchange], judge: Judge) -> None:
    judge.every(streaming.has_one, streams, field)


@each({"streaming.finish-told": stream_ending.tells_finish_reason, "streaming.finish-once": stream_ending.tells_once})
def test_every_single_choice(check: Check, singles: Sequence[Exchange], judge: Judge) -> None:
    judge.every(check, singles)


@requirement("streaming.choice-as-asked")
def test_one_choice(singles: Sequence[Exchange], judge: Judge) -> None:
    judge.every(streaming.has_choices, singles, 1)


@requirement("streaming.ids-differ")
def test_ids_differ(streams: Sequence[Exchange], judge: Judge) -> None:
    judge(streaming.ids_differ, streams)


@requirement("streaming.first-content-in-time")
def test_first_content(streamed: Exchange, judge: Judge) -> None:
    judge(stream_delivery.begins_within, streamed, stream_delivery.FIRST_CONTENT_S)


@requirement("streaming.stream-false-plain")
def test_stream_false(plain: Exchange, judge: Judge) -> None:
    judge(stream_delivery.is_plain_json, plain)


@requirement("streaming.bad-request-refused")
def test_bad_request(refused: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, refused, profile.expect.errors["bad_request"])


@requirement("streaming.bad-request-plain")
def test_refusal_is_json(refused: Exchange, judge: Judge) -> None:
    judge(stream_delivery.refuses_in_json, refused)


@requirement("streaming.leaving-survived")
def test_leaving(left: Exchange, capped: Exchange, judge: Judge) -> None:
    judge(stream_delivery.is_alive_after_leaving, left, capped)


@each(
    {
        "streaming.model-as-plain": streaming.model_is_as_plain,
        "streaming.finish-as-plain": stream_ending.finishes_as_plain,
    }
)
def test_as_plain(check: Check, streamed: Exchange, plain: Exchange, judge: Judge) -> None:
    judge(check, streamed, plain)


@requirement("streaming.equals-plain")
def test_equals_plain(streamed: Exchange, plain: Exchange, repeats: Sequence[Exchange], judge: Judge) -> None:
    judge(streaming.equals_plain, streamed, plain, repeats)


@requirement("streaming.characters-whole")
def test_characters(many_scripts: Exchange, judge: Judge) -> None:
    judge(streaming.keeps_characters_whole, many_scripts)


@requirement("streaming.unicode-repeated")
def test_unicode(many_scripts: Exchange, client: Client, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        again = f"a streamed text of many scripts, try {attempt}"
        return many_scripts if attempt == 1 else client.chat(again, **REPEAT, stream=True)

    judge.model_dependent(streaming.repeats, provoke, LINE)


@each(
    {
        "streaming.max-tokens-caps": (stream_ending.caps_tokens, CAP),
        "streaming.max-tokens-finish-length": (stream_ending.finishes_by_length,),
        "streaming.usage-prompt-as-plain": (stream_usage.prompt_costs_as_plain,),
    }
)
def test_capped(check: tuple[Any, ...], capped: Exchange, plain: Exchange, judge: Judge) -> None:
    judge(check[0], capped, plain, *check[1:])


@requirement("streaming.stop-left-out")
def test_stop_text(stopped: Exchange, judge: Judge) -> None:
    judge(stream_ending.leaves_stop_out, stopped, STOP)


@each(
    {
        "streaming.stop-exact": stream_ending.stops_exactly,
        "streaming.stop-finish-stop": stream_ending.finishes_by_stop,
    }
)
def test_stopped(check: Check, stopped: Exchange, plain: Exchange, judge: Judge) -> None:
    judge(check, stopped, plain, STOP)


@requirement("streaming.n-two-choices")
def test_two_choices(two: Exchange, judge: Judge) -> None:
    judge(streaming.has_choices, two, 2)


@requirement("streaming.n-two-finish")
def test_two_endings(two: Exchange, judge: Judge) -> None:
    judge(stream_ending.finishes_each_once, two)


@each(
    {
        "streaming.usage-on-request": stream_usage.has_usage,
        "streaming.usage-chunk-last": stream_usage.has_usage_chunk_last,
        "streaming.usage-once": stream_usage.has_usage_once,
        "streaming.usage-counted": stream_usage.usage_is_counted,
        "streaming.usage-total-is-sum": stream_usage.usage_is_sum,
    }
)
def test_usage(check: Check, with_usage: Exchange, judge: Judge) -> None:
    judge(check, with_usage)


@requirement("streaming.no-usage-unasked")
def test_no_usage(streamed: Exchange, stopped: Exchange, judge: Judge) -> None:
    judge.every(stream_usage.has_no_usage, [streamed, stopped])
