"""Load in the Open WebUI dialect: which scenarios there are, how they are put, and what they find."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import gevent
import pytest
from load_running import by_hand
from test_load_worker import SCENARIOS, worker_of

from ozwell_harness.load import run_load
from ozwell_harness.load.answer import Answer
from ozwell_harness.load.arrivals import Closed, Constant
from ozwell_harness.load.conformance import CROSSED
from ozwell_harness.load.context import Context
from ozwell_harness.load.documents import RENEWED_AFTER, SHELF, TOP_K, Library, LoadDocument, documents_left_by
from ozwell_harness.load.forecast import forecast
from ozwell_harness.load.given import Given
from ozwell_harness.load.manner import Manner
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import Prompt
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.scenario_file import mix_of
from ozwell_harness.load.step import Step
from ozwell_harness.load.workload import Workload
from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.delays import Fixed
from ozwell_harness.mock.faults import catalogue
from ozwell_harness.mock.faults.base import Kind
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.settings import Latency
from ozwell_harness.model import Arrival, Exchange, Headers, Request, Response
from ozwell_harness.settings import keys_in

PROFILE = "openwebui"
OWN = ("chat_history", "rag_query", "ingest")
ASKED = {Operation.RETRIEVE_HISTORY, Operation.CREATE_DOCUMENT, Operation.QUERY_DOCUMENTS}
#: Legal variations of the operations that only this dialect has.
LEGAL = [fault.name for fault in catalogue().values() if fault.kind is Kind.LEGAL and fault.operations & ASKED]


def settings(*faults: str) -> MockSettings:
    return MockSettings(profile=PROFILE, faults=faults, latency=Latency(ttft=Fixed(0.02)))


def plan_of(mock: MockHandle, scenario: str) -> LoadPlan:
    return LoadPlan(mock.base_url, mock.env["OZWELL_MODEL"], None, scenario, profile=PROFILE)


def at_once(scenario: str, fault: str | None, users: int, times: int = 2) -> tuple[Counter[str], list[Sample]]:
    """Let users run a scenario at the same time, again and again, on a mock that takes its time."""
    with (
        running_mock(settings(*([fault] if fault else []))) as mock,
        worker_of(plan_of(mock, scenario), mock.env["OZWELL_API_KEY"]) as (worker, kept),
    ):
        for _ in range(times):
            running = [gevent.spawn(worker.run, time.monotonic_ns()) for _ in range(users)]
            gevent.joinall(running, raise_error=True)
    return kept.broken, kept.samples


@pytest.mark.parametrize("scenario", [*OWN, "chat", "chat_stream", "multi_turn", "mixed"])
def test_the_strict_mock_breaks_nothing(scenario: str) -> None:
    broken, samples = at_once(scenario, None, 8)
    assert broken == Counter()
    assert all(sample.completed and sample.judged for sample in samples), [s.detail for s in samples]
    assert len(samples) >= 16


def test_documents_that_are_asked_for_are_few_and_asked_for_often() -> None:
    _, samples = at_once("rag_query", None, 8, times=3)
    assert Counter(sample.step for sample in samples) == {"document_upload": SHELF, "rag_query": 24}
    assert sum(map(documents_left_by, samples)) == SHELF


def test_every_ingest_leaves_a_document_and_looks_for_it() -> None:
    _, samples = at_once("ingest", None, 3)
    assert Counter(sample.step for sample in samples) == {"document_upload": 6, "rag_query": 6}
    assert sum(map(documents_left_by, samples)) == 6
    assert documents_left_by(replace_status(samples[0], 400)) == 0


def replace_status(sample: Sample, status: int) -> Sample:
    return Sample(scenario=sample.scenario, step=sample.step, due=0, sent=1, status=status)


@pytest.mark.parametrize(
    ("scenario", "fault", "broken"),
    [
        ("chat", "http.answers-crossed", {CROSSED}),
        ("chat_history", "http.answers-crossed", {CROSSED}),
    ],
)
def test_answers_that_cross_give_themselves_away(scenario: str, fault: str, broken: set[str]) -> None:
    assert at_once(scenario, fault, 1)[0].keys() == set()
    assert at_once(scenario, fault, 8)[0].keys() == broken


@pytest.mark.parametrize(
    ("scenario", "fault", "broken"),
    [
        ("chat_history", "history.chats-in-one", {"history.chats-apart"}),
        ("chat_history", "history.other-chats-remembered", {"history.chats-apart"}),
        ("chat_history", "history.answer-lost", {"history.holds-the-answer"}),
        ("chat_history", "history.id-missing", {"history.id-is-text"}),
        ("chat_history", "history.ids-shared", {"history.ids-unique"}),
        ("chat_history", "history.role-human", {"history.roles-kept"}),
        ("chat_history", "history.answer-by-model", {"history.answer-by-assistant"}),
        ("rag_query", "retrieval.score-text", {"retrieval.score-is-number"}),
        ("rag_query", "retrieval.one-too-many", {"retrieval.at-most-top-k"}),
        ("rag_query", "retrieval.content-made-up", {"retrieval.content-true"}),
        ("ingest", "documents.chunks-text", {"documents.chunks-is-integer"}),
        ("ingest", "documents.status-missing", {"documents.status-is-text"}),
    ],
)
def test_what_is_wrong_under_load_is_found(scenario: str, fault: str, broken: set[str]) -> None:
    assert at_once(scenario, fault, 4)[0].keys() == broken


def test_documents_with_one_id_are_found() -> None:
    # What follows from it differs with the order of the uploads.
    broken = at_once("ingest", "documents.ids-shared", 3)[0]
    assert "documents.ids-unique" in broken
    assert broken.keys() <= {"documents.ids-unique", "retrieval.content-true"}


@pytest.mark.parametrize("scenario", OWN)
@pytest.mark.parametrize("variation", LEGAL)
def test_legal_variations_break_nothing(scenario: str, variation: str) -> None:
    assert at_once(scenario, variation, 3)[0] == Counter()


def test_what_was_never_found_is_not_missed() -> None:
    """How soon a document can be found is the suites' affair: under load it is awaited by nobody."""
    assert at_once("rag_query", "retrieval.nothing-found", 4)[0] == Counter()


