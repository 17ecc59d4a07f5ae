"""The Locust side: the user that runs scenarios, and the hooks that start and end them.

This module imports Locust, and with it patches the standard library: only a locustfile may load it.
"""

from __future__ import annotations

import contextlib
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

from ozwell_harness.load.arrivals import ArrivalsError
from ozwell_harness.load.engine.build import Part, prepare
from ozwell_harness.load.engine.by_hand import FreeConductor
from ozwell_harness.load.engine.conductor import Conducting, Conductor
from ozwell_harness.load.engine.live import Live
from ozwell_harness.load.engine.options import add_options, plan_of
from ozwell_harness.load.engine.roll import FINISHED, Roll
from ozwell_harness.load.engine.rows import Rows
from ozwell_harness.load.plan import ORDERS_VARIABLE, LoadPlan, Orders, PlanError, read_orders
from ozwell_harness.load.prompts import PromptError
from ozwell_harness.load.scenario import Mix
from ozwell_harness.profile import ProfileError
from ozwell_harness.settings import ConfigurationError, check_url, keys_in
from ozwell_harness.target import KeyName

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
        self._master = isinstance(environment.runner, MasterRunner)
        self.conductor: Conducting | None = None
        path = os.environ.get(ORDERS_VARIABLE)
        self._orders: Orders | None = read_orders(Path(path)) if path else None
        environment.events.test_start.add_listener(self.start)
        environment.events.test_stop.add_listener(self.stop)
        environment.events.quit.add_listener(self.quit)
        self._live = Live(environment) if self._orders is None else None
        self._roll = Roll(environment.runner, self._quit if self._orders else None) if self._master else None
        if self._orders is not None:
            gevent.spawn(self._watch_parent)
        elif not self._master:
            # Locust's own clock runs from the start of a test, so the slow part of making a worker comes before.
            with contextlib.suppress(ProfileError):
                prepare(environment.parsed_options.ozwell_profile)
        # The hub has not looked at the clock since Python began to import: a time limit that is set now would count
        # from then, and may be over at once.
        gevent.get_hub().loop.update_now()

    def start(self, **_: Any) -> None:
        """Make the worker; a master only conducts others."""
        if self._live is not None:
            self._live.clear()
            if not isinstance(self._environment.runner, WorkerRunner):
                # Locust passes it on to the workers: they must recognise each other's nonces.
                self._environment.parsed_options.ozwell_run = secrets.token_hex(8)
        if self._master or self.conductor is not None:
            return
        try:
            self.conductor = self._make()
        except (ArrivalsError, PlanError, PromptError, ProfileError, ConfigurationError, OSError) as error:
            logger.error("%s", error)  # noqa: TRY400 - a user's mistake needs no traceback
            self._environment.process_exit_code = 2
            runner = self._environment.runner
            gevent.spawn(runner.stop if self._environment.web_ui else runner.quit)

    def stop(self, **_: Any) -> None:
        """End a test by hand; the web page may start another."""
        if isinstance(self.conductor, FreeConductor):
            self.conductor.close()
            self.conductor = None
        if self._live is not None:
            self._live.flush()

    def quit(self, **_: Any) -> None:
        """Close the record, after Locust has stopped every user; show what a test by hand has measured."""
        if self.conductor is not None:
            self.conductor.close()
            self.conductor = None
        if self._live is not None:
            self._live.show(self._environment.parsed_options.ozwell_json, self._roll.lost if self._roll else 0)

    def _make(self) -> Conducting:
        runner = self._environment.runner
        worker = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        key = keys_in(os.environ).get(KeyName.MAIN)
        if self._orders is not None:
            part = Part(key, self._orders.run, worker)
            return Conductor(self._orders, self._scenarios, Rows(self._environment), self._over, part)
        part = Part(key, self._environment.parsed_options.ozwell_run, worker)
        listener = self._live or Rows(self._environment)
        return FreeConductor(self._plan(), self._scenarios, listener, part)

    def _plan(self) -> LoadPlan:
        host = self._environment.host or os.environ.get("OZWELL_BASE_URL")
        if not host:
            raise PlanError("No target is named: give its base URL with --host, or set OZWELL_BASE_URL.")
        model, embedding_model = os.environ.get("OZWELL_MODEL", ""), os.environ.get("OZWELL_EMBEDDING_MODEL") or None
        return plan_of(self._environment.parsed_options, check_url(host), model, embedding_model)

    def _over(self) -> None:
        if isinstance(self._environment.runner, WorkerRunner):
            self._environment.runner.send_message(FINISHED, None)
        else:
            self._quit()

    def _quit(self) -> None:
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
    """Register the hooks and the options of the load tests with Locust."""

    def register(parser: Any, **_: Any) -> None:
        add_options(parser, scenarios)
        told = "write TTFT, ICL and E2E of every step to this file at the end, as JSON"
        parser.add_argument("--ozwell-json", metavar="FILE", default=None, include_in_web_ui=False, help=told)

    def begin(environment: Any, **_: Any) -> None:
        environment.ozwell_hooks = _Hooks(environment, scenarios)

    events.init_command_line_parser.add_listener(register)  # type: ignore[no-untyped-call]
    events.init.add_listener(begin)  # type: ignore[no-untyped-call]
