from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from build import exchange, refusal, unanswered

from ozwell_harness.checks import base, chat, params, text, usage
from ozwell_harness.model import Deviation, Exchange, FailureKind, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, load_profile
from ozwell_harness.requirements import load_catalogue

STARTED = 1_763_683_200
BAD_REQUEST = ErrorExpectation(frozenset({400}))
OZWELL = load_profile("ozwell")
CATALOGUE = load_catalogue()

ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": STARTED,
    "model": "gpt-4",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
GONE: Any = object()

Path = tuple[str | int, ...]


def changed(*changes: tuple[Path, Any]) -> dict[str, Any]:
    """The plain answer with other values at some paths; GONE removes."""
    document = copy.deepcopy(ANSWER)
    for path, value in changes:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        if value is GONE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return document


def answer(*changes: tuple[Path, Any], **more: Any) -> Exchange:
    return exchange(json=changed(*changes), **more)


def saying(content: Any, finish: str = "stop") -> Exchange:
    return answer((("choices", 0, "message", "content"), content), (("choices", 0, "finish_reason"), finish))


CHOICE: Path = ("choices", 0)
MESSAGE: Path = (*CHOICE, "message")
SECOND = {"index": 1, "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"}

PLAIN: dict[str, Callable[[Exchange], Deviation | None]] = {
    "chat.completes": chat.completes,
    "chat.object-named": chat.object_is_named,
    "chat.id-is-text": chat.id_is_text,
    "chat.id-prefixed": chat.id_has_prefix,
    "chat.created-is-integer": chat.created_is_integer,
    "chat.created-is-now": chat.created_is_now,
    "chat.model-is-text": chat.model_is_text,
    "chat.model-named": lambda e: chat.names_model(e, "gpt-4"),
    "chat.one-choice-by-default": chat.has_one_choice,
    "chat.choice-indexes": chat.indexes_run_from_zero,
    "chat.role-is-assistant": chat.role_is_assistant,
    "chat.content-is-text": chat.content_is_text,
    "chat.content-not-empty": chat.content_is_not_empty,
    "chat.no-tool-call-unasked": chat.calls_no_tool,
    "chat.finish-reason-known": chat.finish_reason_is_known,
    "chat.usage-present": usage.is_present,
    "chat.usage-counts": usage.counts_are_whole,
    "chat.usage-prompt-positive": usage.prompt_is_counted,
    "chat.usage-completion-positive": usage.completion_is_counted,
    "chat.usage-total-is-sum": usage.total_is_sum,
    "chat.answer-schema": lambda e: base.matches_schema(e, OZWELL, "ChatCompletion"),
}

#: What breaks one requirement of a plain answer: (requirement, changes).
BROKEN: list[tuple[str, list[tuple[Path, Any]]]] = [
    ("chat.object-named", [(("object",), "chat.completions")]),
    ("chat.object-named", [(("object",), GONE)]),
    ("chat.id-is-text", [(("id",), "")]),
    ("chat.id-is-text", [(("id",), 7)]),
    ("chat.id-is-text", [(("id",), GONE)]),
    ("chat.id-prefixed", [(("id",), "cmpl-1")]),
    ("chat.created-is-integer", [(("created",), f"{STARTED}")]),
    ("chat.created-is-integer", [(("created",), STARTED + 0.5)]),
    ("chat.created-is-integer", [(("created",), None)]),
    ("chat.created-is-now", [(("created",), STARTED * 1000)]),
    ("chat.created-is-now", [(("created",), STARTED - 601)]),
    ("chat.created-is-now", [(("created",), 0)]),
    ("chat.created-is-now", [(("created",), 10**400)]),
    ("chat.model-is-text", [(("model",), None)]),
    ("chat.model-is-text", [(("model",), "")]),
    ("chat.model-named", [(("model",), "gpt-3.5-turbo")]),
    ("chat.model-named", [(("model",), "gpt-4-32k")]),
    ("chat.one-choice-by-default", [(("choices",), [])]),
    ("chat.one-choice-by-default", [(("choices",), [ANSWER["choices"][0], SECOND])]),
    ("chat.one-choice-by-default", [(("choices",), None)]),
    ("chat.choice-indexes", [((*CHOICE, "index"), 1)]),
    ("chat.choice-indexes", [((*CHOICE, "index"), "0")]),
    ("chat.choice-indexes", [((*CHOICE, "index"), GONE)]),
    ("chat.role-is-assistant", [((*MESSAGE, "role"), "user")]),
    ("chat.role-is-assistant", [((*MESSAGE, "role"), GONE)]),
    ("chat.content-is-text", [((*MESSAGE, "content"), None)]),
    ("chat.content-is-text", [((*MESSAGE, "content"), GONE)]),
    ("chat.content-is-text", [((*MESSAGE, "content"), [{"type": "text", "text": "Hello!"}])]),
    ("chat.content-not-empty", [((*MESSAGE, "content"), "")]),
    ("chat.content-not-empty", [((*MESSAGE, "content"), " \n")]),
    ("chat.no-tool-call-unasked", [((*CHOICE, "finish_reason"), "tool_calls")]),
    (
        "chat.no-tool-call-unasked",
        [((*MESSAGE, "tool_calls"), [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}])],
    ),
    ("chat.finish-reason-known", [((*CHOICE, "finish_reason"), "eos")]),
    ("chat.finish-reason-known", [((*CHOICE, "finish_reason"), None)]),
    ("chat.finish-reason-known", [((*CHOICE, "finish_reason"), ["stop"])]),
    ("chat.usage-present", [(("usage",), None)]),
    ("chat.usage-present", [(("usage",), GONE)]),
    ("chat.usage-counts", [(("usage", "prompt_tokens"), "9")]),
    ("chat.usage-counts", [(("usage", "completion_tokens"), -2)]),
    ("chat.usage-counts", [(("usage", "total_tokens"), GONE)]),
    ("chat.usage-counts", [(("usage", "prompt_tokens"), True)]),
    ("chat.usage-prompt-positive", [(("usage", "prompt_tokens"), 0), (("usage", "total_tokens"), 2)]),
    ("chat.usage-completion-positive", [(("usage", "completion_tokens"), 0), (("usage", "total_tokens"), 9)]),
    ("chat.usage-total-is-sum", [(("usage", "total_tokens"), 12)]),
    ("chat.usage-total-is-sum", [(("usage", "total_tokens"), 9)]),
    ("chat.answer-schema", [((*MESSAGE, "tool_calls"), {})]),
]

