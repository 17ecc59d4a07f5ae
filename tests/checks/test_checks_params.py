from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from build import exchange, refusal, unanswered

from ozwell_harness.checks import base, chat, params, usage
from ozwell_harness.model import Deviation, Exchange, FailureKind, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, load_profile
from ozwell_harness.requirements import load_catalogue

BAD_REQUEST = ErrorExpectation(frozenset({400}))
UNSUPPORTED = load_profile("openai").expect.errors["unsupported"]


def choice(content: Any = "Hello!", *, index: Any = 0, finish: Any = "stop", role: str = "assistant") -> dict[str, Any]:
    return {"index": index, "message": {"role": role, "content": content}, "finish_reason": finish}


def chat_answer(*choices: dict[str, Any], tokens: Any = 2, total: Any = None) -> Exchange:
    counts = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": total or 9 + tokens}
    return exchange(json={"choices": list(choices) or [choice()], "usage": counts})


def saying(content: Any, finish: Any = "stop", *, tokens: int = 2) -> Exchange:
    return chat_answer(choice(content, finish=finish), tokens=tokens)


def responding(content: Any, *, tokens: int = 2) -> Exchange:
    counts = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    return exchange(json={"object": "response", "output": {"role": "assistant", "content": content}, "usage": counts})


def accepted(found: Exchange) -> Deviation | None:
    return params.accepts(found, "temperature 0")


def refused(found: Exchange) -> Deviation | None:
    return params.refuses(found, "temperature 2.01", BAD_REQUEST)


def capped(found: Exchange) -> Deviation | None:
    return params.caps_tokens(found, 8)


def by_length(found: Exchange) -> Deviation | None:
    return params.finishes_by_length(found, 8)


def left_out(found: Exchange) -> Deviation | None:
    return params.leaves_out(found, ("11", "5", "zebra"))


def ends(found: Exchange) -> Deviation | None:
    return params.counts_no_further(found, 5)


def by_stop(found: Exchange) -> Deviation | None:
    return params.finishes_by_stop(found, 5)


def nulls(found: Exchange) -> Deviation | None:
    return params.answers_as_by_default(found, "temperature null")


def both_counted(found: Exchange) -> Deviation | None:
    return params.counts_both(found, saying("1, 2, 3, 4, ", tokens=9))


def two(found: Exchange) -> Deviation | None:
    return chat.has_choices(found, 2)


STORY = "Once upon a time there was a lighthouse that had never seen the sea, and so it went to look for it, " * 3
TWO = (choice(), choice("Hi!", index=1))
COUNTS = (choice("1, 2, 3, 4, 5, "), choice("1, 2, 3, 4, 5", index=1))
EVENTS = exchange(body=b"data: [DONE]\n\n", headers={"Content-Type": "text/event-stream"})

Judgement = Callable[[Any], Deviation | None]

