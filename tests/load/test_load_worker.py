"""A worker in this process against the bundled mock: scenarios, samples, conformance under load."""

from __future__ import annotations

import contextlib
import random
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from msgspec.structs import replace as copy_of
from rawserver import http, raw_server

from ozwell_harness.checks.passive import PASSIVE
from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.checks_by_kind import CHECKS
from ozwell_harness.load.conformance import CROSSED
from ozwell_harness.load.engine.build import Part, make_client, make_worker, with_models
from ozwell_harness.load.engine.dispatcher import Dispatcher
from ozwell_harness.load.engine.examination import Budget
from ozwell_harness.load.engine.gathering import common_zero
from ozwell_harness.load.engine.journal import Journal
from ozwell_harness.load.engine.worker import Worker
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, PlanError
from ozwell_harness.load.prompts import Prompt
from ozwell_harness.load.samples import Nonconformity, Record, Sample, Tail
from ozwell_harness.load.scenario import Context, Flow, Mix, Scenario, Step
from ozwell_harness.load.scenario_file import load_scenarios, mix_of
from ozwell_harness.load.step import Kind
from ozwell_harness.load.timetable import ANY_SIZE
from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.model import Level
from ozwell_harness.model_choice import choose_models, listed_models
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.target import Secret

SCENARIOS = load_scenarios()
MS = 1_000_000
UNBOUNDED = Budget(grace_s=1e6)


class Kept:
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, record: Record) -> None:
        self.records.append(record)

    def close(self) -> None:
        pass

    @property
    def samples(self) -> list[Sample]:
        return [record for record in self.records if isinstance(record, Sample)]

    @property
    def broken(self) -> Counter[str]:
        return Counter(requirement for sample in self.samples for requirement in sample.broken)

    @property
    def examples(self) -> dict[str, Nonconformity]:
        return {r.requirement: r for r in self.records if isinstance(r, Nonconformity)}


def plan_of(mock: MockHandle, scenario: str = "mixed") -> LoadPlan:
    models = mock.env["OZWELL_MODEL"], mock.env["OZWELL_EMBEDDING_MODEL"]
    return LoadPlan(mock.base_url, *models, scenario=scenario, arrivals=Closed(1))


@contextlib.contextmanager
def worker_of(
    plan: LoadPlan, key: str = "", scenarios: dict[str, Mix] | None = None, budget: Budget = UNBOUNDED
) -> Iterator[tuple[Worker, Kept]]:
    kept = Kept()
    secret = Secret(key) if key else None
    worker = make_worker(
        plan,
        scenarios or SCENARIOS,
        make_client(plan, secret),
        kept,
        lambda _step, _sample: None,
        Part(secret, "run"),
        budget,
    )
    try:
        yield worker, kept
    finally:
        worker.close()
        gevent.sleep(0)


@contextlib.contextmanager
def on_mock(scenario: str, *faults: str) -> Iterator[tuple[Worker, Kept]]:
    with (
        running_mock(MockSettings(faults=faults)) as mock,
        worker_of(plan_of(mock, scenario), mock.env["OZWELL_API_KEY"]) as pair,
    ):
        yield pair


def test_every_scenario_conforms_and_is_measured() -> None:
    with on_mock("mixed") as (worker, kept):
        gevent.joinall([gevent.spawn(worker.run, time.monotonic_ns()) for _ in range(40)], raise_error=True)
    samples = kept.samples
    assert len(samples) == 40
    assert {sample.step for sample in samples} == {"chat", "chat_stream", "embeddings", "models"}
    assert kept.broken == Counter()
    assert all(sample.completed and sample.judged for sample in samples)
    assert worker.in_flight == 0
    for sample in samples:
        assert sample.sent is not None
        assert sample.due <= sample.sent
        assert sample.last is not None
        assert 0 < (sample.first or 0) <= sample.last <= (sample.closed or 0)
        assert bool(sample.tokens) == sample.streamed
        if sample.step != "models":
            assert (sample.prompt_tokens or 0) > 0
        if sample.streamed:
            assert sample.completion_tokens == len(sample.tokens)
            assert sample.finish in {"stop", "length"}


@pytest.mark.parametrize(
    ("scenario", "fault", "requirement"),
    [
        ("chat_stream", "stream.done-missing", "streaming.done-sent"),
        ("chat_stream", "stream.finish-missing", "streaming.finish-told"),
        ("chat_stream", "stream.data-after-done", "streaming.nothing-after-done"),
        ("chat_stream", "stream.text-plain", "streaming.content-type"),
        ("chat_stream", "stream.dropped", "streaming.ends-cleanly"),
        ("chat", "chat.usage-total-off-by-one", "chat.usage-total-is-sum"),
        ("chat", "http.bom", "http.no-byte-order-mark"),
        ("embeddings", "embeddings.index-shifted", "embeddings.index-zero"),
    ],
)
def test_faults_are_found_under_load(scenario: str, fault: str, requirement: str) -> None:
    with on_mock(scenario, fault) as (worker, kept):
        for _ in range(3):
            worker.run(time.monotonic_ns())
    assert kept.broken[requirement] == 3
    example = kept.examples[requirement]
    assert example.message[0].isupper()
    assert "POST /" in example.example