#: What no check of a plain answer may report.
LEGAL: dict[str, Exchange] = {
    "plain": answer(),
    "extra fields": answer(
        (("service_tier",), "default"),
        (("system_fingerprint",), None),
        ((*CHOICE, "logprobs"), None),
        ((*MESSAGE, "refusal"), None),
        ((*MESSAGE, "annotations"), []),
        ((*MESSAGE, "tool_calls"), []),
        (("usage", "completion_tokens_details"), {"reasoning_tokens": 0}),
    ),
    "charset": answer(headers={"Content-Type": "application/json; charset=utf-8"}),
    "dated model": answer((("model",), "gpt-4-0613")),
    "clock ahead": answer((("created",), STARTED + 599)),
    "length": answer(((*CHOICE, "finish_reason"), "length")),
    "filtered": answer(((*CHOICE, "finish_reason"), "content_filter")),
}


def deviating(found: Exchange) -> set[str]:
    names = set()
    for name, check in PLAIN.items():
        try:
            deviation = check(found)
        except Unjudgeable:
            continue
        if deviation is not None:
            names.add(name)
    return names


def independent(names: set[str]) -> set[str]:
    """Leave out what is not judged because a prerequisite failed."""
    return {n for n in names if not names & (set(CATALOGUE.with_prerequisites([n])) - {n})}


@pytest.mark.parametrize(("name", "changes"), BROKEN)
def test_exactly_one_requirement_breaks(name: str, changes: list[tuple[Path, Any]]) -> None:
    found = answer(*changes)

    assert isinstance(PLAIN[name](found), Deviation)
    assert independent(deviating(found)) == {name}


@pytest.mark.parametrize("found", LEGAL.values(), ids=LEGAL)
def test_legal_variations_pass(found: Exchange) -> None:
    assert deviating(found) == set()


def test_every_requirement_of_a_plain_answer_is_broken_once() -> None:
    assert {name for name, _ in BROKEN} | {"chat.completes"} == PLAIN.keys()


@pytest.mark.parametrize(
    "found",
    [
        refusal(400),
        refusal(404, code="model_not_found"),
        exchange(500),
        exchange(json=[ANSWER]),
        exchange(body=b"data: {}\n\n", headers={"Content-Type": "text/event-stream"}),
        unanswered(),
        answer(failure=FailureKind.CUT),
    ],
)
def test_completes_deviates_and_nothing_else_is_judged(found: Exchange) -> None:
    assert isinstance(chat.completes(found), Deviation)
    assert deviating(found) == {"chat.completes"}


def test_created_may_follow_the_targets_own_clock() -> None:
    off = STARTED - 86_400
    by_date = {"Content-Type": "application/json", "Date": "Thu, 20 Nov 2025 00:00:00 GMT"}

    assert chat.created_is_now(answer((("created",), off), headers=by_date)) is None
    assert chat.created_is_now(answer((("created",), off), headers=by_date | {"Date": "soon"})) is not None