def answered(step: Step, document: Any, status: int = 200) -> Exchange:
    body = json.dumps(document).encode()
    asked = Request(step.method, step.path, f"http://x/api/v1{step.path}", Headers(()), step.body)
    response = Response(status, Headers((("content-type", "application/json"),)), body, (Arrival(0.1, len(body)),))
    return Exchange(1, "by hand", asked, response, None, time.time(), 0.1)


def results(*documents: LoadDocument) -> dict[str, Any]:
    found = [{"document_id": d.id, "content": d.sentence, "score": 1.0 / n} for n, d in enumerate(documents, 1)]
    return {"results": found}


def broken_by(step: Step, document: Any) -> set[str]:
    return {name for name, check in step.expects.items() if _judged(check, answered(step, document))}


def _judged(check: Any, exchange: Exchange) -> Any:
    from ozwell_harness.model import Unjudgeable

    try:
        return check(exchange)
    except Unjudgeable:
        return None


def shelf() -> list[LoadDocument]:
    rng, given, nonces = random.Random(1), Given(), Nonces("run")
    documents = [LoadDocument.make(nonces.make(), 400, rng, given) for _ in range(3)]
    for number, document in enumerate(documents):
        assert document.filed(Answer(200, {"document_id": f"doc-{number}"}))
    return documents


def test_the_answer_to_another_query_gives_itself_away() -> None:
    first, second, third = documents = shelf()
    before = first.query("n1", documents)
    assert broken_by(before, results(second, third)) == set(), "it may not be findable yet"
    first.heard(Answer(200, results(first)))
    later = first.query("n2", documents)
    assert broken_by(later, results(first, second)) == set()
    assert broken_by(later, results(second, third)) == {"retrieval.found"}
    assert later.glance is not None
    assert later.glance(Answer(200, results(second)), None)  # type: ignore[arg-type]
    assert not later.glance(Answer(200, results(first)), None)  # type: ignore[arg-type]


def test_uploads_that_cross_give_themselves_away() -> None:
    first, second, _ = documents = shelf()
    swapped = results(first)
    swapped["results"][0]["document_id"] = second.id
    assert broken_by(first.query("n1", documents), swapped) == {"retrieval.document-id-true", "retrieval.content-true"}
    upload = LoadDocument.make("n", 400, random.Random(1), first.given).upload()
    assert broken_by(upload, {"document_id": "doc-1"}) == {"documents.ids-unique"}
    assert broken_by(upload, {"document_id": "doc-9"}) == set()


def test_queries_are_unlike_each_other_and_documents_of_the_size_that_is_asked_for() -> None:
    first, *_ = documents = shelf()
    bodies = [json.loads(first.query(nonce, documents).body) for nonce in ("n1", "n2")]
    assert all(first.sentence in body["query"] and body["top_k"] == TOP_K for body in bodies)
    assert bodies[0] != bodies[1]
    assert len(first.content) == 400
    assert first.content.startswith(first.sentence.encode())
    assert len({document.sentence for document in documents}) == 3


def test_a_refused_document_makes_room_for_another() -> None:
    library, rng = Library(), random.Random(1)
    added = [library.add(str(number), rng) for number in range(SHELF)]
    assert not library.has_room
    library.give_up(added[0])
    assert library.has_room
    assert library.some(rng) in added[1:]
    added[2].filed(Answer(200, {"document_id": "d"}))
    assert library.some(rng) is added[2], "what the target has comes first"


