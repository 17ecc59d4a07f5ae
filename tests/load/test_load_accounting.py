"""Every arrival of a schedule is accounted for, also when the target stops answering in mid-run."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from pathlib import Path

from rawserver import http, raw_server, read_request

from ozwell_harness.load import LoadPlan, run_load
from ozwell_harness.load.arrivals import Poisson
from ozwell_harness.load.losses import due_arrivals
from ozwell_harness.load.samples import Sample, Start, Tail

ANSWERED = 15
AT_ONCE = 8


class Faltering:
    """Answers so many requests, then reads on and says nothing."""

    def __init__(self) -> None:
        self._left = threading.Semaphore(ANSWERED)

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        while request:
            if not self._left.acquire(blocking=False):
                connection.recv(1)
                return
            connection.sendall(http(b'{"object": "list", "data": []}'))
            request = read_request(connection)


def test_arrivals_at_a_target_that_falls_silent_are_accounted_for(tmp_path: Path) -> None:
    with raw_server(Faltering()) as url:
        plan = LoadPlan(
            url, "m", scenario="models", arrivals=Poisson(60.0), duration_s=1.0, warmup_s=0.2, drain_s=0.3,
            max_in_flight=AT_ONCE, seed=4,
        )  # fmt: skip
        result = run_load(plan, tmp_path)
    records = list(Tail(tmp_path / "samples").read())
    zero = next(record.at for record in records if isinstance(record, Start))
    samples = [record for record in records if isinstance(record, Sample)]
    wanted = due_arrivals(plan, 0).times
    assert sorted(sample.due for sample in samples) == [zero + offset for offset in wanted]
    fates = Counter("censored" if sample.censored else sample.error or "completed" for sample in samples)
    assert fates == {"completed": ANSWERED, "censored": AT_ONCE, "unsent": len(wanted) - ANSWERED - AT_ONCE}
    counts = result.total.counts
    assert counts.completed + counts.failed + counts.censored == result.due
    # What could not be sent has failed, and is named; what was cut off is neither success nor failure.
    assert dict(result.errors) == {"unsent": counts.failed}
    assert result.validity.unsent == counts.failed > 0
