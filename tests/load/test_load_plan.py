from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.load.arrivals import Arrivals, Burst, Closed, Constant, Poisson, Ramp, Spike, Steps, Trace
from ozwell_harness.load.distribution import Fixed, LogNormal, Uniform
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, Orders, PlanError, read_orders, write_orders
from ozwell_harness.load.slo import parse_slo

PLAN = LoadPlan(base_url="http://127.0.0.1:9/v1", model="m", arrivals=Closed(4))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"arrivals": Closed(0)}, "at least 1 user"),
        ({"arrivals": Closed(1), "processes": 2}, "cannot be shared"),
        ({"arrivals": Closed(1, Fixed(-1.0))}, "time to think must lie"),
        ({"arrivals": Closed(1, Uniform(2.0, 1.0))}, "ends are crossed"),
        ({"arrivals": Closed(1, LogNormal(1.0, float("nan")))}, "spread"),
        ({"arrivals": Constant(0.0)}, "rate must be greater"),
        ({"arrivals": Poisson(float("inf"))}, "rate must be greater"),
        ({"arrivals": Ramp(0.0, 0.0)}, "rate must be greater"),
        ({"arrivals": Steps(())}, "rate must be greater"),
        ({"arrivals": Spike(1.0, -5.0)}, "rate must be greater"),
        ({"arrivals": Spike(1.0, 5.0, length_s=11.0)}, "no longer than the duration"),
        ({"arrivals": Burst(1.0, 0)}, "burst needs at least 1"),
        ({"arrivals": Constant(1e9)}, "at most"),
        ({"duration_s": 0.0}, "duration must be greater"),
        ({"duration_s": float("nan")}, "duration must lie"),
        ({"warmup_s": -1.0}, "warm-up must lie"),
        ({"timeouts": LoadTimeouts(stall_s=0)}, "Timeouts"),
        ({"max_in_flight": 0}, "at least 1"),
    ],
)
def test_refuses_a_plan_that_cannot_be_made(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(PlanError, match=told) as caught:
        replace(PLAN, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arrivals",
    [
        Closed(3, Uniform(0.1, 0.2)), Constant(2.5), Poisson(2.5), Burst(5.0, 10), Ramp(1.0, 5.0),
        Steps((1.0, 2.0)), Spike(1.0, 9.0, 2.0), Trace("/tmp/trace.jsonl"),
    ],
    ids=str,
)  # fmt: skip
def test_orders_survive_the_file(tmp_path: Path, arrivals: Arrivals) -> None:
    plan = replace(PLAN, arrivals=arrivals, slo=parse_slo("ttft_p99<1s, goodput>1/s"))
    orders = Orders(plan, str(tmp_path / "samples"), "run", 1)
    write_orders(orders, tmp_path / "orders.json")
    assert read_orders(tmp_path / "orders.json") == orders


def test_each_worker_of_several_writes_a_part_of_its_own() -> None:
    assert Orders(PLAN, "samples", "run", 1).part(0) == Path("samples")
    several = Orders(replace(PLAN, processes=2), "samples", "run", 1)
    assert [several.part(0), several.part(1)] == [Path("samples.0"), Path("samples.1")]


@pytest.mark.parametrize("text", ["{}", "[]", '{"plan": 1}', "no json"])
def test_refuses_orders_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(text)
    with pytest.raises(PlanError):
        read_orders(path)
    with pytest.raises(PlanError, match="cannot be read"):
        read_orders(tmp_path / "absent")
