"""``results.json``: a run as a document that scripts can depend on, and back; see ``spec/results.schema.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from ozwell_harness import __version__
from ozwell_harness.content import content_path
from ozwell_harness.model import Cost, Finding, Level, Requirement, Run, Status, Tally, Verdict
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.text import epoch, inert, instant, sound

SCHEMA = "urn:ozwell-harness:results:1"
FILE_NAME = "results.json"


class ResultsError(ValueError):
    """A file is no results of a run. The message is one plain sentence that names the file."""


def to_document(run: Run, requirements: Iterable[Requirement] = ()) -> dict[str, Any]:
    """Return the run as JSON values, valid by ``spec/results.schema.json``.

    ``requirements`` give each finding its sentence and source; one without an entry there goes without.
    """
    known = {requirement.id: requirement for requirement in requirements}
    document = {
        "schema": SCHEMA,
        "tool": {"name": "ozwell-harness", "version": __version__},
        "command": run.command,
        "target": run.target,
        "profile": run.profile,
        "seed": run.seed,
        "started": instant(run.started),
        "duration_s": round(run.duration_s, 3),
        "verdict": run.verdict.value,
        "interrupted": run.interrupted,
        "undecided": run.undecided,
        "notes": list(run.notes),
        "facts": dict(run.facts),
        "summary": {status.value: run.tally.counts.get(status, 0) for status in Status},
        "score": run.tally.score,
        "coverage": run.tally.coverage,
        "cost": _cost(run.cost),
        "findings": [_finding(finding, known.get(finding.requirement)) for finding in run.findings],
        "load": run.load,
    }
    if run.capacity is not None:
        document["capacity"] = run.capacity
    cleaned: dict[str, Any] = clean(document)
    return cleaned


def write(run: Run, path: Path, requirements: Iterable[Requirement] = ()) -> None:
    """Write ``to_document`` to ``path``, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    document = to_document(run, requirements)
    write_text(path, inert(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)) + "\n")


def read_document(path: Path) -> dict[str, Any]:
    """Read and validate ``results.json``, given itself or the folder that holds it.

    Raises:
        ResultsError: there is no such file, or it is no results document of this version.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise ResultsError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{file} is not JSON: {error}.") from None
    _check(document, file)
    result: dict[str, Any] = document
    return result


def read(path: Path) -> Run:
    """Read ``results.json`` as the run it came from; exchanges stay behind, their ids are in the findings.

    Raises:
        ResultsError: as ``read_document``.
    """
    document = read_document(path)
    return Run(
        target=document["target"],
        profile=document["profile"],
        seed=document["seed"],
        started=epoch(document["started"]),
        duration_s=document["duration_s"],
        verdict=Verdict(document["verdict"]),
        tally=Tally(
            {status: document["summary"][status.value] for status in Status}, document["score"], document["coverage"]
        ),
        findings=tuple(_finding_in(entry) for entry in document["findings"]),
        cost=Cost(**document["cost"]),
        notes=tuple(document["notes"]),
        interrupted=document["interrupted"],
        undecided=document.get("undecided", False),
        load=document["load"],
        facts=document["facts"],
        command=document.get("command", "check"),
        capacity=document.get("capacity"),
    )


def _check(document: Any, file: Path) -> None:
    if not isinstance(document, dict) or "schema" not in document:
        raise ResultsError(f"{file} is not a results.json of ozwell-harness: it names no schema.")
    if document["schema"] != SCHEMA:
        raise ResultsError(f"{file} has the schema {document['schema']!r}; this version reads {SCHEMA}.")
    for error in _validator().iter_errors(document):
        where = "/".join(str(step) for step in error.instance_path) or "the document"
        raise ResultsError(f"{file} is not valid at {where}: {_first_line(error.message)}.")


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200].rstrip(".")


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "requests": cost.requests,
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
        "throttled": cost.throttled,
        "waited_s": cost.waited_s,
        "retried": cost.retried,
    }


def _finding(finding: Finding, requirement: Requirement | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "requirement": finding.requirement,
        "level": finding.level.value,
        "area": finding.area,
        "status": finding.status.value,
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "exchanges": list(finding.exchanges),
        "reproduce": finding.reproduce,
    }
    if requirement is not None:
        document["text"] = requirement.text
        document["source"] = {"kind": requirement.source.kind, "section": requirement.source.section}
        document["capability"] = requirement.capability
    return document


def _finding_in(entry: Mapping[str, Any]) -> Finding:
    return Finding(
        requirement=entry["requirement"],
        area=entry["area"],
        level=Level(entry["level"]),
        status=Status(entry["status"]),
        message=entry["message"],
        expected=entry["expected"],
        actual=entry["actual"],
        exchanges=tuple(entry["exchanges"]),
        reproduce=entry["reproduce"],
    )


def clean(value: Any) -> Any:
    """Return ``value`` with what JSON in UTF-8 cannot hold replaced: lone surrogates, infinities (null)."""
    match value:
        case str():
            return sound(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {sound(str(name)): clean(entry) for name, entry in value.items()}
        case list() | tuple():
            return [clean(entry) for entry in value]
        case _:
            return value
