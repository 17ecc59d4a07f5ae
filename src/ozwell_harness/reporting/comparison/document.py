"""A comparison as JSON; see ``spec/comparison.schema.json``. Pure."""

from __future__ import annotations

import json
from typing import Any

from ozwell_harness.comparing.changes import Change, Difference
from ozwell_harness.comparing.comparison import Comparison, Side
from ozwell_harness.comparing.speed import Figure, Speed
from ozwell_harness.reporting.results import clean
from ozwell_harness.reporting.text import inert, instant

SCHEMA = "urn:ozwell-harness:comparison:1"


def to_document(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values; requirements that stayed the same are only counted."""
    told = [entry for entry in comparison.requirements if entry.change is not Change.SAME]
    document: dict[str, Any] = clean(
        {
            "schema": SCHEMA,
            "outcome": comparison.outcome.value,
            "before": _side(comparison.before),
            "after": _side(comparison.after),
            "summary": {change.value: len(comparison.changed(change)) for change in Change},
            "requirements": [_difference(entry) for entry in told],
            "speed": _speed(comparison.speed) if comparison.speed else None,
            "capacity": _figure(comparison.capacity) if comparison.capacity else None,
            "gaps": list(comparison.gaps),
            "notes": list(comparison.notes),
        }
    )
    return document


def to_json(comparison: Comparison) -> str:
    """Return the comparison as a JSON text that acts on no terminal."""
    return inert(json.dumps(to_document(comparison), indent=1, ensure_ascii=False, allow_nan=False)) + "\n"


def _side(side: Side) -> dict[str, Any]:
    run = side.run
    return {
        "name": side.name,
        "command": run.command,
        "target": run.target,
        "profile": run.profile,
        "started": instant(run.started),
        "verdict": run.verdict.value,
        "interrupted": run.interrupted,
        "version": side.version,
    }


def _difference(entry: Difference) -> dict[str, Any]:
    return {
        "requirement": entry.requirement,
        "area": entry.area,
        "level": entry.level.value,
        "change": entry.change.value,
        "before": entry.before.value if entry.before else None,
        "after": entry.after.value if entry.after else None,
        "message": entry.message,
    }


def _speed(speed: Speed) -> dict[str, Any]:
    return {
        "source": speed.source.value if speed.source else None,
        "refusals": list(speed.refusals),
        "effect": speed.rule.effect,
        "least_s": speed.rule.least_s,
        "confidence": 1 - speed.rule.risk,
        "figures": [_figure(figure) for figure in speed.figures],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    change = figure.change
    return {
        "step": figure.step,
        "metric": figure.metric,
        "percent": figure.percent,
        "judgement": change.judgement.value,
        "before": change.before,
        "after": change.after,
        "change": change.change,
        "low": change.low,
        "high": change.high,
        "least": change.least,
        "why": figure.why,
    }
