"""The Locust side: the user that runs scenarios, and the hooks that start and end them.

This module imports Locust, and with it patches the standard library: only a locustfile may load it.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.distribution import Fixed
from ozwell_harness.load.engine.build import Part
from ozwell_harness.load.engine.by_hand import FreeConductor
from ozwell_harness.load.engine.conductor import Conducting, Conductor
from ozwell_harness.load.engine.rows import Rows
from ozwell_harness.load.plan import ORDERS_VARIABLE, LoadPlan, Orders, PlanError, read_orders
from ozwell_harness.load.scenario import Mix
from ozwell_harness.profile import ProfileError
from ozwell_harness.settings import ConfigurationError, check_url, keys_in
from ozwell_harness.target import KeyName

_FINISHED = "ozwell_finished"
_LONGEST_PAUSE_S = 1.0
_PAUSE_S = 0.1

logger = logging.getLogger("ozwell_harness.load")


class TargetUser(User):
    """One user of the target. In an open loop a single one dispatches every arrival."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._failures = 0

    @property
    def _conductor(self) -> Conducting:
        conductor = _hooks_of(self.environment).conductor
        if conductor is None:
            raise StopUser
        return conductor

    def on_start(self) -> None:
        """Wait for this user's turn: users do not start all at once."""
        conductor = _hooks_of(self.environment).conductor
        if conductor is not None:
            conductor.stagger()

    def wait_time(self) -> float:
        """Return how long to think before the next request, in seconds."""
        return self._conductor.think_s

    @task
    def arrive(self) -> None:
        """Run one scenario, or the whole schedule of an open loop."""
        conductor = self._conductor
        if conductor.over:
            raise StopUser
        outcome = conductor.arrive()
        self._failures = self._failures + 1 if outcome.failed else 0
        if self._failures > 1 or outcome.unreachable:
            # A target that refuses everything must not be asked as fast as it can refuse.
            gevent.sleep(min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** min(self._failures, 10)))


class _Hooks:
    """What happens on one node when Locust starts, stops and quits."""

    def __init__(self, environment: Any, scenarios: Mapping[str, Mix]) -> None:
        self._environment = environment
        self._scenarios = scenarios
        self._parent = os.getppid()
        self._finished = 0
        self.conductor: Conducting | None = None
        path = os.environ.get(ORDERS_VARIABLE)
        self._orders: Orders | None = read_orders(Path(path)) if path else None
        environment.events.test_start.add_listener(self.start)
        environment.events.test_stop.add_listener(self.stop)
        environment.events.quit.add_listener(self.quit)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(_FINISHED, self._worker_finished)
        if self._orders is not None:
            gevent.spawn(self._watch_parent)

    def start(self, **_: Any) -> None:
        """Make the worker; a master only conducts others."""
        if isinstance(self._environment.runner, MasterRunner) or self.conductor is not None:
            return
        try:
            self.conductor = self._make()
        except (PlanError, ProfileError, ConfigurationError, OSError) as error:
            logger.error("%s", error)  # noqa: TRY400 - a user's mistake needs no traceback
            self._environment.process_exit_code = 2
            runner = self._environment.runner
            gevent.spawn(runner.stop if self._environment.web_ui else runner.quit)

    def stop(self, **_: Any) -> None:
        """End a test by hand; the web page may start another."""
        if isinstance(self.conductor, FreeConductor):
            self.conductor.close()
            self.conductor = None

    def quit(self, **_: Any) -> None:
        """Close the record, after Locust has stopped every user."""
        if self.conductor is not None:
            self.conductor.close()
            self.conductor = None

    def _make(self) -> Conducting:
        runner = self._environment.runner
        worker = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        rows = Rows(self._environment, extra=self._orders is None)
        run = self._orders.run if self._orders else secrets.token_hex(8)
        part = Part(keys_in(os.environ).get(KeyName.MAIN), run, worker)
        if self._orders is None:
            return FreeConductor(self._plan(), self._scenarios, rows, part)
        return Conductor(self._orders, self._scenarios, rows, self._over, part)

    def _plan(self) -> LoadPlan:
        host = self._environment.host or os.environ.get("OZWELL_BASE_URL")
        if not host:
            raise PlanError("No target is named: give its base URL with --host, or set OZWELL_BASE_URL.")
        options = self._environment.parsed_options
        return LoadPlan(
            base_url=check_url(host),
            model=os.environ.get("OZWELL_MODEL", ""),
            embedding_model=os.environ.get("OZWELL_EMBEDDING_MODEL") or None,
            scenario=options.scenario,
            profile=options.ozwell_profile,
            arrivals=Closed(1, Fixed(options.think)),
        )

    def _over(self) -> None:
        runner = self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message(_FINISHED, None)
        else:
            gevent.spawn(runner.quit)

    def _worker_finished(self, **_: Any) -> None:
        self._finished += 1
        if self._orders is not None and self._finished >= self._orders.plan.processes:
            gevent.spawn(self._environment.runner.quit)

    def _watch_parent(self) -> None:
        # Whoever gave the orders may be gone without a word; a load without a listener must not go on.
        while os.getppid() == self._parent:
            gevent.sleep(1.0)
        self._environment.runner.quit()


def _hooks_of(environment: Any) -> _Hooks:
    hooks: _Hooks = environment.ozwell_hooks
    return hooks


def install(scenarios: Mapping[str, Mix]) -> None:
    """Register the hooks and the options ``--scenario``, ``--think`` and ``--ozwell-profile`` with Locust."""

    def add_options(parser: Any, **_: Any) -> None:
        # Not in a group: only the parser's own options are shown on the web page.
        parser.add_argument("--scenario", choices=sorted(scenarios), default="mixed", help="what the users do")
        parser.add_argument("--think", type=float, default=0.0, help="seconds between an answer and the next request")
        parser.add_argument("--ozwell-profile", default="ozwell", help="whose requirements answers are judged by")

    def begin(environment: Any, **_: Any) -> None:
        environment.ozwell_hooks = _Hooks(environment, scenarios)

    events.init_command_line_parser.add_listener(add_options)  # type: ignore[no-untyped-call]
    events.init.add_listener(begin)  # type: ignore[no-untyped-call]
