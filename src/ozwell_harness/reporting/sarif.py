"""SARIF 2.1.0 (OASIS, 27 March 2020): deviations as results, requirements as rules. What code scanning shows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ozwell_harness import __version__
from ozwell_harness.model import Exchange, Finding, Level, Requirement, Run, Status, Verdict
from ozwell_harness.reporting.commands import again
from ozwell_harness.reporting.summary import score_words, stamp, verdict_sentence
from ozwell_harness.reporting.text import clip, instant, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FILE_NAME = "results.sarif"
#: The fingerprint's name ends in the version of how it is made (section 3.27.17).
FINGERPRINT = "requirementOfProfile/v1"
_LEVELS: Mapping[Level, str] = {Level.MUST: "error", Level.SHOULD: "warning", Level.MAY: "note"}
_RESULTS: Mapping[Status, str] = {Status.FAILED: "error", Status.WARNED: "warning"}
_LONGEST = 2000
#: Segments of documented paths; any other is an id or made up for one request.
_WORD = re.compile(r"[a-z_]{1,24}\Z")


def sarif(run: Run, requirements: Iterable[Requirement] = ()) -> str:
    """Return the run as a SARIF log, in ASCII.

    Failed and warned findings are results; those that the baseline expects are suppressed, not left out. A finding has
    the same fingerprint in every run by the same profile, whatever the target's address and its ids are. The verdict,
    notes and errors of the harness are notifications: a run that judged nothing reads as no clean one.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(run, {r.id: r for r in requirements})]}
    return json.dumps(log, indent=1) + "\n"


def _run(run: Run, known: Mapping[str, Requirement]) -> dict[str, Any]:
    levels = {finding.requirement: finding.level for finding in run.findings}
    index = {name: number for number, name in enumerate(levels)}
    by_id = {exchange.id: exchange for exchange in run.exchanges}
    deviations = [finding for finding in run.findings if finding.status in _RESULTS]
    return {
        "tool": {
            "driver": {
                "name": "ozwell-harness",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(name, known.get(name), level, run) for name, level in levels.items()],
            }
        },
        "automationDetails": {"id": f"ozwell-harness/{visible(run.profile)}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(run)],
        "results": [_result(finding, index[finding.requirement], by_id, run) for finding in deviations],
        "properties": {
            "target": visible(run.target),
            "profile": visible(run.profile),
            "verdict": run.verdict.value,
            "score": run.tally.score,
            "coverage": run.tally.coverage,
        },
    }


def _rule(name: str, requirement: Requirement | None, level: Level, run: Run) -> dict[str, Any]:
    rule = {
        "id": visible(name),
        "defaultConfiguration": {"level": _LEVELS[level]},
        "properties": {"tags": [visible(name.partition(".")[0]), "api-conformance"], "level": level.value},
    }
    if requirement is None:
        return rule
    line = again(run, requirement.id)
    text = f"{requirement.text}\n\nLevel: {level}. Source: {requirement.source}.\nJudge it again: {line}"
    markdown = (
        f"**{level}** {requirement.text}\n\n- Source: {requirement.source}\n- Judge it again:\n\n```sh\n{line}\n```\n"
    )
    return rule | {
        "shortDescription": {"text": requirement.text},
        "fullDescription": {"text": requirement.text},
        "help": {"text": visible(text), "markdown": visible(markdown)},
    }


def _result(finding: Finding, index: int, by_id: Mapping[int, Exchange], run: Run) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": visible(finding.requirement),
        "ruleIndex": index,
        "level": _RESULTS[finding.status],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, by_id)],
        "partialFingerprints": {FINGERPRINT: _fingerprint(run.profile, finding.requirement)},
    }
    if finding.reproduce:
        result["properties"] = {"reproduce": visible(finding.reproduce)}
    if finding.requirement in run.baseline.expected:
        result["suppressions"] = [{"kind": "external", "justification": "The baseline accepts this deviation."}]
    return result


def _message(finding: Finding) -> str:
    lines = [finding.message or "It deviates."]
    lines += [
        f"{name}: {clip(value, _LONGEST)}"
        for name, value in (("expected", finding.expected), ("actual", finding.actual))
        if value
    ]
    return visible("\n".join(lines))


def _location(finding: Finding, by_id: Mapping[int, Exchange]) -> dict[str, Any]:
    """Return where it deviates: an endpoint is no file, but viewers want one, and the same one in every run."""
    exchange = next((by_id[number] for number in finding.exchanges if number in by_id), None)
    place = endpoint(exchange.request.path) if exchange else finding.area
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": place}, "region": {"startLine": 1}},
    }
    if exchange is not None:
        name = f"{exchange.request.method} /{place}"
        location["logicalLocations"] = [{"fullyQualifiedName": visible(name), "kind": "resource"}]
    return location


def endpoint(path: str) -> str:
    """Return a request's path without ids and query, as a relative URI: ``files/id/content``."""
    segments = [segment for segment in path.partition("?")[0].split("/") if segment]
    return "/".join(segment if _WORD.match(segment) else "id" for segment in segments) or "root"


def _fingerprint(profile: str, requirement: str) -> str:
    return hashlib.sha256(f"{profile}\0{requirement}".encode("utf-8", "backslashreplace")).hexdigest()


def _invocation(run: Run) -> dict[str, Any]:
    notifications = [_notification(_grade(run), f"{stamp(run)}: {verdict_sentence(run)} {score_words(run)}.")]
    notifications += [_notification("note", note) for note in run.notes]
    for finding in run.findings:
        if finding.status is Status.ERROR:
            told = _notification("error", f"{finding.requirement}: {finding.message}")
            notifications.append(told | {"associatedRule": {"id": visible(finding.requirement)}})
    return {
        "executionSuccessful": run.verdict is not Verdict.INCONCLUSIVE,
        "startTimeUtc": instant(run.started),
        "endTimeUtc": instant(run.started + run.duration_s),
        "toolExecutionNotifications": notifications,
    }


def _grade(run: Run) -> str:
    return "note" if run.verdict is Verdict.CONFORMANT else "error"


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": visible(clip(text, _LONGEST))}}
