"""The pytest glue, seen from outside: a suite of its own against a scripted target, in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rawserver import http, raw_server

MODELS = json.dumps({"object": "list", "data": [{"id": "gpt-4"}, {"id": "text-embedding-ada-002"}]}).encode()

SUITE = """
from ozwell_harness.model import Deviation, Unjudgeable
from ozwell_harness.suite import each, requirement

def fine(exchange): return None
def bad(exchange): return Deviation("it is bad", "good", f"{exchange.status}")
def cannot(exchange): raise Unjudgeable("no evidence")

@requirement("auth.valid-key-accepted")
def test_root(client, judge): judge(fine, client.get("/models", "x"))

@each({"models.list-answers": fine, "models.list-schema": bad, "models.ids-unique": cannot, "models.not-empty": fine})
def test_table(check, client, judge): judge(check, client.get("/models", "x"))

@requirement("models.configured-listed")
def test_should(client, judge): judge(bad, client.get("/models", "x"))

@requirement("models.retrieve-answers")
def test_fails(client, judge): judge(bad, client.get("/models/m", "x"))

@requirement("models.retrieve-id")
def test_after_failed_prerequisite(client, judge): judge(fine, client.get("/never", "x"))

@requirement("security.trace-refused")
def test_harness_breaks(client, judge): raise RuntimeError("boom")

@requirement("chat.completes")
def test_judges_nothing(client): pass
"""

DUMP = """
import json, os
import pytest
from ozwell_harness.plugin import _session

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    run = session.config.stash[_session].result()
    findings = {f.requirement: [f.status, f.message, f.actual, f.reproduce, list(f.exchanges)] for f in run.findings}
    paths = [e.request.path for e in run.exchanges]
    with open(os.environ["DUMP"], "w") as out:
        seen = {"findings": findings, "verdict": run.verdict, "notes": run.notes, "paths": paths, "model": run.facts}
        json.dump(seen, out)
