"""Live figures of a test by hand on Locust: each node counts, and once a second tells Locust's rows and the master."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner

from ozwell_harness.load.engine.rows import Rows, pour
from ozwell_harness.load.live import LiveFigures
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.scenario import Step
from ozwell_harness.load.slo import Metric

#: Row types beside Locust's own; their name is the request's.
EXTRA_ROWS = {Metric.TTFT: "TTFT", Metric.ICL: "ICL"}
_MESSAGE = "ozwell_figures"
_INTERVAL_S = 1.0
logger = logging.getLogger("ozwell_harness.load")
#: Locust's own tables go here too.
_shown = logging.getLogger("locust.stats_logger")


class Live:
    """The figures of one node. A worker passes on what it counted since it last did, so its memory stays flat."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._rows = Rows(environment)
        self._fresh = LiveFigures()
        self._whole = LiveFigures()
        events = environment.events
        events.reset_stats.add_listener(self.clear)
        events.spawning_complete.add_listener(self._spawned)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(_MESSAGE, self._told)
        else:
            gevent.spawn(self._run)

    def __call__(self, step: Step, sample: Sample) -> None:
        """Count a sample."""
        self._rows(step, sample)
        self._fresh.add(sample)

    def flush(self) -> None:
        """Pass on what was counted since the last time."""
        fresh, now = self._fresh.take(), time.time()
        if not fresh:
            return
        for step, metric, histogram in fresh.items():
            if metric in EXTRA_ROWS and histogram.finite:
                pour(histogram, self._environment.stats.get(step, EXTRA_ROWS[metric]), now)
        if isinstance(self._environment.runner, WorkerRunner):
            self._environment.runner.send_message(_MESSAGE, {"figures": fresh.to_message()})
        else:
            self._whole.merge(fresh)

    def clear(self, **_: Any) -> None:
        """Begin anew."""
        self._fresh, self._whole = LiveFigures(), LiveFigures()

    def show(self, path: str | None, workers_lost: int) -> None:
        """Print the table, and write the figures to ``path`` where it is given."""
        if isinstance(self._environment.runner, WorkerRunner):
            return
        if self._whole:
            for line in ("Latencies by step, three digits, all workers together", *self._whole.table(), ""):
                _shown.info(line)
        if path:
            document = {"workers_lost": workers_lost, "figures": self._whole.to_document()}
            try:
                Path(path).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
            except OSError as error:
                logger.error("The figures cannot be written to %s: %s.", path, error.strerror)  # noqa: TRY400

    def _run(self) -> None:
        while True:
            gevent.sleep(_INTERVAL_S)
            self.flush()

    def _told(self, msg: Any, **_: Any) -> None:
        self._whole.merge(LiveFigures.from_message(msg.data["figures"]))

    def _spawned(self, **_: Any) -> None:
        if self._environment.reset_stats:
            self.clear()
