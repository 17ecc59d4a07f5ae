"""What a load run is told, as one frozen value; and the same as the file that its workers read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ozwell_harness.load.arrivals import Arrivals, ArrivalsError, Closed, Trace, check_arrivals
from ozwell_harness.load.schedule import mean_rate
from ozwell_harness.load.slo import Slo
from ozwell_harness.load.workload import Workload, WorkloadError, check_workload

#: Names the file with a worker's orders in its environment.
ORDERS_VARIABLE = "OZWELL_LOAD_ORDERS"
#: Users start evenly over this much of the warm-up: all at once would be a burst that no one asked for.
START_SPREAD_S = 1.0
#: How long a worker may take at its end to delete the files that it left on the target.
CLEARING_S = 5.0

_LONGEST_S = 24 * 3600.0
_MOST_ARRIVALS = 50_000_000


class PlanError(ValueError):
    """A load run is asked for that cannot be made. The message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class LoadTimeouts:
    """Seconds, each counted as a failure of its own kind.

    Attributes:
        connect_s: to open a connection, TLS included.
        first_token_s: from sending to the first token-bearing event; for a plain answer to its first byte.
        stall_s: between two reads of an answer.
        total_s: from sending to the answer's end.
    """

    connect_s: float = 10.0
    first_token_s: float = 60.0
    stall_s: float = 30.0
    total_s: float = 300.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load run. It holds no key: keys reach the workers by their environment only.

    Attributes:
        base_url: without a trailing slash, ``/v1`` included.
        model, embedding_model: what requests name; a scenario that needs a missing one is refused or left out.
        scenario: a name in ``loadtests/scenarios.py``.
        mix: names and weights instead, where the user gives their own.
        workload: what requests say and how long they are.
        profile: whose requirements answers are judged by.
        arrivals: when requests are sent: ``Closed(users)``, or a schedule such as ``Poisson(rate)``.
        duration_s: the steady interval that is measured; it begins after ``warmup_s``.
        drain_s: how long answers are awaited after the last arrival; what is still open then is censored.
        max_in_flight: arrivals beyond so many open requests are recorded as unsent.
        max_body_bytes: a longer answer is cut off and failed.
        processes: worker processes.
        ca_file: a PEM bundle to trust instead of the public authorities.
    """

    base_url: str
    model: str
    embedding_model: str | None = None
    scenario: str = "mixed"
    mix: tuple[tuple[str, float], ...] = ()
    workload: Workload = Workload()
    profile: str = "ozwell"
    arrivals: Arrivals = Closed(1)
    duration_s: float = 10.0
    warmup_s: float = 1.0
    drain_s: float = 30.0
    seed: int = 0
    timeouts: LoadTimeouts = LoadTimeouts()
    max_in_flight: int = 2000
    max_body_bytes: int = 16 * 1024 * 1024
    processes: int = 1
    ca_file: str | None = None
    slo: Slo | None = None

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_loop(self)
        _check_content(self)

    @property
    def title(self) -> str:
        """What is done, in a few words: the scenario's name, or the names and weights of the mix."""
        return ", ".join(f"{name}={weight:g}" for name, weight in self.mix) or self.scenario

    @property
    def total_s(self) -> float:
        """How long arrivals go on."""
        return self.warmup_s + self.duration_s

    @property
    def open_loop(self) -> bool:
        """Arrivals follow a schedule, not completions."""
        return not isinstance(self.arrivals, Closed)

    @property
    def users(self) -> int | None:
        """Users of a closed loop; None for a schedule."""
        return self.arrivals.users if isinstance(self.arrivals, Closed) else None

    @property
    def rate(self) -> float | None:
        """Requests per second on average over the measured interval; None for a closed loop and for a trace."""
        return None if isinstance(self.arrivals, Closed | Trace) else mean_rate(self.arrivals, self.duration_s)


def _check_numbers(plan: LoadPlan) -> None:
    numbers = {
        "duration": plan.duration_s,
        "warm-up": plan.warmup_s,
        "drain time": plan.drain_s,
    }
    for name, value in numbers.items():
        if not math.isfinite(value) or value < 0 or value > _LONGEST_S:
            raise PlanError(f"The {name} must lie between 0 and {_LONGEST_S:.0f} seconds, not {value:g}.")
    if plan.duration_s == 0:
        raise PlanError("The duration must be greater than 0 seconds.")
    timeouts = plan.timeouts
    if not min(timeouts.connect_s, timeouts.first_token_s, timeouts.stall_s, timeouts.total_s) > 0:
        raise PlanError("Timeouts must be greater than 0 seconds.")
    if min(plan.processes, plan.max_in_flight, plan.max_body_bytes) < 1:
        raise PlanError("Processes, open requests and the size of answers must be at least 1.")


def _check_loop(plan: LoadPlan) -> None:
    try:
        check_arrivals(plan.arrivals, plan.duration_s)
    except ArrivalsError as error:
        raise PlanError(str(error)) from None
    if plan.users is not None and plan.users < plan.processes:
        raise PlanError(f"{plan.users} users cannot be shared by {plan.processes} processes: ask for more users.")
    if (plan.rate or 0.0) * plan.total_s > _MOST_ARRIVALS:
        raise PlanError(f"A run may have at most {_MOST_ARRIVALS:,} arrivals: lower the rate or the duration.")


def _check_content(plan: LoadPlan) -> None:
    if not all(math.isfinite(weight) and weight > 0 for _, weight in plan.mix):
        raise PlanError("The weights of a mix must be greater than 0.")
    try:
        check_workload(plan.workload)
    except WorkloadError as error:
        raise PlanError(str(error)) from None


class Orders(msgspec.Struct, frozen=True):
    """What a worker reads.

    Attributes:
        samples: where to write its record; worker ``i`` of several writes ``<samples>.<i>``.
        run: text that is different for every run, for nonces.
        parent: process id of who started it: when that ends, the worker does too.
        gathering: a folder in which workers of one run find each other.
    """

    plan: LoadPlan
    samples: str
    run: str
    parent: int
    gathering: str = ""

    def part(self, worker: int) -> Path:
        """Return the file that worker ``worker`` writes."""
        return Path(self.samples if self.plan.processes == 1 else f"{self.samples}.{worker}")


def write_orders(orders: Orders, path: Path) -> None:
    """Write the orders as JSON."""
    path.write_bytes(msgspec.json.encode(orders))


def read_orders(path: Path) -> Orders:
    """Read orders back.

    Raises:
        PlanError: they cannot be read, or do not make sense.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Orders)
    except OSError as error:
        raise PlanError(f"The orders {path} cannot be read: {error.strerror}.") from None
    except msgspec.DecodeError as error:
        raise PlanError(f"The orders {path} are not valid: {error}.") from None
