"""The driver and its record: what is kept, resumed, refused and told; parts are simulated but for two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from load_samples import S, answered, failed
from queues import Queue, Service, SimulatedTarget

from ozwell_harness.load.arrivals import Poisson
from ozwell_harness.load.capacity.driver import Searched, conduct, parameters_of
from ozwell_harness.load.capacity.goals import goals_of
from ozwell_harness.load.capacity.observing import Part, Watch, _gather, plan_for, run_part
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.record import Record, RecordError
from ozwell_harness.load.capacity.search import Status
from ozwell_harness.load.capacity.trials import Ask, Purpose, Step
from ozwell_harness.load.metrics import Window
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.progress import EnoughError, Progress, SilentLoad
from ozwell_harness.load.result import Broken
from ozwell_harness.load.slo import parse_slo
from ozwell_harness.mock import MockHandle, running_mock
from ozwell_harness.settings import keys_in

SLO = parse_slo("e2e_p90<200ms")
PLAN = SearchPlan(goals_of(SLO), budget_s=200.0)
LOAD = LoadPlan("http://127.0.0.1:9/v1", "m", scenario="chat", slo=SLO)
TARGET = SimulatedTarget(Queue(Service.EXPONENTIAL, 8, 0.05), (0.2,))


@dataclass
class Listening(SilentLoad):
    asked: list[Ask] = field(default_factory=list)
    learned: list[Step] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    def part_begins(self, ask: Ask) -> None:
        self.asked.append(ask)

    def part_ended(self, plan: SearchPlan, history: tuple[Step, ...]) -> None:
        self.learned.append(history[-1])

    def resumed(self, parts: int, seconds: float) -> None:
        self.found.append(parts)


@dataclass
class Runs:
    """Runs parts on a simulated queue; Ctrl-C comes instead of the part with this number."""

    interrupted_at: int | None = None
    count: int = 0
    folders: list[str] = field(default_factory=list)

    def __call__(self, ask: Ask, dispersion: float, folder: Path) -> Part:
        self.count += 1
        self.folders.append(folder.name)
        broken = (Broken("chat.b", 2, "wrong", None),) if self.count < 3 else ()
        return Part(TARGET.observe(ask, dispersion), broken, interrupted=self.count == self.interrupted_at)


def searched(folder: Path, runs: Runs, plan: SearchPlan = PLAN, load: LoadPlan = LOAD) -> tuple[Searched, Listening]:
    listening = Listening()
    return conduct(plan, Record(folder), parameters_of(plan, load), runs, listening), listening


def test_a_search_runs_parts_into_folders_of_their_own_and_tells_each(tmp_path: Path) -> None:
    runs = Runs()
    done, listening = searched(tmp_path, runs)
    assert done.finished is not None
    assert done.finished.status is Status.FOUND
    assert [step.ask for step in done.history] == listening.asked
    assert list(done.history) == listening.learned
    assert len(set(runs.folders)) == runs.count
    assert done.broken == (Broken("chat.b", 4, "wrong", None),)


def test_an_interrupted_search_keeps_what_it_has_and_goes_on_the_same_way(tmp_path: Path) -> None:
    whole, _ = searched(tmp_path / "whole", Runs())
    cut, _ = searched(tmp_path / "cut", Runs(interrupted_at=5))
    assert (cut.finished, len(cut.history)) == (None, 4)
    runs = Runs()
    resumed, listening = searched(tmp_path / "cut", runs)
    assert listening.found == [4]
    assert runs.count == len(whole.history) - 4
    assert (resumed.finished, resumed.broken) == (whole.finished, (Broken("chat.b", 8, "wrong", None),))
    assert [(step.ask, step.seen) for step in resumed.history] == [(step.ask, step.seen) for step in whole.history]


def test_a_finished_search_runs_nothing_when_it_is_asked_for_again(tmp_path: Path) -> None:
    first, _ = searched(tmp_path, Runs())
    runs = Runs()
    again, _ = searched(tmp_path, runs)
    assert runs.count == 0
    assert again.finished == first.finished


def test_what_a_kill_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    searched(tmp_path, Runs(interrupted_at=4))
    path = Record(tmp_path).path
    path.write_bytes(path.read_bytes() + b'{"ask": {"num')
    resumed, listening = searched(tmp_path, Runs(interrupted_at=1))
    assert (listening.found, len(resumed.history)) == ([3], 3)
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    ("plan", "load", "told"),
    [
        (replace(PLAN, budget_s=300.0), LOAD, "another budget: expected 200 s, got 300 s"),
        (PLAN, replace(LOAD, scenario="models"), "another scenario: expected chat, got models"),
        (PLAN, replace(LOAD, slo=parse_slo("e2e_p90<100ms")), "another SLO: expected e2e_p90<200ms, got e2e_p90<100ms"),
    ],
)
def test_another_question_is_not_answered_by_an_old_record(
    tmp_path: Path, plan: SearchPlan, load: LoadPlan, told: str
) -> None:
    searched(tmp_path, Runs(interrupted_at=3))
    with pytest.raises(RecordError, match=told):
        searched(tmp_path, Runs(), plan, load)


@pytest.mark.parametrize("content", [b"not json\n", b'{"format": "urn:other:1", "parameters": {}}\n'])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    Record(tmp_path).path.write_bytes(content)
    with pytest.raises(RecordError, match="hoose another --out"):
        searched(tmp_path, Runs())


def test_a_record_that_took_another_way_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, Runs(interrupted_at=4))
    path = Record(tmp_path).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    with pytest.raises(RecordError, match="part 1 differs"):
        searched(tmp_path, Runs())


def ask_of(rate: float | None = 50.0, seconds: float = 2.0) -> Ask:
    return Ask(3, 1, Purpose.BRACKET, None if rate else 4, rate, seconds, 1.0, 7)


def test_the_load_follows_the_ask() -> None:
    plan = replace(LOAD, arrivals=Poisson(1.0), processes=8)
    open_loop, closed = plan_for(plan, ask_of()), plan_for(plan, ask_of(None))
    assert (open_loop.rate, open_loop.duration_s, open_loop.warmup_s, open_loop.seed) == (50.0, 2.0, 1.0, 7)
    assert (open_loop.processes, open_loop.drain_s) == (8, 2.0)
    assert (closed.users, closed.processes) == (4, 4)
    slow = replace(plan, slo=parse_slo("e2e_p90<5s, ttft_p90<1s"))
    assert plan_for(slow, ask_of()).drain_s == 10.0


def test_units_are_judged_in_the_order_they_were_due() -> None:
    """They are recorded as they end: slow ones after those that came later."""
    samples = [answered(2.0, 100), failed(1.0), answered(3.0, 300), answered(1.5, 250), answered(9.0, 100)]
    found = _gather(samples, Window(0, 5 * S), PLAN.goals, SLO)
    (values,) = found.severities
    assert list(values) == [float("inf"), *map(pytest.approx, (1.25, 0.5, 1.5))]
    assert (found.requests, found.failed, found.completed) == (4, 1, 3)
    assert found.dispersion == pytest.approx(((100**2 + 300**2 + 250**2) / 3 / (650 / 3) ** 2) - 1)


def test_a_target_that_falls_behind_is_stopped_once_something_was_measured() -> None:
    watch = Watch(SilentLoad(), ask_of(200.0, 60.0), 1.0)

    def progress(second: int) -> Progress:
        return Progress(float(second), 61.0, 200 * second, 50 * second, 0, 150 * second)

    def overloaded() -> None:
        for second in range(60):
            watch.load_progress(progress(second))

    with pytest.raises(EnoughError):
        overloaded()
    assert "arrivals outran completions" in watch.overload
    calm = Watch(SilentLoad(), ask_of(200.0, 60.0), 1.0)
    for second in range(60):
        calm.load_progress(Progress(float(second), 61.0, 200 * second + 9, 200 * second, 0, 9))
    assert calm.overload == ""


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def test_a_part_on_sockets_is_observed_and_its_samples_stay_on_disk(mock: MockHandle, tmp_path: Path) -> None:
    slo = parse_slo("e2e_p90<20s, error_rate<5%")
    plan = LoadPlan(mock.base_url, mock.env["OZWELL_MODEL"], scenario="chat", slo=slo)
    part = run_part(plan, ask_of(40.0, 1.0), goals_of(slo), 0.0, tmp_path, SilentLoad(), keys_in(mock.env))
    seen = part.seen
    assert (seen.invalid, seen.overload, seen.unreachable, part.broken, part.interrupted) == ((), "", "", (), False)
    assert seen.seconds == pytest.approx(1.0)
    assert seen.requests > 10
    assert [evidence.units for evidence in seen.evidence] == [seen.requests] * 2
    assert [evidence.misses for evidence in seen.evidence] == [0, 0]
    assert seen.sent > seen.requests  # the warm-up is paid for, too
    assert seen.completion_tokens > 0
    assert (tmp_path / "samples").stat().st_size > 0


def test_a_target_that_is_gone_is_said_to_be_so(mock: MockHandle, tmp_path: Path) -> None:
    plan = replace(LOAD, base_url="http://127.0.0.1:9/v1")
    part = run_part(plan, ask_of(None, 0.5), PLAN.goals, 0.0, tmp_path, SilentLoad(), {})
    assert "connect_refused" in part.seen.unreachable
