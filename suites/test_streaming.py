"""Streaming: the event stream, its chunks, the answer they add up to, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ozwell_harness.asked_chats import COLD, LINE, SAME, STREAM_FALSE, Dialect
from ozwell_harness.checks import (
    base,
    stream_delivery,
    stream_ending,
    stream_framing,
    stream_limits,
    stream_text,
    stream_usage,
    streaming,
)
from ozwell_harness.checks.asking import asked_of, choices_asked
from ozwell_harness.client import Client, json_call, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target

STOP = "7, 8"
CAP = 5

USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}
#: Name → what a stream is asked for beside the text; all of it in one request where that is accepted.
PARTS: dict[str, dict[str, Any]] = {"usage": USAGE, "two choices": {"n": 2}, "stop text": {"stop": STOP}}
#: Names of the fixtures of these and further streams, by the field that they need.
OTHERS = {"with_usage": "stream_options", "two": "n", "stopped": "stop", "capped": "max_tokens"}


@pytest.fixture(scope="session")
def cold_stream(client: Client) -> Exchange:
    return client.chat("a streamed chat completion", **COLD, stream=True)


@pytest.fixture(scope="session")
def same(cold_stream: Exchange) -> dict[str, Any]:
    """What all streams are asked for; some models take no temperature, which says nothing about streams."""
    return SAME if cold_stream.status in {400, 422} else COLD


@pytest.fixture(scope="session")
def streamed(client: Client, cold_stream: Exchange, same: Mapping[str, Any]) -> Exchange:
    return cold_stream if same != SAME else client.chat("a stream at no certain temperature", **same, stream=True)


@pytest.fixture(scope="session")
def streamed_again(client: Client, same: Mapping[str, Any]) -> Exchange:
    """Asked for only where the first one gives reason to doubt."""
    return client.chat("the streamed completion once more", **same, stream=True)


@pytest.fixture(scope="session")
def plain(client: Client, same: Mapping[str, Any], cold_plain: Exchange, twin: Exchange) -> Exchange:
    """The same without a stream, which differs only where streams take no temperature and plain answers do."""
    if same == COLD:
        return cold_plain
    return client.chat("the same without a stream", **same) if twin is cold_plain else twin


@pytest.fixture(scope="session")
def repeats(
    client: Client, same: Mapping[str, Any], streamed: Exchange, plain: Exchange, request: pytest.FixtureRequest
) -> list[Exchange]:
    """One more of each where the two differ: is the target deterministic at all?"""
    if not stream_text.differs(streamed, plain):
        return []
    again = request.getfixturevalue("streamed_again")
    return [again, client.chat("the plain completion once more", **same)]


@pytest.fixture(scope="session")
def double(client: Client, same: Mapping[str, Any], dialect: Dialect) -> Combined:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.chat(label, **same, **fields, stream=True)

    return Combined(send, "a stream of two choices with usage and a stop text", dialect.parts(PARTS))


@pytest.fixture(scope="session")
def with_usage(double: Combined) -> Exchange:
    return double.shows("usage")


@pytest.fixture(scope="session")
def usage_option(dialect: Dialect, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What asks for usage, where the dialect has it and the target takes it."""
    known = dialect.known(USAGE)
    return known if known and request.getfixturevalue("with_usage").status == 200 else {}


@pytest.fixture(scope="session")
def two(double: Combined) -> Exchange:
    return double.shows("two choices")


@pytest.fixture(scope="session")
def stopped(double: Combined) -> Exchange:
    return double.shows("stop text")


@pytest.fixture(scope="session")
def left(client: Client, target: Target) -> Exchange:
    story = {"model": target.model, "messages": [user("Tell me a long story.")], "stream": True, "max_tokens": 300}
    return client.send(replace(json_call("/chat/completions", story, "leave in mid-stream"), leave_after=1))


