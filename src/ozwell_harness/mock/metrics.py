"""Counters of the mock, in the text format of Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from ozwell_harness.mock.trace import Trace


@dataclass(slots=True)
class Sum:
    """Durations, added up."""

    seconds: float = 0.0
    count: int = 0

    def add(self, seconds: float) -> None:
        """Take one."""
        self.seconds += seconds
        self.count += 1

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.seconds + other.seconds, self.count + other.count)


@dataclass(slots=True)
class Metrics:
    """Plain counters and gauges; one event loop, so no locks."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    streams_started: int = 0
    streams_abandoned: int = 0
    stream_items: int = 0
    unhandled: int = 0
    bad_http: int = 0
    generations_started: int = 0
    generations_abandoned: int = 0
    webhook_attempts: int = 0
    webhooks_delivered: int = 0
    webhooks_given_up: int = 0
    webhooks_dropped: int = 0
    in_flight: int = 0
    queued: int = 0
    generating: int = 0
    answer: Sum = field(default_factory=Sum)
    queue_wait: Sum = field(default_factory=Sum)
    ttft: Sum = field(default_factory=Sum)
    workers: int = 1
    workers_lost: int = 0

    def observe(self, trace: Trace, duration_s: float) -> None:
        """Take the latencies of one request of the API at its end."""
        self.answer.add(duration_s)
        if trace.began:
            self.queue_wait.add((trace.began - trace.received) / 1e9)
        if trace.first_step is not None:
            self.ttft.add((trace.first_step - trace.received) / 1e9)

    def render(self) -> str:
        """The whole page."""
        lines = ["# HELP mock_requests_total Answers by operation and status.", "# TYPE mock_requests_total counter"]
        for (operation, status), count in sorted(self.requests.items()):
            lines.append(f'mock_requests_total{{operation="{operation}",status="{status}"}} {count}')
        lines += ["# HELP mock_faults_total Requests on which a fault acted.", "# TYPE mock_faults_total counter"]
        lines += [f'mock_faults_total{{fault="{name}"}} {count}' for name, count in sorted(self.faults.items())]
        for name, text, value in (
            ("prompt_tokens", "Tokens read.", self.prompt_tokens),
            ("completion_tokens", "Tokens planned.", self.completion_tokens),
            ("streams_started", "Streams begun.", self.streams_started),
            ("streams_abandoned", "Answers whose client left before the end.", self.streams_abandoned),
            ("generations_started", "Generations that got a slot.", self.generations_started),
            ("generations_abandoned", "Generations that broke off.", self.generations_abandoned),
            ("stream_items", "Pieces of streams flushed.", self.stream_items),
            ("unhandled_errors", "Requests that ended in an unexpected error.", self.unhandled),
            ("bad_http", "Connections closed for invalid HTTP.", self.bad_http),
            ("webhook_attempts", "Attempts to deliver a webhook.", self.webhook_attempts),
            ("webhooks_delivered", "Webhooks answered with a 2xx.", self.webhooks_delivered),
            ("webhooks_given_up", "Webhooks that no attempt delivered.", self.webhooks_given_up),
            ("webhooks_dropped", "Webhooks for which the queue had no room.", self.webhooks_dropped),
            ("workers_lost", "Workers that ended unasked; what they counted is lost.", self.workers_lost),
        ):
            lines += [
                f"# HELP mock_{name}_total {text}",
                f"# TYPE mock_{name}_total counter",
                f"mock_{name}_total {value}",
            ]
        for name, text, value in (
            ("in_flight", "Requests being answered.", self.in_flight),
            ("queue_length", "Requests that wait for a slot.", self.queued),
            ("slots_in_use", "Generations under way.", self.generating),
            ("workers", "Processes whose figures these are.", self.workers),
        ):
            lines += [f"# HELP mock_{name} {text}", f"# TYPE mock_{name} gauge", f"mock_{name} {value}"]
        for name, text, total in (
            ("answer", "From a request's first bytes to its answer's end.", self.answer),
            ("queue_wait", "From a request's first bytes to its generation's beginning.", self.queue_wait),
            ("ttft", "From a request's first bytes to the writing of the first decoded event.", self.ttft),
        ):
            lines += [f"# HELP mock_{name}_seconds {text}", f"# TYPE mock_{name}_seconds summary"]
            lines += [f"mock_{name}_seconds_sum {total.seconds:.9f}", f"mock_{name}_seconds_count {total.count}"]
        return "\n".join(lines) + "\n"


def added_up(parts: Iterable[Metrics], workers_lost: int) -> Metrics:
    """The metrics of several workers as those of one mock."""
    total = Metrics(workers=0, workers_lost=workers_lost)
    for part in parts:
        for each in fields(Metrics):
            value: Any = getattr(total, each.name) + getattr(part, each.name)
            setattr(total, each.name, value)
    return total