#: Check → (exchanges that pass, exchanges that deviate).
CASES: dict[Judgement, tuple[list[Any], list[Any]]] = {
    accepted: (
        [saying("Hello!"), saying(None), responding("Hello!")],
        [refusal(400), refusal(500), unanswered(), exchange(200, failure=FailureKind.CUT), exchange(204)],
    ),
    refused: (
        [refusal(400), refusal(400, code=None), exchange(400, body=b"<html>")],
        [saying("Hello!"), refusal(422), refusal(500), unanswered(FailureKind.TIMEOUT)],
    ),
    two: ([chat_answer(*TWO)], [saying("Hello!"), chat_answer(*TWO, choice(index=2)), exchange(json={})]),
    chat.indexes_run_from_zero: (
        [chat_answer(*TWO), chat_answer(*reversed(TWO))],
        [chat_answer(choice(), choice()), chat_answer(choice(index=1), choice(index=2))],
    ),
    params.choices_are_whole: (
        [
            chat_answer(*TWO),
            chat_answer(choice(finish="length"), choice("", index=1)),
            chat_answer(choice(), choice(None, index=1, finish="content_filter")),
        ],
        [
            chat_answer(choice(), choice(None, index=1)),
            chat_answer(choice(), choice(index=1, finish=None)),
            chat_answer(choice(), choice(index=1, role="user")),
            chat_answer(choice(), {"index": 1, "finish_reason": "stop"}),
            chat_answer(choice(), choice(index=1, finish=["stop"])),
        ],
    ),
    both_counted: (
        [chat_answer(*COUNTS, tokens=22), chat_answer(*COUNTS, tokens=14), chat_answer(*COUNTS, tokens=400)],
        [chat_answer(*COUNTS, tokens=11), chat_answer(*COUNTS, tokens=9), chat_answer(*COUNTS, tokens=13)],
    ),
    usage.total_is_sum: ([chat_answer(*TWO, tokens=4)], [chat_answer(*TWO, tokens=4, total=11)]),
    capped: (
        [
            saying("Once upon a time there was a", "length", tokens=8),
            saying("I will not.", tokens=3),
            saying(None, "length", tokens=8),
            saying("", "length", tokens=0),
            responding("Once upon a time", tokens=4),
        ],
        [
            saying("Once upon a time there was a light", "length", tokens=9),
            saying(STORY, tokens=8),
            responding(STORY, tokens=60),
        ],
    ),
    by_length: (
        [saying("Once upon a time there was a", "length", tokens=8), saying("", "length", tokens=8)],
        [saying("Once upon a time there was a", tokens=8), saying("Once", None, tokens=8)],
    ),
    left_out: (
        [saying("1, 2, 3, 4, "), saying("Sure: 1, 2, 3, 4"), saying(None), responding("1, 2, 3, 4, "), saying("none")],
        [
            saying("1, 2, 3, 4, 5"),
            saying("1, 2, 3, 4, 11"),
            responding("1 2 3 4 5 6"),
            chat_answer(choice("1, 2, 3, 4"), choice("1, 2, 3, 4, 5", index=1)),
        ],
    ),
    ends: (
        [saying("1, 2, 3, 4, "), saying("Counting to 12: 1, 2, 3, 4"), saying("no"), responding("1, 2, 3, 4, ")],
        [
            saying("1, 2, 3, 4, , 6, 7"),
            responding("1, 2, 3, 4, 6"),
            chat_answer(choice("1, 2, 3, 4"), choice("1, 2, 3, 4, 6", index=1)),
        ],
    ),
    by_stop: (
        [saying("1, 2, 3, 4, "), saying("1\n2\n3\n4\n")],
        [saying("1, 2, 3, 4, ", "length"), saying("1, 2, 3, 4, ", None)],
    ),
    base.answers: ([saying("Hello!")], [refusal(400), refusal(500)]),
    base.not_server_error: ([saying("Hello!"), refusal(400)], [refusal(500), exchange(503), unanswered()]),
    nulls: ([saying("Hello!")], [refusal(400), chat_answer(*TWO), refusal(500), EVENTS]),
    params.repeats: (
        [[saying("Red."), saying("Red.")]],
        [[saying("Red."), saying("Blue.")], [saying("Red."), saying("Red."), saying("Red")]],
    ),
}

#: Requirement → the check of it, where its name does not tell.
CHECKED_BY: dict[str, Judgement] = {
    "params.n-two-choices": two,
    "params.n-two-indexes": chat.indexes_run_from_zero,
    "params.n-two-choices-whole": params.choices_are_whole,
    "params.n-two-usage-is-sum": usage.total_is_sum,
    "params.n-two-usage-counts-both": both_counted,
    "params.max-tokens-caps": capped,
    "params.max-tokens-finish-length": by_length,
    "params.stop-string-left-out": left_out,
    "params.stop-array-left-out": left_out,
    "params.stop-string-ends": ends,
    "params.stop-array-ends": ends,
    "params.stop-string-finish-stop": by_stop,
    "params.stop-array-finish-stop": by_stop,
    "params.unknown-field-survived": base.not_server_error,
    "params.unknown-field-ignored": accepted,
    "params.null-is-omission": nulls,
    "params.seed-repeatable": params.repeats,
    "params.responses-stop-left-out": left_out,
    "params.responses-stop-ends": ends,
    "params.responses-max-tokens-caps": capped,
}

