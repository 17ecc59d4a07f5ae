"""Whether a change of speed is more than noise: on made-up samples whose truth is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
from comparing_runs import block, measured, run, side, streams
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.comparing.blocks import Blocks, Estimate, mean_estimate, widening
from ozwell_harness.comparing.comparison import Comparison, Outcome, compare
from ozwell_harness.comparing.measuring import Measured, Name, Source, from_seconds
from ozwell_harness.comparing.ratios import Judgement, Rule, points, ratio
from ozwell_harness.load.capacity.evidence import gather
from ozwell_harness.load.metrics import percentile

ESTIMATES = st.builds(
    Estimate,
    value=st.floats(1e-4, 1e2),
    calm=st.floats(1e-4, 1e2),
    error=st.floats(0, 0.5),
    degrees=st.integers(7, 40).map(float),
    client=st.floats(0, 1),
)
RULES = st.builds(Rule, effect=st.floats(0.01, 1), least_s=st.floats(0, 0.1), figures=st.integers(1, 50))
MIRROR = {Judgement.WORSE: Judgement.BETTER, Judgement.BETTER: Judgement.WORSE}


def constant(seconds: float) -> Callable[[random.Random, float], float]:
    return lambda rng, _at: seconds * rng.uniform(0.98, 1.02)


def lognormal(median: float, sigma: float = 0.3) -> Callable[[random.Random, float], float]:
    return lambda rng, _at: median * math.exp(rng.gauss(0, sigma))


def loads(before: Measured, after: Measured, rule: Rule | None = None, **more: object) -> Comparison:
    sides = (side(run(load=block()), measured=before), side(run(load=block(**more)), measured=after))
    return compare(*sides, (), rule)


@given(ESTIMATES, RULES)
def test_an_estimate_is_equal_to_itself(one: Estimate, rule: Rule) -> None:
    found = ratio(one, one, rule)
    assert found.judgement in {Judgement.SAME, Judgement.OPEN}
    assert found.change == 0
    assert found.low <= 0 <= found.high


@given(ESTIMATES, ESTIMATES, RULES)
def test_ratio_is_antisymmetric(one: Estimate, two: Estimate, rule: Rule) -> None:
    there, back = ratio(one, two, rule), ratio(two, one, rule)
    assert back.judgement is MIRROR.get(there.judgement, there.judgement)
    assert (1 + there.low) * (1 + back.high) == pytest.approx(1, rel=1e-4)
    assert (1 + there.high) * (1 + back.low) == pytest.approx(1, rel=1e-4)


@given(ESTIMATES, ESTIMATES, RULES)
def test_worse_is_beyond_every_bound(one: Estimate, two: Estimate, rule: Rule) -> None:
    found = ratio(one, two, rule)
    if found.judgement is Judgement.WORSE:
        assert found.low > rule.effect * 0.999999
        assert one.value * found.low > max(rule.least_s, one.client, two.client) * 0.999999


SHARES = st.lists(st.booleans(), min_size=1, max_size=300).map(
    lambda failed: gather([math.inf if one else 0.0 for one in failed])
)


@given(SHARES, SHARES)
def test_points_are_antisymmetric_and_equal_to_themselves(one: object, two: object) -> None:
    there, back = points(one, two, Rule()), points(two, one, Rule())
    assert back.judgement is MIRROR.get(there.judgement, there.judgement)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low - 1e-9 <= there.change <= there.high + 1e-9
    assert points(one, one, Rule()).judgement in {Judgement.SAME, Judgement.OPEN}


@given(st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=30), min_size=1, max_size=12), st.integers(1, 99))
def test_weighted_percentiles_are_those_of_the_values(values: list[list[int]], percent: int) -> None:
    blocks = Blocks.of([{float(v): block_.count(v) for v in block_} for block_ in values], [0] * len(values))
    weights = [place % 3 for place in range(len(values))]
    drawn = sorted(float(v) for block_, weight in zip(values, weights, strict=True) for v in block_ * weight)
    assert blocks.percentile(percent) == percentile(sorted(float(v) for block_ in values for v in block_), percent)
    if drawn:
        assert blocks.percentile(percent, weights) == percentile(drawn, percent)


def test_failures_lie_above_every_value() -> None:
    blocks = Blocks.of([{0.1: 8}] * 10, [2] * 10)
    assert blocks.percentile(80) == 0.1
    assert blocks.percentile(81) == math.inf
    assert blocks.estimate(50) is not None
    assert blocks.estimate(85) is None


def test_bootstrap_knows_the_error_of_a_mean_of_independent_blocks() -> None:
    rng = random.Random(1)
    errors = [mean_estimate([rng.gauss(100, 10) for _ in range(20)]).error for _ in range(200)]
    # The true error of the mean of 20 is 10 / sqrt(20) on 100; it errs to the side of caution.
    assert 0.9 < sum(errors) / len(errors) / (0.1 / math.sqrt(20)) < 1.5


def test_blocks_that_hang_together_widen_the_interval() -> None:
    rng = random.Random(2)
    apart = [rng.gauss(0, 1) for _ in range(20)]
    assert widening(list(accumulate(apart))) > 1.5 * widening(apart) > 1.0


def test_one_and_the_same_load_is_equal() -> None:
    same = measured(streams(lognormal(0.1)))
    found = loads(same, same)
    assert found.outcome is Outcome.NO_REGRESSION
    assert {figure.change.judgement for figure in found.figures} <= {
        Judgement.SAME,
        Judgement.OPEN,
        Judgement.NOT_COMPARED,
    }


@pytest.mark.parametrize("latency", [constant(0.1), lognormal(0.1, 0.05), lognormal(0.1, 0.5)])
def test_loads_of_one_distribution_are_equal_twenty_times(latency: Callable[[random.Random, float], float]) -> None:
    found = [measured(streams(latency, seed=seed)) for seed in range(21)]
    outcomes = [loads(one, two).outcome for one, two in pairwise(found)]
    assert outcomes == [Outcome.NO_REGRESSION] * 20


@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_ten_percent_slower_is_a_regression_and_ten_percent_faster_none(sigma: float) -> None:
    usual, slower = (measured(streams(lognormal(median, sigma), seed=3)) for median in (0.1, 0.11))
    found = loads(usual, slower)
    assert found.outcome is Outcome.REGRESSION
    assert "chat_stream TTFT p50" in {figure.words for figure in found.judged(Judgement.WORSE)}
    back = loads(slower, usual)
    assert back.outcome is Outcome.NO_REGRESSION
    assert back.judged(Judgement.BETTER)


def test_four_percent_is_below_what_matters() -> None:
    found = loads(measured(streams(constant(0.2))), measured(streams(constant(0.208))))
    assert found.outcome is Outcome.NO_REGRESSION
    finer = loads(measured(streams(constant(0.2))), measured(streams(constant(0.208))), Rule(0.02))
    assert finer.outcome is Outcome.REGRESSION


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
def test_spells_of_slowness_are_the_machines(share: float) -> None:
    """They may fill most of a run; but a target that became slower is so in its calm moments, too."""

    def spells(rng: random.Random, at: float) -> float:
        return rng.uniform(0.098, 0.102) + (0.1 if (at % 5) / 5 < share else 0.0)

    calm, disturbed = measured(streams(constant(0.1))), measured(streams(spells))
    assert loads(calm, disturbed).outcome is Outcome.NO_REGRESSION
    both = measured(streams(lambda rng, at: spells(rng, at) * 1.2))
    p90 = next(f.change for f in loads(disturbed, both).figures if f.words == "chat_stream TTFT p90")
    assert p90.judgement in {Judgement.WORSE, Judgement.OPEN}


def test_what_the_client_added_is_no_regression() -> None:
    """The client of the second run sent everything 20 ms late: TTFT from due is 20 ms higher, and the client's."""
    usual, late = list(streams(constant(0.1))), streams(constant(0.1))
    shifted = [replace_sample(sample, 20) for sample in late]
    found = loads(measured(usual), measured(shifted))
    ttft = next(f for f in found.figures if f.words == "chat_stream TTFT p50")
    assert ttft.change.change == pytest.approx(0.2, abs=0.02)
    assert ttft.change.judgement is not Judgement.WORSE
    assert found.outcome is Outcome.NO_REGRESSION


