from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.asked_histories import LINES, MARKUP, UNICODE, chat_id, conversation, plain_chat
from ozwell_harness.checks import base, history, instants
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

EXPECT = load_profile("openwebui").expect.errors
TIME = "2025-11-21T00:00:00Z"
SENT = conversation()
ANSWER = "Hello, and welcome to the lighthouse."
HELD = exchange(
    json={"id": "chat-1", "choices": [{"message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}]}
)
CHAT = plain_chat(HELD, SENT)
STRANGE = conversation()
MARKS = frozenset(said.mark for said in SENT)

Message = dict[str, Any]


def messages(**fields: Any) -> list[Message]:
    """The history of the chat; ``fields`` change its first message."""
    told = [
        {"id": f"msg-{place}", "role": said.role, "content": said.content, "created_at": TIME}
        for place, said in enumerate(CHAT.said)
    ]
    return [told[0] | fields, *told[1:]]


def read(found: Any = None, **fields: Any) -> Exchange:
    document = messages(**fields) if found is None else found
    return exchange(json=document, asked=request("GET", "/chat/history?chat_id=chat-1"))


def changed(place: int, **fields: Any) -> Exchange:
    found = messages()
    found[place] |= fields
    return read(found)


def without(*places: int) -> Exchange:
    return read([message for place, message in enumerate(messages()) if place not in places])


def times(*values: Any) -> Exchange:
    found = messages()
    for message, value in zip(found, values, strict=False):
        message["created_at"] = value
    return read(found)


LAST = len(CHAT.said) - 1
NOTHING = {"refused": refusal(404), "an object": read({"messages": []}), "empty": read([])}
SWAPPED = read([*messages()[1::-1], *messages()[2:]])
ECHO = plain_chat(
    exchange(json={"id": "c", "choices": [{"message": {"content": f"You are {SENT[-1].mark}."}}]}), SENT[-1:]
)
TEXTS = {"missing": read(content=None), "a number": read(content=5), "an object": read(content={"text": "x"})}


def kept(place: int, *broken: str) -> Case:
    said = SENT[place]
    bad = {ascii(text)[:40]: changed(place, content=text) for text in broken}
    good = {"as sent": read(), "blanks around": changed(place, content=f" {said.content}\n")}
    return Case(history.keeps, good, bad, {"not there": without(place), "refused": refusal()}, more=(CHAT, said))


def refusing(situation: str) -> Case:
    good = {str(status): refusal(status) for status in EXPECT[situation].statuses}
    bad = {"200": read(), "empty": read([]), "500": exchange(500), "nothing": unanswered()}
    return Case(base.refused, good, bad, more=(EXPECT[situation],))


CASES = {
    "history.answers": Case(
        history.answers_messages,
        {"messages": read(), "none": read([])},
        {
            "404": refusal(404),
            "an object": read({"messages": messages()}),
            "texts": read(["Hello"]),
            "no JSON": exchange(body=b"[{"),
            "nothing": unanswered(),
        },
    ),
    "history.readable-at-once": Case(
        history.is_there, {"there": read()}, {"empty": read([]), "404": refusal(404), "nothing": unanswered()}
    ),
    "history.id-is-text": Case(
        history.ids_are_text,
        {"text": read()},
        {"none": read(id=None), "number": read(id=1), "empty": read(id="")},
        NOTHING,
    ),
    "history.ids-unique": Case(history.ids_are_unique, {"unique": read()}, {"twice": read(id="msg-1")}, NOTHING),
    "history.ids-stable": Case(
        history.ids_are_stable,
        {"same": (read(), read()), "in another order": (read(), read(messages()[::-1]))},
        {"another": (read(), read(id="other"))},
        {"another number": (read(), without(0)), "empty": (read([]), read([]))},
    ),
    "history.role-is-text": Case(
        history.roles_are_text, {"text": read(), "system": read(role="system")}, {"none": read(role=None)}, NOTHING
    ),
    "history.content-is-text": Case(
        history.contents_are_text, {"text": read(), "empty": read(content="")}, TEXTS, NOTHING
    ),
    "history.created-at-is-date-time": Case(
        history.times_are_date_times,
        {
            "UTC": read(),
            "fraction": times("2025-11-21T00:00:01.123456789Z"),
            "offset": times("2025-11-21T02:00:00+02:00"),
            "small letters": times("2025-11-21t00:00:00z"),
            "no offset": times("2025-11-21T00:00:00"),
            "blank": times("2025-11-21 00:00:00+00:00"),
            "leap second": times("2016-12-31T23:59:60Z"),
        },
        {
            "epoch": times(1_763_683_200),
            "date": times("2025-11-21"),
            "no such day": times("2025-02-30T00:00:00Z"),
            "no such hour": times("2025-11-21T25:00:00Z"),
            "HTTP": times("Fri, 21 Nov 2025 00:00:00 GMT"),
            "null": times(None),
            "other digits": times("2025-11-2\N{ARABIC-INDIC DIGIT ONE}T00:00:00Z"),
        },
        NOTHING,
    ),
    "history.created-at-has-offset": Case(
        history.times_have_offsets,
        {"UTC": read(), "offset": times("2025-11-21T02:00:00+02:00")},
        {"none": times("2025-11-21T00:00:00")},
        {"no date": times("soon"), **NOTHING},
    ),
    "history.created-at-is-now": Case(
        history.times_are_now,
        {"now": read(), "elsewhere": times("2025-11-21T02:00:00+02:00"), "a clock off": times("2025-11-21T00:08:00Z")},
        {"an hour ago": times("2025-11-20T23:00:00Z"), "zero": times("1970-01-01T00:00:00Z")},
        {"no offset": times("2025-11-21T00:00:00"), "no date": times("soon"), **NOTHING},
        more=(HELD,),
    ),
    "history.created-at-in-order": Case(
        history.times_never_fall,
        {
            "equal": read(),
            "rising": times("2025-11-20T00:00:00Z", "2025-11-20T00:00:01Z"),
            "newest first, times right": read(messages()[::-1]),
            "offsets": times("2025-11-21T01:00:00+02:00", "2025-11-20T23:00:00Z"),
        },
        {"falling": times("2025-11-21T00:00:05Z")},
        {"mixed": times("2025-11-21T00:00:00"), "one message": without(*range(1, LAST + 1)), "none": read([])},
        more=(CHAT,),
    ),
    "history.holds-what-was-sent": Case(
        history.holds_what_was_sent,
        {
            "all": read(),
            "more": read([*messages(), {"id": "x", "role": "user", "content": "More."}]),
            "odd characters changed": changed(MARKUP, content=f"{SENT[MARKUP].mark} &amp;"),
            "no answer": without(LAST),
            "newest first": read(messages()[::-1]),
        },
        {
            "first lost": without(0),
            "odd one lost": without(LINES),
            "only the last": without(0, 1, 2, 3),
            "cut": read(content=SENT[0].content[:50]),
            "empty": read([]),
        },
        {"refused": refusal(404)},
        more=(CHAT,),
    ),
    "history.holds-the-answer": Case(
        history.holds_the_answer,
        {"there": read(), "blanks around": changed(LAST, content=f"\n{ANSWER} ")},
        {"lost": without(LAST), "cut": changed(LAST, content=ANSWER[:9]), "none": changed(LAST, content=None)},
        {"refused": refusal(404)},
        more=(CHAT,),
    ),
    "history.holds-nothing-else": Case(
        history.holds_nothing_else,
        {
            "exact": read(),
            "less": without(0),
            "a system prompt": read([{"role": "system", "content": "Be brief."}, *messages()]),
        },
        {"twice": read(messages() * 2), "one twice": read([*messages(), messages()[0]])},
        {"refused": refusal(404)},
        more=(CHAT,),
    ),
    "history.roles-kept": Case(
        history.keeps_roles,
        {"kept": read(), "the answer's is another matter": changed(LAST, role="bot")},
        {"all user": changed(1, role="user"), "another": read(role="human")},
        {"not there": read([]), "refused": refusal()},
        more=(CHAT,),
    ),
    "history.answer-by-assistant": Case(
        history.answer_is_assistants,
        {"assistant": read()},
        {"user": changed(LAST, role="user"), "model": changed(LAST, role="model")},
        {"not there": without(LAST)},
        more=(CHAT,),
    ),
    "history.in-order": Case(
        history.is_in_order,
        {"oldest first": read(), "one lost": without(2)},
        {"newest first": read(messages()[::-1]), "two swapped": SWAPPED},
        {"one message": without(*range(1, LAST + 1))},
        more=(CHAT,),
    ),
    "history.line-breaks-kept": kept(
        LINES, SENT[LINES].content.replace("\n", " "), " ".join(SENT[LINES].content.split())
    ),
    "history.unicode-kept": kept(
        UNICODE, SENT[UNICODE].content.replace("🦊", "?"), SENT[UNICODE].content.encode().decode("latin-1")
    ),
    "history.markup-kept": kept(
        MARKUP, SENT[MARKUP].content.replace("<", "&lt;"), SENT[MARKUP].content.replace("<em>", "").replace("</em>", "")
    ),
    "history.chats-apart": Case(
        history.holds_none_of,
        {"own": read()},
        {"another's": read([*messages(), {"content": STRANGE[0].content}])},
        NOTHING,
        more=(frozenset(said.mark for said in STRANGE),),
    ),
    "history.unchanged-by-reading": Case(
        history.is_unchanged,
        {"same": (read(), read()), "other ids": (read(), read(id="other"))},
        {
            "another time": (read(), times("2025-11-21T00:00:01Z")),
            "more": (read(), read([*messages(), {"role": "user", "content": "More."}])),
            "less": (read(), without(LAST)),
            "another role": (read(), read(role="system")),
        },
        {"empty": (read([]), read([]))},
    ),
    "history.stream-kept": Case(
        history.holds_all,
        {"all": read()},
        {"no answer": without(LAST), "no question": without(0), "cut": changed(LAST, content=ANSWER[:5])},
        {"refused": refusal(404)},
        more=(CHAT,),
    ),
    "history.missing-id-refused": refusing("bad_request"),
    "history.unknown-id-refused": refusing("not_found"),
    "history.odd-id-refused": Case(
        history.is_turned_away,
        {"404": refusal(404), "400": refusal(), "422": refusal(422)},
        {"200": read([]), "500": exchange(500), "nothing": unanswered()},
    ),
    "history.other-key-refused": Case(
        history.is_hidden,
        {"404": (refusal(404), read()), "403": (refusal(403), read()), "empty": (read([]), read())},
        {"shown": (read(), read()), "shown in an error": (exchange(404, json=messages()), read())},
        {
            "the other key is refused": (refusal(401), read()),
            "500": (exchange(500), read()),
            "nobody sees it": (refusal(404), read([])),
            "nothing": (unanswered(), read()),
        },
        more=(MARKS,),
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("history", CASES)


def test_an_answer_that_repeats_what_was_said_is_not_taken_for_it() -> None:
    answer, question = ECHO.answer, ECHO.sent[0]
    found = read([{"role": "user", "content": question.content}, {"role": "assistant", "content": answer.content}])
    assert verdict(history.keeps_roles, found, ECHO) == "good"
    assert verdict(history.is_in_order, found, ECHO) == "good"
    assert verdict(history.holds_what_was_sent, read(messages()[-1:]), ECHO) == "bad"


def test_an_answer_that_equals_what_was_said_is_the_later_one() -> None:
    same = plain_chat(exchange(json={"id": "c", "choices": [{"message": {"content": SENT[0].content}}]}), SENT[:1])
    found = read([{"role": role, "content": SENT[0].content} for role in ("user", "assistant")])
    for check in (history.answer_is_assistants, history.keeps_roles, history.is_in_order, history.holds_all):
        assert verdict(check, found, same) == "good"


@pytest.mark.parametrize("document", [{}, {"id": 5}, {"id": ""}])
def test_a_completion_without_an_id_is_no_chat_to_ask_for(document: dict[str, Any]) -> None:
    answered = document | {"choices": [{"message": {"content": ANSWER}}]}
    assert verdict(chat_id, plain_chat(exchange(json=answered), SENT)) == "silent"


@pytest.mark.parametrize("answer", [refusal(), exchange(json={"choices": []}), unanswered(FailureKind.TIMEOUT)])
def test_what_was_not_answered_is_no_chat(answer: Exchange) -> None:
    assert verdict(plain_chat, answer, SENT) == "silent"


@pytest.mark.parametrize(
    ("text", "told"), [("2025-11-21T01:00:00+01", "+01:00"), ("2025-11-21T00:00Z", "+00:00"), ("2025-11-21T00:00", "")]
)
def test_common_forms_of_times_are_read(text: str, told: str) -> None:
    found = instants.read_instant(text)
    assert found is not None
    assert found.isoformat().removeprefix("2025-11-21T0")[7:] == told
