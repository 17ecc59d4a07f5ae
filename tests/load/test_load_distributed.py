"""More than one process: what they measured comes together, and one that dies is said, not hidden."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from load_running import answered, by_hand, free_port, until

from ozwell_harness.load import Closed, LoadPlan, LoadResult, Poisson, SilentLoad, run_load
from ozwell_harness.load.arrivals import Arrivals
from ozwell_harness.load.losses import due_arrivals, lost_arrivals
from ozwell_harness.load.progress import Progress
from ozwell_harness.load.samples import End, Record, Sample, Start, Tail
from ozwell_harness.mock import MockSettings, running_mock
from ozwell_harness.mock.delays import Fixed
from ozwell_harness.mock.settings import Latency
from ozwell_harness.settings import keys_in

TTFT_S = 0.03
LATENCY = Latency(Fixed(TTFT_S), Fixed(0.002))


@dataclass(frozen=True)
class Cut:
    """A run that lost a worker, and what is in its record."""

    result: LoadResult
    records: list[Record]


@dataclass(frozen=True)
class Hand:
    """What a test by hand left: its figures, and what it printed."""

    document: Mapping[str, Any]
    out: str
    err: str


class Killing(SilentLoad):
    """Kills one worker of a run, without warning, once so many answers have come."""

    def __init__(self, base_url: str, answers: int) -> None:
        self._base_url = base_url
        self._answers = answers
        self.killed: list[int] = []

    def load_progress(self, progress: Progress) -> None:
        if progress.completed >= self._answers and not self.killed:
            self.killed.append(workers_of(self._base_url)[0].pid)
            os.kill(self.killed[0], signal.SIGKILL)


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing for a process of another test that has just ended, or that is not reaped yet."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def workers_of(base_url: str) -> list[psutil.Process]:
    """The workers that a load on this target has forked; they look like the master that is their parent."""
    family = [child for child in psutil.Process().children(recursive=True) if base_url in command_of(child)]
    pids = {process.pid for process in family}
    return [process for process in family if process.ppid() in pids]


def of_two(folder: Path, arrivals: Arrivals, answers: int) -> Cut:
    """A run of two processes, one of which is killed once so many answers have come."""
    with running_mock(MockSettings(latency=LATENCY)) as mock:
        plan = LoadPlan(
            mock.base_url, mock.env["OZWELL_MODEL"], scenario="chat_stream", arrivals=arrivals, duration_s=5.0,
            warmup_s=0.2, seed=3, processes=2,
        )  # fmt: skip
        killing = Killing(mock.base_url, answers)
        result = run_load(plan, folder, killing, keys=keys_in(mock.env))
    assert killing.killed
    return Cut(result, list(Tail(folder / "samples").read()))


def forked(folder: Path) -> Hand:
    """Two processes by hand."""
    port, path = free_port(), folder / "figures.json"
    options = ["--headless", "-u", "4", "-r", "4", "--scenario", "chat_stream", "--json", "--ozwell-json", str(path)]
    options += ["--processes", "2", "--master-bind-port", port, "--master-port", port]
    with running_mock(MockSettings(latency=LATENCY)) as mock, by_hand(mock, *options) as process:
        until(lambda: answered(mock, 12))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return Hand(json.loads(path.read_text("utf-8")), out, err)


def mastered(folder: Path) -> Hand:
    """A master and two workers by hand, as they would be on three machines; one worker is killed."""
    port, path, log = free_port(), folder / "figures.json", folder / "log"
    master = ["--master", "--headless", "-u", "4", "-r", "4", "--expect-workers", "2", "--scenario", "chat_stream"]
    master += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--ozwell-json", str(path)]
    worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with (
        running_mock(MockSettings(latency=LATENCY)) as mock,
        log.open("w") as stderr,
        by_hand(mock, *master, stderr=stderr) as process,
        by_hand(mock, *worker) as first,
        by_hand(mock, *worker) as second,
    ):
        until(lambda: answered(mock, 12))
        first.kill()
        until(lambda: _assert_said(log, "is lost: what it had reported is kept"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        second.communicate(timeout=60)
    return Hand(json.loads(path.read_text("utf-8")), "", log.read_text("utf-8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Any]]]:
    """All at once: they mostly wait."""

    def folder() -> Path:
        return tmp_path_factory.mktemp("run")

    with ThreadPoolExecutor(4) as pool:
        yield {
            "open": pool.submit(of_two, folder(), Poisson(20.0), 10),
            "closed": pool.submit(of_two, folder(), Closed(2), 2),
            "forked": pool.submit(forked, folder()),
            "mastered": pool.submit(mastered, folder()),
        }


def test_the_arrivals_of_a_killed_worker_are_accounted_for(runs: Mapping[str, Future[Cut]]) -> None:
    cut = runs["open"].result(400)
    result, plan = cut.result, cut.result.plan
    starts = {record.worker: record.at for record in cut.records if isinstance(record, Start)}
    ends = [record for record in cut.records if isinstance(record, End)]
    assert [record.finished for record in ends] == [True]
    samples = [record for record in cut.records if isinstance(record, Sample)]
    wanted = {worker: [starts[worker] + offset for offset in due_arrivals(plan, worker).times] for worker in (0, 1)}
    assert sorted(sample.due for sample in samples) == sorted(wanted[0] + wanted[1])
    lost = dict(result.errors)["worker_lost"]
    assert result.reasons[0].startswith("1 of 2 load workers ended before their time: ")
    assert f" {lost} arrivals of the measured interval were lost with them" in result.reasons[0]
    assert not result.valid
    counts = result.total.counts
    assert counts.completed + counts.failed + counts.censored == result.due
    # The survivor did its part, to the last.
    survived = set(wanted[ends[0].worker])
    assert all(sample.completed for sample in samples if sample.due in survived)


def test_users_that_vanish_with_a_worker_are_said(runs: Mapping[str, Future[Cut]]) -> None:
    result = runs["closed"].result(400).result
    assert not result.valid
    assert "1 of 2 load workers ended before their time: their users were missing" in result.reasons[0]
    assert result.total.counts.completed > 0


def test_what_a_worker_recorded_is_not_lost() -> None:
    plan = LoadPlan("http://127.0.0.1:9/v1", "m", arrivals=Poisson(20.0), duration_s=2.0, processes=2)
    start = Start(1_000, 0.0, worker=1)
    due = [1_000 + offset for offset in due_arrivals(plan, 1).times]
    recorded = [Sample(scenario="s", step="s", due=at) for at in due[:5]]
    lost = list(lost_arrivals(plan, start, recorded))
    assert [sample.due for sample in lost] == due[5:]
    assert {(sample.error, sample.attempted, sample.failed) for sample in lost} == {("worker_lost", False, True)}
    assert list(lost_arrivals(LoadPlan("http://h/v1", "m", arrivals=Closed(2)), Start(0, 0.0), [])) == []


def figures(document: Mapping[str, Any]) -> dict[str, Any]:
    assert {entry["step"] for entry in document["figures"]} == {"chat_stream"}
    return {entry["metric"]: entry for entry in document["figures"]}


def assert_right(found: dict[str, Any]) -> None:
    assert found["ttft"]["count"] == found["e2e"]["count"] > 0
    assert found["icl"]["count"] > found["ttft"]["count"]
    # The mock waits so long, and a cell of a histogram is a thousandth wide.
    assert found["ttft"]["p50_s"] >= TTFT_S * 0.999
    assert found["e2e"]["p50_s"] > found["ttft"]["p50_s"]
    assert [found[metric]["failed"] for metric in ("ttft", "icl", "e2e")] == [0, 0, 0]


def test_processes_by_hand_show_one_table(runs: Mapping[str, Future[Hand]]) -> None:
    hand = runs["forked"].result(400)
    assert_right(figures(hand.document))
    assert hand.document["workers_lost"] == 0
    found = json.loads(hand.out[hand.out.index("[\n") :])  # before it, each worker printed []
    rows = {(row["method"], row["name"]): row for row in found}
    assert set(rows) == {("POST", "chat_stream"), ("TTFT", "chat_stream"), ("ICL", "chat_stream")}
    row = rows["TTFT", "chat_stream"]
    assert row["num_requests"] == sum(row["response_times"].values()) > 0
    # Locust's own rows would round to whole milliseconds, and beyond 100 ms to two digits.
    assert row["min_response_time"] >= TTFT_S * 1000
    assert any(float(key) % 1 for key in row["response_times"])
    assert re.search(r"^chat_stream +TTFT +[1-9]\d* +0( +\d+(\.\d+)?){5}$", hand.err, re.MULTILINE)


def test_a_master_says_which_worker_it_lost_and_keeps_what_it_reported(runs: Mapping[str, Future[Hand]]) -> None:
    hand = runs["mastered"].result(400)
    assert_right(figures(hand.document))
    assert hand.document["workers_lost"] == 1
    assert "chat_stream  TTFT" in hand.err


def _assert_said(log: Path, words: str) -> None:
    assert words in log.read_text("utf-8")