def replace_sample(sample: object, late_ms: int) -> object:
    import msgspec

    return msgspec.structs.replace(sample, sent=sample.due + late_ms * 1_000_000)


def test_latencies_of_a_fast_target_are_the_machines() -> None:
    found = loads(measured(streams(constant(0.001))), measured(streams(constant(0.003))))
    ttft = next(f for f in found.figures if f.words == "chat_stream TTFT p50")
    assert ttft.change.judgement is Judgement.NOT_COMPARED
    assert "too short" in ttft.why
    closer = loads(measured(streams(constant(0.001))), measured(streams(constant(0.003))), Rule(least_s=0.0001))
    assert closer.outcome is Outcome.REGRESSION


def test_too_few_requests_are_not_judged() -> None:
    few = measured(streams(constant(0.1), seconds=20, rate=1))
    found = loads(few, measured(streams(constant(0.3), seconds=20, rate=1)))
    assert {f.words for f in found.figures if f.change.judgement is Judgement.NOT_COMPARED} >= {
        "chat_stream TTFT p90",
        "chat_stream TTFT p99",
    }


def test_errors_are_compared_in_points() -> None:
    failing = list(streams(constant(0.1)))
    failing[::5] = [replace_error(sample) for sample in failing[::5]]
    found = loads(measured(streams(constant(0.1))), measured(failing))
    (errors,) = (f for f in found.judged(Judgement.WORSE) if f.metric == "error_rate")
    assert errors.change.after == pytest.approx(0.2)
    assert found.outcome is Outcome.REGRESSION
    few = list(streams(constant(0.1)))
    few[0] = replace_error(few[0])
    assert loads(measured(streams(constant(0.1))), measured(few)).outcome is Outcome.NO_REGRESSION


