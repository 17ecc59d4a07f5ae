"""Deletes the files that a load left on the target: found in the list by the nonces in their names.

Scenarios delete their own files, and a worker that is stopped deletes those that it knows of. What is left after that
are uploads whose answer never came, and files of workers that were killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ozwell_harness.client import with_query
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.load.files import PAGE, file_path
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.model import Unjudgeable
from ozwell_harness.target import KeyName, Secret, Target, Timeouts

_PATIENCE_S = 20.0
_TIMEOUTS = Timeouts(connect_s=5.0, read_s=5.0, total_s=10.0)
#: An account may hold any number of files; no list is read further than this.
_MOST_PAGES = 50
_GONE = frozenset({200, 204, 404})


class _UnreadableError(Exception):
    """The list of files could not be had."""


def sweep(plan: LoadPlan, run: str, key: Secret | None) -> str | None:
    """Delete what is left of a run; return a plain sentence about what could not be, or None.

    Raises:
        ConfigurationError: the target's certificate authorities cannot be read.
    """
    keys = {KeyName.MAIN: key} if key else {}
    ca_file = Path(plan.ca_file) if plan.ca_file else None
    recorder = Recorder(Target(plan.base_url, plan.model, None, keys, timeouts=_TIMEOUTS, ca_file=ca_file))
    try:
        left = _Broom(recorder, Nonces(run)).sweep()
    except (_UnreadableError, Unjudgeable, ValueError, RecursionError, LookupError, TypeError) as error:
        told = str(error) or type(error).__name__
        return f"Files of this load may be left, named load-ozn…: the list of files could not be read ({told})."
    finally:
        recorder.close()
    return f"Files of this load that could not be deleted, named load-ozn…: {left}." if left else None


class _Broom:
    """Walks the list and deletes what the run made."""

    def __init__(self, recorder: Recorder, nonces: Nonces) -> None:
        self._recorder = recorder
        self._nonces = nonces
        self._until = time.monotonic() + _PATIENCE_S

    def sweep(self) -> int:
        # The walk comes first: a deletion would move its cursor.
        ours = [item["id"] for item in self._items() if self._nonces.foreign(str(item.get("filename")), None)]
        return sum(not self._delete(file_id) for file_id in ours)

    def _items(self) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"limit": PAGE}
        for _ in range(_MOST_PAGES):
            data = self._page(query)["data"]
            items = [item for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)]
            yield from items
            if len(items) < PAGE or time.monotonic() > self._until:
                return
            query["after"] = items[-1]["id"]

    def _page(self, query: dict[str, Any]) -> Any:
        exchange = self._recorder.send_once(Call("GET", with_query("/files", query), "files that a load left"))
        if exchange.failure is not None or exchange.response is None:
            raise _UnreadableError(exchange.failure.message if exchange.failure else "no answer")
        if exchange.status != 200:
            raise _UnreadableError(f"GET /files answered {exchange.status}")
        return exchange.response.document

    def _delete(self, file_id: str) -> bool:
        if time.monotonic() > self._until:
            return False
        return self._recorder.send_once(Call("DELETE", file_path(file_id), "clean up")).status in _GONE
