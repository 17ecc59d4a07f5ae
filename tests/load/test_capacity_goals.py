"""How an SLO becomes shares of requests."""

from __future__ import annotations

import pytest
from load_samples import MS, answered, failed, streamed

from ozwell_harness.load.capacity.goals import floor_of, goals_of, severities
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import SloError, parse_slo


def missed(expression: str, *samples: Sample) -> list[list[bool]]:
    """For each sample the units that it contributes to the first goal: whether each is a miss."""
    slo = parse_slo(expression)
    return [[value > 1 for value in severities(sample, goals_of(slo)[0], slo)] for sample in samples]


@pytest.mark.parametrize(
    ("expression", "target"),
    [
        ("ttft_p99<500ms", 0.99),
        ("icl_p99.9<50ms", 0.999),
        ("error_rate<0.1%", 0.999),
        ("attainment>=95%", 0.95),
        ("goodput>20/s", 0.5),
        ("throughput>40/s", 1.0),
    ],
)
def test_every_term_asks_for_a_share(expression: str, target: float) -> None:
    (goal,) = goals_of(parse_slo(expression))
    assert goal.target(40.0) == pytest.approx(target)


def test_goodput_sets_the_lowest_rate() -> None:
    assert floor_of(goals_of(parse_slo("goodput>20/s, throughput>5/s, e2e_p99<1s"))) == 20.0
    assert floor_of(goals_of(parse_slo("e2e_p99<1s"))) == 0.0


@pytest.mark.parametrize("term", ["e2e_mean<1s", "ttft_max<1s", "error_rate<0%", "attainment>100%"])
def test_what_bounds_no_share_is_refused(term: str) -> None:
    with pytest.raises(SloError, match="cannot be found by a search"):
        goals_of(parse_slo(term))


def test_a_value_that_equals_its_bound_has_missed_it_where_it_must_stay_below() -> None:
    assert missed("e2e_p90<10ms", answered(0, 10), answered(0, 9.9)) == [[True], [False]]
    assert missed("e2e_p90<=10ms", answered(0, 10), answered(0, 10.1)) == [[False], [True]]


def test_latency_counts_from_when_a_request_was_due() -> None:
    late = streamed(1.0, 10, sent=1040 * MS)
    assert missed("ttft_p90<30ms", late) == [[True]]


def test_failures_miss_and_what_has_no_metric_is_no_unit() -> None:
    plain = answered(0, 5)
    assert missed("ttft_p90<1s", plain, failed(), failed(streamed=True)) == [[], [], [True]]
    assert missed("e2e_p90<1s", plain, failed()) == [[False], [True]]
    assert missed("error_rate<1%", plain, failed()) == [[False], [True]]


def test_every_gap_of_a_stream_is_a_unit() -> None:
    assert missed("icl_p90<5ms", streamed(0, 10, 12, 30)) == [[False, True]]


def test_an_arrival_that_was_never_sent_misses_everything() -> None:
    unsent = failed(0, "unsent", sent=None, closed=None)
    for expression in ("ttft_p90<1s", "icl_p90<1s", "e2e_p90<1s", "error_rate<1%", "goodput>1/s"):
        assert missed(expression, unsent) == [[True]]


def test_what_was_cut_off_misses_what_it_had_outlasted() -> None:
    def cut(ms: float, **more: object) -> Sample:
        return answered(0, ms, last=None, censored=True, closed=round(ms * MS), **more)

    assert missed("e2e_p90<50ms", cut(60), cut(40)) == [[True], []]
    assert missed("attainment>90%, e2e_p90<50ms", cut(60), cut(40)) == [[True], []]
    assert missed("error_rate<1%", cut(60)) == [[]]
    # Its first token had come: when, is not judged here, only that waiting for it was over.
    assert missed("ttft_p90<50ms", cut(60, streamed=True, tokens=(MS,)), cut(60, streamed=True)) == [[], [True]]


def test_attainment_takes_all_latency_bounds_together() -> None:
    expression = "attainment>90%, ttft_p99<20ms, e2e_p99<100ms"
    assert missed(expression, streamed(0, 10, 50), streamed(0, 30, 50), streamed(0, 10, 150), failed()) == [
        [False],
        [True],
        [True],
        [True],
    ]
