from __future__ import annotations

import itertools
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.arrivals import Arrivals, schedule, start_offset_ns, stride

S = 1_000_000_000
rates = st.floats(0.5, 500)
durations = st.floats(0.01, 5)
open_loops = st.sampled_from([Arrivals.CONSTANT, Arrivals.POISSON])


@given(open_loops, rates, durations, st.integers())
def test_due_times_ascend_within_the_duration_and_repeat(kind: Arrivals, rate: float, length: float, seed: int) -> None:
    times = schedule(kind, rate, length, seed)
    assert list(times) == sorted(times)
    assert all(0 <= at <= round(length * S) for at in times)
    assert schedule(kind, rate, length, seed) == times


@given(rates, durations)
def test_constant_arrivals_do_not_drift(rate: float, length: float) -> None:
    times = schedule(Arrivals.CONSTANT, rate, length, 0)
    assert all(abs(at - index * S / rate) <= 1 for index, at in enumerate(times))
    assert (len(times) - 1) / rate < length <= len(times) / rate * (1 + 1e-9)


def test_poisson_gaps_are_exponential() -> None:
    times = schedule(Arrivals.POISSON, 100.0, 200.0, 7)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    # 20,000 gaps: five standard errors are 3.5 % for both.
    assert mean == pytest.approx(S / 100, rel=0.035)
    assert spread == pytest.approx(mean, rel=0.05)
    assert schedule(Arrivals.POISSON, 100.0, 200.0, 8) != times


def test_a_closed_loop_has_no_schedule() -> None:
    with pytest.raises(ValueError, match="closed loop"):
        schedule(Arrivals.CLOSED, 1, 1, 0)


@given(st.integers(0, 50), st.integers(1, 7))
def test_strides_share_every_arrival_out_once(count: int, workers: int) -> None:
    times = array("q", range(count))
    parts = [stride(times, worker, workers) for worker in range(workers)]
    assert sorted(at for part in parts for at in part) == list(times)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_users_start_evenly() -> None:
    assert [start_offset_ns(user, 4, 1.0) for user in range(4)] == [0, S // 4, S // 2, 3 * S // 4]
    assert start_offset_ns(0, 1, 1.0) == 0
