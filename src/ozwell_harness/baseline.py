"""Expected failures: known deviations that do not fail a run, and stale entries that do.

An entry names a requirement, why its failure is accepted, and until when. What it expects must be true: a requirement
that passes in spite of its entry, or an entry past its date, fails the run, so that a baseline can only shrink unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from ozwell_harness.content import parse_yaml
from ozwell_harness.model import BaselineComparison, Finding, Status

#: How long ``--baseline-update`` gives an entry that it adds.
GRACE = timedelta(days=90)

_SCHEMA = {
    "type": "object",
    "required": ["baseline"],
    "additionalProperties": False,
    "properties": {
        "baseline": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["requirement", "reason", "expires"],
                "additionalProperties": False,
                "properties": {
                    "requirement": {"type": "string", "minLength": 1},
                    "reason": {"type": "string", "minLength": 1},
                    "expires": {"type": "string", "format": "date"},
                },
            },
        }
    },
}


class BaselineError(ValueError):
    """The baseline cannot be read or written. The message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted deviation; it counts through the day ``expires``."""

    requirement: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted deviations by requirement id."""

    entries: Mapping[str, Entry]


def compare(findings: Iterable[Finding], baseline: Baseline, today: date) -> BaselineComparison:
    """Hold findings against a baseline; entries of requirements that were not judged say nothing."""
    expected, passing, expired = set(), set(), set()
    for finding in findings:
        entry = baseline.entries.get(finding.requirement)
        if entry is None or finding.status not in {Status.PASSED, Status.FAILED, Status.WARNED}:
            continue
        if finding.status is Status.PASSED:
            passing.add(finding.requirement)
        elif entry.expires < today:
            expired.add(finding.requirement)
        else:
            expected.add(finding.requirement)
    return BaselineComparison(frozenset(expected), frozenset(passing), frozenset(expired))


def annotate(finding: Finding, baseline: Baseline, comparison: BaselineComparison) -> Finding:
    """Return the finding with the reason why it is expected, if it is."""
    if finding.requirement not in comparison.expected:
        return finding
    entry = baseline.entries[finding.requirement]
    return replace(finding, message=f"{finding.message} Known, accepted until {entry.expires}: {entry.reason}")


def updated(baseline: Baseline, findings: Iterable[Finding], today: date) -> Baseline:
    """Return the baseline that the findings call for.

    What deviates has an entry: its own one if that has not expired, else a new one. What passes has none. Requirements
    that were not judged keep theirs.
    """
    entries = dict(baseline.entries)
    for finding in findings:
        name = finding.requirement
        if finding.status is Status.PASSED:
            entries.pop(name, None)
        elif finding.status in {Status.FAILED, Status.WARNED}:
            known = entries.get(name)
            if known is None or known.expires < today:
                reason = known.reason if known else f"recorded on {today}: {finding.message}"
                entries[name] = Entry(name, reason, today + GRACE)
    return Baseline(entries)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline file.

    Raises:
        BaselineError: it cannot be read, or is not a baseline.
    """
    try:
        document = _plain(parse_yaml(path.read_text("utf-8")))
    except OSError as error:
        raise BaselineError(f"The baseline {path} cannot be read: {error.strerror}.") from None
    except (ValueError, yaml.YAMLError):
        raise BaselineError(f"The baseline {path} is not valid YAML.") from None
    for problem in Draft202012Validator(_SCHEMA, format_checker=FormatChecker()).iter_errors(document):
        raise BaselineError(f"The baseline {path} is not valid: {problem.json_path}: {problem.message}.")
    entries: dict[str, Entry] = {}
    for item in document["baseline"]:
        if item["requirement"] in entries:
            raise BaselineError(f"The baseline {path} names {item['requirement']} twice.")
        entries[item["requirement"]] = Entry(item["requirement"], item["reason"], date.fromisoformat(item["expires"]))
    return Baseline(entries)


def baseline_text(baseline: Baseline) -> str:
    """Return the file's text, entries sorted by requirement."""
    items = [
        {"requirement": e.requirement, "reason": e.reason, "expires": e.expires.isoformat()}
        for _, e in sorted(baseline.entries.items())
    ]
    head = "# Known deviations: each with a reason and a date. A run fails when one passes or has expired.\n"
    return head + str(yaml.safe_dump({"baseline": items}, sort_keys=False, allow_unicode=True, width=120))


def _plain(value: Any) -> Any:
    """Return YAML's own dates as text, so that quoted and bare ones are the same."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value
