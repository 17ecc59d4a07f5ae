from __future__ import annotations

import json
import math
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from load_samples import MS, S, answered, failed, streamed

from ozwell_harness.content import content_path
from ozwell_harness.load.arrivals import Closed, Poisson
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.columns import Ordered
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.result import LoadResult, result_of
from ozwell_harness.load.samples import End, Nonconformity, Record, Start, Tick
from ozwell_harness.load.series import Series
from ozwell_harness.load.slo import parse_slo
from ozwell_harness.load.summaries import summarise

PLAN = LoadPlan(base_url="http://127.0.0.1:9/v1", model="m", arrivals=Closed(2), duration_s=2.0, warmup_s=1.0)
OPEN = LoadPlan("http://127.0.0.1:9/v1", "m", arrivals=Poisson(5.0), duration_s=2.0, warmup_s=1.0)
BOUNDS: list[Record] = [Start(0, 1000.0, 0, "kernel"), End(4 * S, True)]


def computed(*records: Record, plan: LoadPlan = PLAN, interrupted: bool = False, bounds: bool = True) -> LoadResult:
    collection = Collection.of([*(BOUNDS if bounds else ()), *records])
    return result_of(plan, collection, interrupted=interrupted)


def block(result: LoadResult) -> dict[str, Any]:
    """The document, which must be valid by the schema of results."""
    document = result.to_document()
    schema = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
    validator = Draft202012Validator({"$ref": "#/$defs/load", "$defs": schema["$defs"]})
    assert [error.message for error in validator.iter_errors(document)] == []
    json.dumps(document, allow_nan=False)
    return document


def test_figures_are_of_the_window_only() -> None:
    document = block(
        computed(
            answered(0.5, 900),  # warm-up
            answered(1.0, 10),
            answered(1.5, 30),
            streamed(2.0, 5, 9, prompt_tokens=7, completion_tokens=2),
            failed(2.9),
            answered(2.5, censored=True),
            answered(3.0, 900),  # after the window
        )
    )
    assert document["requests"] == {"sent": 5, "completed": 3, "failed": 1, "censored": 1}
    assert document["throughput_rps"] == 1.5
    assert document["error_rate"] == 0.25
    assert document["errors"] == [{"kind": "reset", "count": 1, "example": ""}]
    assert document["window"] == {"started": 1001.0, "ended": 1003.0}
    e2e = document["metrics"]["e2e_s"]
    assert (e2e["count"], e2e["p50"], e2e["p90"], e2e["max"]) == (3, 0.01, None, 0.03)
    assert document["metrics"]["ttft_s"]["p99"] == 0.005
    assert document["metrics"]["icl_s"]["count"] == 1
    assert document["tokens"]["completion_per_s"] == 1.0
    assert document["tokens"]["per_chunk"] == 1.0
    assert (document["valid"], document["reasons"], document["slo"]) == (True, [], None)


def test_metrics_are_absent_where_undefined() -> None:
    assert list(block(computed(answered(1.5)))["metrics"]) == ["e2e_s", "service_s"]
    assert block(computed(failed(1.5)))["metrics"] == {}


def test_scenarios_are_told_apart() -> None:
    document = block(computed(answered(1.5), streamed(1.5, 5), streamed(1.6, 5)))
    assert [(s["name"], s["requests"]["completed"]) for s in document["scenarios"]] == [("chat", 1), ("chat_stream", 2)]


def test_slo_is_judged_over_the_window() -> None:
    slo = parse_slo("e2e_p99<20ms, ttft_p99<1s, error_rate<1%, goodput>0.4/s, throughput>=1/s, attainment>90%")
    plan = LoadPlan(PLAN.base_url, "m", arrivals=Closed(2), duration_s=2.0, warmup_s=1.0, slo=slo)
    result = computed(answered(1.0, 10), answered(1.5, 30), plan=plan)
    terms = {t["term"]: (t["value"], t["met"]) for t in block(result)["slo"]["terms"]}
    assert terms == {
        "e2e_p99<20ms": (0.03, False),
        "ttft_p99<1s": (None, False),  # never measured is never met
        "error_rate<1%": (0.0, True),
        "goodput>0.4/s": (0.5, True),
        "throughput>=1/s": (1.0, True),
        "attainment>90%": (0.5, False),
    }
    assert result.slo is not None
    assert (result.slo.met, result.slo.attainment, result.slo.goodput) == (False, 0.5, 0.5)


def test_failures_break_a_percentile_that_reaches_them() -> None:
    plan = LoadPlan(PLAN.base_url, "m", arrivals=Closed(2), duration_s=2.0, slo=parse_slo("e2e_p99<1min, e2e_p50<1s"))
    result = computed(answered(1.0), answered(1.1), answered(1.2), failed(1.3), plan=plan)
    assert result.slo is not None
    assert [(term.value, term.met) for term in result.slo.terms] == [(math.inf, False), (0.01, True)]
    assert block(result)["slo"]["terms"][0]["value"] is None


