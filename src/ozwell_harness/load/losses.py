"""Accounts for the arrivals that were lost with a worker. Pure.

A worker that is killed leaves no word of what was under way or still to come: its schedule tells.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.reply import ErrorKind
from ozwell_harness.load.samples import Glance, Glimpse, Sample, Start
from ozwell_harness.load.timetable import Timetable
from ozwell_harness.load.trace import timetable

_DETAIL = "its load worker ended before its time: it was not sent, or its answer is unknown"


def due_arrivals(plan: LoadPlan, worker: int) -> Timetable:
    """Return what one worker is to send, counted from its start; a closed loop has no schedule.

    Raises:
        ArrivalsError: a trace cannot be read.
    """
    if isinstance(plan.arrivals, Closed):
        return Timetable(array("q"))
    return timetable(plan.arrivals, plan.warmup_s, plan.duration_s, plan.seed).stride(worker, plan.processes)


def lost_arrivals(plan: LoadPlan, start: Start, recorded: Iterable[Glance]) -> Iterator[Sample]:
    """Yield a failed sample for every arrival of an open loop that a vanished worker did not record.

    Args:
        plan: the run's.
        start: when the worker began; its own, or that of another when it did not even begin.
        recorded: what the worker left.
    """
    known = Counter(record.due for record in recorded if isinstance(record, Glimpse))
    for offset in due_arrivals(plan, start.worker).times:
        due = start.at + offset
        if known[due] > 0:
            known[due] -= 1
        else:
            yield _lost(plan.title, due)


def _lost(scenario: str, due: int) -> Sample:
    return Sample(scenario=scenario, step=scenario, due=due, error=ErrorKind.WORKER_LOST.value, detail=_DETAIL)