@pytest.mark.parametrize("variation", ["legal.crlf", "legal.comments", "legal.packets-split", "legal.packets-merged"])
def test_legal_variations_are_no_findings(variation: str) -> None:
    with on_mock("chat_stream", variation) as (worker, kept):
        for _ in range(3):
            worker.run(time.monotonic_ns())
    assert kept.broken == Counter()
    assert all(sample.completed and len(sample.tokens) == sample.completion_tokens for sample in kept.samples)


#: Kinds of answers that only the Open WebUI dialect has.
WEBUI = {Kind.HISTORY, Kind.INGEST, Kind.QUERY}


@pytest.mark.parametrize("kind", CHECKS)
def test_every_check_is_of_a_requirement_and_every_scenario_has_checks(kind: Kind) -> None:
    catalogue = load_profile("openwebui" if kind in WEBUI else "ozwell").select(load_catalogue())
    assert set(CHECKS[kind]) <= set(load_catalogue().by_id)
    # What holds of any answer is there for all dialects; each owes its share.
    assert set(CHECKS[kind]) - set(PASSIVE) <= set(catalogue.by_id)
    assert sum(name in catalogue and catalogue[name].level is Level.MUST for name in CHECKS[kind]) > 10
    assert CROSSED in catalogue


def test_examining_keeps_to_its_budget() -> None:
    frugal = Budget(ordinary=0.0, odd=0.0, grace_s=0.0)
    with running_mock() as mock:
        with worker_of(plan_of(mock, "chat"), mock.env["OZWELL_API_KEY"], budget=frugal) as (worker, kept):
            worker.run(0)
        odd_only = Budget(ordinary=0.0, odd=1e6, grace_s=0.0)
        with worker_of(plan_of(mock, "chat"), budget=odd_only) as (worker, odd):
            worker.run(0)  # without a key: refused with a 401
    assert [sample.judged for sample in kept.samples + odd.samples] == [False, True]


def chat_answer(text: str) -> bytes:
    return http(
        b'{"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message":'
        b' {"role": "assistant", "content": "%b"}, "finish_reason": "stop"}], "usage":'
        b' {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}' % text.encode()
    )


def test_crossed_answers_are_found() -> None:
    other = Nonces("run", worker=9).make()
    with (
        raw_server(lambda connection, _request: connection.sendall(chat_answer(f"About {other}."))) as url,
        worker_of(LoadPlan(url, "m", scenario="chat", arrivals=Closed(1))) as (worker, kept),
    ):
        worker.run(0)
    assert kept.broken == Counter({CROSSED: 1})
    assert other in kept.examples[CROSSED].message


def test_a_key_sent_back_is_found_and_kept_nowhere() -> None:
    key = "sk-load-test-0123456789"
    with (
        raw_server(lambda connection, _request: connection.sendall(chat_answer(f"Your key is {key}."))) as url,
        worker_of(LoadPlan(url, "m", scenario="chat", arrivals=Closed(1)), key) as (worker, kept),
    ):
        worker.run(0)
    assert kept.broken == Counter({"security.key-not-echoed": 1})
    assert key not in repr(kept.records)


def test_a_stream_that_the_harness_gave_up_on_breaks_no_requirement() -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n: one moment\n\n"

    def slow(connection: object, _request: bytes) -> None:
        connection.sendall(begun)  # type: ignore[attr-defined]
        connection.recv(1)  # type: ignore[attr-defined]

    with raw_server(slow) as url:
        impatient = LoadTimeouts(first_token_s=0.05)
        plan = LoadPlan(url, "m", scenario="chat_stream", arrivals=Closed(1), timeouts=impatient)
        with worker_of(plan) as (worker, kept):
            worker.run(time.monotonic_ns())
    (sample,) = kept.samples
    assert (sample.error, sample.judged, sample.broken) == ("first_token_timeout", False, ())


@pytest.mark.parametrize(("status", "broken"), [("500 Oops", {"http.no-server-errors": 1}), ("503 Busy", {})])
def test_a_target_may_shed_load_but_not_stumble(status: str, broken: dict[str, int]) -> None:
    body = b'{"error": {"message": "Not now.", "type": "server_error", "code": "busy"}}'
    answer = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with (
        raw_server(lambda connection, _request: connection.sendall(answer + body)) as url,
        worker_of(LoadPlan(url, "m", scenario="chat", arrivals=Closed(1))) as (worker, kept),
    ):
        worker.run(0)
    assert kept.broken == Counter(broken)
    assert [sample.error for sample in kept.samples] == [f"http_{status[:3]}"]


