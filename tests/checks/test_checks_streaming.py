from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, stream, unanswered
from streams import (
    PIECES,
    ROLE,
    STARTED,
    STOP,
    USAGE_CHUNK,
    Case,
    arguments,
    body,
    chunk,
    event,
    plain,
    saying,
    text,
    with_headers,
)
from test_checks_stream_ending import CASES as ENDING

from ozwell_harness.checks import base, stream_delivery, stream_framing, stream_text, streaming
from ozwell_harness.model import Arrival, FailureKind, Leak, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, load_profile
from ozwell_harness.requirements import load_catalogue

OZWELL = load_profile("ozwell")
BAD_REQUEST = ErrorExpectation(frozenset({400}))
TYPE = ("Content-Type", "text/event-stream")
CUT = FailureKind.CUT
CONTENT = "".join(PIECES)
LONG = "A sentence that is certainly more than one token long. " * 3
MANY = [f" {number}" for number in range(20)]

SOUND = saying()
#: Every one of these is a legal way to send the same stream.
LEGAL = [
    SOUND,
    stream(*[event(c).replace(b"\n", b"\r\n") for c in (ROLE, *body(), STOP)], done=b"data: [DONE]\r\n\r\n"),
    stream(*[event(c).replace(b"data: ", b"data:") for c in (ROLE, *body(), STOP)], done=b"data:[DONE]\n\n"),
    stream(b": ping\n\n", ROLE, b":\n", *body(), STOP, b"retry: 100\n\n", done=b"data: [DONE]\n\n: bye\n\n"),
    stream(*[b"id: 1\nevent: message\n" + event(c) for c in (ROLE, *body(), STOP)]),
    stream(b"\xef\xbb\xbf" + event(ROLE), *body(), STOP),
    stream(*[c | {"system_fingerprint": "fp", "usage": None} for c in (ROLE, *body(), STOP)]),
    stream(chunk({"role": "assistant", "content": CONTENT[:9]}), text(CONTENT[9:]), chunk({"content": ""}, "stop")),
    with_headers(("content-type", "Text/Event-Stream; charset=utf-8"), ("Cache-Control", "no-store")),
]


