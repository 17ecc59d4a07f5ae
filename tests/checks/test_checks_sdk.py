from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import exchange, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import sdk, sdk_data
from ozwell_harness.checks.sdk import Outcome
from ozwell_harness.exchange import BudgetSpentError, Call, Recorder
from ozwell_harness.gate import gate
from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.faults import Kind, catalogue
from ozwell_harness.model import Exchange, Failure, FailureKind, Finding, Level, Status
from ozwell_harness.official import calls
from ozwell_harness.official.client import Attempt, OfficialClient
from ozwell_harness.profile import load_profile
from ozwell_harness.prove import trial
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.session import Session
from ozwell_harness.settings import ConfigurationError, Selection, Settings, keys_in
from ozwell_harness.target import Politeness, Target

MADE = (exchange(500, body=b"oops"),)
ERRORS = load_profile("ozwell").expect.errors
VECTORS = {"data": [{"index": 0, "embedding": [1.0, 0.0]}, {"index": 1, "embedding": [0.0, 1.0]}]}
FILE = {"id": "file-1", "filename": "a.txt", "bytes": 3}
RAISED = Outcome(raised="APIConnectionError", words="Connection error.")


def returned(value: Any) -> tuple[Outcome, Any]:
    return (Outcome(value), MADE)


def raised(kind: str, error: Mapping[str, Any] | None = None) -> tuple[Outcome, Any]:
    return (Outcome(raised=kind, words="Error code", error=error), MADE)


def answer(*contents: Any, **message: Any) -> tuple[Outcome, Any]:
    choices = [{"index": n, "message": {"content": content} | message} for n, content in enumerate(contents)]
    return returned({"choices": choices})


def chunks(*found: Any) -> tuple[Outcome, Any]:
    return returned(list(found))


def delta(content: str | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]}


def called(**changes: Any) -> tuple[Outcome, Any]:
    function = {"name": "get_weather", "arguments": '{"location": "Paris"}'} | changes
    return answer(None, tool_calls=[{"id": "call_1", "type": "function", "function": function}])


def agree(one: Any, other: Any) -> tuple[Outcome, Outcome, Any]:
    return (Outcome(one), Outcome(other), MADE)


def refusals(*found: Outcome) -> tuple[list[Outcome], Any]:
    return (list(found), MADE)


REFUSED = Outcome(raised="NotFoundError", words="Error code: 404", error={"message": "No such model."})
UNEXPLAINED = Outcome(raised="BadRequestError", words="Error code: 400", error=None)

