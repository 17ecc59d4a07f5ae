"""What a load was asked to be beside its arrivals and times: the ``plan`` of the ``load`` block. Pure."""

from __future__ import annotations

from pathlib import PurePath

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.distribution import NOTHING, Distribution, spelled
from ozwell_harness.load.plan import LoadPlan


def plan_document(plan: LoadPlan) -> dict[str, str | int | None]:
    """Return what makes two loads differ, as the command line writes it; None for what was not asked for."""
    workload = plan.workload
    think = plan.arrivals.think if isinstance(plan.arrivals, Closed) else NOTHING
    return {
        "processes": plan.processes,
        "think": None if think == NOTHING else spelled(think),
        # The name alone: a report must not tell where files lie on the machine that made it.
        "prompt_file": PurePath(workload.prompt_file).name if workload.prompt_file else None,
        "prompt_tokens": _spelled(workload.prompt_tokens),
        "answer_tokens": _spelled(workload.answer_tokens),
        "prefix_tokens": workload.prefix_tokens,
        "turns": workload.turns,
        "file_bytes": spelled(workload.file_bytes),
    }


def _spelled(distribution: Distribution | None) -> str | None:
    return None if distribution is None else spelled(distribution)
