from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from load_samples import MS, S, answered, failed, streamed

from ozwell_harness.load import metrics
from ozwell_harness.load.metrics import Window, latencies, percentile
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric, parse_slo


def test_a_streams_latencies_by_definition() -> None:
    sample = streamed(2.0, 30, 40, 70, 75, sent=2 * S + 5 * MS, completion_tokens=10, closed=90 * MS)
    assert metrics.ttft_ns(sample) == 30 * MS
    assert metrics.response_ttft_ns(sample) == 35 * MS
    assert metrics.e2e_ns(sample) == 80 * MS  # r_last, not the close of the stream
    assert metrics.service_ns(sample) == 75 * MS
    assert metrics.tpot_ns(sample) == 45 * MS / 9
    assert metrics.icl_ns(sample) == (10 * MS, 30 * MS, 5 * MS)
    assert metrics.max_stall_ns(sample) == 30 * MS


def test_tokens_are_events_where_usage_is_silent() -> None:
    assert metrics.tpot_ns(streamed(0, 10, 20, 40)) == 15 * MS


def test_tpot_counts_from_the_tokens_of_the_first_event() -> None:
    assert metrics.tpot_ns(streamed(0, 10, 40, completion_tokens=13, first_tokens=3)) == 3 * MS


@pytest.mark.parametrize("sample", [streamed(0, 10), streamed(0, 10, 20, completion_tokens=1), answered(), failed()])
def test_tpot_is_undefined_and_not_zero(sample: Sample) -> None:
    assert metrics.tpot_ns(sample) is None


def test_a_plain_answer_has_no_first_token() -> None:
    sample = answered(1.0, 12)
    assert metrics.ttft_ns(sample) is None
    assert metrics.e2e_ns(sample) == 12 * MS
    assert latencies([sample], Metric.TTFT) == []


def test_failures_are_infinite_where_the_metric_applies() -> None:
    samples = [streamed(0, 10, 20), failed(), failed(streamed=True, tokens=(MS,)), answered(censored=True)]
    assert latencies(samples, Metric.E2E) == [0.02, math.inf, math.inf]
    assert latencies(samples, Metric.TTFT) == [0.01, math.inf]
    assert latencies(samples, Metric.ICL) == [0.01]


def test_open_loop_takes_the_first_token_from_the_due_time() -> None:
    late = streamed(0, 10, sent=40 * MS)
    assert latencies([late], Metric.TTFT, from_due=False) == [0.01]
    assert latencies([late], Metric.TTFT, from_due=True) == [0.05]


def test_window_goes_by_due_time() -> None:
    samples = [answered(0.9, 5000), answered(1.0), answered(1.999, 5000), answered(2.0)]
    assert Window(S, 2 * S).due_in(samples) == samples[1:3]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.integers(1, 999))
def test_percentile_is_the_nearest_rank(values: list[int], tenths: int) -> None:
    ordered = sorted(values)
    found = percentile(ordered, tenths / 10)
    wanted = math.ceil(Fraction(tenths, 1000) * len(ordered))
    assert found == ordered[wanted - 1]


def test_percentile_of_round_numbers() -> None:
    assert percentile(range(1, 1001), 99.9) == 999
    assert percentile([1.0, math.inf], 50) == 1.0
    assert percentile([1.0, math.inf], 51) == math.inf
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 50)


def test_attainment_counts_failures_and_unsent_but_not_censored() -> None:
    slo = parse_slo("e2e_p99<20ms")
    samples = [answered(0, 10), answered(0, 30), failed(), failed(error="unsent", sent=None), answered(censored=True)]
    assert metrics.attainment(samples, slo, from_due=True) == 0.25
    assert metrics.error_rate(samples) == 0.5
    assert metrics.attainment([answered(censored=True)], slo, from_due=True) is None


def test_attainment_needs_every_latency_bound() -> None:
    slo = parse_slo("ttft_p99<20ms, icl_p50<5ms, error_rate<1%")
    smooth, slow, jerky = streamed(0, 10, 12, 40, 42, 44), streamed(0, 25, 26), streamed(0, 10, 20, 30)
    kept = [metrics.meets(s, slo.latency_terms, from_due=False) for s in (smooth, slow, jerky, answered(0, 9000))]
    assert kept == [True, False, False, True]