@pytest.mark.parametrize(
    ("requested", "named"),
    [
        ("gpt-4", "gpt-4"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-0125"),
        ("openai/gpt-4", "gpt-4-0613"),
        ("gpt-4", "openai/gpt-4"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("llama3", "llama3:latest"),
        ("llama3:latest", "llama3"),
        ("Qwen/Qwen2", "qwen2"),
        ("gpt-4.1", "gpt-4.1-2025-04-14"),
        ("/models/a.gguf", "/models/a.gguf"),
    ],
)
def test_a_version_names_its_model(requested: str, named: str) -> None:
    assert chat.names_model(answer((("model",), named)), requested) is None


@pytest.mark.parametrize(
    ("requested", "named"),
    [("gpt-4", "gpt-4o"), ("gpt-3", "gpt-3.5"), ("gpt-4-0613", "gpt-4"), ("gpt-4", "gpt-4-turbo"), ("a", "b")],
)
def test_another_model_is_told(requested: str, named: str) -> None:
    assert isinstance(chat.names_model(answer((("model",), named)), requested), Deviation)


def test_a_refusal_may_have_null_content() -> None:
    refused = answer(((*MESSAGE, "content"), None), ((*MESSAGE, "refusal"), "I cannot."))
    filtered = answer(((*MESSAGE, "content"), None), ((*CHOICE, "finish_reason"), "content_filter"))

    assert chat.content_is_text(refused) is None
    assert chat.content_is_not_empty(refused) is None
    assert chat.content_is_text(filtered) is None


def test_ids_differ() -> None:
    one, other = answer(), answer((("id",), "chatcmpl-2"))

    assert chat.ids_differ([one, other, refusal(500)]) is None
    assert isinstance(chat.ids_differ([one, other, answer()]), Deviation)
    with pytest.raises(Unjudgeable):
        chat.ids_differ([one, refusal(500)])


def test_conversation_is_accepted_and_recalled() -> None:
    recalled = saying("Your code word is PLUM7f.")

    assert chat.completes(recalled) is None
    assert text.recalls(recalled, "plum7f") is None
    assert isinstance(text.recalls(saying("I do not know."), "plum7f"), Deviation)
    with pytest.raises(Unjudgeable):
        text.recalls(saying(None), "plum7f")


def test_usage_grows_with_prompt() -> None:
    longer = answer((("usage", "prompt_tokens"), 40))

    assert usage.grows_with_prompt(answer(), longer) is None
    assert isinstance(usage.grows_with_prompt(longer, longer), Deviation)
    with pytest.raises(Unjudgeable):
        usage.grows_with_prompt(answer(), refusal(400))


PROBE = ("start-", "🦊𠮷", "-end")


@pytest.mark.parametrize(
    "content", ["start-🦊𠮷-end", "I like 🦊!", "start--end", "start-fox-end", "", "Why?", "café �"]
)
def test_symbols_are_not_mangled(content: str) -> None:
    assert text.is_not_mangled(saying(content), *PROBE) is None


@pytest.mark.parametrize(
    "content",
    [
        "start-??-end",
        "start-��-end",
        "It is start-????????-end.",
        "start-\\ud83e\\udd8a-end",
        "start-\\U0001F98A-end",
        "start-&#129418;&#134071;-end",
        "start-" + "🦊𠮷".encode().decode("latin-1") + "-end",
        "🦊𠮷".encode().decode("cp1252", "replace"),
    ],
)
def test_mangled_symbols_are_told(content: str) -> None:
    assert isinstance(text.is_not_mangled(saying(content), *PROBE), Deviation)


def test_half_a_surrogate_pair_is_told() -> None:
    halved = exchange(body=saying("X").response.body.replace(b"X", rb"\ud83e"))  # type: ignore[union-attr]

    assert isinstance(text.is_not_mangled(halved, *PROBE), Deviation)


def test_symbols_are_echoed() -> None:
    assert text.says(saying("start-🦊𠮷-end"), "🦊𠮷") is None
    assert isinstance(text.says(saying("start--end"), "🦊𠮷"), Deviation)
    with pytest.raises(Unjudgeable):
        text.says(saying(""), "🦊𠮷")


def test_long_input() -> None:
    for borne in (saying("Long."), refusal(400), refusal(413), exchange(404)):
        assert text.bears_long_input(borne) is None
    for broken in (refusal(500), exchange(502), unanswered(), answer(failure=FailureKind.CUT)):
        assert isinstance(text.bears_long_input(broken), Deviation)
    with pytest.raises(Unjudgeable):
        text.bears_long_input(unanswered(FailureKind.TIMEOUT))


def test_bad_requests_are_refused() -> None:
    assert params.refuses(refusal(400), "no model", BAD_REQUEST) is None
    assert params.refuses(refusal(422), "no model", ErrorExpectation(frozenset({400, 422}))) is None
    for lax in (answer(), refusal(422), refusal(500), unanswered(), refusal(400, failure=FailureKind.CUT)):
        assert isinstance(params.refuses(lax, "no model", BAD_REQUEST), Deviation)


#: Requirements that are judged by a check that is tested above under another name.
SHARED = {
    "chat.ids-unique": test_ids_differ,
    "chat.repeats-have-own-ids": test_ids_differ,
    "chat.history-used": test_conversation_is_accepted_and_recalled,
    "chat.usage-grows-with-prompt": test_usage_grows_with_prompt,
    "chat.unicode-intact": test_mangled_symbols_are_told,
    "chat.unicode-echoed": test_symbols_are_echoed,
    "chat.long-input-survived": test_long_input,
}


def test_every_requirement_is_tested_here() -> None:
    ids = {r.id for r in CATALOGUE if r.area == "chat"}
    covered = {name for name in ids if name.endswith(("-refused", "-accepted"))} | PLAIN.keys() | SHARED.keys()

    assert ids == covered
