"""Whole runs: Locust in a process of its own, against the bundled mock. All are started at once, to save time."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from jsonschema import Draft202012Validator
from load_running import answered, by_hand, until
from rawserver import http, raw_server, read_request

from ozwell_harness.content import content_path
from ozwell_harness.load import LoadError, LoadPlan, LoadResult, PlanError, Progress, SilentLoad, parse_slo, run_load
from ozwell_harness.load.arrivals import Closed, Poisson
from ozwell_harness.load.distribution import Fixed
from ozwell_harness.load.samples import End, Sample, Start, Tail
from ozwell_harness.load.schedule import schedule
from ozwell_harness.load.workload import Workload
from ozwell_harness.mock import MockHandle, running_mock
from ozwell_harness.settings import keys_in

S = 1_000_000_000


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def plan_of(mock: MockHandle, **more: Any) -> LoadPlan:
    usual = {"embedding_model": mock.env["OZWELL_EMBEDDING_MODEL"], "duration_s": 0.8, "warmup_s": 0.3}
    return LoadPlan(base_url=mock.base_url, model=mock.env["OZWELL_MODEL"], **(usual | more))


class Watching(SilentLoad):
    """Keeps what a run tells, and does something once so many answers have come."""

    def __init__(self, then: Callable[[], None] | None = None, answers: int = 1) -> None:
        self.told: list[Progress] = []
        self.events: list[str] = []
        self._then = then
        self._answers = answers

    def load_started(self, scenario: str, total_s: float) -> None:
        self.events.append(f"{scenario} {total_s:g}")

    def load_progress(self, progress: Progress) -> None:
        self.told.append(progress)
        if self._then and progress.completed >= self._answers:
            then, self._then = self._then, None
            then()

    def load_finished(self) -> None:
        self.events.append("finished")


@dataclass(frozen=True)
class Done:
    result: LoadResult
    folder: Path
    watching: Watching

    @property
    def document(self) -> dict[str, Any]:
        return self.result.to_document()

    @property
    def samples(self) -> list[Sample]:
        return [record for record in Tail(self.folder / "samples").read() if isinstance(record, Sample)]


def interrupt() -> None:
    raise KeyboardInterrupt


def answering_once(connection: socket.socket, _request: bytes) -> None:
    """Answer the first request of a connection, and leave the second waiting."""
    connection.sendall(http(b'{"object": "list", "data": [{"id": "m"}]}'))
    read_request(connection)
    connection.recv(1)


def interrupted(folder: Path) -> Done:
    """A run that Ctrl-C ends while both of its users wait for an answer."""
    watching = Watching(interrupt, answers=2)
    with raw_server(answering_once) as url:
        plan = LoadPlan(url, "m", scenario="models", arrivals=Closed(2), duration_s=60.0, warmup_s=0.0)
        return Done(run_load(plan, folder, watching), folder, watching)


def orphans(mock: MockHandle, folder: Path) -> list[psutil.Process]:
    """Kill a run without warning once it sends; return those of its processes that live on."""
    code = (
        "import sys; from pathlib import Path; from ozwell_harness.load import Closed, LoadPlan, run_load;"
        "plan = LoadPlan(sys.argv[1], 'gpt-4', arrivals=Closed(1), scenario='models', duration_s=60);"
        "run_load(plan, Path(sys.argv[2]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, mock.base_url, str(folder)]) as parent:
        until(lambda: _has_samples(folder / "samples"))
        family = psutil.Process(parent.pid).children(recursive=True)
        assert family
        parent.kill()
    _, alive = psutil.wait_procs(family, timeout=20)
    return alive


def _has_samples(path: Path) -> None:
    assert any(isinstance(record, Sample) for record in Tail(path).read())


@pytest.fixture(scope="module")
def runs(mock: MockHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Any]]]:
    keys, base = keys_in(mock.env), tmp_path_factory.mktemp("runs")

    def start(plan: LoadPlan) -> Done:
        folder, watching = base / plan.scenario, Watching()
        return Done(run_load(plan, folder, watching, keys=keys), folder, watching)

    slo = parse_slo("e2e_p99<20s, error_rate<1%, goodput>1/s, ttft_p99<20s")
    open_loop = {"arrivals": Poisson(60.0), "seed": 5}
    with ThreadPoolExecutor(5) as pool:
        yield {
            "closed": pool.submit(start, plan_of(mock, arrivals=Closed(4, Fixed(0.005)))),
            "open": pool.submit(start, plan_of(mock, scenario="chat_stream", slo=slo, **open_loop)),
            "interrupted": pool.submit(interrupted, base / "interrupted"),
            "orphaned": pool.submit(orphans, mock, base / "orphaned"),
            "processes": pool.submit(
                start, plan_of(mock, arrivals=Closed(4, Fixed(0.01)), processes=2, scenario="chat")
            ),
        }


def assert_valid(document: Mapping[str, Any]) -> None:
    schema = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
    validator = Draft202012Validator({"$ref": "#/$defs/load", "$defs": schema["$defs"]})
    assert [error.message for error in validator.iter_errors(document)] == []


def test_a_closed_loop_accounts_for_everything(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["closed"].result(60)
    document = done.document
    assert_valid(document)
    counts = document["requests"]
    assert counts["completed"] > 0
    assert counts["sent"] == counts["completed"] + counts["failed"] + counts["censored"]
    assert (counts["failed"], counts["censored"], document["error_rate"]) == (0, 0, 0.0)
    assert document["nonconformities"] == []
    assert document["throughput_rps"] == pytest.approx(counts["completed"] / 0.8)
    assert {s["name"] for s in document["scenarios"]} <= {"chat", "chat_stream", "embeddings", "models"}
    assert sum(s["requests"]["sent"] for s in document["scenarios"]) == counts["sent"]
    assert sum(second["sent"] for second in document["per_second"]) == len(done.samples)
    assert document["window"]["ended"] - document["window"]["started"] == pytest.approx(0.8)
    assert not document["interrupted"]


def test_users_do_not_start_at_once(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["closed"].result(60)
    zero = next(record.at for record in Tail(done.folder / "samples").read() if isinstance(record, Start))
    # Four users over 0.3 s of warm-up: before its turn comes, none can have a request open.
    for sample in done.samples:
        started = 1 + int((sample.due - zero) / (0.3 * S / 4))
        still_open = [s for s in done.samples if s.due <= sample.due < (s.sent or 0) + (s.closed or 0)]
        assert len(still_open) <= started


def test_nothing_is_sent_after_the_end(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["closed"].result(60)
    records = list(Tail(done.folder / "samples").read())
    zero = next(record.at for record in records if isinstance(record, Start))
    assert all(sample.due < zero + 1.1 * S + 1.0 * S for sample in done.samples)
    assert [record.finished for record in records if isinstance(record, End)] == [True]


def test_progress_is_told(runs: Mapping[str, Future[Done]]) -> None:
    watching = runs["closed"].result(60).watching
    assert watching.events == ["mixed 1.1", "finished"]
    sent = [progress.sent for progress in watching.told]
    assert sent[-1] > 0
    completed = [progress.completed for progress in watching.told]
    assert completed == sorted(completed)


def test_an_open_loop_sends_every_arrival(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["open"].result(60)
    assert_valid(done.document)
    wanted = schedule(Poisson(60.0), 0.3, 0.8, 5)
    zero = next(record.at for record in Tail(done.folder / "samples").read() if isinstance(record, Start))
    assert sorted(sample.due for sample in done.samples) == [zero + at for at in wanted]
    slo = done.document["slo"]
    assert [term["term"] for term in slo["terms"]] == ["e2e_p99<20s", "error_rate<1%", "goodput>1/s", "ttft_p99<20s"]
    assert slo["met"]
    assert set(done.document["metrics"]) == {"ttft_s", "e2e_s", "icl_s", "tpot_s", "stall_s", "service_s"}
    assert done.document["tokens"]["from_usage"] == 1.0


def test_an_interrupted_run_keeps_what_it_has(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["interrupted"].result(60)
    document = done.document
    assert_valid(document)
    assert document["interrupted"]
    assert document["requests"] == {"sent": 4, "completed": 2, "failed": 0, "censored": 2}
    assert document["window"]["ended"] - document["window"]["started"] < 60
    assert [record.finished for record in Tail(done.folder / "samples").read() if isinstance(record, End)] == [False]


def test_two_processes_make_one_record(runs: Mapping[str, Future[Done]]) -> None:
    done = runs["processes"].result(60)
    records = list(Tail(done.folder / "samples").read())
    assert sorted(record.worker for record in records if isinstance(record, Start)) == [0, 1]
    assert [record.finished for record in records if isinstance(record, End)] == [True, True]
    assert (done.document["valid"], done.document["reasons"]) == (True, [])
    assert done.document["requests"]["completed"] > 0
    assert [path.name for path in done.folder.iterdir()] == ["samples"]


def test_a_load_does_not_outlive_who_started_it(runs: Mapping[str, Future[Any]]) -> None:
    assert runs["orphaned"].result(60) == []


def test_the_key_is_in_no_file(runs: Mapping[str, Future[Any]], mock: MockHandle) -> None:
    for name in ("closed", "open", "interrupted", "processes"):
        for path in runs[name].result(60).folder.iterdir():
            assert mock.env["OZWELL_API_KEY"].encode() not in path.read_bytes()


def test_a_target_that_goes_away_ends_in_counted_errors(tmp_path: Path) -> None:
    stopped = threading.Event()
    with running_mock() as target:
        plan = plan_of(target, arrivals=Closed(3), scenario="chat", duration_s=1.0, drain_s=1.0)
        watching = Watching(stopped.set)
        pool = ThreadPoolExecutor(1)
        running = pool.submit(run_load, plan, tmp_path, watching, keys=keys_in(target.env))
        assert stopped.wait(30)
    result = running.result(60)
    pool.shutdown()
    document = result.to_document()
    assert_valid(document)
    kinds = {entry["kind"] for entry in document["errors"]}
    assert "connect_refused" in kinds
    assert kinds <= {"connect_refused", "reset", "cut"}
    # Three users that pause after each refusal, for about a second: no spinning.
    assert document["requests"]["failed"] < 60
    counts = document["requests"]
    assert counts["sent"] == counts["completed"] + counts["failed"] + counts["censored"]


def test_an_answer_that_never_ends_is_censored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        connection.recv(1)

    with raw_server(hang) as url:
        plan = LoadPlan(url, "m", scenario="chat", arrivals=Closed(2), duration_s=0.8, warmup_s=0.0, drain_s=0.1)
        monkeypatch.chdir(tmp_path)
        document = run_load(plan, Path("relative")).to_document()
    assert_valid(document)
    assert len([r for r in Tail(tmp_path / "relative" / "samples").read() if isinstance(r, Sample)]) == 2
    assert document["requests"] == {"sent": 2, "completed": 0, "failed": 0, "censored": 2}
    assert document["error_rate"] is None


def test_what_cannot_be_run_is_refused_before_anything_is_started(mock: MockHandle, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no scenario 'nope'"):
        run_load(plan_of(mock, arrivals=Closed(1), scenario="nope"), tmp_path)
    with pytest.raises(PlanError, match="embedding model"):
        run_load(replace(plan_of(mock, arrivals=Closed(1), scenario="embeddings"), embedding_model=None), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_cannot_start_says_why(mock: MockHandle, tmp_path: Path) -> None:
    plan = plan_of(mock, arrivals=Closed(1), workload=Workload(prompt_file="nowhere.jsonl"))
    with pytest.raises(LoadError, match=r"nowhere\.jsonl cannot be read") as caught:
        run_load(plan, tmp_path, keys=keys_in(mock.env))
    assert mock.env["OZWELL_API_KEY"] not in str(caught.value)


def test_locust_by_hand_shows_first_tokens_and_gaps() -> None:
    headless = ["--headless", "-u", "2", "-r", "2", "--scenario", "chat_stream", "--json", "--only-summary"]
    with running_mock() as mock, by_hand(mock, *headless) as process:
        until(lambda: answered(mock, 5))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    rows = {(row["method"], row["name"]): row for row in json.loads(out)}
    assert set(rows) == {("POST", "chat_stream"), ("TTFT", "chat_stream"), ("ICL", "chat_stream")}
    requests = rows["POST", "chat_stream"]
    assert requests["num_failures"] == 0
    assert requests["num_requests"] == rows["TTFT", "chat_stream"]["num_requests"] > 0
    assert rows["ICL", "chat_stream"]["num_requests"] > requests["num_requests"]


def test_locust_by_hand_says_what_is_missing(mock: MockHandle) -> None:
    with by_hand(mock, "--headless", "-u", "1", "-t", "5s", OZWELL_API_KEY="ozw_wrong") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "set OZWELL_MODEL" in err
    assert "Traceback" not in err


def test_locusts_web_page_starts_and_runs_a_scenario(mock: MockHandle) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with by_hand(mock, "--web-host", "127.0.0.1", "--web-port", str(port)) as process:
        try:
            page = until(lambda: httpx.get(origin))
            assert page.status_code == 200
            assert "what the users do" in page.text
            asked = {"user_count": "1", "spawn_rate": "1", "host": mock.base_url, "scenario": "chat_stream"}
            assert httpx.post(f"{origin}/swarm", data=asked).json()["success"]
            rows = until(lambda: _rows(origin))
            assert {("POST", "chat_stream"), ("TTFT", "chat_stream"), ("ICL", "chat_stream")} <= rows
            stopped = httpx.post(f"{origin}/stop")
            if stopped.status_code == 405:  # as Locust had it before
                stopped = httpx.get(f"{origin}/stop")
            assert stopped.json()["success"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def _rows(origin: str) -> set[tuple[str, str]]:
    found = {(row["method"], row["name"]) for row in httpx.get(f"{origin}/stats/requests").json()["stats"]}
    assert any(method == "ICL" for method, _ in found)
    return found