def replace_error(sample: object) -> object:
    import msgspec

    return msgspec.structs.replace(sample, error="reset", tokens=(), last=None)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"rate": 30.0}, "Different rate: 20 before, 30 now"),
        ({"shape": "poisson(20)"}, "Different arrivals"),
        ({"scenario": "chat"}, "Different scenario"),
        ({"duration_s": 30.0}, "Different duration"),
        ({"plan": {"processes": 2}}, "Different processes: 1 before, 2 now"),
        ({"plan": {"answer_tokens": "lognormal(200, 0.5)"}}, "Different length of answers"),
        ({"valid": False, "reasons": ["The client was busy."]}, "INVALID"),
        ({"interrupted": True}, "interrupted"),
        ({"requests": {"sent": 0, "completed": 0, "failed": 0, "censored": 0}}, "not one request"),
    ],
)
def test_loads_that_are_no_pair_are_not_compared_in_speed(other: dict, words: str) -> None:
    plan = {"plan": {"processes": 1, "answer_tokens": "20"}}
    fast, slow = measured(streams(constant(0.1))), measured(streams(constant(0.5)))
    sides = (
        side(run(load=block(**plan)), measured=fast),
        side(run(load=block(**(plan | other))), measured=slow),
    )
    found = compare(*sides)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert not found.figures
    assert words in " ".join(found.gaps)


def test_an_older_run_that_does_not_tell_its_lengths_is_compared() -> None:
    same = measured(streams(constant(0.1)))
    found = loads(same, same, plan={"processes": 1})
    assert found.outcome is Outcome.NO_REGRESSION


