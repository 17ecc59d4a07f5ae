from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sample_run
from jsonschema import Draft202012Validator

from ozwell_harness.content import content_path
from ozwell_harness.model import Run, Verdict
from ozwell_harness.reporting.results import SCHEMA, ResultsError, read, read_document, to_document, write
from ozwell_harness.reporting.summary import verdict_sentence

SCHEMA_DOCUMENT = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA_DOCUMENT, format_checker=Draft202012Validator.FORMAT_CHECKER)
RUNS = [sample_run.full_run, sample_run.green_run, sample_run.unreachable_run, sample_run.interrupted_run]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA_DOCUMENT)
    assert SCHEMA_DOCUMENT["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize("make", RUNS)
def test_documents_of_runs_are_valid(make: Callable[[], Run]) -> None:
    document = to_document(make(), sample_run.requirements())
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_a_document_says_what_the_run_found() -> None:
    run = sample_run.full_run()
    document = to_document(run, sample_run.requirements())
    assert document["verdict"] == "nonconformant"
    assert document["started"] == "2023-11-14T22:13:20.250Z"
    assert sum(document["summary"].values()) == len(document["findings"]) == 250
    assert document["cost"]["requests"] == 143
    failed = next(entry for entry in document["findings"] if entry["status"] == "failed")
    assert failed["requirement"] == "auth.thing-17"
    assert failed["source"] == {"kind": "ozwell", "section": "Endpoints, Something <Else>"}
    assert "$OZWELL_API_KEY" in failed["reproduce"]
    assert document["load"]["requests"]["completed"] == 812


@pytest.mark.parametrize("make", RUNS)
def test_a_run_reads_back_as_it_was(make: Callable[[], Run], tmp_path: Path) -> None:
    run = make()
    write(run, tmp_path / "results.json", sample_run.requirements())
    back = read(tmp_path)
    assert back.tally.counts == run.tally.counts
    assert [(f.requirement, f.status, f.exchanges, f.reproduce) for f in back.findings] == [
        (f.requirement, f.status, f.exchanges, f.reproduce) for f in run.findings
    ]
    same = {"target", "profile", "seed", "started", "duration_s", "verdict", "cost", "interrupted", "facts"}
    assert {name: getattr(back, name) for name in same} == {name: getattr(run, name) for name in same}


def test_a_document_says_why_a_run_that_broke_nothing_is_inconclusive(tmp_path: Path) -> None:
    run = replace(sample_run.green_run(), verdict=Verdict.INCONCLUSIVE, undecided=True)
    write(run, tmp_path / "results.json")
    document = read_document(tmp_path)
    assert document["undecided"] is True
    assert verdict_sentence(read(tmp_path)) == verdict_sentence(run)
    del document["undecided"]
    (tmp_path / "older.json").write_text(json.dumps(document))
    assert read(tmp_path / "older.json").undecided is False


def test_what_json_cannot_hold_is_replaced(tmp_path: Path) -> None:
    block = sample_run.load_block()
    block["metrics"]["e2e_s"]["p99"] = math.inf
    run = replace(sample_run.full_run(), load=block, notes=("half a pair: \ud83d",))
    write(run, tmp_path / "results.json")
    document = read_document(tmp_path / "results.json")
    assert document["load"]["metrics"]["e2e_s"]["p99"] is None
    assert document["notes"] == ["half a pair: \ufffd"]


def _without(*path: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


def _with(value: Any, *path: str | int) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


BAD = {
    "no verdict": _without("verdict"),
    "no load, not even null": _without("load"),
    "unknown verdict": _with("fine", "verdict"),
    "another property": _with(1, "extra"),
    "a status too few": _without("summary", "warned"),
    "a negative count": _with(-1, "summary", "passed"),
    "a score above 1": _with(1.5, "score"),
    "a score as text": _with("80%", "score"),
    "started is no instant": _with("yesterday", "started"),
    "a finding without status": _without("findings", 0, "status"),  # type: ignore[arg-type]
    "a finding of another level": _with("MIGHT", "findings", 0, "level"),
    "an exchange 0": _with([0], "findings", 0, "exchanges"),
    "a source without section": _with({"kind": "ozwell"}, "findings", 0, "source"),
    "another property in a finding": _with(True, "findings", 0, "ok"),
    "a load without window": _without("load", "window"),
    "a load without users and rate": _without("load", "users"),
    "another metric statistic": _with(1.0, "load", "metrics", "e2e_s", "p42"),
    "a metric without unit": _with({}, "load", "metrics", "e2e"),
    "more errors than requests": _with(1.2, "load", "error_rate"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_bad_documents_are_refused(change: Callable[[Any], None], tmp_path: Path) -> None:
    document = copy.deepcopy(to_document(sample_run.full_run(), sample_run.requirements()))
    change(document)
    assert not VALIDATOR.is_valid(document)
    file = tmp_path / "results.json"
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(ResultsError, match="is not valid at"):
        read(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "names no schema"),
        (b'{"a": 1}', "names no schema"),
        (b'{"schema": "urn:ozwell-harness:results:99"}', "this version reads urn:ozwell-harness:results:1"),
        (b'{"schema": "urn:ozwell-harness:results:1"}', "is not valid at the document"),
    ],
)
def test_other_files_are_told_apart(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(content)
    with pytest.raises(ResultsError, match=told) as caught:
        read(file)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"results\.json cannot be read: No such file or directory\.$"):
        read(tmp_path)