CASES: dict[str, Case] = {
    "sdk.models-listed": Case(
        sdk.lists_models,
        good={"one": returned([{"id": "gpt-4"}])},
        bad={"none": returned([]), "no id": returned([{"name": "x"}]), "text": returned(["gpt-4"]), "raises": RAISED},
    ),
    "sdk.chat-answered": Case(
        sdk.gives_text,
        good={"text": answer("Hello.")},
        bad={"null": answer(None), "blank": answer(" \n"), "no choices": returned({"choices": None}), "raises": RAISED},
    ),
    "sdk.chat-choices": Case(
        sdk.gives_choices,
        good={"two": answer("1", "2")},
        bad={"one": answer("1"), "three": answer("1", "2", "3"), "none": returned("Hello"), "raises": RAISED},
        more=(2,),
    ),
    "sdk.chat-stopped": Case(
        sdk.leaves_out,
        good={"left out": answer("1, 2, ", "1, 2, ")},
        bad={"in one": answer("1, 2, ", "1, 2, 7")},
        silent={"raises": RAISED, "no text": answer(None)},
        more=("7",),
    ),
    "sdk.chat-as-json": Case(
        sdk.gives_json,
        good={"object": answer('{"name": "heron"}')},
        bad={"prose": answer("A heron."), "array": answer("[1]"), "null": answer(None), "raises": RAISED},
    ),
    "sdk.stream-read": Case(
        sdk.streams_text,
        good={
            "two chunks": chunks(delta("Hel"), delta("lo"), delta(finish="stop")),
            "usage": chunks(delta("x", "stop")),
        },
        bad={
            "empty": chunks(),
            "no text": chunks(delta(finish="stop")),
            "no finish": chunks(delta("Hello")),
            "no objects": chunks("Hello"),
            "raises": RAISED,
        },
    ),
    "sdk.stream-usage": Case(
        sdk.streams_usage,
        good={"last": chunks(delta("Hello"), {"choices": [], "usage": {"total_tokens": 7}})},
        bad={
            "none": chunks(delta("Hello")),
            "null": chunks({"usage": None}),
            "text": chunks({"usage": {"total_tokens": "7"}}),
        },
        silent={"raises": RAISED},
    ),
    "sdk.tool-call-usable": Case(
        sdk.calls_parse,
        good={"called": called()},
        bad={
            "object": called(arguments={"location": "Paris"}),
            "broken": called(arguments='{"location'),
            "array": called(arguments="[]"),
            "no name": called(name=None),
            "no function": answer(None, tool_calls=[{"id": "call_1"}]),
        },
        silent={"raises": RAISED, "declined": answer("It rains."), "texts": answer(None, tool_calls=["x"])},
    ),
    "sdk.tool-round-trip": Case(
        sdk.gives_text, good={"told": answer("7 degrees.")}, bad={"null": answer(None), "raises": RAISED}
    ),
    "sdk.embeddings-by-default": Case(
        sdk_data.gives_vectors,
        good={"two": returned(VECTORS), "other order": returned({"data": VECTORS["data"][::-1]})},
        bad={
            "one": returned({"data": VECTORS["data"][:1]}),
            "same index": returned({"data": [VECTORS["data"][0]] * 2}),
            "text": returned({"data": [{"index": n, "embedding": "AAAA"} for n in (0, 1)]}),
            "raises": RAISED,
        },
        more=(2,),
    ),
    "sdk.embeddings-as-floats": Case(
        sdk_data.gives_vectors,
        good={"two": returned(VECTORS)},
        bad={"empty": returned({"data": [{"index": n, "embedding": []} for n in (0, 1)]}), "raises": RAISED},
        more=(2,),
    ),
    "sdk.embeddings-agree": Case(
        sdk_data.vectors_agree,
        good={"same": agree(VECTORS, VECTORS), "other order": agree(VECTORS, {"data": VECTORS["data"][::-1]})},
        bad={
            "crossed": agree(VECTORS, {"data": [d | {"index": 1 - d["index"]} for d in VECTORS["data"]]}),
            "longer": agree(VECTORS, {"data": [d | {"embedding": [1.0, 1.0, 1.0]} for d in VECTORS["data"]]}),
        },
        silent={"raises": (RAISED, Outcome(VECTORS), MADE), "none": agree({"data": []}, {"data": []})},
    ),
    "sdk.file-created": Case(
        sdk_data.describes_file,
        good={"true": returned(FILE)},
        bad={
            "size": returned(FILE | {"bytes": 2}),
            "no id": returned(FILE | {"id": ""}),
            "text": returned("x"),
            "raises": RAISED,
        },
        more=("a.txt", 3),
    ),
    "sdk.files-paged": Case(
        sdk_data.pages_on,
        good={"two": returned([{"id": "file-2"}, {"id": "file-1"}])},
        bad={"twice": returned([{"id": "file-2"}] * 2), "ends": returned([{"id": "file-2"}]), "raises": RAISED},
        more=(2,),
    ),
    "sdk.file-retrieved": Case(
        sdk_data.returns_file,
        good={"same": returned(FILE)},
        bad={"other": returned(FILE | {"id": "file-2"}), "text": returned("x"), "raises": RAISED},
        more=("file-1",),
    ),
    "sdk.file-downloaded": Case(
        sdk_data.returns_bytes,
        good={"same": returned(b"a\r\n")},
        bad={"other": returned(b"a\n"), "raises": RAISED},
        more=(b"a\r\n",),
    ),
    "sdk.file-deleted": Case(
        sdk_data.confirms_deletion,
        good={"true": returned({"id": "file-1", "deleted": True})},
        bad={
            "false": returned({"id": "file-1", "deleted": False}),
            "other": returned({"id": "file-2", "deleted": True}),
            "raises": RAISED,
        },
        more=("file-1",),
    ),
    "sdk.wrong-key-raises": Case(
        sdk.raises_for,
        good={"401": raised("AuthenticationError")},
        bad={"403": raised("PermissionDeniedError"), "returns": returned([])},
        more=(ERRORS["bad_key"],),
    ),
    "sdk.unknown-model-raises": Case(
        sdk.raises_for,
        good={"404": raised("NotFoundError")},
        bad={"400": raised("BadRequestError"), "returns": answer("Hello."), "no answer": (RAISED, ())},
        more=(ERRORS["unknown_model"],),
    ),
    "sdk.bad-request-raises": Case(
        sdk.raises_for,
        good={"400": raised("BadRequestError")},
        bad={"500": raised("InternalServerError"), "422": raised("UnprocessableEntityError")},
        more=(ERRORS["bad_request"],),
    ),
    "sdk.errors-explained": Case(
        sdk.explains,
        good={"message": refusals(REFUSED), "one returned": refusals(REFUSED, Outcome([]))},
        bad={"one flat": refusals(REFUSED, UNEXPLAINED), "blank": refusals(replace(REFUSED, error={"message": " "}))},
        silent={"none": refusals(), "server error": refusals(RAISED)},
    ),
}


