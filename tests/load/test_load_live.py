from __future__ import annotations

import json
import math
from collections import defaultdict
from types import SimpleNamespace

import pytest
from load_samples import answered, failed, streamed

from ozwell_harness.load.engine.rows import pour
from ozwell_harness.load.histogram import Histogram
from ozwell_harness.load.live import LiveFigures
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.slo import Metric


def of(*samples: Sample) -> LiveFigures:
    figures = LiveFigures()
    for sample in samples:
        figures.add(sample)
    return figures


STREAMS = (streamed(0, 20, 25, 31), streamed(0, 40, 45), answered(0, 900), answered(censored=True))


def test_each_step_has_its_latencies() -> None:
    found = {(entry["step"], entry["metric"]): entry for entry in of(*STREAMS).to_document()}
    counts = {key: entry["count"] for key, entry in found.items()}
    assert counts == {
        ("chat", "e2e"): 1,
        ("chat_stream", "ttft"): 2,
        ("chat_stream", "icl"): 3,
        ("chat_stream", "e2e"): 2,
    }
    assert found["chat_stream", "ttft"]["p50_s"] == pytest.approx(0.02, rel=1e-3)
    assert found["chat_stream", "icl"]["max_s"] == 0.006
    assert found["chat", "e2e"]["mean_s"] == pytest.approx(0.9)


def test_failures_lie_above_every_value_where_they_apply() -> None:
    found = of(answered(0, 10), failed(), failed(streamed=True, error="http_500"))
    entries = {entry["metric"]: entry for entry in found.to_document()}
    assert {metric: (entry["count"], entry["failed"]) for metric, entry in entries.items()} == {
        "ttft": (0, 1),
        "e2e": (1, 2),
    }
    assert (entries["e2e"]["p50_s"], entries["ttft"]["mean_s"]) == (None, None)
    json.dumps(found.to_document(), allow_nan=False)
    assert "failed    failed" in "\n".join(found.table())


def test_what_workers_send_adds_up_to_the_whole() -> None:
    first, second, master = of(*STREAMS[:1]), of(*STREAMS[1:]), LiveFigures()
    for worker in (first, second):
        master.merge(LiveFigures.from_message(json.loads(json.dumps(worker.take().to_message()))))
        assert not worker
    assert master.items() == of(*STREAMS).items()


def test_the_table_has_three_digits() -> None:
    told = of(*STREAMS).table()
    assert [line.split() for line in told[2:]] == [
        ["chat", "E2E", "1", "0", "900", "900", "900", "900", "900"],
        ["chat_stream", "TTFT", "2", "0", "20", "40", "40", "40", "40"],
        ["chat_stream", "ICL", "3", "0", "5", "6", "6", "6", "6"],
        ["chat_stream", "E2E", "2", "0", "31", "45", "45", "45", "45"],
    ]
    assert len({len(line) for line in told}) == 1


def test_a_row_of_locusts_takes_a_histogram() -> None:
    row = SimpleNamespace(
        num_requests=1,
        num_reqs_per_sec=defaultdict(int),
        last_request_timestamp=None,
        total_response_time=1.0,
        min_response_time=1.0,
        max_response_time=1.0,
        response_times=defaultdict(int, {1.0: 1}),
    )
    histogram = Histogram()
    histogram.extend((120_700_000, 120_700_000, 310_000))
    pour(histogram, row, 7.5)
    pour(Histogram(infinite=1), row, 9.0)
    assert (row.num_requests, dict(row.num_reqs_per_sec), row.last_request_timestamp) == (4, {7: 3}, 7.5)
    assert (row.min_response_time, row.max_response_time) == (0.31, 120.7)
    assert row.total_response_time == pytest.approx(1 + 2 * 120.7 + 0.31)
    assert sorted(row.response_times.values()) == [1, 1, 2]
    assert max(row.response_times) == pytest.approx(120.7, rel=1e-3)


def test_an_infinite_percentile_is_no_number_in_a_message() -> None:
    message = of(failed()).to_message()
    assert message == [["chat", "e2e", {"cells": [], "infinite": 1, "total": 0, "range": None}]]
    merged = LiveFigures.from_message(message)
    assert merged.items()[0][:2] == ("chat", Metric.E2E)
    assert merged.items()[0][2].percentiles([50]) == [math.inf]