def burst(*, elapsed: float, spread: float, pieces: int = 20, arrivals: int = 20) -> Any:
    """A stream of so many pieces, whose bytes came in so many arrivals in the last ``spread`` seconds."""
    whole = saying(*MANY[:pieces]).response.body
    parts = range(1, arrivals + 1)
    came = tuple(Arrival(elapsed - spread + spread * part / arrivals, len(whole) * part // arrivals) for part in parts)
    return exchange(body=whole, headers=(TYPE,), arrivals=came, elapsed=elapsed)


def late(seconds: float) -> Any:
    return burst(elapsed=seconds, spread=0.0, arrivals=1)


SOUND_AT_ONCE = burst(elapsed=0.05, spread=0.0, arrivals=1)
#: A stream whose content coding cannot be undone.
SPOILT = saying(headers=(TYPE, ("Content-Encoding", "gzip")), failure=FailureKind.PROTOCOL)

CASES: dict[str, Case] = {
    "streaming.answers": Case(
        stream_framing.answers_with_events,
        [*LEGAL, saying(failure=CUT)],
        [
            refusal(400),
            unanswered(),
            plain(CONTENT),
            exchange(body=b'{"id": "1"}\n{"id": "2"}\n', headers=(TYPE,)),
            stream({"error": {"message": "no"}}),
            stream(ROLE, {"error": {"message": "no"}}),
        ],
    ),
    "streaming.content-type": Case(
        stream_framing.has_event_stream_type,
        [*LEGAL],
        [
            with_headers(("Content-Type", "text/plain")),
            with_headers(("Content-Type", "application/json")),
            with_headers(),
        ],
    ),
    "streaming.fields-known": Case(
        stream_framing.has_known_fields_only,
        [*LEGAL, stream(ROLE, done=b"dat", failure=CUT)],
        [
            stream(ROLE, b'error: {"message": "no"}\n\n'),
            stream(ROLE, b'{"choices": []}\n\n'),
            stream(ROLE, b"ping\n", done=b"dat", failure=CUT),
        ],
    ),
    "streaming.utf8": Case(stream_framing.is_utf8, [*LEGAL], [stream(ROLE, b'data: {"a": "\xe6\x97"}\n\n')]),
    "streaming.data-is-json": Case(
        stream_framing.has_json_data,
        [*LEGAL, stream(ROLE, done=b"data: [DONE]\n\ndata: after\n\n")],
        [
            stream(ROLE, b"data: ping\n\n"),
            stream(event(ROLE).rstrip() + b"\n" + event(STOP)),
            stream(b'data: {"choices": [\n\n'),
            stream(b"data: \n\n", ROLE),
        ],
    ),
    "streaming.ends-cleanly": Case(
        stream_framing.ends_cleanly,
        [*LEGAL],
        [saying(failure=CUT), saying(failure=FailureKind.TIMEOUT), exchange(failure=FailureKind.RESET)],
    ),
    "streaming.events-completed": Case(
        stream_framing.completes_events, [*LEGAL], [saying(done=b"data: [DONE]\n"), saying(done=b"data: [DONE]")]
    ),
    "streaming.done-sent": Case(stream_framing.has_done, [*LEGAL], [saying(done=b""), saying(done=b"data: DONE\n\n")]),
    "streaming.done-once": Case(
        stream_framing.has_done_once, [*LEGAL], [saying(done=b"data: [DONE]\n\ndata: [DONE]\n\n")]
    ),
    "streaming.nothing-after-done": Case(
        stream_framing.ends_with_done,
        [*LEGAL, saying(done=b"data: [DONE]\n\ndata: [DONE]\n\n")],
        [saying(done=b"data: [DONE]\n\n" + event(STOP)), saying(done=b"data: [DONE]\n\ndata: bye\n\n")],
    ),
    "streaming.incremental": Case(
        stream_delivery.arrives_incrementally,
        [
            SOUND,
            burst(elapsed=30, spread=5),
            burst(elapsed=0.05, spread=0.01),
            burst(elapsed=0.05, spread=0.0, arrivals=1),
            burst(elapsed=2, spread=0.001, pieces=9),
            # The target itself is slow to begin.
            (burst(elapsed=2, spread=0.001), late(1.9)),
            (burst(elapsed=2, spread=0.001), late(1.4)),
            (burst(elapsed=0.3, spread=0.001), late(0.15)),
            burst(elapsed=0.5, spread=0.001),
        ],
        [
            burst(elapsed=2, spread=0.001),
            burst(elapsed=2, spread=0.0, arrivals=1),
            saying(LONG),
            (burst(elapsed=0.5, spread=0.001), late(0.1)),
            (burst(elapsed=0.3, spread=0.001), SOUND_AT_ONCE),
            (burst(elapsed=2, spread=0.001), refusal(400)),
        ],
    ),
    "streaming.first-content-in-time": Case(
        stream_delivery.begins_within,
        [(SOUND, 10.0), (late(9.9), 10.0), (stream(ROLE, chunk({"reasoning_content": "Hm"}), text("a"), STOP), 0.25)],
        [(late(10.1), 10.0), (SOUND, 0.15)],
    ),
    "streaming.not-cached": Case(
        stream_delivery.forbids_caching,
        [
            with_headers(TYPE, ("cache-control", "No-Cache, no-transform")),
            with_headers(TYPE, ("Cache-Control", "no-store")),
        ],
        [SOUND, with_headers(TYPE, ("Cache-Control", "max-age=60"))],
    ),
    "streaming.coding-decodes": Case(
        stream_delivery.decodes,
        [*LEGAL, saying(failure=CUT), with_headers(TYPE, ("Content-Encoding", "gzip"))],
        [saying(headers=(TYPE, ("Content-Encoding", "br")), failure=FailureKind.PROTOCOL)],
    ),
    "streaming.stream-false-plain": Case(
        stream_delivery.is_plain_json,
        [plain("a"), plain("")],
        [SOUND, refusal(400), exchange(body=b"[1]"), exchange(body=b"<p>")],
    ),
    "streaming.bad-request-refused": Case(
        base.refused, [(refusal(400), BAD_REQUEST)], [(SOUND, BAD_REQUEST), (refusal(500), BAD_REQUEST)]
    ),
    "streaming.bad-request-plain": Case(
        stream_delivery.refuses_in_json,
        [refusal(400), refusal(422), exchange(400, body=b"{}", headers={"Content-Type": "application/problem+json"})],
        [
            stream({"error": {"message": "no"}}, status=400),
            exchange(400, body=b"<p>no</p>", headers={"Content-Type": "text/html"}),
            exchange(400, body=b"no", headers={"Content-Type": "application/json"}),
            exchange(400, json=["no"]),
        ],
    ),
    "streaming.leaving-survived": Case(
        stream_delivery.is_alive_after_leaving,
        [(saying(failure=FailureKind.LEFT), SOUND), (SOUND, refusal(400))],
        [(SOUND, unanswered()), (SOUND, refusal(503))],
    ),
    "streaming.chunk-schema": Case(
        streaming.chunks_match_schema,
        [
            *((made, OZWELL) for made in LEGAL),
            (stream(ROLE, STOP, USAGE_CHUNK), OZWELL),
            # Told by checks of their own.
            (stream(text("a", finish=""), STOP), OZWELL),
            (stream(ROLE, {k: v for k, v in USAGE_CHUNK.items() if k != "choices"}), OZWELL),
            (stream(ROLE, chunk({"tool_calls": [{"id": "a"}]})), OZWELL),
        ],
        [
            (stream(bad), OZWELL)
            for bad in (
                chunk(object="chat.completion"),
                chunk(id=""),
                chunk(id=None),
                chunk(model=None),
                chunk(created="now"),
                chunk(choices=None),
                chunk({"role": None}),
                chunk({"tool_calls": {}}),
                chunk({"content": ["a"]}),
                chunk({}, "finished"),
                chunk(index=-1),
                chunk(choices=[{"index": 0, "finish_reason": None}]),
                [1],
            )
        ],
    ),
    "streaming.one-id": Case(
        streaming.has_one,
        # What is missing is the schema's matter.
        [*((made, "id") for made in LEGAL), (stream(ROLE, text("a", id=None), text("b", id="")), "id")],
        [(stream(ROLE, text("a", id="chatcmpl-9")), "id")],
    ),
    "streaming.one-created": Case(
        streaming.has_one,
        [(made, "created") for made in LEGAL],
        [(stream(ROLE, text("a", created=STARTED + 1)), "created"), (stream(ROLE, text("a", created=0)), "created")],
    ),
    "streaming.one-model": Case(
        streaming.has_one, [(made, "model") for made in LEGAL], [(stream(ROLE, text("a", model="gpt-4-0613")), "model")]
    ),
    "streaming.ids-differ": Case(
        streaming.ids_differ, [([SOUND, stream(chunk(id="chatcmpl-7")), refusal(400)],)], [([SOUND, saying("a")],)]
    ),
    "streaming.created-is-now": Case(
        streaming.created_is_now,
        [*LEGAL, stream(chunk(created=STARTED + 60))],
        [stream(chunk(created=STARTED * 1000)), stream(chunk(created=0)), stream(chunk(created=10**400))],
    ),
    "streaming.model-as-plain": Case(
        streaming.model_is_as_plain, [(SOUND, plain("a"))], [(SOUND, plain("a", model="gpt-4-0613"))]
    ),
    "streaming.choice-as-asked": Case(
        streaming.has_choices,
        [(made, 1) for made in LEGAL],
        [(stream(text("a", index=1)), 1), (stream(text("a"), text("b", index=1)), 1), (stream(chunk(choices=[])), 1)],
    ),
    "streaming.role-first": Case(
        streaming.begins_with_role,
        [*LEGAL, stream(chunk(choices=[]), ROLE, chunk({"role": "assistant"}, index=1))],
        [stream(text("a"), ROLE), stream(chunk({"role": None})), stream(ROLE, text("a", index=1))],
    ),
    "streaming.role-once": Case(
        streaming.tells_role_once,
        [*LEGAL, stream(ROLE, chunk({"role": None, "content": "a"})), stream(ROLE, chunk({"role": "user"}))],
        [stream(ROLE, chunk({"role": "assistant", "content": "a"}))],
    ),
    "streaming.content-streamed": Case(stream_text.says_something, [*LEGAL], [stream(ROLE, STOP), saying("", " ")]),
    "streaming.deltas-are-increments": Case(
        stream_text.adds_increments,
        [*LEGAL, saying("1", "12", "123"), saying("ha", "ha"), saying("a"), saying("a", "b", "ab")],
        [
            saying("1", "1, 2", "1, 2, 3", "1, 2, 3, 4"),
            saying("A first sentence", "A first sentence, and more"),
            saying(*PIECES, CONTENT),
        ],
    ),
    "streaming.equals-plain": Case(
        stream_text.equals_plain,
        [(SOUND, plain(CONTENT), []), (SOUND, plain(f"\n{CONTENT} "), [])],
        [(SOUND, plain(CONTENT[1:]), [saying(), plain(CONTENT[1:])])],
    ),
    "streaming.characters-whole": Case(
        streaming.keeps_characters_whole,
        [*LEGAL, saying("日本", "🎉", "ё")],
        [saying("日\ufffd", "\ufffd"), saying("\ud83c", "\udf89")],
    ),
    "streaming.unicode-repeated": Case(
        stream_text.repeats,
        [(saying("Here: ё", "л", "ка 🎉"), "ёлка 🎉"), (saying("Z\u0307o\u0301lw"), "Żólw")],
        [(saying("??????"), "ёлка"), (saying("елка"), "ёлка")],
    ),
    "streaming.n-two-choices": Case(
        streaming.streams_each,
        [(stream(ROLE, text("a"), chunk({"role": "assistant", "content": "b"}, index=1)), 2)],
        [
            (SOUND, 2),
            (stream(text("a", index=1), text("b", index=2)), 2),
            (stream(text("a"), text(" ", index=1)), 2),
            (refusal(400), 2),
        ],
    ),
}

#: Evidence that must lead to no judgement, neither way.
UNJUDGEABLE: list[tuple[Any, ...]] = [
    (stream_framing.has_done, saying(failure=CUT)),
    (stream_framing.has_done, refusal(400)),
    (stream_framing.is_utf8, saying(failure=CUT)),
    (stream_framing.ends_with_done, saying(done=b"")),
    (stream_framing.ends_cleanly, saying(failure=FailureKind.LEFT)),
    (stream_framing.ends_cleanly, refusal(400)),
    (stream_framing.ends_cleanly, unanswered()),
    (stream_framing.has_event_stream_type, plain("a")),
    (stream_delivery.arrives_incrementally, burst(elapsed=0.5, spread=0.0, arrivals=1)),
    (stream_framing.answers_with_events, SPOILT),
    (stream_framing.ends_cleanly, SPOILT),
    (stream_delivery.arrives_incrementally, saying(*MANY, leaks=(Leak("KEY", "body"),))),
    (stream_delivery.begins_within, stream(ROLE, STOP), 10.0),
    (stream_delivery.decodes, saying(failure=FailureKind.PROTOCOL)),
    (stream_delivery.refuses_in_json, SOUND),
    (stream_delivery.is_alive_after_leaving, refusal(400), SOUND),
    (streaming.has_one, stream({"choices": []}), "id"),
    (streaming.has_choices, stream(text("a", index="0")), 1),
    (streaming.has_choices, stream(chunk(choices={})), 1),
    (streaming.streams_each, refusal(500), 2),
    (streaming.begins_with_role, stream(chunk(choices=[{"index": 0, "message": {}}]))),
    (stream_text.says_something, stream(ROLE, chunk({"content": ["a"]}))),
    (stream_text.says_something, stream(chunk(choices=[{"index": 0}]))),
    (streaming.ids_differ, [SOUND, refusal(400)]),
    (streaming.created_is_now, stream(chunk(created="now"))),
    (streaming.created_is_now, stream({"choices": []})),
    (streaming.begins_with_role, stream(chunk(choices=[]))),
    (stream_text.says_something, stream(ROLE, chunk({}, "length"))),
    (stream_text.equals_plain, SOUND, plain("other"), []),
    (stream_text.equals_plain, SOUND, plain("other"), [saying("again"), plain("other")]),
    (stream_text.equals_plain, SOUND, plain("other"), [saying(), plain("another")]),
    (stream_text.equals_plain, stream(ROLE, chunk({"content": 1})), plain("other"), []),
]


def test_every_requirement_has_a_case() -> None:
    owed = {r.id for r in load_catalogue() if r.area == "streaming"}
    assert owed == CASES.keys() | ENDING.keys()


@pytest.mark.parametrize(("check", "evidence"), [(c.check, e) for c in CASES.values() for e in c.good])
def test_sound_streams_pass(check: Any, evidence: Any) -> None:
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


@pytest.mark.parametrize("case", UNJUDGEABLE, ids=lambda case: case[0].__name__)
def test_what_cannot_be_known_is_not_judged(case: tuple[Any, ...]) -> None:
    with pytest.raises(Unjudgeable):
        case[0](*case[1:])