def test_open_loop_counts_from_the_due_time() -> None:
    late = streamed(1.5, 10, sent=1500 * MS + 40 * MS, last=10 * MS)
    document = block(computed(late, failed(1.6, "unsent", sent=None, closed=None), plan=OPEN))
    assert (document["rate"], document["arrivals"], "users" in document) == (5.0, "poisson", False)
    assert document["metrics"]["ttft_s"]["p50"] == 0.05
    assert document["metrics"]["service_s"]["p50"] == 0.01
    assert document["requests"] == {"sent": 1, "completed": 1, "failed": 1, "censored": 0}
    assert document["validity"]["unsent"] == 1
    assert document["validity"]["send_lateness_p99_s"] == 0.04


def test_connecting_is_not_the_clients_lateness() -> None:
    sample = answered(1.5, sent=1500 * MS + 40 * MS, connect=39 * MS)
    assert block(computed(sample))["validity"]["send_lateness_p99_s"] == 0.001


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([answered(1.5), Tick(2 * S, 0.97, 1)], "97% of its core"),
        ([answered(1.5, sent=1500 * MS + 3 * MS)], "later than due by 3 ms"),
        ([answered(1.5, lags=(10, 4000))], "later than they came by 4 ms"),
        ([answered(0.1)], "No request was due"),
    ],
)
def test_a_client_limited_result_is_invalid(records: list[Record], told: str) -> None:
    plan = LoadPlan(PLAN.base_url, "m", arrivals=Closed(2), duration_s=2.0, slo=parse_slo("e2e_p99<50ms"))
    document = block(computed(*records, plan=plan))
    assert not document["valid"]
    assert any(told in reason for reason in document["reasons"])


def test_a_quick_client_is_valid() -> None:
    plan = LoadPlan(PLAN.base_url, "m", arrivals=Closed(2), duration_s=2.0, slo=parse_slo("e2e_p99<50ms"))
    records = [answered(1.5, sent=1500 * MS + 2 * MS, lags=(2000,)), Tick(2 * S, 0.9, 1), Tick(MS, 1.0, 1)]
    assert block(computed(*records, plan=plan))["valid"]


def test_nonconformities_are_counted_over_the_whole_run() -> None:
    document = block(
        computed(
            answered(0.1, broken=("chat.b", "chat.a")),
            answered(1.1, broken=("chat.b",)),
            Nonconformity("chat.b", "It is wrong", "GET /x\n200"),
            Nonconformity("chat.b", "Later", ""),
        )
    )
    assert document["nonconformities"] == [
        {"requirement": "chat.a", "count": 1, "message": "", "example": None},
        {"requirement": "chat.b", "count": 2, "message": "It is wrong", "example": "GET /x\n200"},
    ]


def test_an_interrupted_run_ends_its_window_there() -> None:
    records = [Start(0, 1000.0), End(2 * S, False), answered(1.5), answered(1.9, censored=True)]
    document = block(computed(*records, interrupted=True, bounds=False))
    assert document["interrupted"]
    assert document["window"] == {"started": 1001.0, "ended": 1002.0}
    assert document["throughput_rps"] == 1.0
    assert document["requests"]["censored"] == 1
    assert document["valid"]


def test_a_worker_that_vanished_is_said() -> None:
    document = block(computed(Start(0, 1000.0), answered(1.2), answered(1.4, 100), bounds=False))
    assert document["window"]["ended"] == pytest.approx(1001.5)
    assert "ended before their time" in document["reasons"][0]


def test_an_interruption_before_the_start_has_no_window() -> None:
    document = block(computed(interrupted=True, bounds=False))
    assert document["window"] == {"started": None, "ended": None}
    assert document["throughput_rps"] is None
    assert document["per_second"] == []


def test_seconds_have_no_gap_and_account_for_every_request() -> None:
    series = Series(0, from_due=False)
    for sample in (answered(0.2, 10), streamed(0.4, 700), failed(3.1), answered(3.2, censored=True)):
        series.add(sample, attained=True)
    seconds = series.seconds(judged=False)
    assert [(s.t, s.sent, s.completed, s.failed) for s in seconds] == [
        (0, 2, 1, 0),
        (1, 0, 1, 0),
        (2, 0, 0, 0),
        (3, 2, 0, 1),
    ]
    assert (seconds[1].ttft_p50_s, seconds[0].e2e_p50_s, seconds[2].e2e_p50_s) == (0.7, 0.01, None)


def test_summary_of_finite_and_infinite_values() -> None:
    summary = summarise(Ordered.of([1.0, math.inf, 3.0, 2.0]))
    assert summary is not None
    assert (summary.count, summary.mean, summary.p50, summary.p99, summary.maximum) == (3, 2.0, 2.0, math.inf, 3.0)
    assert summarise(Ordered.of([math.inf])) is None
    assert summarise(Ordered()) is None