def filled(arguments: tuple[Any, ...], case: Case) -> tuple[Any, ...]:
    return (RAISED, MADE, *case.more) if arguments[0] is RAISED and len(arguments) == 1 + len(case.more) else arguments


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_check(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *filled(arguments, CASES[requirement])) == expected


def test_every_requirement_has_a_case_and_is_on_demand() -> None:
    assert not areas_without_case("sdk", CASES)
    assert all("sdk" in r.needs for r in load_catalogue() if r.area == "sdk")


Change = Callable[[Exchange], Exchange]


class Tampering(Recorder):
    """A recorder between the client and the mock, which changes what came back, or asks the mock for a variation."""

    change: Change | None = None
    variation = ""

    def send(self, call: Call) -> Exchange:
        more = (("X-Mock-Fault", self.variation),) if self.variation else ()
        made = super().send(replace(call, headers=(*call.headers, *more)))
        return self.change(made) if self.change else made


def body(change: Callable[[bytes], bytes]) -> Change:
    def changed(made: Exchange) -> Exchange:
        assert made.response
        return replace(made, response=replace(made.response, body=change(made.response.body)))

    return changed


def document(change: Callable[[Any], Any]) -> Change:
    return body(lambda old: json.dumps(change(json.loads(old))).encode())


def choice(**changes: Any) -> Change:
    """Change the message of every choice."""
    return document(lambda old: old | {"choices": [c | {"message": c["message"] | changes} for c in old["choices"]]})


def status(code: int) -> Change:
    def changed(made: Exchange) -> Exchange:
        assert made.response
        return replace(made, response=replace(made.response, status=code))

    return changed


def gone(made: Exchange) -> Exchange:
    return replace(made, response=None, failure=Failure(FailureKind.RESET, "the connection was closed"))


def slow(made: Exchange) -> Exchange:
    return replace(made, response=None, failure=Failure(FailureKind.TIMEOUT, "no answer in time"))


