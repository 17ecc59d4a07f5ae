"""What the load phase says is what the schema of results.json and the reports understand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sample_run
from test_report_results import VALIDATOR

from ozwell_harness.load.arrivals import Closed, Poisson
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.result import result_of
from ozwell_harness.load.samples import End, Nonconformity, Sample, Start, Tick
from ozwell_harness.load.slo import parse_slo
from ozwell_harness.reporting.figures import headline
from ozwell_harness.reporting.html import html
from ozwell_harness.reporting.results import to_document

#: What a run of streams with errors draws: none may be lost by a change of names in the document.
CHARTS = [
    "rates", "ttft-over-time", "e2e-over-time", "in-flight", "errors", "lateness", "percentiles",
    "ttft-histogram", "icl-histogram", "e2e-histogram",
]  # fmt: skip
_MS = 1_000_000
_S = 1000 * _MS
CLOSED = LoadPlan("http://127.0.0.1:8000/v1", "gpt-4", arrivals=Closed(2), duration_s=3.0, warmup_s=1.0)
OPEN = replace(
    CLOSED,
    arrivals=Poisson(10.0),
    slo=parse_slo("ttft_p99<500ms, e2e_p50<1s, error_rate<0.1%, goodput>20/s"),
)


def _samples() -> list[Sample]:
    made = []
    for number in range(40):
        due = number * 100 * _MS
        stream = number % 2 == 0
        tokens = tuple((40 + 10 * i) * _MS for i in range(5)) if stream else ()
        sample = Sample(
            scenario="mixed", step="chat_stream" if stream else "chat", due=due, sent=due + _MS, first=30 * _MS,
            tokens=tokens, last=80 * _MS, closed=81 * _MS, streamed=stream, status=200, prompt_tokens=3,
            completion_tokens=5, judged=True, broken=("chat.x",) if number == 20 else (),
        )  # fmt: skip
        made.append(sample)
    made[21] = Sample(scenario="mixed", step="chat", due=made[21].due, sent=made[21].due, error="timeout")
    made[22] = Sample(scenario="mixed", step="chat_stream", due=made[22].due, error="unsent", streamed=True)
    made[39] = Sample(scenario="mixed", step="chat", due=made[39].due, sent=made[39].due, censored=True)
    return made


def _collection() -> Collection:
    example = Nonconformity("chat.x", "It is wrong.", sample_run.HOSTILE.replace("\ud800", ""))
    start, end = Start(0, 1_700_000_000.0), End(4 * _S, finished=True)
    return Collection.of([start, *_samples(), Tick(2 * _S, 0.4, 1), example, end])


@pytest.mark.parametrize("plan", [CLOSED, OPEN], ids=["closed", "open"])
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
@pytest.mark.parametrize("interrupted", [True, False], ids=["interrupted", "whole"])
def test_a_load_block_is_valid_and_shown(plan: LoadPlan, filled: bool, interrupted: bool) -> None:
    block = result_of(plan, _collection() if filled else Collection(), interrupted=interrupted).to_document()
    run = replace(sample_run.green_run(), load=block)
    assert [error.message for error in VALIDATOR.iter_errors(to_document(run))] == []
    told = " ".join(headline(block))
    page = html(run, sample_run.requirements())
    assert ("Interrupted" in told) == interrupted
    assert ("SLO ttft_p99" in told) == (plan is OPEN)
    assert ("1 deviation under load: chat.x (1)" in told) == filled
    drawn = re.findall(r'data-chart="([^"]+)"', page)
    assert drawn == (CHARTS if filled else [])