def test_a_worker_says_when_the_target_is_gone() -> None:
    with running_mock() as mock:
        plan = plan_of(mock, "chat")
    with worker_of(plan) as (worker, kept):
        outcome = worker.run(time.monotonic_ns())
    assert (outcome.failed, outcome.unreachable) == (True, True)
    assert [(sample.error, sample.sent, sample.broken) for sample in kept.samples] == [("connect_refused", None, ())]


def two_steps(context: Context) -> Flow:
    answer = yield context.models()
    yield copy_of(context.models(), name=f"again-{answer.document['data'][0]['id']}")


def stumbling(context: Context) -> Flow:
    answer = yield context.models()
    yield answer.document["no such field"]


def test_a_scenario_of_dependent_steps() -> None:
    with running_mock() as mock:
        mixes = {"two": Mix(((Scenario("two", two_steps), 1),)), "bad": Mix(((Scenario("bad", stumbling), 1),))}
        key = mock.env["OZWELL_API_KEY"]
        with worker_of(plan_of(mock, "two"), key, mixes) as (worker, kept):
            worker.run(time.monotonic_ns())
        first, second = kept.samples
        assert (first.step, second.step, second.scenario) == ("models", "again-gpt-4", "two")
        assert first.sent is not None
        assert second.due >= first.sent + (first.closed or 0)
        with worker_of(plan_of(mock, "bad"), key, mixes) as (worker, kept):
            worker.run(time.monotonic_ns())
        assert [sample.error for sample in kept.samples] == [None, "scenario"]
        assert "KeyError" in kept.samples[1].detail


def test_a_killed_user_leaves_a_censored_sample() -> None:
    arrived: list[bytes] = []

    def silent(connection: object, request: bytes) -> None:
        arrived.append(request)
        connection.recv(1)  # type: ignore[attr-defined]

    with (
        raw_server(silent) as url,
        worker_of(LoadPlan(url, "m", scenario="chat", arrivals=Closed(1))) as (worker, kept),
    ):
        user = gevent.spawn(worker.run, time.monotonic_ns())
        while not arrived:
            gevent.sleep(0.001)
        user.kill()
        (sample,) = kept.samples
        assert (sample.censored, sample.error, sample.completed, sample.failed) == (True, None, False, False)
        assert sample.sent is not None
        assert worker.in_flight == 0


def test_every_arrival_of_a_schedule_is_accounted_for() -> None:
    with on_mock("models") as (worker, kept):
        dispatcher = Dispatcher(worker, max_in_flight=1000)
        start = time.monotonic_ns()
        times = array("q", (index * MS for index in range(100)))
        dispatcher.run(start, times)
        dispatcher.finish()
    assert sorted(sample.due for sample in kept.samples) == [start + offset for offset in times]
    assert all(sample.completed and (sample.sent or 0) >= sample.due for sample in kept.samples)


def test_arrivals_beyond_the_bound_are_recorded_as_unsent() -> None:
    with (
        raw_server(lambda connection, _request: bool(connection.recv(1)) and None) as url,
        worker_of(LoadPlan(url, "m", scenario="chat", arrivals=Closed(1))) as (worker, kept),
    ):
        dispatcher = Dispatcher(worker, max_in_flight=2)
        dispatcher.run(time.monotonic_ns(), array("q", [0, 1, 2, 3, 4]))
        gevent.sleep(0)
        dispatcher.kill()
    found = Counter(sample.error or "censored" for sample in kept.samples if not sample.completed)
    assert found == {"unsent": 3, "censored": 2}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_journal_on_a_full_disk_says_so_and_keeps_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(Path("/dev/full"))
    sample = Sample(scenario="s", step="s", due=1)
    journal.add(sample)
    while not caplog.messages:  # by the journal's own greenlet
        gevent.sleep(0.01)
    journal.add(sample)
    journal.close()
    assert caplog.messages == ["The record /dev/full cannot be written: No space left on device."]


def test_arrivals_that_a_killed_dispatcher_owes_are_recorded_as_unsent() -> None:
    with (
        raw_server(lambda connection, _request: bool(connection.recv(1)) and None) as url,
        worker_of(LoadPlan(url, "m", scenario="chat")) as (worker, kept),
    ):
        dispatcher = Dispatcher(worker, max_in_flight=100)
        start = time.monotonic_ns()
        far = 10**12
        running = gevent.spawn(dispatcher.run, start, array("q", [0, 20 * MS, 21 * MS, 22 * MS, far, far + 1]))
        gevent.sleep(0.001)
        # Nobody else runs meanwhile: when the end comes, three arrivals are overdue.
        while time.monotonic_ns() < start + 30 * MS:
            pass
        running.kill()
        dispatcher.kill()
    assert not dispatcher.busy
    assert sorted(sample.due - start for sample in kept.samples) == [0, 20 * MS, 21 * MS, 22 * MS]
    assert Counter(sample.error or "censored" for sample in kept.samples) == {"unsent": 3, "censored": 1}


