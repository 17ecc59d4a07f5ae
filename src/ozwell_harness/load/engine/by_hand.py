"""A test by hand: Locust, from its own command line or page, decides how long and how many."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.distribution import NOTHING
from ozwell_harness.load.engine.build import Part, make_client, make_worker, with_models
from ozwell_harness.load.engine.worker import Listener, Outcome
from ozwell_harness.load.plan import CLEARING_S, LoadPlan
from ozwell_harness.load.samples import Nonconformity, Record, Sample
from ozwell_harness.load.scenario import Mix

logger = logging.getLogger("ozwell_harness.load")


class _Tally:
    """What a test by hand remembers: which requirements were broken, to be told at its end."""

    def __init__(self) -> None:
        self.broken: Counter[str] = Counter()
        self.messages: dict[str, str] = {}

    def add(self, record: Record) -> None:
        """Count."""
        if isinstance(record, Sample):
            self.broken.update(record.broken)
        elif isinstance(record, Nonconformity):
            self.messages.setdefault(record.requirement, record.message)

    def close(self) -> None:
        """Nothing is held."""


class FreeConductor:
    """A test by hand: Locust decides how long and how many."""

    over = False

    def __init__(self, plan: LoadPlan, scenarios: Mapping[str, Mix], listener: Listener, part: Part) -> None:
        """Make the worker; models that are not named are asked for.

        Raises:
            PlanError: the target lists no model, or the scenario is impossible.
        """
        self._tally = _Tally()
        client = make_client(plan, part.key)
        self._think = plan.arrivals.think if isinstance(plan.arrivals, Closed) else NOTHING
        self.worker = make_worker(with_models(plan, client), scenarios, client, self._tally, listener, part)

    @property
    def think_s(self) -> float:
        """How long the next user thinks, in seconds; drawn anew each time."""
        return self._think.draw(self.worker.rng)

    def stagger(self) -> None:
        """Locust's own spawn rate spreads the starts."""

    def arrive(self) -> Outcome:
        """Run one scenario."""
        return self.worker.run(time.monotonic_ns())

    def close(self) -> None:
        """Tell what was broken, and close the connections."""
        for requirement, count in sorted(self._tally.broken.items()):
            logger.warning("%s broken by %d answers: %s", requirement, count, self._tally.messages.get(requirement, ""))
        left = self.worker.clear(CLEARING_S)
        if left:
            logger.warning("%d files of this test could not be deleted.", left)
        self.worker.close()
