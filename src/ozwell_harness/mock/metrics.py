"""Counters of the mock, in the text format of Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


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
    in_flight: int = 0

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
            ("stream_items", "Pieces of streams flushed.", self.stream_items),
            ("unhandled_errors", "Requests that ended in an unexpected error.", self.unhandled),
            ("bad_http", "Connections closed for invalid HTTP.", self.bad_http),
        ):
            lines += [
                f"# HELP mock_{name}_total {text}",
                f"# TYPE mock_{name}_total counter",
                f"mock_{name}_total {value}",
            ]
        lines += ["# HELP mock_in_flight Requests being answered.", "# TYPE mock_in_flight gauge"]
        lines.append(f"mock_in_flight {self.in_flight}")
        return "\n".join(lines) + "\n"
