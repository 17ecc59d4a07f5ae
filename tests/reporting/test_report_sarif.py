from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import sample_run
from jsonschema import Draft202012Validator

from ozwell_harness.model import BaselineComparison, Finding, Level, Run, Status
from ozwell_harness.reporting.sarif import FINGERPRINT, endpoint, sarif

_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": _TEXT}, "additionalProperties": False}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_URI = {"type": "string", "pattern": r"^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})+$"}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
_PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": _URI}},
        "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
    },
    "additionalProperties": False,
}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


_RULE = _object(
    ["id"],
    id=_TEXT,
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_object(["text"], text=_TEXT, markdown=_TEXT),
    defaultConfiguration=_object([], level=_LEVEL),
    properties={"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True, "items": _TEXT}}},
)
_RESULT = _object(
    ["message", "ruleId", "ruleIndex", "locations", "partialFingerprints"],
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={
        "type": "array",
        "minItems": 1,
        "items": _object(
            [],
            physicalLocation=_PLACE,
            logicalLocations={"type": "array", "items": _object([], fullyQualifiedName=_TEXT, kind=_TEXT)},
        ),
    },
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    suppressions={
        "type": "array",
        "items": _object(["kind"], kind={"enum": ["inSource", "external"]}, justification=_TEXT),
    },
    properties={"type": "object"},
)
_NOTIFICATION = _object(["message"], message=_MESSAGE, level=_LEVEL, associatedRule=_object([], id=_TEXT))
_INVOCATION = _object(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    startTimeUtc=_INSTANT,
    endTimeUtc=_INSTANT,
    toolExecutionNotifications={"type": "array", "items": _NOTIFICATION},
)
#: What SARIF 2.1.0 (OASIS Standard, sections 3.13 to 3.58) and its JSON schema say of the parts that are written here,
#: and, beyond it, what GitHub's page on SARIF support demands: locations and fingerprints. Nothing else may be there.
_SCHEMA = _object(
    ["version", "runs"],
    **{"$schema": {"type": "string", "pattern": "sarif-schema-2.1.0.json$"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": _object(
            ["tool", "results"],
            tool=_object(
                ["driver"],
                driver=_object(
                    ["name"],
                    name=_TEXT,
                    version=_TEXT,
                    semanticVersion=_TEXT,
                    rules={"type": "array", "uniqueItems": True, "items": _RULE},
                ),
            ),
            automationDetails=_object([], id=_TEXT),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            invocations={"type": "array", "items": _INVOCATION},
            results={"type": "array", "items": _RESULT},
            properties={"type": "object"},
        ),
    },
)
RUNS = [
    sample_run.full_run(),
    sample_run.green_run(),
    sample_run.unreachable_run(),
    sample_run.interrupted_run(),
    sample_run.run_of([]),
]


def _log(run: Run) -> dict[str, Any]:
    (told,) = json.loads(sarif(run, sample_run.requirements()))["runs"]
    return told


@pytest.mark.parametrize("run", RUNS, ids=["full", "green", "unreachable", "interrupted", "empty"])
def test_it_is_sarif(run: Run) -> None:
    document = json.loads(sarif(run, sample_run.requirements()))
    assert [error.message for error in Draft202012Validator(_SCHEMA).iter_errors(document)] == []


def test_deviations_are_results_with_rules() -> None:
    run = sample_run.full_run()
    told = _log(run)
    wanted = {f.requirement for f in run.findings if f.status in {Status.FAILED, Status.WARNED}}
    assert {result["ruleId"] for result in told["results"]} == wanted
    rules = told["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in told["results"])
    rule = rules[told["results"][0]["ruleIndex"]]
    assert rule["help"]["text"].startswith(rule["shortDescription"]["text"])
    assert f"--requirement {rule['id']}" in rule["help"]["markdown"]
    assert {result["level"] for result in told["results"]} == {"error", "warning"}


def test_fingerprints_are_the_same_in_every_run() -> None:
    run = sample_run.full_run()
    other = replace(
        run,
        target="http://127.0.0.1:1/v1",
        started=run.started + 1e6,
        seed=3,
        findings=tuple(replace(f, message="Another.", actual="req-9", exchanges=()) for f in run.findings[::-1]),
    )
    prints = [
        {result["ruleId"]: result["partialFingerprints"][FINGERPRINT] for result in _log(one)["results"]}
        for one in (run, other)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0].values())) == len(prints[0])
    openai = _log(replace(run, profile="openai"))["results"][0]["partialFingerprints"][FINGERPRINT]
    assert openai not in prints[0].values()


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/chat/completions", "chat/completions"),
        ("/files/file-09aF/content?limit=2", "files/id/content"),
        ("/files/..%2f[1]", "files/id"),
        ("/models/gpt-4", "models/id"),
        ("/", "root"),
    ],
)
def test_places_hold_no_ids(path: str, uri: str) -> None:
    assert endpoint(path) == uri


def test_known_deviations_are_suppressed() -> None:
    finding = Finding("a.x", "a", Level.MUST, Status.FAILED, "Wrong.")
    run = sample_run.run_of([finding], baseline=BaselineComparison(expected=frozenset({"a.x"})))
    (result,) = _log(run)["results"]
    assert result["suppressions"][0]["kind"] == "external"


def test_what_could_not_be_judged_is_no_clean_run() -> None:
    (invocation,) = _log(sample_run.unreachable_run())["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert told[0].startswith("inconclusive: Nothing could be judged.")
    assert "did not answer" in told[1]


def test_nothing_in_it_acts_on_a_terminal_or_a_page() -> None:
    text = sarif(sample_run.full_run(), sample_run.requirements())
    assert text.isascii()
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
    assert "\\\\x1b[2J" in text
