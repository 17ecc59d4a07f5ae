"""Whole searches on simulated queues whose capacity is known; no sockets, fixed seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from queues import Queue, Service, SimulatedTarget

from ozwell_harness.load.capacity.evidence import gather
from ozwell_harness.load.capacity.goals import goals_of
from ozwell_harness.load.capacity.outcome import Capacity, capacity_of
from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.search import Finished, Status, next_step
from ozwell_harness.load.capacity.trials import Ask, Decision, Observation, Purpose, Step
from ozwell_harness.load.plan import PlanError
from ozwell_harness.load.slo import parse_slo

Seen = Callable[[Ask, Observation], Observation]


def plan_of(slo: str, **more: float | None) -> SearchPlan:
    return SearchPlan(goals_of(parse_slo(slo)), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Found:
    plan: SearchPlan
    history: tuple[Step, ...]
    finished: Finished

    @property
    def capacity(self) -> Capacity:
        return capacity_of(self.plan, self.history, self.finished)


def search(plan: SearchPlan, target: SimulatedTarget, seen: Seen = lambda _, observation: observation) -> Found:
    history: tuple[Step, ...] = ()
    while isinstance(step := next_step(plan, history), Ask):
        history += (Step(step, seen(step, target.observe(step, 1.0))),)
        assert len(history) < 1000
    return Found(plan, history, step)


QUEUES = [
    pytest.param(Queue(Service.FIXED, 4, 0.05), 0.1, 4000, id="M/D/4"),
    pytest.param(Queue(Service.EXPONENTIAL, 4, 0.05), 0.2, 6000, id="M/M/4"),
]


@pytest.mark.parametrize(("queue", "bound", "budget"), QUEUES)
def test_the_interval_contains_the_truth(queue: Queue, bound: float, budget: float) -> None:
    """A sample of what ``benchmarks/capacity.py`` does with hundreds of searches."""
    truth = queue.capacity(bound, 0.9)
    for seed in range(3):
        plan = plan_of(f"e2e_p90<{bound}s", budget_s=budget, seed=seed)
        found = search(plan, SimulatedTarget(queue, (bound,)))
        now = found.capacity.standing
        assert found.finished.status is Status.FOUND
        assert now.confirmed
        assert (now.lower or 0.0) <= truth <= (now.upper or 0.0)
        assert (now.width or 1.0) < 0.25


QUICK = SimulatedTarget(Queue(Service.EXPONENTIAL, 8, 0.05), (0.2,))


def test_the_same_seed_searches_the_same_way_and_another_does_not() -> None:
    plan = plan_of("e2e_p90<0.2s", budget_s=200)
    once, again, other = (search(replace(plan, seed=seed), QUICK) for seed in (1, 1, 2))
    assert once == again
    assert {s.ask.seed for s in once.history}.isdisjoint({s.ask.seed for s in other.history if s.ask.rate})


def test_it_keeps_to_its_budget() -> None:
    for budget in (20.0, 60.0, 200.0):
        found = search(plan_of("e2e_p90<0.2s", budget_s=budget), QUICK)
        spent = sum(step.seen.elapsed_s for step in found.history)
        scouts = sum(step.seen.elapsed_s for step in found.history if step.ask.rate is None)
        assert spent <= max(budget, scouts) * 1.01
        if found.finished.status is Status.FOUND and not found.capacity.reached:
            assert "budget" in found.finished.reason


def test_what_a_budget_leaves_confirms_the_lower_bound_rather_than_narrow_the_interval() -> None:
    for seed in range(4):
        found = search(plan_of("e2e_p90<0.2s", budget_s=150, seed=seed), QUICK)
        now = found.capacity.standing
        assert now.lower is None or now.upper is None or now.confirmed


def test_no_crossing_is_fitted_into_a_wide_gap() -> None:
    found = search(plan_of("e2e_p90<0.2s", budget_s=2000), QUICK)
    fit = found.capacity.fit
    assert fit is not None
    assert fit.low is not None
    assert fit.high is not None
    assert fit.low <= fit.estimate <= fit.high
    ends = [step for step in found.history if step.ask.rate is None or not 0.8 < step.ask.rate / fit.estimate < 1.2]
    assert capacity_of(found.plan, tuple(ends), None).fit is None


def test_a_budget_that_no_trial_fits_into_is_said_to_be_too_small() -> None:
    slow = SimulatedTarget(Queue(Service.FIXED, 1, 2.0), (4.0,))
    found = search(plan_of("e2e_p99.9<4s", budget_s=100.0), slow)
    assert found.finished.status is Status.UNDECIDED
    assert "does not suffice for a trial at" in found.finished.reason


def test_a_part_limited_by_the_client_is_run_again_and_never_counts() -> None:
    def now_and_then(ask: Ask, seen: Observation) -> Observation:
        # A disturbance that comes with the worst possible figures.
        bad = ask.rate is not None and ask.part == 1
        evidence = (gather([9.0] * 500),) if bad else seen.evidence
        return replace(seen, evidence=evidence, invalid=("The client was late.",) if bad else ())

    found = search(plan_of("e2e_p90<0.2s", budget_s=400), QUICK, now_and_then)
    capacity, truth = found.capacity, QUICK.queue.capacity(0.2, 0.9)
    assert found.finished.status is Status.FOUND
    assert capacity.standing.lower is not None
    assert capacity.standing.upper is not None
    assert capacity.standing.lower <= truth <= capacity.standing.upper
    assert any("limited by the client" in flag for flag in capacity.flags)


def test_a_client_that_cannot_offer_enough_says_so() -> None:
    def limited(ask: Ask, seen: Observation) -> Observation:
        return replace(seen, invalid=("The client used 97% of its core.",)) if (ask.rate or 0) > 100 else seen

    found = search(plan_of("e2e_p90<0.2s", budget_s=400), QUICK, limited)
    assert found.finished.status is Status.CLIENT_LIMITED
    assert "97% of its core" in found.finished.reason
    now = found.capacity.standing
    assert now.lower is not None
    assert now.lower <= 100 < (now.ceiling or 0)
    assert now.upper is None
    assert now.confirmed
    assert all(v.decision is not Decision.FAIL for v in found.capacity.verdicts)


def test_a_target_that_is_not_there_is_not_searched() -> None:
    found = search(
        plan_of("e2e_p90<0.2s"), QUICK, lambda _, seen: replace(seen, unreachable="Not one connection worked.")
    )
    assert (found.finished.status, len(found.history)) == (Status.UNREACHABLE, 1)


def test_a_target_that_answers_nothing_as_it_should_is_not_searched() -> None:
    found = search(
        plan_of("e2e_p90<0.2s"),
        QUICK,
        lambda _, seen: replace(seen, latency_s=None, throughput=0.0, trouble="http_401"),
    )
    assert found.finished.status is Status.UNREACHABLE
    assert "http_401" in found.finished.reason


def test_an_slo_that_is_never_met_is_said_to_be_so() -> None:
    slow = SimulatedTarget(Queue(Service.FIXED, 8, 0.05), (0.04,))
    found = search(plan_of("e2e_p90<0.04s", budget_s=400), slow)
    assert found.finished.status is Status.BELOW
    assert found.capacity.standing.lower is None


def test_a_highest_rate_that_passes_is_confirmed_and_ends_the_search() -> None:
    found = search(plan_of("e2e_p90<0.2s", budget_s=400, max_rate=50.0), QUICK)
    now = found.capacity.standing
    assert (found.finished.status, now.lower, now.confirmed, now.upper) == (Status.AT_LEAST, 50.0, True, None)
    assert max(step.ask.rate or 0 for step in found.history) == 50.0


def test_no_rate_below_the_floor_of_goodput_is_tried() -> None:
    found = search(plan_of("goodput>60/s", budget_s=200), QUICK)
    assert min(step.ask.rate for step in found.history if step.ask.rate) >= 60.0


def test_a_lower_bound_that_fresh_seeds_do_not_confirm_is_taken_back() -> None:
    """A trial that passed by luck, well above the capacity, must not survive its confirmation."""
    truth = QUICK.queue.capacity(0.2, 0.9)

    def lucky(ask: Ask, seen: Observation) -> Observation:
        if ask.rate and truth < ask.rate < truth * 1.25 and ask.purpose is not Purpose.CONFIRM:
            return replace(seen, evidence=(gather([0.0] * 2000),), overload="")
        return seen

    found = search(plan_of("e2e_p90<0.2s", budget_s=2000), QUICK, lucky)
    now = found.capacity.standing
    assert any(s.ask.purpose is Purpose.CONFIRM and (s.ask.rate or 0) > truth for s in found.history)
    assert now.lower is not None
    assert now.lower <= truth


def test_overload_fails_a_trial_whatever_its_shares() -> None:
    found = search(
        plan_of("e2e_p90<0.2s", budget_s=400),
        QUICK,
        lambda ask, seen: replace(seen, overload="arrivals outran completions" if (ask.rate or 0) > 80 else ""),
    )
    assert found.capacity.standing.upper is not None
    assert found.capacity.standing.upper <= 80 * 1.5
    failed = [v for v in found.capacity.verdicts if v.decision is Decision.FAIL]
    assert any(v.judged and "outran" in v.judged.reason for v in failed)


def test_all_goals_must_be_kept_and_one_that_is_missed_decides() -> None:
    both = SimulatedTarget(QUICK.queue, (0.2, 0.06))
    found = search(plan_of("e2e_p90<0.2s, e2e_p50<0.06s", budget_s=3000), both)
    now, truth = found.capacity.standing, QUICK.queue.capacity(0.06, 0.5)
    assert truth < QUICK.queue.capacity(0.2, 0.9)
    assert now.lower is not None
    assert now.upper is not None
    assert now.lower <= truth <= now.upper


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"budget_s": 0.0}, "budget"),
        ({"width": 0.0}, "width"),
        ({"confidence": 1.0}, "confidence"),
        ({"min_rate": 5.0, "max_rate": 5.0}, "highest rate"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(PlanError, match=told):
        plan_of("e2e_p90<1s", **wrong)
