from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.load.arrivals import Arrivals
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, Orders, PlanError, read_orders, write_orders
from ozwell_harness.load.slo import parse_slo

PLAN = LoadPlan(base_url="http://127.0.0.1:9/v1", model="m", users=4)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"users": None}, "needs a number of users"),
        ({"rate": 5.0}, "needs a number of users"),
        ({"users": 0}, "cannot be shared"),
        ({"users": 1, "processes": 2}, "cannot be shared"),
        ({"arrivals": Arrivals.POISSON}, "need a rate"),
        ({"arrivals": Arrivals.POISSON, "rate": 5.0}, "no number of users"),
        ({"arrivals": Arrivals.CONSTANT, "users": None, "rate": 0.0}, "rate must be greater"),
        ({"arrivals": Arrivals.CONSTANT, "users": None, "rate": 1e9}, "at most"),
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


def test_orders_survive_the_file(tmp_path: Path) -> None:
    plan = replace(PLAN, users=None, rate=2.5, arrivals=Arrivals.POISSON, slo=parse_slo("ttft_p99<1s, goodput>1/s"))
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
