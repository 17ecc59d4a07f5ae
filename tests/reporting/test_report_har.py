from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
import sample_run

from ozwell_harness.model import Exchange, Finding, Level, Status
from ozwell_harness.reporting import har as module
from ozwell_harness.reporting.har import LONGEST_BODY, har


@pytest.fixture
def entries() -> dict[int, Any]:
    log = json.loads(har(sample_run.full_run()))["log"]
    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "ozwell-harness"
    return {entry["_id"]: entry for entry in log["entries"]}


def test_every_exchange_has_what_the_format_demands(entries: dict[int, Any]) -> None:
    assert list(entries) == list(range(1, 11))
    for entry in entries.values():
        assert entry.keys() >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert entry["request"].keys() >= {
            "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize",
        }  # fmt: skip
        assert entry["response"].keys() >= {
            "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
            "bodySize",
        }  # fmt: skip
        assert entry["response"]["content"].keys() >= {"size", "mimeType"}
        timings = entry["timings"]
        assert min(timings.values()) >= 0
        assert sum(timings.values()) == pytest.approx(entry["time"], abs=0.002)
        assert entry["comment"] == f"number {entry['_id']}"


def test_a_failure_is_marked(entries: dict[int, Any]) -> None:
    assert entries[5]["response"]["status"] == 0
    assert entries[5]["_error"].startswith("connect: no connection")
    assert (entries[6]["response"]["status"], entries[6]["_error"]) == (200, "cut: broke off")
    assert "_error" not in entries[1]


def test_long_bodies_are_cut_and_it_is_said(entries: dict[int, Any]) -> None:
    content = entries[8]["response"]["content"]
    assert (content["size"], len(content["text"])) == (220_003, LONGEST_BODY)
    assert content["comment"] == entries[8]["request"]["postData"]["comment"] == "Cut: the first 65536 of 220003 bytes."
    assert "comment" not in entries[2]["response"]["content"]


def test_binary_bodies_are_base64(entries: dict[int, Any]) -> None:
    content = entries[7]["response"]["content"]
    assert content["encoding"] == "base64"
    assert base64.b64decode(content["text"]) == bytes(range(256)) * 9
    sent = entries[10]["request"]["postData"]
    assert (sent["_encoding"], base64.b64decode(sent["text"])[:3]) == ("base64", b"--x")


def test_a_cut_inside_a_character_is_still_text() -> None:
    body = b"x" * (LONGEST_BODY - 1) + "ä".encode() + b"y"
    exchange = Exchange(1, "", sample_run.request(), sample_run.response(body))
    entry = json.loads(har(sample_run.run_of([], exchanges=(exchange,))))["log"]["entries"][0]
    assert entry["response"]["content"]["text"] == "x" * (LONGEST_BODY - 1)
    assert "encoding" not in entry["response"]["content"]


def test_streams_keep_their_arrivals(entries: dict[int, Any]) -> None:
    assert [at for at, _ in entries[3]["_arrivals"]] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert entries[3]["timings"]["wait"] == 10.0


def test_the_archive_is_bounded_and_evidence_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_ARCHIVE", 100)
    held = tuple(
        Exchange(number, "", sample_run.request("GET", "/x"), sample_run.response(b"y" * 80)) for number in (1, 2, 3)
    )
    finding = Finding("a.b", "a", Level.MUST, Status.FAILED, exchanges=(3,))
    run = replace(sample_run.run_of([finding]), exchanges=held)
    texts = [e["response"]["content"]["text"] for e in json.loads(har(run))["log"]["entries"]]
    assert [len(text) for text in texts] == [20, 0, 80]