def test_documents_are_renewed_when_many_others_have_come() -> None:
    library, rng = Library(), random.Random(1)
    added = [library.add(str(number), rng) for number in range(SHELF)]
    for document in added:
        document.filed(Answer(200, {"document_id": f"d{document.nonce}"}))
        document.heard(Answer(200, results(document)))
    assert not library.has_room
    assert all("retrieval.found" in document.query("n", added).expects for document in added)
    for number in range(RENEWED_AFTER - 1):
        library.given.add(f"other-{number}")
    assert library.has_room
    assert library.documents == added[-1:], "the last was uploaded later than the others"
    assert "retrieval.found" not in added[0].query("n", added).expects


@pytest.mark.parametrize(
    ("profile", "scenario", "lacking"),
    [
        (PROFILE, "files", "files"),
        (PROFILE, "responses", "responses"),
        (PROFILE, "embeddings", "embeddings"),
        ("ozwell", "rag_query", "documents and retrieval"),
        ("ozwell", "chat_history", "history"),
        ("openai", "responses", "responses"),
    ],
)
def test_a_dialect_has_the_scenarios_that_it_has_the_means_for(profile: str, scenario: str, lacking: str) -> None:
    told = f"Scenario {scenario} needs {lacking}, which the profile {profile} lacks"
    for plan in (
        LoadPlan("http://x/v1", "m", "e", scenario, profile=profile),
        LoadPlan("http://x/v1", "m", "e", mix=((scenario, 1.0),), profile=profile),
    ):
        with pytest.raises(PlanError, match=re.escape(told)):
            mix_of(SCENARIOS, plan)


def test_a_mix_holds_what_every_target_of_its_dialect_has() -> None:
    def mixed(profile: str) -> set[str]:
        plan = LoadPlan("http://x/v1", "m", "e", profile=profile)
        return {scenario.name for scenario, _ in mix_of(SCENARIOS, plan).parts}

    assert mixed("ozwell") == mixed("openai") == {"chat_stream", "chat", "embeddings", "models"}
    assert mixed(PROFILE) == {"chat", "chat_history", "rag_query"}


def context(manner: Manner) -> Context:
    prompts = (Prompt("Tell me about herons.", 9),)
    workload = Workload(prefix_tokens=50)
    return Context("m", None, prompts, prompts, Nonces("run"), random.Random(1), workload, manner=manner)


def test_only_what_the_dialect_documents_is_asked_for() -> None:
    made = context(Manner(usage=False, system=False))
    stream = json.loads(made.chat_stream().body)
    assert stream.keys() == {"model", "messages", "stream", "max_tokens"}
    assert [message["role"] for message in stream["messages"]] == ["user"]
    assert stream["messages"][0]["content"].startswith("Background: ")
    dialogue = made.dialogue()
    first = json.loads(dialogue.ask().body)
    dialogue.heard(Answer(200, text="Herons wade."))
    second = json.loads(dialogue.ask().body)
    assert first["messages"][0]["content"].startswith("Background: ")
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert "Background" not in second["messages"][2]["content"]


def test_the_manner_follows_from_what_the_profile_owes() -> None:
    with running_mock(settings()) as mock, worker_of(plan_of(mock, "chat")) as (worker, _):
        assert worker._context.manner == Manner(usage=False, system=False)
        ozwell = LoadPlan(mock.base_url, "m", "e", "chat")
    with worker_of(ozwell) as (worker, _):
        assert worker._context.manner == Manner(usage=True, system=True)


@pytest.mark.parametrize(("scenario", "requests"), [("rag_query", 1), ("ingest", 2), ("chat_history", 2)])
def test_costs_are_known_beforehand(scenario: str, requests: int) -> None:
    plan = LoadPlan(
        "http://x", "m", None, scenario, profile=PROFILE, arrivals=Constant(10), duration_s=50, warmup_s=0.0
    )
    cost = forecast(plan)
    assert cost.arrivals == 500
    assert abs(cost.requests - 500 * requests) <= SHELF
    assert cost.prompt_tokens > 500


def test_a_run_says_how_many_documents_stay(tmp_path: Any) -> None:
    with running_mock(settings()) as mock:
        plan = replace(plan_of(mock, "rag_query"), arrivals=Closed(2), duration_s=0.5, warmup_s=0.1)
        result = run_load(plan, tmp_path, keys=keys_in(mock.env))
    assert [note for note in result.notes if "stay on the target" in note] == [
        f"Documents of this load that stay on the target, named load-ozn…, as its API deletes none: {SHELF}."
    ]
    assert result.nonconformities == ()
    assert {group.name for group in result.scenarios} <= {"rag_query", "document_upload"}


def test_scenarios_run_by_hand(tmp_path: Any) -> None:
    figures = tmp_path / "figures.json"
    options = ("--headless", "-u", "3", "-t", "2s", "--scenario", "chat_history", "--ozwell-profile", PROFILE)
    with (
        running_mock(settings()) as mock,
        by_hand(mock, *options, "--ozwell-json", str(figures), OZWELL_MODEL="gpt-4") as process,
    ):
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "broken by" not in err
    assert {"chat", "chat_history"} <= {entry["step"] for entry in json.loads(figures.read_text())["figures"]}, out