@pytest.fixture(scope="session")
def capped(client: Client, same: Mapping[str, Any], usage_option: Mapping[str, Any], left: Exchange) -> Exchange:  # noqa: ARG001
    """A short stream; sent right after a client has left, it also shows whether the target is still there."""
    return client.chat("a stream cut by max_tokens", **same, **usage_option, max_tokens=CAP, stream=True)


@pytest.fixture(scope="session")
def streams(streamed: Exchange, dialect: Dialect, request: pytest.FixtureRequest) -> list[Exchange]:
    """Every stream; only the first where that did not end, because each would wait as long."""
    others = [] if streamed.failure else [name for name, field in OTHERS.items() if field in dialect.fields]
    found = [streamed, *(request.getfixturevalue(name) for name in others)]
    return list({exchange.id: exchange for exchange in found}.values())


@pytest.fixture(scope="session")
def uncut(streams: Sequence[Exchange], plain: Exchange) -> list[Exchange]:
    """The streams that were not cut in silence: of the others that alone is told."""
    return stream_ending.uncut(streams, plain)


@pytest.fixture(scope="session")
def sorted_out(streams: Sequence[Exchange]) -> list[Exchange]:
    """The streams whose choices are those that were asked for: mixed-up ones show nothing about each."""
    return [exchange for exchange in streams if holds(streaming.has_choices_asked, exchange)]


@pytest.fixture(scope="session")
def singles(uncut: Sequence[Exchange], sorted_out: Sequence[Exchange]) -> list[Exchange]:
    return [exchange for exchange in uncut if exchange in sorted_out and choices_asked(exchange) == 1]


def holds(check: Callable[..., bool], *arguments: Any) -> bool:
    try:
        return check(*arguments)
    except Unjudgeable:
        return False


def deviates(check: Check, *arguments: Any) -> bool:
    return holds(lambda: check(*arguments) is not None)


