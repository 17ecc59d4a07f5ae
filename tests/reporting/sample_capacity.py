"""A made-up search for capacity, with every kind of trial."""

from __future__ import annotations

from typing import Any

import sample_run


def _trial(
    number: int, purpose: str, rate: float, decision: str | None, *figures: float | None, share: tuple[float, ...] = ()
) -> dict[str, Any]:
    names = ("throughput_rps", "goodput_rps", "latency_s", "latency_p99_s")
    goal = dict(zip(("share", "lower", "upper"), share or (None, None, None), strict=True))
    goal |= {"term": "e2e_p99<3s", "target": 0.99, "units": 1000, "effective": 400.0}
    return dict(zip(names, figures, strict=True)) | {
        "number": number,
        "purpose": purpose,
        "users": None if decision else 2,
        "rate_rps": rate,
        "parts": 1,
        "invalid_parts": int(decision == "invalid"),
        "seconds": 20.0,
        "requests": 240,
        "failed": 3,
        "decision": decision,
        "reason": f"Because of {sample_run.HOSTILE}" if decision == "fail" else "",
        "goals": [goal] if decision else [],
    }


def block() -> dict[str, Any]:
    return {
        "slo": "e2e_p99<3s, error_rate<1%",
        "scenario": f"chat {sample_run.HOSTILE}",
        "status": "found",
        "reason": "The bounds lie 12% apart and the lower one was confirmed.",
        "interrupted": False,
        "lower_rps": 11.0,
        "upper_rps": 12.5,
        "confirmed": True,
        "confidence": 0.95,
        "width": 0.12,
        "width_asked": 0.15,
        "reached": True,
        "client_limit_rps": None,
        "budget_s": 300.0,
        "elapsed_s": 214.0,
        "fit": {"estimate_rps": 12.1, "low_rps": 11.4, "high_rps": 12.6},
        "knee": {"rate_rps": 8.0, "throughput_rps": 8.0, "latency_s": 0.6},
        "base": {"latency_s": 0.5, "saturation_rps": 12.4},
        "flags": [f"Not monotonic {sample_run.HOSTILE}"],
        "trials": [
            _trial(1, "scout", 2.0, None, 2.0, 2.0, 0.5, 0.7),
            _trial(2, "bracket", 16.0, "fail", 12.5, 2.0, 9.0, 20.0, share=(0.16, 0.12, 0.2)),
            _trial(3, "bracket", 8.0, "pass", 8.0, 8.0, 0.6, 1.5, share=(0.999, 0.995, 1.0)),
            _trial(4, "narrow", 11.0, "pass", 11.0, 10.9, 0.9, 2.4, share=(0.994, 0.991, 0.997)),
            _trial(5, "narrow", 12.0, "undecided", 12.0, 11.8, 1.2, 3.1, share=(0.99, 0.98, 0.995)),
            _trial(6, "bracket", 40.0, "invalid", None, None, None, None),
        ],
    }
