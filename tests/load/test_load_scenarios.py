"""What scenarios send, and that what only concurrency breaks is found under load and by nothing else."""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import gevent
import httpx
import pytest
from test_load_worker import SCENARIOS, plan_of, worker_of

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.conformance import CROSSED
from ozwell_harness.load.distribution import Distribution, Exponential, Fixed, LogNormal, Normal, Uniform
from ozwell_harness.load.files import LoadFile, Shelf, files_left_by
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import Prompt
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.scenario import Context, Flow, Mix, Scenario
from ozwell_harness.load.scenario_file import mix_of
from ozwell_harness.load.step import Step
from ozwell_harness.load.sweep import sweep
from ozwell_harness.load.template import NONCE, NUMBER, TEXT, Template
from ozwell_harness.load.texts import Words
from ozwell_harness.load.timetable import ANY_SIZE, Size
from ozwell_harness.load.workload import Workload
from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.delays import Fixed as FixedDelay
from ozwell_harness.mock.settings import Latency
from ozwell_harness.target import Secret

FILES = "files.simultaneous-"
#: Scenario, fault, and what it must bring out; none of it shows while one request is made at a time.
CONCURRENT = [
    ("chat", "http.answers-crossed", {CROSSED}),
    ("chat_stream", "http.answers-crossed", {CROSSED}),
    ("multi_turn", "http.answers-crossed", {CROSSED}),
    ("responses", "responses.conversations-mixed", {CROSSED}),
    ("files", f"{FILES}lost", {"files.uploads-listed", "files.content-answers"}),
    ("files", f"{FILES}crossed", {f"{FILES}not-crossed"}),
    ("files", f"{FILES}contents-mixed", {f"{FILES}contents-apart"}),
]


def at_once(scenario: str, fault: str | None, users: int) -> tuple[Counter[str], list[Sample]]:
    """Let ``users`` run a scenario twice at the same time, on a mock that takes its time."""
    settings = MockSettings(faults=(fault,) if fault else (), latency=Latency(ttft=FixedDelay(0.02)))
    with (
        running_mock(settings) as mock,
        worker_of(plan_of(mock, scenario), mock.env["OZWELL_API_KEY"]) as (worker, kept),
    ):
        for _ in range(2):
            running = [gevent.spawn(worker.run, time.monotonic_ns()) for _ in range(users)]
            gevent.joinall(running, raise_error=True)
    return kept.broken, kept.samples


@pytest.mark.parametrize("scenario", ["multi_turn", "responses", "files"])
def test_the_strict_mock_breaks_nothing(scenario: str) -> None:
    broken, samples = at_once(scenario, None, 8)
    assert broken == Counter()
    assert all(sample.completed and sample.judged for sample in samples)
    assert len(samples) == 16 * {"files": 4}.get(scenario, 3)


@pytest.mark.parametrize(("scenario", "fault", "broken"), CONCURRENT, ids=[f"{s}-{f}" for s, f, _ in CONCURRENT])
def test_what_only_concurrency_breaks_is_found(scenario: str, fault: str, broken: set[str]) -> None:
    assert at_once(scenario, fault, 1)[0].keys() == set()
    assert at_once(scenario, fault, 8)[0].keys() == broken


def test_a_shared_id_is_found() -> None:
    # What follows from it differs with who deletes first.
    assert f"{FILES}ids-unique" in at_once("files", f"{FILES}ids-shared", 8)[0]
    assert at_once("files", f"{FILES}ids-shared", 1)[0] == Counter()


@pytest.mark.parametrize(
    ("scenario", "fault", "broken"),
    [
        ("files", "files.line-ends-changed", {"files.content-text", "files.upload-bytes"}),
        ("files", "files.names-prefixed", {"files.upload-filename"}),
        ("files", "files.content-missing", {"files.content-answers"}),
        ("responses", "responses.conversation-not-echoed", {"responses.conversation-echoed"}),
    ],
)
def test_faults_of_the_new_steps_are_found(scenario: str, fault: str, broken: set[str]) -> None:
    assert at_once(scenario, fault, 1)[0].keys() == broken


def context(workload: Workload = Workload(), seed: int = 1) -> Context:  # noqa: B008 - frozen
    prompts = tuple(Prompt(f"prompt {number}", 9) for number in range(5))
    return Context("m", "e", prompts, prompts, Nonces("run"), random.Random(seed), workload, seed)


