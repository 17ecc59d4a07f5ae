from __future__ import annotations

import itertools
import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.arrivals import Burst, Constant, Poisson, Ramp, Schedule, Spacing, Spike, Steps, Trace
from ozwell_harness.load.schedule import mean_rate, schedule, segments, start_offset_ns
from ozwell_harness.load.timetable import Size, Timetable

S = 1_000_000_000
rates = st.floats(0.5, 300)
durations = st.floats(0.05, 5)
warmups = st.just(0.0) | st.floats(0.01, 2)
spacings = st.sampled_from(Spacing)
shaped = st.one_of(
    st.builds(Ramp, rates, rates, spacings),
    st.builds(Ramp, st.just(0.0), rates, spacings),
    st.builds(Steps, st.lists(rates, min_size=1, max_size=5).map(tuple), spacings),
    st.builds(Spike, rates, rates, st.none(), spacings),
)
schedules = st.one_of(
    st.builds(Constant, rates), st.builds(Poisson, rates), st.builds(Burst, rates, st.integers(1, 9)), shaped
)


def evenly(kind: Schedule) -> Schedule:
    """The same shape, without chance."""
    if isinstance(kind, Ramp):
        return Ramp(kind.first, kind.last, Spacing.CONSTANT)
    if isinstance(kind, Steps):
        return Steps(kind.rates, Spacing.CONSTANT)
    return Spike(kind.base, kind.peak, kind.length_s, Spacing.CONSTANT) if isinstance(kind, Spike) else kind


@given(schedules, warmups, durations, st.integers())
def test_due_times_ascend_within_the_duration_and_repeat(kind: Schedule, warm: float, length: float, seed: int) -> None:
    times = schedule(kind, warm, length, seed)
    assert list(times) == sorted(times)
    assert all(0 <= at <= round((warm + length) * S) for at in times)
    assert schedule(kind, warm, length, seed) == times


@given(rates, warmups, durations)
def test_constant_arrivals_do_not_drift(rate: float, warm: float, length: float) -> None:
    times = schedule(Constant(rate), warm, length, 0)
    assert all(abs(at - index * S / rate) <= 1 for index, at in enumerate(times))
    assert (len(times) - 1) / rate < warm + length <= len(times) / rate * (1 + 1e-9)


@given(shaped, warmups, durations)
def test_even_arrivals_follow_the_shape_to_within_one(kind: Schedule, warm: float, length: float) -> None:
    times = schedule(evenly(kind), warm, length, 0)
    began = expected = 0.0
    for segment in segments(kind, warm, length):
        began, expected = began + segment.length_s, expected + segment.expected
        assert abs(sum(at < began * S for at in times) - expected) <= 1.001
    assert mean_rate(kind, length) * length == pytest.approx(expected - warm * segments(kind, warm, length)[0].first)


@given(shaped, st.integers())
def test_chance_follows_the_shape_on_average(kind: Schedule, seed: int) -> None:
    # Arrivals in a time are Poisson distributed: seven standard deviations, and one for small means.
    expected = mean_rate(kind, 5.0) * 5.0
    assert abs(len(schedule(kind, 0.0, 5.0, seed)) - expected) <= 7 * math.sqrt(expected) + 7


@given(rates, st.integers(1, 50), durations)
def test_bursts_come_whole_and_as_often_as_the_rate_says(rate: float, size: int, length: float) -> None:
    times = schedule(Burst(rate, size), 0.0, length, 0)
    groups = [len(list(group)) for _, group in itertools.groupby(times)]
    assert set(groups) == {size}
    assert abs(len(times) - rate * length) <= size


def test_poisson_gaps_are_exponential() -> None:
    times = schedule(Poisson(100.0), 0.0, 200.0, 7)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    # 20,000 gaps: five standard errors are 3.5 % for both.
    assert mean == pytest.approx(S / 100, rel=0.035)
    assert spread == pytest.approx(mean, rel=0.05)
    assert schedule(Poisson(100.0), 0.0, 200.0, 8) != times


def test_the_warm_up_runs_at_the_rate_that_the_shape_begins_with() -> None:
    times = schedule(Steps((10.0, 40.0), Spacing.CONSTANT), 2.0, 4.0, 0)
    assert [sum(begin <= at / S < begin + 2 for at in times) for begin in (0, 2, 4)] == [20, 20, 80]
    spike = schedule(Spike(10.0, 100.0, 1.0, Spacing.CONSTANT), 0.0, 5.0, 0)
    assert [sum(begin <= at / S < end for at in spike) for begin, end in ((0, 2), (2, 3), (3, 5))] == [20, 100, 20]
    ramp = schedule(Ramp(0.0, 10.0, Spacing.CONSTANT), 3.0, 10.0, 0)
    assert [at / S for at in ramp[:3]] == pytest.approx([3.0, 3.0 + 2**0.5, 5.0])


def test_a_trace_has_its_times_in_its_file() -> None:
    with pytest.raises(ValueError, match="its file"):
        schedule(Trace("x"), 0.0, 1.0, 0)


@given(schedules, durations, st.integers(1, 7))
def test_strides_share_every_arrival_out_once(kind: Schedule, length: float, workers: int) -> None:
    times = schedule(kind, 0.0, length, 3)
    table = Timetable(times, tuple(Size(number, None) for number in range(len(times))))
    parts = [table.stride(worker, workers) for worker in range(workers)]
    assert array("q", sorted(at for part in parts for at in part.times)) == times
    assert sorted(size for part in parts for size in part.sizes) == list(table.sizes)
    lengths = [len(part.times) for part in parts]
    assert max(lengths) - min(lengths) <= 1
    for worker, part in enumerate(parts):
        assert [table.times[size.prompt_tokens or 0] for size in part.sizes] == list(part.times)
        assert all((size.prompt_tokens or 0) % workers == worker for size in part.sizes)


def test_users_start_evenly() -> None:
    assert [start_offset_ns(user, 4, 1.0) for user in range(4)] == [0, S // 4, S // 2, 3 * S // 4]
    assert start_offset_ns(0, 1, 1.0) == 0
