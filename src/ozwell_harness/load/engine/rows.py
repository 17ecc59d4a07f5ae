"""Keeps Locust's own statistics: a request event for each answer, and rows of their own for TTFT and chunk gaps."""

from __future__ import annotations

from typing import Any

from ozwell_harness.load.histogram import Histogram, middle_of
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.step import Step

_NS_PER_MS = 1_000_000


class RequestFailedError(Exception):
    """What Locust shows of a failed request. Equal failures must read alike: Locust counts them by their text."""


class Rows:
    """Fires ``events.request`` with E2E in milliseconds."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment

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


def pour(histogram: Histogram, entry: Any, now: float) -> None:
    """Add a histogram of nanoseconds to a row of Locust's, in milliseconds and with more digits than Locust keeps.

    The row is no request: it is filled beside the total, so that Locust's request rate stays true.
    """
    if histogram.smallest is None or histogram.largest is None:
        return
    count, smallest = histogram.finite, histogram.smallest / _NS_PER_MS
    entry.num_requests += count
    entry.num_reqs_per_sec[int(now)] += count
    entry.last_request_timestamp = now
    entry.total_response_time += histogram.total / _NS_PER_MS
    entry.min_response_time = smallest if entry.min_response_time is None else min(entry.min_response_time, smallest)
    entry.max_response_time = max(entry.max_response_time, histogram.largest / _NS_PER_MS)
    for cell, many in histogram.cells.items():
        entry.response_times[float(f"{middle_of(cell) / _NS_PER_MS:.4g}")] += many


def _response_ms(sample: Sample) -> float:
    ended = sample.closed if sample.failed else sample.last
    if sample.sent is None:
        return sample.connect / _NS_PER_MS
    return (sample.sent + (ended or 0) - sample.due) / _NS_PER_MS
