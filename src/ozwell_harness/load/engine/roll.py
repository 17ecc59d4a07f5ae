"""The master's roll of its workers: which ended, which fell silent. A lost worker is said, and never waited for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent

logger = logging.getLogger("ozwell_harness.load")

FINISHED = "ozwell_finished"
_POLL_S = 0.2
#: Locust calls a worker missing after some seconds of silence; a stalled machine gets so many more.
_PATIENCE_S = 3.0
_MISSING = "missing"


class Roll:
    """Watches the workers of a master from the start of its test."""

    def __init__(self, runner: Any, over: Callable[[], None] | None = None) -> None:
        """``over`` is called once every worker has said that it has finished, or is lost."""
        self._runner = runner
        self._over = over
        self._finished: set[str] = set()
        self._silent_s: dict[str, float] = {}
        runner.register_message(FINISHED, self._told)
        gevent.spawn(self._run)

    @property
    def lost(self) -> int:
        """How many workers were lost."""
        return sum(silent >= _PATIENCE_S for silent in self._silent_s.values())

    def _told(self, msg: Any, **_: Any) -> None:
        self._finished.add(msg.node_id)

    def _run(self) -> None:
        while True:
            gevent.sleep(_POLL_S)
            known = {client.id: client.state for client in self._runner.clients.all}
            for worker, state in known.items():
                self._notice(worker, missing=state == _MISSING)
            at_work = [worker for worker in known if not self._is_lost(worker) and worker not in self._finished]
            if self._over is not None and known and not at_work:
                self._over()
                return

    def _notice(self, worker: str, *, missing: bool) -> None:
        if self._is_lost(worker):
            return
        self._silent_s[worker] = self._silent_s.get(worker, 0.0) + _POLL_S if missing else 0.0
        if self._is_lost(worker):
            logger.warning("Worker %s is lost: what it had reported is kept, what it was doing is not.", worker)

    def _is_lost(self, worker: str) -> bool:
        return self._silent_s.get(worker, 0.0) >= _PATIENCE_S
