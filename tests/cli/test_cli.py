"""The command line as a user meets it: in a process of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema_rs
import pytest
from rawserver import http, raw_server

from ozwell_harness.content import content_path
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings


def environment(**extra: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))}
    return clean | {"NO_COLOR": "1"} | extra


def harness(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ozwell_harness", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(**variables),
        check=False,
        timeout=120,
    )


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text("utf-8"))


def statuses(document: dict) -> dict[str, str]:
    return {entry["requirement"]: entry["status"] for entry in document["findings"]}


@pytest.fixture(scope="module")
def mock() -> MockHandle:
    with running_mock() as handle:
        yield handle


def test_check_of_the_mock_is_conformant_to_the_last_requirement(tmp_path: Path, mock: MockHandle) -> None:
    done = harness(tmp_path, "check", "--no-property", "--out", "report", "--json", "copy.json", **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    document = results(tmp_path / "report")
    assert document["verdict"] == "conformant"
    assert {status: document["summary"][status] for status in ("failed", "warned", "error")} == dict.fromkeys(
        ("failed", "warned", "error"), 0
    )
    assert json.loads((tmp_path / "copy.json").read_text("utf-8")) == document
    assert document["cost"]["requests"] < len(document["findings"])
    assert "CONFORMANT" in done.stdout
    schema = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, document)
    suite = ET.parse(tmp_path / "report" / "junit.xml").getroot()
    assert len(list(suite.iter("testcase"))) == len(document["findings"])


def test_no_key_is_in_any_file_or_on_any_screen(tmp_path: Path, mock: MockHandle) -> None:
    done = harness(tmp_path, "run", "--out", "report", "--duration", "0.5s", "--warmup", "0.1s", **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {path.name: path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file()}
    wanted = {"results.json", "junit.xml", "suite.html", "report.html", "exchanges.har", "samples"}
    assert wanted <= files.keys()
    keys = [value.encode() for name, value in mock.env.items() if name.endswith("_KEY")]
    assert len(keys) == 5
    for key in keys:
        for name, content in files.items():
            assert key not in content, name
        assert key.decode() not in done.stdout + done.stderr


def test_openai_profile(tmp_path: Path, mock: MockHandle) -> None:
    done = harness(tmp_path, "check", "--profile", "openai", "--out", "report", **mock.env)
    document = results(tmp_path / "report")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {document["summary"][status] for status in ("failed", "warned", "error")} == {0}
    assert not [name for name in statuses(document) if name.startswith("responses.")]


def test_run_without_url_uses_the_bundled_mock(tmp_path: Path) -> None:
    done = harness(tmp_path, "run", "--area", "models", "--duration", "0.5s", "--warmup", "0.1s")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "reports" / "runs").iterdir()
    document = results(folder)
    assert document["load"]["requests"]["completed"] > 0
    assert set(statuses(document).values()) == {"passed"}


def test_fault_makes_the_run_nonconformant_and_names_the_requirement(tmp_path: Path) -> None:
    with running_mock(MockSettings(faults=("chat.usage-total-off-by-one",))) as broken:
        done = harness(tmp_path, "check", "--area", "chat", "--out", "report", **broken.env)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [entry for entry in results(tmp_path / "report")["findings"] if entry["status"] == "failed"]
    assert [entry["requirement"] for entry in failed] == ["chat.usage-total-is-sum"]
    assert "$OZWELL_API_KEY" in failed[0]["reproduce"]


def test_twenty_a_minute_is_enough_without_false_findings(tmp_path: Path) -> None:
    # A window of a few seconds instead of a minute: the same waits, many times as fast.
    with running_mock(MockSettings(plan=PlanName.FREE, window_s=4.0)) as limited:
        done = harness(tmp_path, "check", "--area", "params", "--out", "report", **limited.env)
    document = results(tmp_path / "report")
    assert done.returncode == 0, done.stdout + done.stderr
    assert document["cost"]["throttled"] > 0
    assert set(statuses(document).values()) <= {"passed", "not_testable"}


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["check", "ftp://x/v1"], {}, "must be an http or https URL"),
        (["check", "http://127.0.0.1:9/v1", "--profile", "none"], {}, "There is no profile 'none'"),
        (["check", "http://127.0.0.1:9/v1", "--area", "none"], {}, "There is no area 'none'"),
        (["check", "http://127.0.0.1:9/v1", "--requirement", "none"], {}, "matches no requirement"),
        (["check", "http://127.0.0.1:9/v1", "--max-requests", "0"], {}, "must be at least 1"),
        (["check", "--config", "none.toml"], {}, "cannot be read"),
        (["check", "http://127.0.0.1:9/v1"], {"OZWELL_API_KEY": "a b"}, "OZWELL_API_KEY"),
        (["run", "--duration", "soon"], {}, "is not a time"),
        (["run", "--users", "0"], {}, "--users"),
        (["run", "--scenario", "none", "--area", "models"], {}, "none"),
        (["mock", "--fault", "none"], {}, "no fault named 'none'"),
        (["requirements", "show", "none"], {}, "has no requirement 'none'"),
        (["none"], {}, "No such command 'none'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], words: str
) -> None:
    done = harness(tmp_path, *arguments, **variables)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "reports").exists()


def test_no_model_found(tmp_path: Path) -> None:
    with raw_server(lambda c, _: c.sendall(http(b'{"object": "list", "data": []}'))) as url:
        done = harness(tmp_path, "check", url)
    assert done.returncode == 2
    assert "No model found" in done.stderr


@pytest.mark.parametrize("kind", ["refused", "not http"])
def test_unreachable_target_is_exit_3_with_a_report_that_says_so(tmp_path: Path, kind: str) -> None:
    if kind == "refused":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        done = harness(tmp_path, "check", f"http://127.0.0.1:{port}/v1", "--out", "report")
    else:
        with raw_server(lambda c, _: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as url:
            done = harness(tmp_path, "run", url, "--out", "report")
    assert done.returncode == 3, done.stdout + done.stderr
    document = results(tmp_path / "report")
    assert document["verdict"] == "inconclusive"
    assert "did not answer" in " ".join(document["notes"])
    assert set(statuses(document).values()) == {"not_testable"}
    assert (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_leaves_a_partial_report_and_exit_130(tmp_path: Path, number: signal.Signals) -> None:
    listing = b'{"object": "list", "data": [{"id": "gpt-4", "object": "model", "created": 1, "owned_by": "x"}]}'
    process: list[subprocess.Popen[str]] = []

    def script(connection: socket.socket, request: bytes) -> None:
        if b"/chat/completions" in request:
            process[0].send_signal(number)
            connection.recv(1)
        else:
            connection.sendall(http(listing))

    with raw_server(script) as url:
        process.append(
            subprocess.Popen(
                [sys.executable, "-m", "ozwell_harness", "check", url, "--out", "report"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env=environment(),
            )
        )
        out, err = process[0].communicate(timeout=60)
    assert process[0].returncode == 130, out + err
    document = results(tmp_path / "report")
    assert document["interrupted"] is True
    assert document["verdict"] == "inconclusive"
    assert "passed" in statuses(document).values()
    assert "Traceback" not in err


def test_mock_writes_its_environment_and_stops_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ozwell_harness", "mock", "--port", "0", "--env-file", "mock.env"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    variables = dict(line.split("=", 1) for line in (tmp_path / "mock.env").read_text("utf-8").splitlines())
    assert variables["OZWELL_BASE_URL"] in first
    assert {"OZWELL_API_KEY", "OZWELL_MODEL", "OZWELL_EMBEDDING_MODEL", "OZWELL_LIMITED_API_KEY"} <= variables.keys()
    done = harness(tmp_path, "check", "--area", "models", "--out", "report", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == ""


def test_suites_run_by_plain_pytest(tmp_path: Path, mock: MockHandle) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(content_path("suites")), "--target", mock.base_url, "--area", "models"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(**mock.env),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conformant" in done.stdout


def test_requirements_list_and_show(tmp_path: Path) -> None:
    listed = harness(tmp_path, "requirements", "list")
    assert listed.returncode == 0
    assert len(listed.stdout.splitlines()) >= 150
    as_json = harness(tmp_path, "requirements", "list", "--area", "models", "--json")
    assert {entry["area"] for entry in json.loads(as_json.stdout)} == {"models"}
    shown = harness(tmp_path, "requirements", "show", "chat.usage-total-is-sum")
    assert "MUST" in shown.stdout
