"""The ``capacity`` block of ``results.json`` as tiles, sentences and rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.reporting.charts.chart import Unit
from ozwell_harness.reporting.text import count, number, percent, seconds, visible

TRIAL_HEADER = (
    "Trial",
    "Load",
    "Measured",
    "Requests",
    "Failed",
    "Throughput",
    "Goodput",
    "E2E mean",
    "E2E p99",
    "Says",
)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial, ready to show: the cells of ``TRIAL_HEADER``, a status for its colour, and why it was decided so."""

    cells: tuple[str, ...]
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class CapacityView:
    """A search for capacity.

    Attributes:
        tiles: the few figures (name, value) that a first screen shows.
        asked: what was searched for.
        sentences: how it ended, and what it took.
        flags: what wants care.
    """

    asked: str
    tiles: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    flags: tuple[str, ...]
    trials: tuple[TrialRow, ...]


#: Decision → the status whose colour it has.
_STATUSES = {"pass": "passed", "fail": "failed", "undecided": "warned", "invalid": "not_testable"}
_SAYS = {"pass": "passes", "fail": "fails", "undecided": "undecided", "invalid": "limited by the client"}


def capacity_view(block: Mapping[str, Any]) -> CapacityView:
    """Return what the report shows of a search."""
    asked = f"{block['scenario']}: the highest rate within {block['slo']}"
    return CapacityView(
        asked=visible(asked),
        tiles=_tiles(block),
        sentences=(visible(str(block["reason"])), _effort(block)),
        flags=tuple(visible(str(flag)) for flag in block["flags"]),
        trials=tuple(_trial(entry) for entry in block["trials"]),
    )


def _tiles(block: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    tiles = [("Capacity", _interval(block["lower_rps"], block["upper_rps"]))]
    tiles.append(("Lower end confirmed", "yes" if block["confirmed"] else "no"))
    tiles.append(("Confidence", percent(block["confidence"])))
    if block["knee"]:
        tiles.append(("Knee", f"{number(block['knee']['rate_rps'])}/s"))
    if block["base"]:
        tiles.append(("E2E of one user alone", seconds(block["base"]["latency_s"])))
    return tuple(tiles)


def _interval(lower: float | None, upper: float | None) -> str:
    if lower is None:
        return "not found" if upper is None else f"below {number(upper)}/s"
    return f"at least {number(lower)}/s" if upper is None else f"{number(lower)} to {number(upper)}/s"


def _effort(block: Mapping[str, Any]) -> str:
    said = f"{count(len(block['trials']), 'trial')} in {seconds(block['elapsed_s'])}"
    width = block["width"]
    return said + (f"; the bounds lie {percent(width)} apart." if width is not None else ".")


def _trial(entry: Mapping[str, Any]) -> TrialRow:
    closed = entry["users"] is not None
    decision = entry["decision"]
    load = count(entry["users"], "user") if closed else f"{number(entry['rate_rps'])}/s"
    cells = (
        f"{entry['number']} ({entry['purpose']})",
        load,
        seconds(entry["seconds"]),
        f"{entry['requests']:,}",
        f"{entry['failed']:,}",
        Unit.PER_SECOND.words(entry["throughput_rps"]),
        Unit.PER_SECOND.words(entry["goodput_rps"]),
        seconds(entry["latency_s"]),
        seconds(entry["latency_p99_s"]),
        _SAYS.get(decision, ""),
    )
    return TrialRow(cells, _STATUSES.get(decision, ""), _sentence(str(entry["reason"])))


def _sentence(words: str) -> str:
    text = visible(words).rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""
