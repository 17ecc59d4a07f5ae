from __future__ import annotations

from typing import Any

import pytest
from build import refusal, stream
from streams import (
    PIECES,
    ROLE,
    STOP,
    USAGE,
    USAGE_CHUNK,
    Case,
    arguments,
    asking,
    body,
    chunk,
    plain,
    saying,
    text,
)

from ozwell_harness.checks import stream_ending, stream_limits, stream_usage
from ozwell_harness.model import FailureKind, Unjudgeable

CONTENT = "".join(PIECES)
SOUND = saying()
COUNT = ", ".join(str(number) for number in range(1, 41))
CALL = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}
TWO = stream(
    ROLE, text("a"), chunk({"role": "assistant"}, index=1), text("b", index=1), STOP, chunk({}, "length", index=1)
)
ENDED = [SOUND, TWO, saying(finish="length"), stream(ROLE, text("a"), STOP, USAGE_CHUNK)]


def costing(usage: Any, *others: Any, choices: Any = ()) -> Any:
    return stream(*(others or (ROLE, *body(), STOP)), chunk(choices=list(choices), usage=usage))


def stopped(*pieces: str, finish: Any = "stop") -> Any:
    """A stream of a request with a stop text."""
    return saying(*pieces, finish=finish, asked=asking(stop=", three"))


def capped(*chunks: Any) -> Any:
    return stream(*chunks, asked=asking(max_tokens=5))


COUNTED = costing(USAGE)

