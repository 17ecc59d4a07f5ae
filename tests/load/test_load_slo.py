from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.slo import (
    LATENCIES,
    Comparison,
    Metric,
    SloError,
    Statistic,
    StatisticKind,
    Term,
    parse_slo,
)


def test_reads_every_kind_of_term() -> None:
    slo = parse_slo("ttft_p99<500ms, itl_p99.9 <= 50 ms , e2e_max<2min, error_rate<0.1%, goodput>20/s,attainment>=0.99")
    p99, p999 = Statistic(StatisticKind.PERCENTILE, 99.0), Statistic(StatisticKind.PERCENTILE, 99.9)
    assert [(t.metric, t.statistic, t.comparison, t.bound) for t in slo.terms] == [
        (Metric.TTFT, p99, Comparison.BELOW, 0.5),
        (Metric.ICL, p999, Comparison.AT_MOST, 0.05),
        (Metric.E2E, Statistic(StatisticKind.MAX), Comparison.BELOW, 120.0),
        (Metric.ERROR_RATE, None, Comparison.BELOW, pytest.approx(0.001)),
        (Metric.GOODPUT, None, Comparison.ABOVE, 20.0),
        (Metric.ATTAINMENT, None, Comparison.AT_LEAST, 0.99),
    ]
    assert slo.tightest_latency_s == 0.05
    assert slo.terms[1].text == "itl_p99.9 <= 50 ms"


def test_p999_means_99_9() -> None:
    assert parse_slo("ttft_p999<1s").terms[0].statistic == Statistic(StatisticKind.PERCENTILE, 99.9)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "is empty"),
        ("ttft_p99<1s,,e2e_p99<1s", "empty term"),
        ("ttft_p99=1s", "cannot be read"),
        ("ttft_p99<1s e2e_p99<2s", "cannot be read"),
        ("speed_p99<1s", "names no metric"),
        ("ttft<1s", "does not say of what"),
        ("ttft_p0<1s", "no such percentile"),
        ("ttft_p100<1s", "no such percentile"),
        ("ttft_p99<1", "needs a unit of time"),
        ("ttft_p99<1%", "needs a unit of time"),
        ("ttft_p99>1s", "wrong way round"),
        ("goodput<20/s", "wrong way round"),
        ("goodput>20ms", "needs a rate"),
        ("error_rate<5/s", "needs a share"),
        ("error_rate<150%", "more than the whole"),
        ("error_rate_p99<1%", "statistic too many"),
        ("itl_p99<1s, icl_p99<2s", "bounds the same thing twice"),
    ],
)
def test_refuses_what_is_no_slo(expression: str, told: str) -> None:
    with pytest.raises(SloError, match=told) as caught:
        parse_slo(expression)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        slo = parse_slo(text)
    except SloError:
        return
    assert slo.terms


percents = st.integers(1, 98).map(str) | st.sampled_from(["99", "99.9", "12.5", "0.5"])


@st.composite
def written_terms(draw: st.DrawFn) -> tuple[str, Metric, Comparison, float]:
    metric = draw(st.sampled_from(list(Metric)))
    number = draw(st.integers(0, 100))
    upper = metric in LATENCIES or metric is Metric.ERROR_RATE
    comparison = draw(st.sampled_from(["<", "<="] if upper else [">", ">="]))
    if metric in LATENCIES:
        name = f"{metric}_{draw(percents.map(lambda p: f'p{p}') | st.sampled_from(['mean', 'max']))}"
        unit, scale = draw(st.sampled_from([("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0)]))
    elif metric in {Metric.ERROR_RATE, Metric.ATTAINMENT}:
        name, unit, scale = metric.value, "%", 0.01
    else:
        name, (unit, scale) = metric.value, draw(st.sampled_from([("/s", 1.0), ("", 1.0)]))
    space = draw(st.sampled_from(["", " "]))
    return f"{name}{space}{comparison}{space}{number}{unit}", metric, Comparison(comparison), number * scale


@given(written_terms())
def test_reads_what_is_written(written: tuple[str, Metric, Comparison, float]) -> None:
    text, metric, comparison, bound = written
    (term,) = parse_slo(text).terms
    assert isinstance(term, Term)
    assert (term.metric, term.comparison, term.text) == (metric, comparison, text)
    assert term.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [("<", True, False, False), ("<=", True, True, False), (">", False, False, True), (">=", False, True, True)],
)
def test_comparisons(comparison: str, below: bool, equal: bool, above: bool) -> None:
    holds = Comparison(comparison).holds
    assert (holds(1, 2), holds(2, 2), holds(3, 2)) == (below, equal, above)