def body(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(step.body)
    return found


def test_prompts_and_answers_have_the_lengths_of_their_distributions() -> None:
    made = context(Workload(prompt_tokens=Uniform(100, 300), answer_tokens=LogNormal(50, 0.5)))
    bodies = [body(made.chat()) for _ in range(400)]
    words = [len(b["messages"][0]["content"].split()) for b in bodies]
    assert min(words) < 110
    assert max(words) > 250
    assert statistics.fmean(words) == pytest.approx(180, abs=15)
    # Standard error of the mean of 400 draws of a lognormal(50, 0.5): 1.5.
    assert statistics.fmean(b["max_tokens"] for b in bodies) == pytest.approx(LogNormal(50, 0.5).mean, abs=8)
    inputs = [len(body(made.embeddings())["input"].split()) for _ in range(50)]
    assert all(100 <= length <= 302 for length in inputs)


def test_a_trace_says_how_long_prompt_and_answer_are() -> None:
    made = context().sized(Size(500, 77))
    assert body(made.chat())["max_tokens"] == 77
    assert 400 < len(body(made.chat_stream())["messages"][0]["content"].split()) <= 500
    assert body(context().sized(Size(None, 3)).chat())["max_tokens"] == 3
    assert body(context().chat())["max_tokens"] == 9


def test_without_a_prefix_no_two_prompts_begin_alike_and_with_one_all_do() -> None:
    alone = [body(context().chat())["messages"] for _ in range(1)] + [body(s)["messages"] for s in several(Workload())]
    assert all(messages[0]["role"] == "user" for messages in alone)
    assert len({messages[0]["content"][:30] for messages in alone[1:]}) == 20
    shared = [body(step)["messages"] for step in several(Workload(prefix_tokens=1000))]
    assert len({messages[0]["content"] for messages in shared}) == 1
    assert shared[0][0]["role"] == "system"
    assert len(shared[0][0]["content"].split()) == 1001
    assert len({messages[1]["content"][:30] for messages in shared}) == 20


def several(workload: Workload) -> list[Step]:
    made = context(workload)
    return [made.chat() for _ in range(20)]


def test_a_dialogue_grows_by_what_was_said() -> None:
    dialogue = context(Workload(prefix_tokens=5)).dialogue()
    first = body(dialogue.ask())
    assert [m["role"] for m in first["messages"]] == ["system", "user"]
    assert dialogue.heard(Answer(200, text='So it "is".'))
    second = dialogue.ask()
    assert [m["role"] for m in body(second)["messages"]] == ["system", "user", "assistant", "user"]
    assert body(second)["messages"][2]["content"] == 'So it "is".'
    assert body(second)["messages"][:2] == first["messages"]
    assert (second.name, body(second)["stream"], body(second)["max_tokens"]) == ("turn_2", True, 9)
    assert not dialogue.heard(Answer(500, error="http_500"))
    assert not dialogue.heard(Answer(200))


def test_a_conversation_keeps_its_id_and_tells_its_reference_once() -> None:
    conversation = context().conversation()
    first, second = body(conversation.ask()), body(conversation.ask())
    assert first["conversation_id"] == second["conversation_id"] == conversation.id
    nonce = conversation.id.removeprefix("conv_")
    assert nonce in first["messages"][0]["content"]
    assert nonce not in second["messages"][0]["content"]


def test_files_have_the_size_that_is_asked_for() -> None:
    for size in (0, 100, 5000, 300_000):
        file = LoadFile.make("ozn1", size, Shelf())
        assert len(file.content) == max(size, len("Reference ozn1.\r\n"))
        assert file.content.isascii()


def test_templates_have_gaps_in_the_order_of_the_document() -> None:
    template = Template({"a": f"x {NONCE} {TEXT} y", "n": NUMBER, "b": [1]})
    assert template.gaps == 3
    assert json.loads(template.fill(b"N", b"some words", b"12")) == {"a": "x N some words y", "n": 12, "b": [1]}
    with pytest.raises(ValueError, match="size"):
        template.fill(b"N")


def test_words_are_cut_to_length() -> None:
    words = Words("seed", 500)
    assert [len(words.cut(count).split()) for count in (-3, 1, 2, 499, 500, 9999)] == [1, 1, 2, 499, 500, 500]
    assert words.cut(500) == Words("seed", 500).cut(500) != Words("other", 500).cut(500)


@pytest.mark.parametrize(
    "distribution", [Fixed(5), Uniform(2, 8), Normal(50, 5), LogNormal(20, 0.4), Exponential(3)], ids=repr
)
def test_distributions_have_their_mean(distribution: Distribution) -> None:
    rng = random.Random(3)
    drawn = [distribution.draw(rng) for _ in range(4000)]
    assert min(drawn) >= 0
    assert statistics.fmean(drawn) == pytest.approx(distribution.mean, rel=0.1)


def test_a_mix_of_ones_own_follows_its_weights() -> None:
    plan = LoadPlan("http://127.0.0.1:9/v1", "m", "e", mix=(("chat", 3.0), ("mixed", 1.0)))
    parts = {scenario.name: weight for scenario, weight in mix_of(SCENARIOS, plan).parts}
    assert parts == pytest.approx({"chat": 3.25, "chat_stream": 0.5, "embeddings": 2 / 12, "models": 1 / 12})
    assert plan.title == "chat=3, mixed=1"
    with pytest.raises(PlanError, match="no scenario 'nope'"):
        mix_of(SCENARIOS, LoadPlan("http://127.0.0.1:9/v1", "m", mix=(("nope", 1.0),)))
    with pytest.raises(PlanError, match="embedding model"):
        mix_of(SCENARIOS, LoadPlan("http://127.0.0.1:9/v1", "m", mix=(("embeddings", 1.0),)))


@pytest.fixture
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def upload(mock: MockHandle, name: str) -> None:
    answer = httpx.post(
        f"{mock.base_url}/files",
        headers={"Authorization": f"Bearer {mock.env['OZWELL_API_KEY']}"},
        files={"file": (name, b"x")},
        data={"purpose": "assistants"},
    )
    assert answer.status_code == 200


def names_on(mock: MockHandle) -> list[str]:
    headers = {"Authorization": f"Bearer {mock.env['OZWELL_API_KEY']}"}
    answer = httpx.get(f"{mock.base_url}/files", headers=headers, params={"limit": 100})
    return [item["filename"] for item in answer.json()["data"]]


def broken_off(context: Context) -> Flow:
    file = context.file()
    assert file.kept((yield file.upload()))


def test_the_file_of_a_scenario_that_was_broken_off_is_deleted_by_its_worker(mock: MockHandle) -> None:
    scenarios = {"files": Mix(((Scenario("files", broken_off), 1),))}
    with worker_of(plan_of(mock, "files"), mock.env["OZWELL_API_KEY"], scenarios) as (worker, kept):
        for _ in range(3):
            worker.run(time.monotonic_ns())
        assert len(names_on(mock)) == len(kept.samples) == 3
        assert worker.clear(5.0) == 0
        assert worker.clear(5.0) == 0
    assert names_on(mock) == []


def test_a_worker_says_how_many_files_it_could_not_delete() -> None:
    scenarios = {"files": Mix(((Scenario("files", broken_off), 1),))}
    with contextlib.ExitStack() as mocks:
        mock = mocks.enter_context(running_mock())
        with worker_of(plan_of(mock, "files"), mock.env["OZWELL_API_KEY"], scenarios) as (worker, _):
            worker.run(time.monotonic_ns())
            worker.run(time.monotonic_ns())
            mocks.close()
            assert worker.clear(5.0) == 2


def test_the_sweep_deletes_what_this_run_made_and_nothing_else(mock: MockHandle) -> None:
    upload(mock, "keep.txt")
    upload(mock, f"load-{Nonces('another run').make()}.txt")
    kept = names_on(mock)
    for _ in range(3):
        upload(mock, f"load-{Nonces('run').make()}.txt")
    assert sweep(plan_of(mock), "run", Secret(mock.env["OZWELL_API_KEY"])) is None
    assert sorted(names_on(mock)) == sorted(kept)


def test_the_sweep_says_what_it_could_not_do(mock: MockHandle) -> None:
    told = sweep(plan_of(mock), "run", Secret("ozw_wrong"))
    assert told is not None
    assert "may be left" in told
    assert "ozw_wrong" not in told


def test_it_is_known_how_many_files_may_be_left() -> None:
    def left(*samples: Sample) -> int:
        return sum(files_left_by(sample) for sample in samples)

    def sample(step: str, **more: Any) -> Sample:
        return Sample(scenario="files", step=step, due=0, sent=0, **more)

    uploaded, deleted = sample("file_upload", status=200), sample("file_delete", status=200)
    assert left(uploaded, deleted, sample("file_upload", status=409, error="http_409")) == 0
    assert left(uploaded, sample("file_delete", status=404, error="http_404"), sample("chat")) == 0
    assert left(uploaded, deleted, uploaded) == 1
    assert left(uploaded, deleted, sample("file_upload", censored=True), sample("file_delete", error="reset")) == 1


def test_an_arrival_of_any_size_is_the_usual_one() -> None:
    assert Size(None, None) == ANY_SIZE
