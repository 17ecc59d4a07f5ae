"""What a load run amounts to, and what it is told to cost beforehand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from load_samples import answered, failed
from test_load_result import computed

from ozwell_harness.load.arrivals import Closed, Constant, Trace
from ozwell_harness.load.distribution import Fixed
from ozwell_harness.load.forecast import forecast
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.result import LoadResult
from ozwell_harness.load.slo import parse_slo
from ozwell_harness.load.verdict import LoadVerdict, decide
from ozwell_harness.load.workload import Workload
from ozwell_harness.model import Verdict
from ozwell_harness.verdict import exit_status

PLAN = LoadPlan("http://127.0.0.1:9/v1", "m", arrivals=Closed(2), duration_s=2.0, warmup_s=1.0)
MET, BROKEN = parse_slo("error_rate<50%"), parse_slo("goodput>1000/s")


def result(slo: Any = None, **more: Any) -> LoadResult:
    return replace(computed(answered(2.0), plan=replace(PLAN, slo=slo)), **more)


@pytest.mark.parametrize(
    ("found", "unexpected", "verdict", "status"),
    [
        (result(), (), LoadVerdict.MEASURED, 0),
        (result(MET), (), LoadVerdict.WITHIN_SLO, 0),
        (result(BROKEN), (), LoadVerdict.SLO_BROKEN, 1),
        (result(MET), {"chat.x"}, LoadVerdict.NONCONFORMANT, 1),
        (result(MET, reasons=("slow client",)), (), LoadVerdict.INVALID, 3),
        (result(BROKEN, reasons=("slow client",)), (), LoadVerdict.INVALID, 3),
        # A wrong answer is wrong however slow the client is.
        (result(MET, reasons=("slow client",)), {"chat.x"}, LoadVerdict.NONCONFORMANT, 1),
        (result(MET, interrupted=True), {"chat.x"}, LoadVerdict.INTERRUPTED, 130),
        (computed(failed(2.0)), (), LoadVerdict.UNANSWERED, 3),
        (computed(failed(2.0), plan=replace(PLAN, slo=MET)), (), LoadVerdict.SLO_BROKEN, 1),
    ],
)
def test_a_run_amounts_to_one_thing(
    found: LoadResult, unexpected: Collection[str], verdict: LoadVerdict, status: int
) -> None:
    assert decide(found, unexpected) is verdict
    assert exit_status(verdict.verdict, interrupted=found.interrupted) == status


def test_every_verdict_has_a_place_among_those_of_runs() -> None:
    assert {verdict.verdict for verdict in LoadVerdict} == set(Verdict)


def test_the_cost_of_an_open_loop_is_its_arrivals_times_what_each_does() -> None:
    plan = replace(PLAN, arrivals=Constant(10.0), workload=Workload(turns=4, answer_tokens=Fixed(30.0)))
    for scenario, requests, tokens in (("chat", 30, 900), ("multi_turn", 120, 3600), ("responses", 120, 3600)):
        cost = forecast(replace(plan, scenario=scenario))
        assert (cost.arrivals, cost.requests, cost.completion_tokens, cost.unbounded) == (30, requests, tokens, 0)
    files = forecast(replace(plan, scenario="files"))
    assert (files.requests, files.prompt_tokens, files.completion_tokens) == (120, 0, 0)
    half = forecast(replace(plan, mix=(("files", 1.0), ("chat", 1.0))))
    assert half.requests == pytest.approx(75, abs=8)


def test_made_up_prompts_cost_about_their_length() -> None:
    plan = replace(PLAN, scenario="chat", arrivals=Constant(10.0), workload=Workload(prompt_tokens=Fixed(1000.0)))
    assert forecast(plan).prompt_tokens == pytest.approx(30_000, rel=0.15)
    assert forecast(plan).unbounded == 30
    prefixed = replace(plan, workload=Workload(prompt_tokens=Fixed(1000.0), prefix_tokens=1000))
    assert forecast(prefixed).prompt_tokens == pytest.approx(60_000, rel=0.15)


def test_the_cost_of_a_trace_follows_its_lengths(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(
        "at_s,prompt_tokens,answer_tokens\n" + "".join(f"{n / 1000},100,{n % 2 + 1}\n" for n in range(2000))
    )
    cost = forecast(replace(PLAN, scenario="chat", arrivals=Trace(str(path))))
    assert (cost.arrivals, cost.requests) == (2000, 2000)
    assert cost.completion_tokens == pytest.approx(3000, rel=0.4)


def test_the_cost_of_a_scenario_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PlanError, match="no scenario"):
        forecast(replace(PLAN, scenario="nope"))
