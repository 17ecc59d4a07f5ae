"""A load block with all that a load run can tell: fuller seconds, distributions, an SLO, kinds of errors."""

from __future__ import annotations

import math
from typing import Any

import sample_run

_KINDS = ("timeout", f"status 500 {sample_run.HOSTILE}", "cut", "connect", "reset", "not_json", "stall", "tls", "dns")
SLO = "ttft_p99<100ms, e2e_p50<1s, icl_p99<50ms, error_rate<0.1%, goodput>20/s"


def full_block(seconds: int = 30) -> dict[str, Any]:
    block = sample_run.load_block(seconds)
    terms = [
        {"term": "ttft_p99<100ms", "value": 0.117, "met": False},
        {"term": "e2e_p50<1s", "value": 0.31, "met": True},
        {"term": "icl_p99<50ms", "value": None, "met": None},
        {"term": "error_rate<0.1%", "value": 0.0356, "met": False},
        {"term": "goodput>20/s", "value": 24.5, "met": True},
    ]
    del block["users"]
    return block | {
        "arrivals": "poisson",
        "rate": 28.0,
        "per_second": [_second(t) for t in range(seconds + 5)],
        "distributions": {
            "ttft_s": distribution(0.045, 812, infinite=30),
            "icl_s": distribution(0.012, 30_000, at_once=5000),
            "e2e_s": distribution(0.31, 812, infinite=30),
        },
        "slo": {"expression": SLO, "met": False, "attainment": 0.875, "goodput_rps": 24.5, "terms": terms},
        "validity": {"client_cpu_mean": 0.2, "send_lateness_p99_s": 0.0004, "unsent": 0},
    }


def _second(t: int) -> dict[str, Any]:
    failed = {kind: 1 + t % 3 for number, kind in enumerate(_KINDS) if t % 7 == number % 7}
    entry: dict[str, Any] = {
        "t": t,
        "due": 28,
        "sent": 28,
        "completed": 26,
        "failed": sum(failed.values()),
        "attained": 24,
        "in_flight": 12 + t % 4,
        "lateness_p99_s": 0.0003,
        "lateness_max_s": 0.0004 + t * 1e-5,
    }
    for name, base in (("ttft", 0.045), ("e2e", 0.31)):
        level = base * (1 + 0.2 * math.sin(t / 4))
        quiet = t == 11
        factors = (("p50", 1.0), ("p90", 1.4), ("p99", 2.6), ("max", 4.1))
        entry |= {f"{name}_{of}_s": None if quiet else level * factor for of, factor in factors}
    return entry | ({"errors": failed} if failed else {})


def distribution(median: float, amount: int, *, infinite: int = 0, at_once: int = 0) -> dict[str, Any]:
    """A made-up one: ``amount`` finite values, of which ``at_once`` lie at 0, and ``infinite`` failures."""
    total = amount + infinite
    percents = [p for p in (*range(1, 100), 99.5, 99.9, 99.95, 99.99) if p <= 100 - 100 / total]
    among_failures = 100 * amount / total
    curve = [[p, None if p > among_failures else median * math.exp((p - 50) / 40)] for p in (0, *percents, 100)]
    edges = [median * 10 ** (step / 20) for step in range(-10, 11)]
    counts = [(amount - at_once) // 20] * 19
    bins = [
        [low, high, n]
        for low, high, n in zip(edges, edges[1:], [*counts, amount - at_once - sum(counts)], strict=False)
    ]
    between = [[1e-6, edges[0], 0]] if at_once else []
    return {
        "infinite": infinite,
        "curve": curve,
        "bins": [*([[0.0, 1e-6, at_once]] if at_once else []), *between, *bins],
    }