CASES: dict[str, Case] = {
    "streaming.no-silent-cut": Case(
        stream_ending.is_never_cut_in_silence,
        [
            *ENDED,
            stream(ROLE, text("a"), {"error": {"message": "no"}}),
            (stream(ROLE, *body()), plain(CONTENT)),
            (stream(ROLE, *body()), plain("Something else")),
            (stream(ROLE, *body()[:2]), plain("Something else")),
            (stream(ROLE, *body()[:2], b"data: {\n\n"), plain(CONTENT)),
            (stopped("One", ", two", finish=None), plain(CONTENT)),
            saying(finish=None, done=b""),
        ],
        [
            stream(ROLE, *body()),
            stream(ROLE, text("b", index=1), STOP),
            saying(finish=""),
            (stream(ROLE, *body()[:2]), plain(CONTENT)),
            (stream(ROLE, *body()[:2], done=b""), plain(CONTENT)),
            (stream(ROLE), plain(CONTENT)),
            (stopped("One", finish=None), plain(CONTENT)),
        ],
    ),
    "streaming.finish-told": Case(
        stream_ending.tells_finish_reason,
        ENDED,
        [stream(ROLE, *body()), saying(finish=""), stream(ROLE, text("b", index=1), STOP)],
    ),
    "streaming.finish-once": Case(
        stream_ending.tells_once,
        [*ENDED, saying(done=b'data: [DONE]\n\ndata: {"choices": []}\n\n')],
        [stream(ROLE, STOP, STOP), stream(ROLE, text("a", finish="stop"), STOP)],
    ),
    "streaming.finish-null-before": Case(
        stream_ending.has_null_before_finish,
        [*ENDED, stream({"choices": [{"index": 0, "delta": {}}]}, STOP)],
        [stream(text("a", finish=word), STOP) for word in ("", False, "null", "None")],
    ),
    "streaming.nothing-after-finish": Case(
        stream_ending.adds_nothing_after_finish,
        [*ENDED, stream(ROLE, STOP, chunk({"content": ""}))],
        [stream(ROLE, STOP, text("more")), stream(ROLE, STOP, chunk(CALL)), stream(STOP, chunk({"refusal": "no"}))],
    ),
    "streaming.finish-delta-empty": Case(
        stream_ending.finishes_with_empty_delta,
        [*ENDED, stream(ROLE, chunk({"content": ""}, "stop")), stream(ROLE, chunk({"content": None}, "stop"))],
        [stream(ROLE, text("a", finish="stop")), stream(ROLE, chunk(CALL, "tool_calls"))],
    ),
    "streaming.finish-as-plain": Case(
        stream_ending.finishes_as_plain, [(SOUND, plain(CONTENT))], [(saying(finish="length"), plain(CONTENT))]
    ),
    "streaming.max-tokens-caps": Case(
        stream_limits.caps_tokens,
        [
            (saying("1, 2, 3", finish="length"), plain(COUNT), 5),
            (costing(USAGE | {"completion_tokens": 5}), plain(COUNT), 5),
            (stream(ROLE, chunk({}, "length")), plain(COUNT), 5),
        ],
        [(costing(USAGE | {"completion_tokens": 6}), plain(COUNT), 5), (saying(COUNT), plain(COUNT), 5)],
    ),
    "streaming.max-tokens-finish-length": Case(
        stream_limits.finishes_by_length,
        [(saying("1, 2, 3", finish="length"), plain(COUNT)), (saying("Sure!", finish="length"), plain(COUNT))],
        [(saying("1, 2, 3"), plain(COUNT)), (saying("1, 2, 3", finish=None), plain(COUNT))],
    ),
    "streaming.usage-completion-as-capped": Case(
        stream_limits.counts_to_cap,
        [(costing(USAGE, ROLE, text("a"), chunk({}, "length")), 4)],
        [(costing(USAGE, ROLE, text("a"), chunk({}, "length")), cap) for cap in (3, 5)],
    ),
    "streaming.stop-left-out": Case(
        stream_limits.leaves_stop_out,
        [(saying("5, ", "6, "), "7, 8"), (saying("17, 18"), "7, 8")],
        [(saying("6, 7", ", 8"), "7, 8")],
    ),
    "streaming.stop-exact": Case(
        stream_limits.stops_exactly,
        [(saying("1, 2, 3, 4, 5, 6, "), plain(COUNT), "7, 8"), (saying("1, 2, 3, 4, 5, 6,"), plain(COUNT), "7, 8")],
        [
            (saying("1, 2, 3, 4, 5, 6, 7"), plain(COUNT), "7, 8"),
            (saying("1, 2, 3, 4"), plain(COUNT), "7, 8"),
            (saying("1, 2, 3, 4, 5, 6, 7,"), plain(COUNT), "7, 8"),
        ],
    ),
    "streaming.stop-finish-stop": Case(
        stream_limits.finishes_by_stop,
        [(saying("1, 2, 3, 4, 5, 6, "), plain(COUNT), "7, 8")],
        [
            (saying("1, 2, 3, 4, 5, 6, ", finish=reason), plain(COUNT), "7, 8")
            for reason in ("length", "content_filter")
        ],
    ),
    "streaming.n-two-finish": Case(
        stream_ending.finishes_each_once, [TWO], [stream(text("a"), text("b", index=1), STOP), stream(ROLE, STOP, STOP)]
    ),
    "streaming.usage-on-request": Case(
        stream_usage.has_usage,
        [COUNTED, stream(ROLE, chunk({}, "stop", usage=USAGE))],
        [SOUND, costing(None), costing("many"), refusal(400), refusal(422)],
    ),
    "streaming.usage-chunk-last": Case(
        stream_usage.has_usage_chunk_last,
        [COUNTED, stream(ROLE, STOP, USAGE_CHUNK, done=b": bye\n\ndata: [DONE]\n\n")],
        [
            stream(ROLE, chunk({}, "stop", usage=USAGE)),
            stream(ROLE, USAGE_CHUNK, STOP),
            stream(ROLE, STOP, {"id": "a", "usage": USAGE}),
            SOUND,
        ],
    ),
    "streaming.usage-once": Case(
        stream_usage.has_usage_once,
        [COUNTED, costing(USAGE, ROLE | {"usage": None}, STOP)],
        [costing(USAGE, ROLE | {"usage": USAGE}, STOP)],
    ),
    "streaming.usage-counted": Case(
        stream_usage.usage_is_counted,
        [COUNTED],
        [costing(USAGE | {name: 0}) for name in USAGE] + [costing(USAGE | {"prompt_tokens": -1})],
    ),
    "streaming.usage-total-is-sum": Case(
        stream_usage.usage_is_sum,
        [COUNTED],
        [costing(USAGE | {"total_tokens": 14}), costing(USAGE | {"total_tokens": 9})],
    ),
    "streaming.usage-prompt-as-plain": Case(
        stream_usage.prompt_costs_as_plain,
        [(COUNTED, plain("a"))],
        [
            (costing(USAGE | {"prompt_tokens": 8}), plain("a")),
            (COUNTED, plain("a", usage=USAGE | {"prompt_tokens": 0})),
        ],
    ),
    "streaming.no-usage-unasked": Case(
        stream_usage.has_no_usage,
        [SOUND, stream(ROLE | {"usage": None}, STOP)],
        [COUNTED, stream(ROLE, chunk({}, "stop", usage=USAGE))],
    ),
}

