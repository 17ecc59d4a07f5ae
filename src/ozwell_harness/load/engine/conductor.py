"""One node's part in a load test: makes the worker when the test starts, watches the time, ends in order."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import gevent
from gevent import GreenletExit

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.engine.build import Part, make_client, make_worker
from ozwell_harness.load.engine.dispatcher import Dispatcher
from ozwell_harness.load.engine.gathering import common_zero
from ozwell_harness.load.engine.journal import Journal
from ozwell_harness.load.engine.stamps import kernel_stamps
from ozwell_harness.load.engine.worker import Listener, Outcome
from ozwell_harness.load.losses import due_arrivals
from ozwell_harness.load.plan import CLEARING_S, START_SPREAD_S, Orders
from ozwell_harness.load.samples import End, Start, Tick
from ozwell_harness.load.scenario import Mix
from ozwell_harness.load.schedule import start_offset_ns

_NS = 1_000_000_000
_TICK_S = 1.0
_POLL_S = 0.02
#: How long a worker waits for the others.
_GATHERING_S = 20.0


class Conducting(Protocol):
    """What users need of a conductor."""

    @property
    def over(self) -> bool:
        """No further request is to be sent."""
        ...

    @property
    def think_s(self) -> float:
        """How long the next user thinks, in seconds; drawn anew each time."""
        ...

    def stagger(self) -> None:
        """Wait for the turn of the next user to start."""

    def arrive(self) -> Outcome:
        """Do what a user does in one turn."""
        ...

    def close(self) -> None:
        """End."""


class Conductor:
    """A test that follows orders: so long, so many, into this file. ``finished`` is called when it is over."""

    def __init__(
        self,
        orders: Orders,
        scenarios: Mapping[str, Mix],
        listener: Listener,
        finished: Callable[[], None],
        part: Part,
    ) -> None:
        """Begin: from here on the clock runs.

        Raises:
            PlanError: the scenario is unknown or impossible.
            ArrivalsError: the trace cannot be read.
        """
        self._plan = orders.plan
        self._finished = finished
        self._number = part.number
        self._done = self._dispatched = False
        self._journal = Journal(orders.part(part.number))
        client = make_client(orders.plan, part.key)
        self.worker = make_worker(orders.plan, scenarios, client, self._journal, listener, part)
        self._users = itertools.count()
        self._table = due_arrivals(orders.plan, part.number)
        # What is there now stays for good: the collector need not walk it in mid-measurement.
        gc.collect()
        gc.freeze()
        self._zero = common_zero(Path(orders.gathering), part.number, orders.plan.processes, _GATHERING_S)
        self._end = self._zero + round(orders.plan.total_s * _NS)
        self._dispatcher = Dispatcher(self.worker, orders.plan.max_in_flight)
        stamps = "kernel" if kernel_stamps() else "process"
        epoch = time.time() + (self._zero - time.monotonic_ns()) / _NS
        self._journal.add(Start(self._zero, epoch, part.number, stamps))
        self._greenlets = [gevent.spawn(self._tick), gevent.spawn(self._conduct)]

    @property
    def over(self) -> bool:
        """No further request is to be sent."""
        return self._dispatched if self._plan.open_loop else time.monotonic_ns() >= self._end

    @property
    def think_s(self) -> float:
        """How long the next user thinks, in seconds; drawn anew each time."""
        arrivals = self._plan.arrivals
        return arrivals.think.draw(self.worker.rng) if isinstance(arrivals, Closed) else 0.0

    def stagger(self) -> None:
        """Wait for the turn of the next user to start."""
        plan = self._plan
        if plan.open_loop:
            return
        index = next(self._users) * plan.processes + self._number
        spread = min(START_SPREAD_S, plan.warmup_s or plan.duration_s / 10)
        due = self._zero + start_offset_ns(index, plan.users or 1, spread)
        gevent.sleep(max(0, due - time.monotonic_ns()) / _NS)

    def arrive(self) -> Outcome:
        """Closed loop: run one scenario. Open loop: send this worker's part of the schedule, and await its answers."""
        if not self._plan.open_loop:
            return self.worker.run(time.monotonic_ns())
        self._dispatched = True
        try:
            self._dispatcher.run(self._zero, self._table.times, self._table.sizes)
            self._dispatcher.finish()
        except GreenletExit:
            self._dispatcher.kill()
            raise
        return Outcome()

    def close(self) -> None:
        """Write the end and close everything; users must have been stopped before. More than once does no harm."""
        gevent.killall(self._greenlets, block=False)
        self._dispatcher.kill()
        ended = time.monotonic_ns()
        left = self.worker.clear(CLEARING_S)
        self._journal.add(End(ended, self._done, self._number, left))
        self.worker.close()

    def _tick(self) -> None:
        wall, used = time.monotonic_ns(), time.process_time_ns()
        while True:
            gevent.sleep(_TICK_S)
            now, now_used = time.monotonic_ns(), time.process_time_ns()
            self._journal.add(Tick(now, (now_used - used) / (now - wall), self.worker.in_flight))
            wall, used = now, now_used

    def _busy(self) -> bool:
        # The last arrivals may be late: until they have begun, that nothing is in flight tells nothing.
        return self._dispatcher.busy if self._plan.open_loop else self.worker.in_flight > 0

    def _conduct(self) -> None:
        gevent.sleep(max(0, self._end - time.monotonic_ns()) / _NS)
        patience = self._end + round(self._plan.drain_s * _NS)
        while self._busy() and time.monotonic_ns() < patience:
            gevent.sleep(_POLL_S)
        self._dispatcher.kill()
        self._done = True
        self._finished()