def cut(made: Exchange) -> Exchange:
    half = body(lambda old: old[: len(old) // 2])(made)
    return replace(half, failure=Failure(FailureKind.CUT, "the answer broke off"))


def other_vectors(made: Exchange) -> Exchange:
    """Cross the vectors of the answer in base64 only."""
    if b'"base64"' not in made.request.body:
        return made

    def crossed(old: Any) -> Any:
        return old | {"data": [item | {"index": 1 - item["index"]} for item in old["data"]]}

    return document(crossed)(made)


def embedding(value: Any) -> Change:
    return document(lambda old: old | {"data": [item | {"embedding": value} for item in old["data"]]})


def page_for_ever(made: Exchange) -> Exchange:
    """The first page again, whatever cursor was sent."""
    page = {"object": "list", "data": [FILE | {"object": "file"}], "has_more": True}
    return status(200)(body(lambda _: json.dumps(page).encode())(made))


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock(MockSettings()) as mock:
        yield mock


def target_of(mock: MockHandle, **more: Any) -> Target:
    return Target(
        mock.base_url, mock.env["OZWELL_MODEL"], mock.env["OZWELL_EMBEDDING_MODEL"], keys=keys_in(mock.env), **more
    )


@pytest.fixture(scope="module")
def recorder(mock: MockHandle) -> Iterator[Tampering]:
    recorder = Tampering(target_of(mock))
    yield recorder
    recorder.close()


@pytest.fixture
def official(mock: MockHandle, recorder: Tampering) -> Iterator[OfficialClient]:
    yield OfficialClient(recorder, target_of(mock))
    recorder.change, recorder.variation = None, ""


Judgement = Callable[[OfficialClient, Callable[[], None]], tuple[Any, ...]]


def of(call: Callable[..., Attempt], check: Any, *more: Any) -> Judgement:
    """A judgement of one call, which the fault touches."""

    def judged(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
        break_it()
        attempt = call(official)
        return (check, attempt.outcome, attempt.exchanges, *more)

    return judged


def of_file(call: Callable[..., Attempt], check: Any, *, content: bytes | None = None) -> Judgement:
    """A judgement of a call with an uploaded file; only the call is broken."""

    def judged(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
        file_id = calls.file_created(official).outcome.value["id"]
        break_it()
        attempt = call(official, file_id)
        return (check, attempt.outcome, attempt.exchanges, content or file_id)

    return judged


def of_pages(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
    for _ in range(3):
        assert calls.file_created(official).outcome.value
    break_it()
    attempt = calls.files_paged(official)
    assert len(attempt.exchanges) <= calls.PAGES
    return (sdk_data.pages_on, attempt.outcome, attempt.exchanges, calls.PAGES)


def of_round_trip(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
    asked = calls.tool_asked(official)
    break_it()
    attempt = calls.tool_answered(official, asked.outcome)
    return (sdk.gives_text, attempt.outcome, attempt.exchanges)


def of_both_encodings(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
    break_it()
    one, other = calls.embeddings(official), calls.embeddings(official, encoding="float")
    return (sdk_data.vectors_agree, one.outcome, other.outcome, one.exchanges + other.exchanges)


def of_refusals(official: OfficialClient, break_it: Callable[[], None]) -> tuple[Any, ...]:
    break_it()
    made = [calls.chat_with_an_unknown_model(official), calls.chat_with_a_bad_request(official)]
    return (sdk.explains, [attempt.outcome for attempt in made], made[0].exchanges)


def as_floats(official: OfficialClient) -> Attempt:
    return calls.embeddings(official, encoding="float")


#: Requirement → how it is judged, and what it must report, in words.
BROKEN: dict[str, tuple[Judgement, Mapping[str, Change]]] = {
    "sdk.models-listed": (
        of(calls.models, sdk.lists_models),
        {"empty": document(lambda old: old | {"data": []}), "forbidden": status(403), "gone": gone, "slow": slow},
    ),
    "sdk.chat-answered": (
        of(calls.chat, sdk.gives_text),
        {
            "empty": choice(content=""),
            "no choice": document(lambda old: old | {"choices": []}),
            "page": body(lambda _: b"<html>"),
            "cut": cut,
        },
    ),
    "sdk.chat-choices": (
        of(calls.chat_two_choices, sdk.gives_choices, 2),
        {"one": document(lambda old: old | {"choices": old["choices"][:1]}), "refused": status(400)},
    ),
    "sdk.chat-stopped": (of(calls.chat_two_choices, sdk.leaves_out, calls.STOP), {"leaked": choice(content="6, 7")}),
    "sdk.chat-as-json": (of(calls.chat_as_json, sdk.gives_json), {"prose": choice(content="A heron.")}),
    "sdk.stream-read": (
        of(calls.chat_streamed, sdk.streams_text),
        {
            "cut": cut,
            "no finish": body(lambda old: re.sub(rb'"finish_reason": ?"stop"', b'"finish_reason":null', old)),
            "error": body(lambda _: b'data: {"error": {"message": "Overloaded."}}\n\n'),
            "half an object": body(lambda _: b"data: {\n\n"),
            "bad bytes": body(lambda old: old.replace(b"data: {", b"data: \xff{")),
        },
    ),
    "sdk.stream-usage": (
        of(calls.chat_streamed, sdk.streams_usage),
        {"none": body(lambda old: old.replace(b'"total_tokens"', b'"total"'))},
    ),
    "sdk.tool-call-usable": (
        of(calls.tool_asked, sdk.calls_parse),
        {"object": choice(tool_calls=[{"id": "c", "type": "function", "function": {"name": "n", "arguments": {}}}])},
    ),
    "sdk.tool-round-trip": (of_round_trip, {"refused": status(400)}),
    "sdk.embeddings-by-default": (
        of(calls.embeddings, sdk_data.gives_vectors, len(calls.TEXTS)),
        {"no base64": embedding("!"), "odd bytes": embedding("AAAA"), "null": embedding(None)},
    ),
    "sdk.embeddings-as-floats": (of(as_floats, sdk_data.gives_vectors, len(calls.TEXTS)), {"empty": embedding([])}),
    "sdk.embeddings-agree": (of_both_encodings, {"crossed": other_vectors}),
    "sdk.file-created": (
        of(calls.file_created, sdk_data.describes_file, calls.FILE[0], len(calls.FILE[1])),
        {"size": document(lambda old: old | {"bytes": old["bytes"] + 1})},
    ),
    "sdk.files-paged": (of_pages, {"for ever": page_for_ever, "ends": document(lambda old: old | {"has_more": False})}),
    "sdk.file-retrieved": (
        of_file(calls.file_retrieved, sdk_data.returns_file),
        {"other": document(lambda old: old | {"id": "file-other"}), "missing": status(404)},
    ),
    "sdk.file-downloaded": (
        of_file(calls.file_content, sdk_data.returns_bytes, content=calls.FILE[1]),
        {"line ends": body(lambda old: old.replace(b"\r\n", b"\n")), "cut": cut},
    ),
    "sdk.file-deleted": (
        of_file(calls.file_deleted, sdk_data.confirms_deletion),
        {"not": document(lambda old: old | {"deleted": False}), "nothing": body(lambda _: b"")},
    ),
    "sdk.wrong-key-raises": (
        of(calls.models_with_a_wrong_key, sdk.raises_for, ERRORS["bad_key"]),
        {"403": status(403), "200": status(200), "gone": gone},
    ),
    "sdk.unknown-model-raises": (
        of(calls.chat_with_an_unknown_model, sdk.raises_for, ERRORS["unknown_model"]),
        {"400": status(400), "200": status(200)},
    ),
    "sdk.bad-request-raises": (
        of(calls.chat_with_a_bad_request, sdk.raises_for, ERRORS["bad_request"]),
        {"500": status(500), "422": status(422)},
    ),
    "sdk.errors-explained": (
        of_refusals,
        {"flat": document(lambda old: {"error": old["error"]["message"]}), "page": body(lambda _: b"<html>")},
    ),
}


def test_every_requirement_is_seen_to_fail() -> None:
    assert {r.id for r in load_catalogue() if r.area == "sdk"} == BROKEN.keys()


@pytest.mark.parametrize("requirement", BROKEN)
def test_the_clean_mock_holds(requirement: str, official: OfficialClient) -> None:
    judged, _ = BROKEN[requirement]
    check, *arguments = judged(official, lambda: None)
    assert check(*arguments) is None


@pytest.mark.parametrize(
    ("requirement", "words"), [(name, words) for name, (_, bad) in BROKEN.items() for words in bad]
)
def test_what_deviates_is_reported(requirement: str, words: str, official: OfficialClient, recorder: Tampering) -> None:
    judged, bad = BROKEN[requirement]
    check, *arguments = judged(official, lambda: setattr(recorder, "change", bad[words]))
    assert verdict(check, *arguments) == "bad"


#: Legal, and yet more than the client's own reader of event streams takes: it yields an event for a lone `retry:`.
BEYOND_THE_CLIENT = {"legal.retry-first"}
LEGAL = [name for name, fault in catalogue().items() if fault.kind is Kind.LEGAL and name not in BEYOND_THE_CLIENT]


@pytest.mark.parametrize("control", LEGAL)
def test_a_legal_variation_is_not(control: str, official: OfficialClient, recorder: Tampering) -> None:
    for requirement, (judged, _) in BROKEN.items():
        recorder.variation = ""
        check, *arguments = judged(official, lambda: setattr(recorder, "variation", control))
        assert verdict(check, *arguments) == "good", requirement


def test_a_list_without_end_is_left(official: OfficialClient, recorder: Tampering) -> None:
    calls.file_created(official)
    recorder.change = page_for_ever
    assert len(calls.files_paged(official).exchanges) == calls.PAGES


def test_what_is_sent_is_the_clients_own_and_holds_no_key(
    official: OfficialClient, mock: MockHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-user")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-the-user")
    (made,) = calls.chat(official).exchanges
    sent = dict(made.request.headers)
    assert sent["authorization"] == "Bearer $OZWELL_API_KEY"
    assert sent["user-agent"].startswith("OpenAI/Python")
    assert not [name for name, value in sent.items() if "of-the-user" in value]
    assert (made.request.path, made.status) == ("/chat/completions", 200)
    (refused,) = calls.models_with_a_wrong_key(official).exchanges
    assert "MADE_UP_KEY" in dict(refused.request.headers)["authorization"]


def test_a_spent_budget_is_not_the_targets_fault(mock: MockHandle) -> None:
    target = target_of(mock, politeness=Politeness(max_requests=1))
    recorder = Recorder(target)
    try:
        official = OfficialClient(recorder, target)
        assert calls.models(official).outcome.value
        with pytest.raises(BudgetSpentError):
            calls.chat(official)
    finally:
        recorder.close()


def test_a_target_without_a_key_is_sent_none(mock: MockHandle) -> None:
    target = replace(target_of(mock), keys={})
    recorder = Recorder(target)
    try:
        attempt = calls.models(OfficialClient(recorder, target))
    finally:
        recorder.close()
    assert attempt.outcome.raised == "AuthenticationError"
    assert "authorization" not in dict(attempt.exchanges[0].request.headers)


def test_no_answer_is_told_as_the_client_tells_it() -> None:
    deviation = sdk.gives_text(RAISED, (unanswered(),))
    assert deviation
    assert "APIConnectionError" in deviation.actual


def test_without_the_client_nothing_is_judged() -> None:
    requirement = load_catalogue()["sdk.models-listed"]
    missing = gate(requirement, Target("http://target.invalid/v1", "m", None), {})
    assert missing
    assert missing.status is Status.NOT_TESTABLE
    assert "install ozwell-harness[sdk]" in missing.reason
    assert gate(requirement, Target("http://target.invalid/v1", "m", None, sdk=True), {}) is None


def wanted(**selection: Any) -> set[str]:
    session = Session(Settings(base_url="http://target.invalid/v1", selection=Selection(**selection)))
    session.recorder.close()
    return {name for name in session.wanted if name.startswith("sdk.")}


def test_the_area_is_judged_on_demand_only() -> None:
    assert not wanted()
    assert not wanted(levels=(Level.MUST,))
    assert not wanted(areas=("chat",))
    assert wanted(areas=("sdk",)) == CASES.keys()
    assert wanted(patterns=("sdk.models-*",)) == {"sdk.models-listed"}
    with pytest.raises(ConfigurationError):
        wanted(areas=("chat",), patterns=("sdk.*",))


def test_what_the_area_says_of_a_fault_is_a_consequence() -> None:
    findings = [
        Finding(name, name.partition(".")[0], Level.MUST, Status.FAILED)
        for name in ("sdk.chat-answered", "chat.completes")
    ]
    assert trial._on_demand(findings, "ozwell") == {"sdk.chat-answered"}


def test_a_run_against_the_mock(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OZWELL_")}
    command = [sys.executable, "-m", "ozwell_harness", "check", "--area", "sdk", "--out", "report"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    seen = {f["requirement"]: f["status"] for f in result["findings"] if f["area"] == "sdk"}
    assert seen == dict.fromkeys(CASES, "passed")
    assert result["cost"]["requests"] <= 40
