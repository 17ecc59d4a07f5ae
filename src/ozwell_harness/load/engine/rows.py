"""Keeps Locust's own statistics: a request event for each answer, and rows of their own for TTFT and chunk gaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ozwell_harness.load.metrics import icl_ns, ttft_ns
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.scenario import Step

_NS_PER_MS = 1_000_000
#: The types of the extra rows; their name is the request's.
TTFT_ROW = "TTFT"
ICL_ROW = "ICL"


class RequestFailedError(Exception):
    """What Locust shows of a failed request. Equal failures must read alike: Locust counts them by their text."""


class Rows:
    """Fires ``events.request`` with E2E in milliseconds, and logs the extra rows.

    The extra rows are not requests: they are logged beside the total, so that Locust's request rate stays true.
    """

    def __init__(self, environment: Any, *, extra: bool) -> None:
        self._environment = environment
        self._extra = extra

    def __call__(self, step: Step, sample: Sample) -> None:
        """Tell Locust of a sample; a censored one is no request."""
        if sample.censored:
            return
        self._environment.events.request.fire(
            request_type=step.method,
            name=step.name,
            response_time=_response_ms(sample),
            response_length=sample.bytes,
            exception=RequestFailedError(sample.error) if sample.error else None,
            context={},
            url=step.path,
        )
        if self._extra and sample.completed:
            ttft = ttft_ns(sample)
            self._log(TTFT_ROW, step.name, () if ttft is None else (ttft,))
            self._log(ICL_ROW, step.name, icl_ns(sample))

    def _log(self, row: str, name: str, values: Iterable[int]) -> None:
        for value in values:
            self._environment.stats.get(name, row).log(value / _NS_PER_MS, 0)


def _response_ms(sample: Sample) -> float:
    ended = sample.closed if sample.failed else sample.last
    if sample.sent is None:
        return sample.connect / _NS_PER_MS
    return (sample.sent + (ended or 0) - sample.due) / _NS_PER_MS
