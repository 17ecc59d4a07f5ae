"""The pure parts of the property phase: shares, schedule, allowance, ledger, smaller bodies, holdings, obedience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from making import exchange, owed, profile

from ozwell_harness.contract.budget import Allowance, HaltError
from ozwell_harness.contract.holdings import Holdings, Upload
from ozwell_harness.contract.ledger import Cause, Found, Ledger, deviation, evidence
from ozwell_harness.contract.obedience import obedience
from ozwell_harness.contract.plan import AREA, PropertyPlan, shares
from ozwell_harness.contract.schedule import Deck, deal, spread
from ozwell_harness.contract.smaller import SpentError, smallest
from ozwell_harness.contract.subjects import REQUIREMENTS, SUBJECTS
from ozwell_harness.contract.telling import asked, brief
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, FailureKind, Unjudgeable
from ozwell_harness.requirements import load_catalogue


def test_phase_judges_the_whole_area_and_no_more() -> None:
    catalogue = load_catalogue()
    assert set(REQUIREMENTS) == {r.id for r in catalogue if r.area == AREA}
    for subject in SUBJECTS:
        assert catalogue[subject.documented].capability == subject.capability


# Shares, schedule, allowance


@pytest.mark.parametrize("requests", [1, 7, 40, 400, 5000])
def test_shares_add_up(requests: int) -> None:
    found = shares(requests)
    assert found.single + found.walks + found.probes == requests
    assert found.single > 0


def test_every_deck_gets_its_turn_in_proportion() -> None:
    decks = [Deck("aaaaaa", 2), Deck("bbbb"), Deck("c")]
    assert "".join(deal(decks, 7)) == "aabcaab"
    assert "".join(deal(decks, 99)) == "aabcaabaabb"
    assert deal(decks, 0) == []


def test_different_cards_come_first() -> None:
    assert spread(["a1", "a2", "a3", "b1", "c1", "c2"], lambda card: card[0]) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_allowance_ends_by_requests_time_or_the_runs_own_budget() -> None:
    now = [100.0]
    plan = PropertyPlan(requests=2, time_s=5)
    allowance = Allowance(plan, clock=lambda: now[0])
    for _ in range(2):
        allowance.check()
        allowance.spend()
    with pytest.raises(HaltError, match="2 requests"):
        allowance.check()
    late = Allowance(plan, clock=lambda: now[0])
    now[0] += 5
    with pytest.raises(HaltError, match="5 s"):
        late.check()
    with pytest.raises(HaltError, match="--max-requests"):
        Allowance(plan, 0, clock=lambda: now[0]).check()
    assert Allowance(plan, 1).left == 1


# Ledger


def found(key: str, told: str = "told", requirement: str = "contract.a") -> Found:
    return Found(requirement, key, f"the gist of {key}", told)


def test_one_entry_for_each_cause_shown_by_the_smallest_request() -> None:
    ledger = Ledger()
    long, short = (exchange("POST", "/x", sent={"a": "x" * size}) for size in (100, 10))
    ledger.enter("contract.a", None, long)
    ledger.enter("contract.a", found("one", "long"), long)
    ledger.enter("contract.a", found("one", "short"), short)
    ledger.enter("contract.a", found("two"), long)
    ledger.enter("contract.b", None, long)
    causes = ledger.of("contract.a")
    assert [(cause.found.key, cause.found.told, cause.times) for cause in causes] == [
        ("one", "short", 2),
        ("two", "told", 1),
    ]
    assert ledger.judged == {"contract.a": 4, "contract.b": 1}
    assert evidence(causes) == (long, short)
    told = deviation("All is well.", causes, 4)
    assert told is not None
    assert told.message == "the gist of one (2 causes, 3 of 4 judgements)"
    assert told.actual == "short (2 times)\ntold"


def test_what_went_before_is_evidence() -> None:
    upload, delete, read = (exchange(method, "/files/x") for method in ("POST", "DELETE", "GET"))
    cause = Cause(Found("contract.a", "k", "gist", "told", (upload, delete)), read)
    assert evidence([cause]) == (upload, delete, read)


def test_nothing_judged_is_not_testable_and_says_why() -> None:
    with pytest.raises(Unjudgeable, match="since time was over"):
        deviation("", (), 0, "time was over")
    assert deviation("", (), 1) is None


def test_many_causes_are_cut_short() -> None:
    causes = tuple(Cause(found(str(i)), exchange("GET", "/x")) for i in range(11))
    told = deviation("", causes, 11)
    assert told is not None
    assert told.actual.endswith("and 3 more causes")


# Smaller


def shrink(body: dict[str, Any], is_failing: Callable[[Mapping[str, Any]], bool], tries: int) -> dict[str, Any]:
    left = iter(range(tries))

    def fails(candidate: Mapping[str, Any]) -> bool:
        if next(left, None) is None:
            raise SpentError
        return is_failing(candidate)

    return smallest(body, fails)


BODY = {"model": "m", "messages": [{"role": "user", "content": "A long story."}] * 3, "a": 1, "b": 2, "c": 3, "d": 4}


def test_only_what_fails_is_left() -> None:
    def is_failing(body: Mapping[str, Any]) -> bool:
        return {"messages", "c"} <= body.keys()

    assert shrink(BODY, is_failing, 50) == {"messages": [{"role": "user", "content": "Hi"}], "c": 3}


def test_the_best_so_far_when_tries_are_spent() -> None:
    best = shrink(BODY, lambda body: "c" in body, 4)
    assert "c" in best
    assert len(best) < len(BODY)
    assert shrink(BODY, lambda body: True, 0) == BODY


def test_a_suspect_is_tried_alone_first() -> None:
    tried: list[Mapping[str, Any]] = []

    def fails(body: Mapping[str, Any]) -> bool:
        tried.append(body)
        return "c" in body

    smallest(BODY, fails, {"c"})
    assert tried[0] == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "c": 3}


def test_what_cannot_be_smaller_stays() -> None:
    assert shrink(BODY, lambda body: False, 50) == BODY


# Holdings

FILE = {"id": "file-1", "object": "file", "bytes": 3, "created_at": 1, "filename": "n", "purpose": "assistants"}
SENT = Upload(b"abc", "n", "assistants")


def follow(holdings: Holdings, made: Exchange, sent: Upload | None = None) -> list[tuple[str, str | None]]:
    return [(name.partition(".")[2], one.key if one else None) for name, one in holdings.follow(made, sent)]


@pytest.fixture
def holdings() -> Holdings:
    held = Holdings()
    assert follow(held, exchange("POST", "/files", answer=FILE), SENT) == [("upload-described", None)] * 3
    return held


def test_a_file_lives_from_upload_to_delete(holdings: Holdings) -> None:
    content = exchange("GET", "/files/file-1/content", body=b"abc")
    assert follow(holdings, content) == [("created-file-is-there", None), ("file-content-kept", None)]
    retrieved = exchange("GET", "/files/file-1", answer=FILE)
    assert follow(holdings, retrieved) == [("created-file-is-there", None), ("upload-described", None)]
    assert holdings.left == ("file-1",)
    gone = exchange("DELETE", "/files/file-1", answer={"deleted": True})
    assert follow(holdings, gone) == [("created-file-is-there", None)]
    assert holdings.left == ()
    again = exchange("DELETE", "/files/file-1", 404)
    assert follow(holdings, again) == [("deleted-file-is-gone", None)]


def test_a_lost_file_a_changed_file_and_a_ghost(holdings: Holdings) -> None:
    changed = exchange("GET", "/files/file-1/content", body=b"abd")
    assert follow(holdings, changed)[1] == ("file-content-kept", "the content is not what was uploaded")
    lost = exchange("GET", "/files/file-1", 404)
    assert follow(holdings, lost) == [("created-file-is-there", "GET file")]
    follow(holdings, exchange("DELETE", "/files/file-1", answer={}))
    (ghost,) = holdings.follow(exchange("GET", "/files/file-1/content", body=b"abc"))
    assert ghost[1] is not None
    assert [e.request.method for e in ghost[1].before] == ["POST", "DELETE"]
    assert "after its DELETE" in ghost[1].told


@pytest.mark.parametrize("status", [None, 400, 401, 429, 500, 503])
def test_other_answers_say_nothing_of_a_file(holdings: Holdings, status: int | None) -> None:
    failure = FailureKind.TIMEOUT if status is None else None
    assert follow(holdings, exchange("GET", "/files/file-1", status, failure=failure)) == []
    assert holdings.left == ("file-1",)


@pytest.mark.parametrize(
    ("method", "path", "is_permitted"),
    [
        ("DELETE", "/files/file-1", True),
        ("DELETE", "/files/file-none-7f3c", True),
        ("DELETE", "/files/1", False),
        ("DELETE", "/files/file-2", False),
        ("GET", "/files/file-2", True),
        ("GET", "/files/file-2/content", False),
        ("GET", "/files/file-1/content", True),
        ("GET", "/files", True),
        ("POST", "/files", True),
        ("POST", "/chat/completions", True),
    ],
)
def test_files_of_others_are_left_alone(holdings: Holdings, method: str, path: str, is_permitted: bool) -> None:
    assert holdings.permits(Call(method, path, "x")) is is_permitted


def test_an_upload_that_should_have_been_refused_is_tidied_away_too() -> None:
    held = Holdings()
    assert follow(held, exchange("POST", "/files", answer=FILE)) == []
    assert [(call.method, call.path) for call in held.deletions()] == [("DELETE", "/files/file-1")]


def test_a_listed_model_is_there() -> None:
    held = Holdings()
    follow(held, exchange("GET", "/models?limit=1", answer={"data": [{"id": "org/m"}]}))
    assert follow(held, exchange("GET", "/models/org%2Fm", answer={})) == [("listed-model-is-there", None)]
    assert follow(held, exchange("GET", "/models/org%2Fm", 404)) == [("listed-model-is-there", "gone")]
    assert follow(held, exchange("GET", "/models/other", 404)) == []
    follow(held, exchange("GET", "/models", body=b"nothing"))


# Obedience


def broken(operation: str, sent: Any, made: Exchange) -> set[str]:
    return {told.message for _, told in obedience(operation, sent, made, profile(), owed()) if told}


def completion(texts: list[str], total: int = 3, finish: str = "stop") -> dict[str, Any]:
    choices = [
        {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        for i, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": total}
    return {"choices": choices, "usage": usage}


@pytest.mark.parametrize(
    ("sent", "answer", "words"),
    [
        ({}, completion(["Hi"]), ""),
        ({"n": 2}, completion(["Hi"]), "number of choices"),
        ({"stop": ["i"]}, completion(["Hi"]), "stop text"),
        ({"max_tokens": 1}, completion(["Hi"]), "longer than max_tokens"),
        ({"max_tokens": 1, "n": 2}, completion(["Hi", "Ho"]), ""),
        ({}, completion(["Hi"], total=4), "not the sum"),
        ({"tools": [{}], "tool_choice": "none"}, completion([""], finish="tool_calls"), "tool is called"),
        ({"tools": [{}]}, completion([""], finish="tool_calls"), ""),
    ],
)
def test_chat_obeys(sent: dict[str, Any], answer: dict[str, Any], words: str) -> None:
    made = exchange("POST", "/chat/completions", sent=sent, answer=answer)
    said = broken("createChatCompletion", sent, made)
    assert (len(said) == 1 and words in said.pop()) if words else not said


def test_plain_request_is_not_answered_with_a_stream() -> None:
    made = exchange("POST", "/chat/completions", sent={}, body=b"data: [DONE]\n\n", media_type="text/event-stream")
    assert any("with a stream" in said for said in broken("createChatCompletion", {}, made))


def test_stream_is_judged_as_one() -> None:
    made = exchange("POST", "/x", sent={"stream": True}, body=b"data: {}\n\n", media_type="text/event-stream")
    assert "the stream ends without [DONE]" in broken("createChatCompletion", {"stream": True}, made)


def test_lists_embeddings_and_responses_obey() -> None:
    files = {"data": [{"id": "a", "purpose": "x"}, {"id": "b", "purpose": "y"}]}
    made = exchange("GET", "/files?limit=1&purpose=x", answer=files)
    assert len(broken("listFiles", None, made)) == 2
    assert not broken("listFiles", None, exchange("GET", "/files?limit=2", answer=files))
    vectors = {"data": [{"index": 1, "embedding": [1.0]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    assert len(broken("createEmbedding", {"input": ["a", "b"]}, exchange("POST", "/e", answer=vectors))) == 2
    sent = {"conversation_id": "c", "include_sources": True}
    said = broken("createResponse", sent, exchange("POST", "/r", answer=completion(["Hi"]) | {"output": {}}))
    assert {"the conversation id does not come back", "sources were asked for and are not there"} <= said


def test_only_successes_are_judged_by_what_was_asked() -> None:
    assert not broken("createChatCompletion", {"n": 2}, exchange("POST", "/x", 400, answer={}))


# Words


def test_words_are_short_and_on_one_line() -> None:
    made = exchange("POST", "/chat/completions", sent={"model": "m", "messages": [], "n": 2, "stop": "\n"})
    assert asked(made) == 'POST /chat/completions with n 2, stop "\\n"'
    assert asked(exchange("GET", "/models")) == "GET /models"
    assert len(brief("word " * 500)) < 220
    assert "\n" not in brief("a\nb")
