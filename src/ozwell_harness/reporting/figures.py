"""The load block of ``results.json`` as rows and sentences. Pure; reads what is there, never computes a latency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.reporting.text import count, number, rate, seconds

#: Metric → its name in a table. Definitions are the load phase's.
METRICS: Mapping[str, str] = {
    "ttft_s": "TTFT (time to first token)",
    "e2e_s": "E2E (end to end)",
    "icl_s": "ICL (between chunks)",
    "tpot_s": "TPOT (per output token)",
    "service_s": "Service time",
    "response_ttft_s": "Response TTFT (from due time)",
    "stall_s": "Longest stall",
}
STATISTICS = ("mean", "p50", "p90", "p95", "p99", "p99.9", "max")
#: Stands where a percentile lies among requests that failed, which is null in the document.
AMONG_FAILURES = "failed"
_MET = {True: "met", False: "not met", None: "undecided"}
_SHARES = frozenset({"error_rate", "attainment"})
_RATES = frozenset({"goodput", "throughput"})


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, ready to show: its name, how many samples, and the statistics as text in ``STATISTICS`` order."""

    name: str
    count: int
    cells: tuple[str, ...]


def metric_rows(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[MetricRow, ...]:
    """Return the rows of a table of latencies; what has no name here keeps its own."""
    known = [name for name in METRICS if name in metrics]
    others = [name for name in metrics if name not in METRICS]
    return tuple(
        MetricRow(
            METRICS.get(name, name),
            int(metrics[name].get("count", 0)),
            tuple(_cell(metrics[name], statistic) for statistic in STATISTICS),
        )
        for name in known + others
    )


def _cell(summary: Mapping[str, Any], statistic: str) -> str:
    """Return a statistic as text; one that an older document does not have is left open."""
    key = statistic.replace(".", "")
    return _latency(summary[key]) if key in summary else "-"


def _latency(value: float | None) -> str:
    return AMONG_FAILURES if value is None else seconds(value)


def tiles(load: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the few figures (name, value) that a first screen shows."""
    metrics = load.get("metrics", {})
    latencies = [
        (f"{label} p50 / p99", f"{_latency(metrics[name].get('p50'))} / {_latency(metrics[name].get('p99'))}")
        for name, label in (("ttft_s", "TTFT"), ("e2e_s", "E2E"))
        if name in metrics
    ]
    found = [("Throughput", f"{number(load.get('throughput_rps'))}/s"), ("Error rate", rate(load.get("error_rate")))]
    slo = load.get("slo")
    judged = [("Goodput", f"{number(slo.get('goodput_rps'))}/s"), ("SLO", _MET[slo.get("met")])] if slo else []
    return tuple(found + latencies + judged)


def shape(load: Mapping[str, Any]) -> str:
    """Say what load was applied."""
    if load.get("users") is not None:
        offered = f"{count(int(load['users']), 'user')}, closed loop"
    elif load.get("rate") is not None:
        offered = f"{number(load['rate'])} arrivals/s offered ({load.get('shape') or load.get('arrivals', '')})"
    else:
        offered = str(load.get("shape") or load.get("arrivals", ""))
    measured = f"{seconds(load.get('duration_s'))} measured after {seconds(load.get('warmup_s'))} of warm-up"
    return f"{load.get('scenario', '')}: {offered}, {measured}"


def outcome(load: Mapping[str, Any]) -> str:
    """Say what came of it: throughput, errors, what was cut off."""
    return f"{number(load.get('throughput_rps'))} requests/s, {counts(load)}"


def counts(load: Mapping[str, Any]) -> str:
    """Say how many requests ended well, failed, or were cut off."""
    requests = load.get("requests", {})
    said = [
        f"{requests.get('completed', 0):,} completed",
        f"{requests.get('failed', 0):,} failed (error rate {rate(load.get('error_rate'))})",
    ]
    if requests.get("censored"):
        said.append(f"{requests['censored']:,} cut off by the end of the run")
    return ", ".join(said)


@dataclass(frozen=True, slots=True)
class StepRow:
    """One kind of request: its name, how many were answered and failed, and p50 / p99 of TTFT and E2E as text."""

    name: str
    completed: int
    failed: int
    ttft: str
    e2e: str


def step_rows(load: Mapping[str, Any]) -> tuple[StepRow, ...]:
    """Return the kinds of requests, where there are several; TTFT is ``-`` where an answer is not streamed."""
    steps = load.get("scenarios", ())
    if len(steps) < 2:
        return ()
    return tuple(
        StepRow(
            str(step["name"]),
            step["requests"]["completed"],
            step["requests"]["failed"],
            _ends(step["metrics"].get("ttft_s")),
            _ends(step["metrics"].get("e2e_s")),
        )
        for step in steps
    )


def _ends(metric: Mapping[str, Any] | None) -> str:
    return f"{_latency(metric.get('p50'))} / {_latency(metric.get('p99'))}" if metric else "-"


def flow(load: Mapping[str, Any]) -> str:
    """Say offered load, throughput and goodput side by side, in requests per second."""
    closed = load.get("users") is not None
    said = ["Offered as fast as answers come" if closed else f"Offered {number(load.get('offered_rps'))} requests/s"]
    said.append(f"throughput {number(load.get('throughput_rps'))}/s")
    slo = load.get("slo")
    if slo:
        said.append(f"goodput {number(slo.get('goodput_rps'))}/s (attainment {rate(slo.get('attainment'))})")
    return ", ".join(said)


def client(load: Mapping[str, Any]) -> str:
    """Say what the client knows of its own error."""
    found = load.get("validity", {})
    said = []
    if found.get("client_cpu_mean") is not None:
        said.append(f"{rate(found['client_cpu_mean'])} of a core (at most {rate(found.get('client_cpu_max'))})")
    for name, words in (("send_lateness_p99_s", "sent late"), ("receive_lag_p99_s", "read late")):
        if found.get(name) is not None:
            said.append(f"{words} by {seconds(found[name])} (p99)")
    if found.get("unsent"):
        said.append(f"{count(int(found['unsent']), 'arrival')} unsent")
    word = "valid" if load.get("valid", True) else "INVALID"
    return f"Client {word}: {', '.join(said) or 'nothing is known of it'}."


def validity(load: Mapping[str, Any]) -> str:
    """Say why the figures cannot be trusted; empty when they can."""
    if load.get("valid", True):
        return ""
    return " ".join(["INVALID, neither pass nor fail:", *(str(reason) for reason in load.get("reasons", ()))])


def slo_sentence(load: Mapping[str, Any]) -> str:
    """Say whether the SLO was met; empty when there was none."""
    slo = load.get("slo")
    if not slo:
        return ""
    return f"SLO {slo.get('expression', '')}: {_MET[slo.get('met')]}"


@dataclass(frozen=True, slots=True)
class TermRow:
    """One term of an SLO: as written, whether it holds (None: undecided), and what was measured."""

    term: str
    met: bool | None
    measured: str


def slo_outcomes(load: Mapping[str, Any]) -> tuple[TermRow, ...]:
    """Return the terms of the SLO with what became of them."""
    terms = (load.get("slo") or {}).get("terms", ())
    return tuple(TermRow(t["term"], t["met"], measured(t["term"], t["value"])) for t in terms)


def slo_terms(load: Mapping[str, Any]) -> tuple[str, ...]:
    """Say of each term of the SLO whether it holds, and the value that was measured."""
    return tuple(f"{row.term}: {_MET[row.met]} ({row.measured})" for row in slo_outcomes(load))


def measured(term: str, value: float | None) -> str:
    """Say what was measured of a term of an SLO, in its unit."""
    if value is None:
        return "undefined, or among requests that failed"
    metric = re.split(r"[^a-z_]", term.strip().lower())[0]
    if metric in _SHARES:
        return f"measured {rate(value)}"
    return f"measured {number(value)}/s" if metric in _RATES else f"measured {seconds(value)}"


def headline(load: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines for a terminal."""
    latencies = [f"{name} {value}" for name, value in tiles(load) if "p50" in name]
    deviations = sum(int(entry.get("count", 0)) for entry in load.get("nonconformities", ()))
    lines = [f"Load: {shape(load)}", f"  {outcome(load)}"]
    lines += [f"  {'; '.join(latencies)}"] if latencies else []
    lines += [f"  Errors: {_errors(load)}"] if load.get("errors") else []
    lines += [f"  {count(deviations, 'deviation')} under load: {_ids(load)}"] if deviations else []
    lines += [f"  {line}" for line in (slo_sentence(load), validity(load)) if line]
    if load.get("interrupted"):
        lines.append("  Interrupted: these figures are of what was done until then.")
    return tuple(lines)


def _errors(load: Mapping[str, Any]) -> str:
    return ", ".join(f"{entry['kind']} {entry['count']:,}" for entry in load["errors"])


def _ids(load: Mapping[str, Any]) -> str:
    return ", ".join(f"{entry['requirement']} ({entry['count']})" for entry in load["nonconformities"])