@each(
    {
        "streaming.coding-decodes": stream_delivery.decodes,
        "streaming.answers": stream_framing.answers_with_events,
        "streaming.created-is-now": streaming.created_is_now,
        "streaming.content-streamed": stream_text.says_something,
        "streaming.deltas-are-increments": stream_text.adds_increments,
        "streaming.no-usage-unasked": stream_usage.has_no_usage,
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
        "streaming.done-once": stream_framing.has_done_once,
        "streaming.nothing-after-done": stream_framing.ends_with_done,
        "streaming.not-cached": stream_delivery.forbids_caching,
        "streaming.characters-whole": streaming.keeps_characters_whole,
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


@requirement("streaming.ids-differ")
def test_ids_differ(streams: Sequence[Exchange], judge: Judge) -> None:
    judge(streaming.ids_differ, streams)


@requirement("streaming.no-silent-cut")
def test_silent_cut(streams: Sequence[Exchange], plain: Exchange, judge: Judge) -> None:
    judge.every(stream_ending.is_never_cut_in_silence, streams, plain)


@requirement("streaming.done-sent")
def test_done(uncut: Sequence[Exchange], judge: Judge) -> None:
    judge.every(stream_framing.has_done, uncut)


@requirement("streaming.choice-as-asked")
def test_one_choice(streams: Sequence[Exchange], judge: Judge) -> None:
    judge.every(streaming.has_choices, [exchange for exchange in streams if choices_asked(exchange) == 1], 1)


@each(
    {
        "streaming.role-first": streaming.begins_with_role,
        "streaming.role-once": streaming.tells_role_once,
        "streaming.finish-null-before": stream_ending.has_null_before_finish,
        "streaming.nothing-after-finish": stream_ending.adds_nothing_after_finish,
        "streaming.finish-delta-empty": stream_ending.finishes_with_empty_delta,
    }
)
def test_every_choice(check: Check, sorted_out: Sequence[Exchange], judge: Judge) -> None:
    judge.every(check, sorted_out)


@each({"streaming.finish-told": stream_ending.tells_finish_reason, "streaming.finish-once": stream_ending.tells_once})
def test_every_single_choice(check: Check, singles: Sequence[Exchange], judge: Judge) -> None:
    judge.every(check, singles)


@requirement("streaming.incremental")
def test_incremental(streamed: Exchange, request: pytest.FixtureRequest, judge: Judge) -> None:
    """A network may hold back one answer by chance; two, hardly."""
    shorter = None if streamed.failure else request.getfixturevalue("capped")
    doubtful = deviates(stream_delivery.arrives_incrementally, streamed, shorter)
    shown = request.getfixturevalue("streamed_again") if doubtful else streamed
    judge(stream_delivery.arrives_incrementally, shown, shorter)


@requirement("streaming.first-content-in-time")
def test_first_content(streamed: Exchange, target: Target, request: pytest.FixtureRequest, judge: Judge) -> None:
    """The first answer of all may have to wait until the model is loaded."""
    deadline = target.timeouts.first_content_s
    late = deviates(stream_delivery.begins_within, streamed, deadline)
    shown = request.getfixturevalue("streamed_again") if late else streamed
    judge(stream_delivery.begins_within, shown, deadline)


@requirement(STREAM_FALSE)
def test_stream_false(more: Combined, judge: Judge) -> None:
    judge(stream_delivery.is_plain_json, more.shows(STREAM_FALSE))


@requirement("streaming.bad-request-refused")
def test_bad_request(bad_stream: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, bad_stream, profile.expect.errors["bad_request"])


@requirement("streaming.bad-request-plain")
def test_refusal_is_json(bad_stream: Exchange, judge: Judge) -> None:
    judge(stream_delivery.refuses_in_json, bad_stream)


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
    judge(stream_text.equals_plain, streamed, plain, repeats)


@requirement("streaming.unicode-repeated")
def test_unicode(streamed: Exchange, plain: Exchange, request: pytest.FixtureRequest, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        return streamed if attempt == 1 else request.getfixturevalue("streamed_again")

    def differs() -> bool:
        return stream_text.equals_plain(streamed, plain, request.getfixturevalue("repeats")) is not None

    if holds(differs):
        raise Unjudgeable("the stream differs from the plain answer, which is told of already")
    judge.model_dependent(stream_text.repeats, provoke, LINE, tries=2)


@each(
    {
        "streaming.max-tokens-caps": (stream_limits.caps_tokens, CAP),
        "streaming.max-tokens-finish-length": (stream_limits.finishes_by_length,),
        "streaming.usage-prompt-as-plain": (stream_usage.prompt_costs_as_plain,),
    }
)
def test_capped(check: tuple[Any, ...], capped: Exchange, plain: Exchange, judge: Judge) -> None:
    judge(check[0], capped, plain, *check[1:])


@requirement("streaming.usage-completion-as-capped")
def test_cost_of_capped(capped: Exchange, judge: Judge) -> None:
    judge(stream_limits.counts_to_cap, capped, CAP)


@requirement("streaming.stop-left-out")
def test_stop_text(stopped: Exchange, judge: Judge) -> None:
    judge(stream_limits.leaves_stop_out, stopped, STOP)


@each(
    {
        "streaming.stop-exact": stream_limits.stops_exactly,
        "streaming.stop-finish-stop": stream_limits.finishes_by_stop,
    }
)
def test_stopped(check: Check, stopped: Exchange, plain: Exchange, judge: Judge) -> None:
    judge(check, stopped, plain, STOP)


@requirement("streaming.n-two-choices")
def test_two_choices(two: Exchange, judge: Judge) -> None:
    judge(streaming.streams_each, two, 2)


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
def test_usage(check: Check, uncut: Sequence[Exchange], with_usage: Exchange, capped: Exchange, judge: Judge) -> None:
    # Refused, the capped one may have been refused for its max_tokens.
    answered = [with_usage, *([capped] if capped.status == 200 else [])]
    counted = [one for one in answered if one in uncut and "stream_options" in asked_of(one)]
    judge.every(check, counted)
