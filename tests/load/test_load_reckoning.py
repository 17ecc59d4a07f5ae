"""What is computed from columns, a sample at a time, is what the definitions say of all samples together."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from load_samples import MS, S

from ozwell_harness.load import columns, metrics
from ozwell_harness.load.arrivals import Closed, Poisson
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.metrics import Window, latencies, percentile, statistic
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.reckoning import REPORTED
from ozwell_harness.load.result import LoadResult, result_of
from ozwell_harness.load.samples import End, Sample, Start
from ozwell_harness.load.slo import Metric, parse_slo

SLO = "ttft_p90<40ms, icl_max<30ms, e2e_mean<2s, tpot_p99<20ms, stall_p50<25ms, error_rate<5%, goodput>1/s"
CLOSED = LoadPlan("http://127.0.0.1:9/v1", "m", arrivals=Closed(2), duration_s=3.0, warmup_s=1.0, slo=parse_slo(SLO))
OPEN = replace(CLOSED, arrivals=Poisson(5.0))


def _sample(draw: st.DrawFn) -> Sample:
    due = draw(st.integers(0, 5 * S))
    sent = draw(st.none() | st.integers(0, 20 * MS).map(lambda late: due + late))
    gaps = draw(st.lists(st.integers(0, 60 * MS), max_size=5)) if sent is not None else []
    tokens = tuple(sum(gaps[: end + 1]) for end in range(len(gaps)))
    last = (tokens[-1] if tokens else 30 * MS) if sent is not None else None
    error = draw(st.sampled_from([None, None, None, "reset", "http_500"])) if sent is not None else "unsent"
    return Sample(
        scenario="mixed",
        step=draw(st.sampled_from(["chat", "chat_stream"])),
        due=due,
        sent=sent,
        connect=draw(st.integers(0, 2 * MS)),
        tokens=tokens,
        last=last,
        closed=None if last is None else last + MS,
        streamed=bool(tokens) or draw(st.booleans()),
        lags=tuple(draw(st.lists(st.integers(0, 9), max_size=3))),
        merged=draw(st.integers(0, len(tokens))),
        completion_tokens=draw(st.none() | st.integers(0, 9)),
        prompt_tokens=draw(st.none() | st.integers(0, 9)),
        error=error,
        censored=draw(st.integers(0, 9)) == 0,
        judged=draw(st.booleans()),
        broken=("chat.x",) if draw(st.integers(0, 9)) == 0 else (),
    )


SAMPLES = st.lists(st.composite(_sample)(), max_size=40)


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "RUN_LENGTH", 8)


def computed(plan: LoadPlan, samples: list[Sample]) -> LoadResult:
    return result_of(plan, Collection.of([Start(0, 0.0, 0, "kernel"), *samples, End(6 * S, True)]), interrupted=False)


@pytest.mark.usefixtures("short_runs")
@pytest.mark.parametrize("plan", [CLOSED, OPEN], ids=["closed", "open"])
@settings(deadline=None)
@given(samples=SAMPLES)
def test_figures_are_those_of_the_definitions(plan: LoadPlan, samples: list[Sample]) -> None:
    result = computed(plan, samples)
    window = Window(S, 4 * S)
    due = window.due_in(samples)
    for metric in REPORTED:
        plain = latencies(due, metric, from_due=plan.open_loop)
        finite = [value for value in plain if value < math.inf]
        found = result.total.metrics.get(metric)
        assert (found is None) == (not finite)
        if found is not None:
            assert (found.count, found.maximum) == (len(finite), finite[-1])
            assert found.mean == pytest.approx(math.fsum(finite) / len(finite))
            told = (found.p50, found.p90, found.p95, found.p99, found.p999)
            assert told == tuple(percentile(plain, p) for p in (50, 90, 95, 99, 99.9))
    assert result.error_rate == metrics.error_rate(due)
    assert dict(result.errors) == Counter(s.error for s in due if s.failed)
    counts = result.total.counts
    assert counts.completed + counts.failed + counts.censored == len(due)
    assert counts.sent == sum(s.attempted for s in due)
    assert sum(group.counts.sent for group in result.scenarios) == counts.sent
    assert result.judged == sum(s.judged for s in samples)
    assert sum(broken.count for broken in result.nonconformities) == sum(len(s.broken) for s in samples)
    assert result.tokens.completion == sum(metrics.answer_tokens(s) for s in due if s.completed)


@settings(deadline=None)
@given(samples=SAMPLES)
def test_an_slo_is_judged_by_the_definitions(samples: list[Sample]) -> None:
    result, slo = computed(OPEN, samples), OPEN.slo
    due = Window(S, 4 * S).due_in(samples)
    assert result.slo is not None
    assert slo is not None
    assert result.slo.attainment == metrics.attainment(due, slo, from_due=True)
    assert result.slo.goodput == pytest.approx(metrics.attained(due, slo, from_due=True) / 3)
    for term, told in zip(slo.terms, result.slo.terms, strict=True):
        if term.statistic is not None:
            plain = latencies(due, term.metric, from_due=True)
            wanted = statistic(plain, term.statistic) if plain else None
            assert told.value == (wanted if wanted is None else pytest.approx(wanted))
            assert told.met == (wanted is not None and term.comparison.holds(told.value or 0.0, term.bound))
        elif term.metric is Metric.ERROR_RATE:
            assert told.value == metrics.error_rate(due)


@settings(deadline=None)
@given(samples=SAMPLES)
def test_the_clients_figures_are_those_of_the_samples(samples: list[Sample]) -> None:
    found = computed(CLOSED, samples).validity
    due = Window(S, 4 * S).due_in(samples)
    lateness = sorted(max(0, s.sent - s.due - s.connect) / S for s in due if s.sent is not None)
    lags = sorted(lag / 1e6 for s in due for lag in s.lags)
    assert found.send_lateness_p99_s == (percentile(lateness, 99) if lateness else None)
    assert found.receive_lag_p99_s == (percentile(lags, 99) if lags else None)
    assert found.unsent == sum(s.error == "unsent" and not s.censored for s in due)


@settings(deadline=None)
@given(samples=SAMPLES)
def test_seconds_add_up_to_the_run(samples: list[Sample]) -> None:
    seconds = computed(OPEN, samples).seconds
    assert [second.t for second in seconds] == list(range(len(seconds)))
    assert sum(second.due for second in seconds) == len(samples)
    assert sum(second.sent for second in seconds) == sum(s.attempted for s in samples)
    assert sum(second.completed for second in seconds) == sum(s.completed for s in samples)
    assert sum(second.failed for second in seconds) == sum(s.failed for s in samples)
    assert all(second.failed == sum(second.errors.values()) for second in seconds)
    assert OPEN.slo is not None
    attained = sum(metrics.meets(s, OPEN.slo.latency_terms, from_due=True) for s in samples)
    assert sum(second.attained or 0 for second in seconds) == attained
    assert all(second.in_flight >= 0 for second in seconds)
    if seconds:
        assert seconds[-1].in_flight == 0
    for second in seconds:
        end = (second.t + 1) * S
        open_then = [s for s in samples if s.sent is not None and s.sent < end <= s.sent + (s.closed or 0)]
        assert second.in_flight == len(open_then)
