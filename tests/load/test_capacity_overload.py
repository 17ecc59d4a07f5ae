"""Overload is seen soon, and hardly ever where there is none."""

from __future__ import annotations

import random
from bisect import bisect_right

from queues import Queue, Service, simulate

from ozwell_harness.load.capacity.overload import Flow, outrun


def flow_of(queue: Queue, load: float, seconds: int, seed: int) -> list[Flow]:
    came, done = simulate(queue, load * queue.saturation, seconds, random.Random(seed))
    ended = sorted(done)
    return [Flow(float(s), bisect_right(came, s), bisect_right(ended, s)) for s in range(seconds + 1)]


def seen_at(flow: list[Flow], dispersion: float) -> int | None:
    return next((second for second in range(len(flow)) if outrun(flow[: second + 1], dispersion)), None)


def test_twice_what_can_be_carried_is_seen_within_seconds() -> None:
    for seed in range(10):
        found = seen_at(flow_of(Queue(Service.EXPONENTIAL, 4, 0.04), 2.0, 30, seed), 1.0)
        assert found is not None
        assert found <= 8


def test_a_tenth_too_much_is_seen_in_time() -> None:
    found = [seen_at(flow_of(Queue(Service.FIXED, 8, 0.04), 1.1, 240, seed), 0.0) for seed in range(10)]
    assert sum(second is not None for second in found) >= 9


def test_a_target_that_just_keeps_up_is_not_called_overloaded() -> None:
    """At saturation the backlog is a random walk: the hardest case. Every second of every run is looked at."""
    alarms = sum(
        seen_at(flow_of(Queue(Service.EXPONENTIAL, 4, 0.04), 1.0, 60, seed), 1.0) is not None for seed in range(60)
    )
    assert alarms <= 1


def test_one_jump_is_no_overload() -> None:
    flow = [Flow(float(s), 200 * s, 200 * s - (0 if s < 15 else 600)) for s in range(1, 30)]
    assert outrun(flow, 1.0) is None


def test_little_is_too_little_to_tell() -> None:
    assert outrun([Flow(0.0, 0, 0), Flow(1.0, 50, 0), Flow(2.0, 99, 0)], 1.0) is None
    assert outrun([], 1.0) is None