UNJUDGEABLE: list[tuple[Any, ...]] = [
    (stream_ending.is_never_cut_in_silence, saying(failure=FailureKind.CUT)),
    (stream_ending.is_never_cut_in_silence, stream(chunk(choices=[]))),
    (stream_ending.is_never_cut_in_silence, capped(ROLE, text("One")), plain(CONTENT)),
    (stream_ending.is_never_cut_in_silence, stream(ROLE, text("One")), refusal(400)),
    (stream_ending.finishes_as_plain, saying(finish="end_turn"), plain(CONTENT)),
    (stream_limits.counts_to_cap, costing(USAGE), 5),
    (stream_limits.counts_to_cap, saying(finish="length"), 5),
    (stream_limits.finishes_by_length, saying("1, 2, 3", finish="end_turn"), plain(COUNT)),
    (stream_limits.finishes_by_stop, saying("1, 2, 3, 4, 5, 6, ", finish=None), plain(COUNT), "7, 8"),
    (stream_ending.tells_finish_reason, stream(chunk(choices=[]))),
    (stream_ending.tells_finish_reason, saying(failure=FailureKind.CUT)),
    (stream_ending.finishes_as_plain, SOUND, plain("other")),
    (stream_limits.caps_tokens, saying("1, 2"), plain("1, 2"), 5),
    (stream_limits.finishes_by_length, saying("Sure!"), plain(COUNT)),
    (stream_limits.finishes_by_length, saying(COUNT), plain(COUNT)),
    (stream_limits.stops_exactly, saying("1, 2"), plain("1, 2"), "7, 8"),
    (stream_limits.stops_exactly, saying("Here you go: 1, 2"), plain(COUNT), "7, 8"),
    (stream_limits.stops_exactly, saying("1, 2, 3, 4, 5, 6, 9, 10"), plain(COUNT), "7, 8"),
    (stream_limits.stops_exactly, saying("2, 1"), plain(COUNT), "7, 8"),
    (stream_limits.finishes_by_stop, saying("1, 2"), plain(COUNT), "7, 8"),
    (stream_usage.usage_is_sum, SOUND),
    (stream_usage.usage_is_sum, costing({"prompt_tokens": 1})),
    (stream_usage.usage_is_sum, costing(USAGE | {"total_tokens": 13.0})),
    (stream_usage.prompt_costs_as_plain, COUNTED, plain("a", usage=None)),
    (stream_usage.has_no_usage, saying(failure=FailureKind.CUT)),
]


@pytest.mark.parametrize(("check", "evidence"), [(c.check, e) for c in CASES.values() for e in c.good])
def test_sound_endings_pass(check: Any, evidence: Any) -> None:
    assert check(*arguments(evidence)) is None


@pytest.mark.parametrize(
    ("name", "evidence"), [pytest.param(name, e, id=name) for name, c in CASES.items() for e in c.bad]
)
def test_deviations_are_found(name: str, evidence: Any) -> None:
    deviation = CASES[name].check(*arguments(evidence))
    assert deviation is not None
    assert deviation.message
    assert deviation.expected
    assert deviation.actual


def test_what_a_cut_stream_lacks_is_no_deviation_of_its_own() -> None:
    whole, cut, unknown = SOUND, stream(ROLE, text("One")), capped(ROLE, text("One"))
    assert stream_ending.uncut([whole, cut, unknown], plain(CONTENT)) == [whole]
    assert stream_ending.uncut([whole, unknown], plain(CONTENT)) == [whole, unknown]
    assert stream_ending.uncut([cut], refusal(400)) == [cut]


@pytest.mark.parametrize("case", UNJUDGEABLE, ids=lambda case: case[0].__name__)
def test_what_cannot_be_known_is_not_judged(case: tuple[Any, ...]) -> None:
    with pytest.raises(Unjudgeable):
        case[0](*case[1:])
