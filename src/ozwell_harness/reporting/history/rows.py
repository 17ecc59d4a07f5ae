"""Runs over time as rows and as JSON values. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ozwell_harness.history.entries import Entry, History, plan_of
from ozwell_harness.reporting.results import clean
from ozwell_harness.reporting.summary import stamp
from ozwell_harness.reporting.text import count, inert, instant, number, percent, rate, seconds

SCHEMA = "urn:ozwell-harness:history:1"


@dataclass(frozen=True, slots=True)
class Row:
    """One run, ready to show; ``-`` for what it does not have."""

    number: int
    started: str
    command: str
    target: str
    verdict: str
    status: str
    score: str
    failed: str
    ttft: str
    e2e: str
    throughput: str
    errors: str
    path: str


def rows(history: History) -> tuple[Row, ...]:
    """Return the runs, the oldest first, numbered from 1."""
    return tuple(_row(number, entry) for number, entry in enumerate(history.entries, 1))


def _row(place: int, entry: Entry) -> Row:
    run, load = entry.run, entry.load
    throughput = entry.figure("throughput_rps")
    return Row(
        number=place,
        started=instant(run.started)[:16].replace("T", " "),
        command=run.command,
        target=run.target,
        verdict=stamp(run),
        status=run.verdict.value,
        score=percent(run.tally.score) if entry.scored else "-",
        failed=f"{entry.failed} / {entry.warned}" if run.findings or entry.scored else "-",
        ttft=_ends(entry, "ttft"),
        e2e=_ends(entry, "e2e"),
        throughput="-" if throughput is None else f"{number(throughput)}/s",
        errors="-" if load is None else rate(entry.figure("error_rate")),
        path=entry.path,
    )


def _ends(entry: Entry, metric: str) -> str:
    found = [entry.latency(metric, statistic) for statistic in ("p50", "p99")]
    return "-" if found == [None, None] else " / ".join(map(seconds, found))


def sentence(history: History) -> str:
    """Say what was found, and how the last run ended."""
    if not history.entries:
        return f"No run was found below {history.folder}."
    last = history.entries[-1].run
    said = f"{count(len(history.entries), 'run')}; the last one, of {last.target}, is {stamp(last)}."
    return f"{said} {count(len(history.damaged), 'file')} could not be read." if history.damaged else said


def to_json(history: History) -> str:
    """Return the history as JSON: what is shown of each run, in numbers."""
    document: Any = clean(
        {
            "schema": SCHEMA,
            "runs": [_document(entry) for entry in history.entries],
            "damaged": [{"path": entry.path, "reason": entry.reason} for entry in history.damaged],
        }
    )
    return inert(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)) + "\n"


def _document(entry: Entry) -> dict[str, Any]:
    run = entry.run
    return {
        "path": entry.path,
        "started": instant(run.started),
        "command": run.command,
        "target": run.target,
        "profile": run.profile,
        "verdict": run.verdict.value,
        "interrupted": run.interrupted,
        "score": run.tally.score if entry.scored else None,
        "coverage": run.tally.coverage if entry.scored else None,
        "summary": {status.value: amount for status, amount in run.tally.counts.items()},
        "load": None if entry.load is None else _load(entry),
        "capacity": None
        if run.capacity is None
        else {key: run.capacity[key] for key in ("status", "lower_rps", "upper_rps")},
    }


def _load(entry: Entry) -> dict[str, Any]:
    latencies = {
        f"{metric}_{statistic}_s": entry.latency(metric, statistic)
        for metric in ("ttft", "e2e")
        for statistic in ("p50", "p99")
    }
    plan = plan_of(entry.load) if entry.load is not None else ""
    return {"plan": plan, **{name: entry.figure(name) for name in ("throughput_rps", "error_rate")}, **latencies}