def test_arrivals_that_are_ended_before_their_turn_are_recorded_as_unsent() -> None:
    with on_mock("models") as (worker, kept):
        dispatcher = Dispatcher(worker, max_in_flight=100)
        for due in (1, 2, 3):
            dispatcher._begin(due, ANY_SIZE)
        assert dispatcher.busy
        dispatcher.kill()
    assert [(sample.due, sample.error) for sample in kept.samples] == [(1, "unsent"), (2, "unsent"), (3, "unsent")]


def test_the_journal_loses_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "samples")
    samples = [Sample(scenario="s", step="s", due=number) for number in range(1234)]
    for sample in samples[:1000]:
        journal.add(sample)
    tail = Tail(tmp_path / "samples")
    written = 0
    while written < 1000:  # by the journal's own greenlet
        gevent.sleep(0.01)
        written += len(list(tail.read()))
    for sample in samples[1000:]:
        journal.add(sample)
    journal.close()
    journal.close()
    assert list(Tail(tmp_path / "samples").read()) == samples


def steps_of(scenario: str, seed: int = 1, embedding_model: str | None = "e") -> list[Step]:
    prompts = tuple(Prompt(f"prompt {number}", 9) for number in range(5))
    context = Context("m", embedding_model, prompts, prompts, Nonces("run"), random.Random(seed))
    mix = mix_of(SCENARIOS, LoadPlan("http://127.0.0.1:9/v1", "m", embedding_model, scenario))
    return [next(mix.choose(context.rng).flow(context)) for _ in range(600)]


def test_requests_repeat_with_the_seed_and_no_prompt_comes_twice() -> None:
    steps = steps_of("mixed")
    assert steps == steps_of("mixed")
    assert steps != steps_of("mixed", seed=2)
    bodies = [step.body for step in steps if step.body]
    assert len(set(bodies)) == len(bodies)
    assert all(step.nonce and step.nonce.encode() in step.body for step in steps if step.body)


def test_the_mix_follows_its_weights() -> None:
    counts = Counter(step.name for step in steps_of("mixed"))
    # 600 draws of 6/12: five standard deviations are 61.
    assert abs(counts["chat_stream"] - 300) < 61
    assert set(counts) == {"chat_stream", "chat", "embeddings", "models"}


def test_without_an_embedding_model_only_the_rest_is_mixed() -> None:
    assert "embeddings" not in {step.name for step in steps_of("mixed", embedding_model=None)}
    with pytest.raises(PlanError, match="OZWELL_EMBEDDING_MODEL"):
        steps_of("embeddings", embedding_model=None)
    with pytest.raises(PlanError, match="Scenarios: chat, "):
        steps_of("no-such")


def test_a_scenario_file_must_name_scenarios(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("SCENARIOS = {}\n")
    with pytest.raises(PlanError, match="SCENARIOS"):
        load_scenarios(tmp_path / "empty.py")


def test_models_are_asked_for_when_none_is_named() -> None:
    with running_mock() as mock:
        nameless = LoadPlan(mock.base_url, "", arrivals=Closed(1))
        client = make_client(nameless, Secret(mock.env["OZWELL_API_KEY"]))
        found = with_models(nameless, client)
        assert (found.model, found.embedding_model) == ("gpt-4", "text-embedding-ada-002")
        client.close()
        stranger = make_client(nameless, None)
        with pytest.raises(PlanError, match="OZWELL_MODEL"):
            with_models(nameless, stranger)
        stranger.close()


def test_models_are_chosen_by_name() -> None:
    assert choose_models(["whisper-1", "nomic-embed-text", "llama3:8b", "gpt-4"]) == ("llama3:8b", "nomic-embed-text")
    assert choose_models([]) == (None, None)
    assert listed_models({"data": [{"id": "a"}, {"id": 1}, None]}) == ["a"]
    assert listed_models("nonsense") == []


def test_workers_of_one_machine_begin_at_one_moment(tmp_path: Path) -> None:
    before = time.monotonic_ns()
    waiting = [gevent.spawn(common_zero, tmp_path, worker, 3, 30.0) for worker in range(3)]
    gevent.joinall(waiting, raise_error=True)
    zeros = {greenlet.value for greenlet in waiting}
    assert len(zeros) == 1
    assert zeros.pop() > before


def test_a_worker_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    before = time.monotonic_ns()
    assert common_zero(tmp_path, 0, 2, 0.0) > before
    assert common_zero(tmp_path / "absent", 0, 1, 30.0) > before
