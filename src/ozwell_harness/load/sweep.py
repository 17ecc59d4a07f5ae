"""Deletes the files that a load left on the target: found in the list by the nonces in their names.

Scenarios delete their own files, and a worker that is stopped deletes those that it knows of. What is left after that
are uploads whose answer never came, and files of workers that were killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ozwell_harness.load.files import PAGE, file_path
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.sending import trusted
from ozwell_harness.target import Secret

_PATIENCE_S = 20.0
_TIMEOUT_S = 5.0
#: An account may hold any number of files; no list is read further than this.
_MOST_PAGES = 50
_GONE = frozenset({200, 204, 404})


def sweep(plan: LoadPlan, run: str, key: Secret | None) -> str | None:
    """Delete what is left of a run; return a plain sentence about what could not be, or None.

    Raises:
        ConfigurationError: the target's certificate authorities cannot be read.
    """
    headers = {"Authorization": f"Bearer {key.reveal()}"} if key else {}
    verify = trusted(plan.base_url, Path(plan.ca_file) if plan.ca_file else None)
    with httpx.Client(headers=headers, verify=verify, timeout=_TIMEOUT_S) as client:
        broom = _Broom(client, plan.base_url, Nonces(run))
        try:
            left = broom.sweep()
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            told = str(error) or type(error).__name__
            return f"Files of this load may be left, named load-ozn…: the list of files could not be read ({told})."
    return f"Files of this load that could not be deleted, named load-ozn…: {left}." if left else None


class _Broom:
    """Walks the list and deletes what the run made."""

    def __init__(self, client: httpx.Client, base_url: str, nonces: Nonces) -> None:
        self._client = client
        self._base_url = base_url
        self._nonces = nonces
        self._until = time.monotonic() + _PATIENCE_S

    def sweep(self) -> int:
        # The walk comes first: a deletion would move its cursor.
        ours = [item["id"] for item in self._items() if self._nonces.foreign(str(item.get("filename")), None)]
        return sum(not self._delete(file_id) for file_id in ours)

    def _items(self) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"limit": PAGE}
        for _ in range(_MOST_PAGES):
            answer = self._client.get(f"{self._base_url}/files", params=query)
            answer.raise_for_status()
            data = answer.json()["data"]
            items = [item for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)]
            yield from items
            if len(items) < PAGE or time.monotonic() > self._until:
                return
            query["after"] = items[-1]["id"]

    def _delete(self, file_id: str) -> bool:
        if time.monotonic() > self._until:
            return False
        return self._client.delete(self._base_url + file_path(file_id)).status_code in _GONE