def seconds_block(ttft_s: float, seed: int, completed: int = 20) -> dict:
    rng = random.Random(seed)
    entries = [
        {
            "t": t,
            "completed": completed,
            "failed": 0,
            "ttft_p50_s": ttft_s * rng.uniform(0.98, 1.02),
            "ttft_p90_s": ttft_s * 1.1 * rng.uniform(0.98, 1.02),
        }
        for t in range(20)
    ]
    return block(
        per_second=entries,
        metrics={"ttft_s": {"p50": ttft_s, "p90": ttft_s * 1.1, "p99": ttft_s * 1.2}},
        throughput_rps=float(completed),
        validity={"send_lateness_p99_s": 0.001, "receive_lag_p99_s": None},
    )


def test_without_samples_the_seconds_are_compared() -> None:
    usual, again, slower = (from_seconds(seconds_block(t, seed)) for t, seed in ((0.1, 1), (0.1, 2), (0.11, 3)))
    assert usual.source is Source.SECONDS
    assert usual.latencies[Name("", "ttft", 99)] is None
    assert loads(usual, again).outcome is Outcome.NO_REGRESSION
    found = loads(usual, slower)
    assert [figure.words for figure in found.judged(Judgement.WORSE)] == ["TTFT p50", "TTFT p90"]


def test_closed_loop_is_compared_in_throughput() -> None:
    closed = {"users": 4, "rate": None, "shape": "closed(4)"}
    usual, slower = (from_seconds(seconds_block(0.2, 1, completed)) for completed in (20, 15))
    sides = [side(run(load=block(**closed)), measured=one) for one in (usual, slower)]
    found = compare(*sides)
    (throughput,) = found.judged(Judgement.WORSE)
    assert (throughput.metric, throughput.change.before, throughput.change.after) == ("throughput", 20, 15)
    assert throughput.change.low <= throughput.change.change == pytest.approx(-0.25)
    back = compare(*reversed(sides))
    assert [figure.metric for figure in back.judged(Judgement.BETTER)] == ["throughput"]


CAPACITY = {"slo": "ttft_p99<1s", "scenario": "chat", "confidence": 0.95, "status": "found"}


@pytest.mark.parametrize(
    ("before", "after", "judgement"),
    [
        ((80.0, 85.0), (80.0, 85.0), Judgement.OPEN),
        ((80.0, 82.0), (80.0, 82.0), Judgement.SAME),
        ((80.0, 85.0), (60.0, 65.0), Judgement.WORSE),
        ((60.0, 65.0), (80.0, 85.0), Judgement.BETTER),
        ((80.0, 85.0), (75.0, 81.0), Judgement.OPEN),
    ],
)
def test_capacities_differ_where_their_intervals_lie_apart(
    before: tuple[float, float], after: tuple[float, float], judgement: Judgement
) -> None:
    sides = [
        side(run(capacity=CAPACITY | {"lower_rps": low, "upper_rps": high}, command="capacity"))
        for low, high in (before, after)
    ]
    found = compare(*sides)
    assert found.capacity.change.judgement is judgement
    assert found.outcome is (Outcome.REGRESSION if judgement is Judgement.WORSE else Outcome.NO_REGRESSION)


def test_searches_without_an_interval_or_of_another_slo_are_told() -> None:
    one = CAPACITY | {"lower_rps": 80.0, "upper_rps": 85.0}
    for other, words in (
        (one | {"upper_rps": None, "status": "at_least"}, "found no interval"),
        (one | {"slo": "ttft_p99<2s"}, "Different SLO"),
    ):
        found = compare(*(side(run(capacity=capacity, command="capacity")) for capacity in (one, other)))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert words in found.gaps[0]


def test_seed_and_target_and_slo_are_told() -> None:
    same = measured(streams(constant(0.1)))
    slo = {"expression": "ttft_p99<1s", "met": True, "terms": []}
    one = side(run(load=block(slo=slo)), measured=same)
    changed = replace(run(load=block(slo=slo | {"met": False})), seed=1, target="http://127.0.0.1:2/v1")
    found = compare(one, side(changed, measured=same))
    assert found.outcome is Outcome.NO_REGRESSION
    told = " ".join(found.notes)
    for words in ("The targets differ", "The seeds differ", "was met before and is not met now"):
        assert words in told