"""


def run(tmp_path: Path, url: str, *options: str, suite: str = SUITE, **environment: str):
    (tmp_path / "test_it.py").write_text(suite, "utf-8")
    (tmp_path / "conftest.py").write_text(DUMP, "utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p ozwell_harness.plugin -p no:locust -p no:schemathesis\n", "utf-8"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(tmp_path), "--target", url, *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env=clean | {"DUMP": str(tmp_path / "dump.json"), "OZWELL_API_KEY": "ozw_secret_key_123456"} | environment,
    )
    path = tmp_path / "dump.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def listing(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(http(MODELS))


def test_every_status_and_the_verdict(tmp_path: Path) -> None:
    with raw_server(listing) as url:
        done, dump = run(tmp_path, url)
    statuses = {name: entry[0] for name, entry in dump["findings"].items()}
    assert statuses == {
        "auth.valid-key-accepted": "passed",
        "models.list-answers": "passed",
        "models.list-schema": "failed",
        "models.not-empty": "passed",
        "models.configured-listed": "warned",
        "models.retrieve-answers": "failed",
        "models.retrieve-id": "not_testable",
        "models.ids-unique": "not_testable",
        "security.trace-refused": "error",
        "chat.completes": "error",
    }
    assert dump["verdict"] == "nonconformant"
    assert done.returncode == 1
    assert dump["model"] == {"model": "gpt-4", "embedding_model": "text-embedding-ada-002"}
    assert dump["findings"]["models.list-schema"][1:3] == ["It is bad.", "200"]
    assert "Bearer $OZWELL_API_KEY" in dump["findings"]["models.list-schema"][3]
    assert "models.retrieve-answers did not hold: It is bad." in dump["findings"]["models.retrieve-id"][1]
    assert "RuntimeError: boom" in dump["findings"]["security.trace-refused"][1]
    assert "no judgement" in dump["findings"]["chat.completes"][1]
    assert "/never" not in dump["paths"]
    assert "1 warned" in done.stdout
    assert "2 not testable" in done.stdout
    assert "ozw_secret_key" not in done.stdout + done.stderr


def test_selection_brings_prerequisites_along(tmp_path: Path) -> None:
    with raw_server(listing) as url:
        done, dump = run(tmp_path, url, "--requirement", "models.configured-listed")
    root = {"auth.valid-key-accepted", "models.list-answers", "models.not-empty"}
    assert set(dump["findings"]) == root | {"models.configured-listed"}
    assert dump["verdict"] == "conformant"
    assert done.returncode == 0


def test_absent_capability_is_not_applicable_and_never_green(tmp_path: Path) -> None:
    with raw_server(listing) as url:
        _, dump = run(tmp_path, url, "--without", "models", "--area", "models")
    statuses = {name: entry[0] for name, entry in dump["findings"].items()}
    assert statuses.pop("auth.valid-key-accepted") == "passed"
    assert set(statuses.values()) == {"not_applicable"}


def test_unreachable_target_is_inconclusive(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done, dump = run(tmp_path, f"http://127.0.0.1:{port}/v1")
    assert done.returncode == 3
    assert dump["verdict"] == "inconclusive"
    assert {entry[0] for entry in dump["findings"].values()} == {"not_testable"}
    assert "did not answer" in dump["notes"][0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--profile", "none"], "There is no profile 'none'"),
        (["--area", "none"], "There is no area 'none'"),
        (["--requirement", "none.*"], "matches no requirement"),
        (["--without", "none"], "has no capability 'none'"),
    ],
)
def test_bad_use_is_one_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    done, dump = run(tmp_path, "http://127.0.0.1:9/v1", *options)
    assert done.returncode == 4
    assert words in done.stderr
    assert dump is None
    assert "Traceback" not in done.stderr


def test_no_model_found(tmp_path: Path) -> None:
    empty = json.dumps({"object": "list", "data": []}).encode()
    with raw_server(lambda c, _: c.sendall(http(empty))) as url:
        done, _ = run(tmp_path, url)
    assert done.returncode == 4
    assert "No model found" in done.stderr
    with raw_server(lambda c, _: c.sendall(http(empty))) as url:
        done, dump = run(tmp_path, url, OZWELL_MODEL="named")
    assert dump["model"]["model"] == "named"


def test_refused_key_is_told(tmp_path: Path) -> None:
    with raw_server(lambda c, _: c.sendall(http(status="401 Unauthorized"))) as url:
        done, _ = run(tmp_path, url)
    assert done.returncode == 4
    assert "refused the key" in done.stderr


def test_target_that_wants_a_key_is_not_judged_without_one(tmp_path: Path) -> None:
    with raw_server(lambda c, _: c.sendall(http(status="401 Unauthorized"))) as url:
        done, _ = run(tmp_path, url, OZWELL_API_KEY="", OZWELL_MODEL="gpt-4")
    assert done.returncode == 4
    assert "set OZWELL_API_KEY" in done.stderr


def test_budget_leaves_the_rest_not_testable(tmp_path: Path) -> None:
    with raw_server(listing) as url:
        _, dump = run(tmp_path, url, "--max-requests", "3")
    assert len(dump["paths"]) == 3
    assert any("--max-requests" in entry[1] for entry in dump["findings"].values())


def test_throttled_to_the_end_teaches_nothing(tmp_path: Path) -> None:
    calls = []

    def script(connection: socket.socket, request: bytes) -> None:
        calls.append(request)
        limited = http(status="429 Too Many Requests", headers=("Retry-After: 99999",))
        connection.sendall(http(MODELS) if len(calls) == 1 else limited)

    with raw_server(script) as url:
        done, dump = run(tmp_path, url)
    assert {entry[0] for entry in dump["findings"].values()} <= {"not_testable", "error"}
    assert done.returncode == 3


def test_unmarked_test_is_refused(tmp_path: Path) -> None:
    done, _ = run(tmp_path, "http://127.0.0.1:9/v1", suite="def test_x(): pass\n", OZWELL_MODEL="m")
    assert "names no requirement of the catalogue" in done.stdout + done.stderr