GOOD = [(check, found) for check, (good, _) in CASES.items() for found in good]
BAD = [(check, found) for check, (_, bad) in CASES.items() for found in bad]


@pytest.mark.parametrize(("check", "found"), GOOD)
def test_passes(check: Judgement, found: Any) -> None:
    assert check(found) is None


@pytest.mark.parametrize(("check", "found"), BAD)
def test_deviates(check: Judgement, found: Any) -> None:
    assert isinstance(check(found), Deviation)


def test_every_requirement_is_tested_here() -> None:
    ids = {r.id for r in load_catalogue() if r.area == "params"}
    by_name = {name for name in ids if name.endswith(("-refused", "-accepted"))}

    assert ids == by_name | CHECKED_BY.keys()
    assert set(CHECKED_BY.values()) <= CASES.keys()


@pytest.mark.parametrize(
    ("check", "found"),
    [
        (accepted, unanswered(FailureKind.TIMEOUT)),
        (capped, refusal(400)),
        (capped, exchange(json={"choices": [choice("Once")]})),
        (by_length, saying("I will not.", tokens=3)),
        (by_stop, saying("I cannot count.")),
        (by_stop, saying("<think>The user wants")),
        (by_stop, saying(None, "length")),
        (left_out, refusal(400)),
        (left_out, chat_answer(choice([{"type": "text", "text": "5"}]))),
        (params.choices_are_whole, exchange(json={"choices": []})),
        (both_counted, chat_answer(*TWO)),
        (both_counted, chat_answer(COUNTS[0])),
        (both_counted, exchange(json={"choices": list(COUNTS)})),
        (left_out, chat_answer(choice("1, 2"), {"index": 1})),
    ],
)
def test_what_cannot_be_judged(check: Judgement, found: Exchange) -> None:
    with pytest.raises(Unjudgeable):
        check(found)


def test_tokens_that_nobody_sees_are_not_compared() -> None:
    thoughtful = saying("1, 2, 3, 4, ", tokens=300)

    with pytest.raises(Unjudgeable, match="count more than is seen"):
        params.counts_both(chat_answer(*COUNTS, tokens=250), thoughtful)


def test_a_second_choice_without_content_says_nothing() -> None:
    assert left_out(chat_answer(choice("1, 2"), choice(None, index=1))) is None
    assert left_out(chat_answer(choice("1, 2"), {"index": 1, "message": "1, 2, 3, 4, 5"})) is None


def test_a_dialect_may_let_a_model_decline_a_parameter() -> None:
    declined = refusal(400, code="unsupported_parameter", param="max_tokens")

    with pytest.raises(Unjudgeable, match="does not take max_tokens 1"):
        params.accepts(declined, "max_tokens 1", UNSUPPORTED)
    assert isinstance(params.accepts(declined, "max_tokens 1"), Deviation)
    for other in (refusal(400), refusal(400, code=["unsupported_parameter"]), exchange(400), refusal(500)):
        assert isinstance(params.accepts(other, "max_tokens 1", UNSUPPORTED), Deviation)


def test_words_of_a_finding() -> None:
    assert params.worded({"temperature": "1"}) == 'temperature "1"'
    assert params.worded({"n": True, "top_p": float("nan")}) == "n true and top_p NaN"
    lax = params.refuses(saying("Hello!"), "n true", BAD_REQUEST)
    other = params.refuses(refusal(422), "n true", BAD_REQUEST)
    assert lax is not None
    assert lax.message == "a request with n true is not refused"
    assert other is not None
    assert other.message == "a request with n true is refused, but with another status"
