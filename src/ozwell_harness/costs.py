"""What a run spends at its target: requests within a budget, tokens, waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ozwell_harness.model import Cost, Exchange, Response, Unjudgeable, read_json

_LAST_EVENTS = 3
#: Beyond this no count of tokens is one, and JSON readers lose digits.
_LARGEST_COUNT = 2**53


class BudgetSpentError(Unjudgeable):
    """``--max-requests`` is used up."""


class Account:
    """Sums up a run's cost. Safe to use from several threads."""

    def __init__(self, max_requests: int | None) -> None:
        self._limit = max_requests
        self._lock = threading.Lock()
        self._cost = Cost()

    @property
    def cost(self) -> Cost:
        """What has been spent so far."""
        with self._lock:
            return replace(self._cost, waited_s=round(self._cost.waited_s, 3))

    def count_request(self) -> None:
        """One more request.

        Raises:
            BudgetSpentError: there may be none.
        """
        with self._lock:
            if self._limit is not None and self._cost.requests >= self._limit:
                raise BudgetSpentError(f"the budget of {self._limit} requests (--max-requests) is spent")
            self._cost = replace(self._cost, requests=self._cost.requests + 1)

    def count_cleanup(self) -> None:
        """One more request that removes what the run left behind: made beyond the budget, too."""
        with self._lock:
            self._cost = replace(self._cost, requests=self._cost.requests + 1)

    def count_tokens(self, exchange: Exchange) -> None:
        """Add what the answer reports."""
        prompt, completion = tokens(exchange)
        with self._lock:
            self._cost = replace(
                self._cost,
                prompt_tokens=self._cost.prompt_tokens + prompt,
                completion_tokens=self._cost.completion_tokens + completion,
            )

    def count_wait(self, seconds: float) -> None:
        """One more wait that the target asked for."""
        with self._lock:
            self._cost = replace(self._cost, throttled=self._cost.throttled + 1, waited_s=self._cost.waited_s + seconds)

    def count_retry(self, most: int) -> bool:
        """One more request sent again after a passing failure; False when there have been ``most`` already."""
        with self._lock:
            if self._cost.retried >= most:
                return False
            self._cost = replace(self._cost, retried=self._cost.retried + 1)
            return True


def tokens(exchange: Exchange) -> tuple[int, int]:
    """Return (prompt, completion) tokens that a whole answer reports; zeros where it reports none. Pure."""
    response = exchange.response
    if response is None or response.status != 200 or exchange.failure is not None:
        return (0, 0)
    for document in _documents(response):
        usage = document.get("usage") if isinstance(document, Mapping) else None
        if isinstance(usage, Mapping):
            return (_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
    return (0, 0)


def _count(value: Any) -> int:
    """Return a count, or 0 for what cannot be one: it would spoil the sum."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_COUNT
    return value if is_count else 0


def _documents(response: Response) -> Iterator[Any]:
    """Yield the document, or those of the last events, the last first."""
    if response.media_type != "text/event-stream":
        try:
            yield response.document
        except (ValueError, RecursionError):
            return
        return
    for event in reversed(response.stream.events[-_LAST_EVENTS:]):
        try:
            yield read_json(event.data)
        except (ValueError, RecursionError):
            continue
