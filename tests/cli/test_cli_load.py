"""``load`` as a user meets it: in a process of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from test_cli import environment, harness, results

from ozwell_harness.cli import cli
from ozwell_harness.content import content_path
from ozwell_harness.mock.delays import Fixed
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import Latency, MockSettings

VALIDATOR = Draft202012Validator(json.loads(content_path("spec", "results.schema.json").read_text("utf-8")))
SHORT = ("--duration", "0.6s", "--warmup", "0.2s", "--out", "report")


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def block(folder: Path) -> dict[str, Any]:
    document = results(folder / "report")
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert document["command"] == "load"
    load: dict[str, Any] = document["load"]
    return load


def test_a_load_of_the_bundled_mock_needs_nothing(tmp_path: Path) -> None:
    done = harness(tmp_path, "load", "--rate", "20", *SHORT, "--json", "copy.json")
    assert done.returncode == 0, done.stdout + done.stderr
    load = block(tmp_path)
    assert (load["verdict"], load["arrivals"], load["shape"]) == ("measured", "poisson", "poisson(20)")
    assert done.stdout.startswith("MEASURED http://127.0.0.1:")
    assert "20 arrivals/s offered" in done.stdout
    assert json.loads((tmp_path / "copy.json").read_text()) == results(tmp_path / "report")
    # The log goes to standard error: plain lines where there is no terminal.
    assert "Loading with scenario mixed for 0.8" in done.stderr.replace("800 ms", "0.8 s")
    assert "\x1b" not in done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {
        "results.json", "junit.xml", "report.html", "samples"
    }  # fmt: skip
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "Load report" in page
    assert ">measured<" in page


def test_an_slo_that_is_met_exits_with_0_and_one_that_is_broken_with_1(tmp_path: Path, mock: MockHandle) -> None:
    # Bounds so wide that no machine's noise makes the client the limit.
    loose = "e2e_p99<60s, error_rate<50%, goodput>0.1/s"
    done = harness(tmp_path, "load", "--users", "2", "--scenario", "chat", "--slo", loose, *SHORT, **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("WITHIN SLO")
    assert block(tmp_path)["slo"]["met"]
    root = ET.parse(tmp_path / "report" / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "0")
    strict = "e2e_p99<60s, goodput>1000000/s"
    done = harness(tmp_path, "load", "--users", "2", "--scenario", "chat", "--slo", strict, *SHORT, **mock.env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("SLO NOT MET")
    assert "NOT MET  goodput>1000000/s (measured " in done.stdout
    assert block(tmp_path)["verdict"] == "slo_broken"
    root = ET.parse(tmp_path / "report" / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


def test_what_the_client_cannot_measure_is_invalid_and_exits_with_3(tmp_path: Path, mock: MockHandle) -> None:
    done = harness(tmp_path, "load", "--users", "1", "--slo", "e2e_p50<1us", *SHORT, **mock.env)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout.startswith("INVALID")
    assert "more than 5% of the tightest bound" in done.stdout
    assert "Ask for less load" in done.stdout
    assert results(tmp_path / "report")["verdict"] == "inconclusive"


def test_wrong_answers_exit_with_1_unless_the_baseline_knows_them(tmp_path: Path, mock: MockHandle) -> None:
    fault = "chat.usage-total-off-by-one"
    with running_mock(MockSettings(faults=(fault,))) as faulty:
        asked = ("load", "--users", "1", "--scenario", "chat", *SHORT)
        done = harness(tmp_path, *asked, **faulty.env)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout.startswith("NONCONFORMANT")
        assert "Deviates under load: chat.usage-total-is-sum, " in done.stdout
        (finding,) = results(tmp_path / "report")["findings"]
        assert (finding["requirement"], finding["status"]) == ("chat.usage-total-is-sum", "failed")
        (tmp_path / "known.yaml").write_text(
            "baseline: [{requirement: chat.usage-total-is-sum, reason: known, expires: '2999-01-01'}]"
        )
        done = harness(tmp_path, *asked, "--baseline", "known.yaml", **faulty.env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert block(tmp_path)["verdict"] == "measured"
    assert mock.env["OZWELL_API_KEY"] not in (tmp_path / "report" / "results.json").read_text()


def test_an_unreachable_target_exits_with_3_and_a_report(tmp_path: Path) -> None:
    done = harness(tmp_path, "load", "http://127.0.0.1:1/v1", "--rate", "5", *SHORT)
    assert done.returncode == 3
    assert "Unreachable: http://127.0.0.1:1/v1 did not answer" in done.stdout
    assert results(tmp_path / "report")["load"] is None


def test_an_interrupted_load_keeps_its_report_and_leaves_no_file(tmp_path: Path) -> None:
    with running_mock(MockSettings(latency=Latency(ttft=Fixed(0.02)))) as target:
        command = [sys.executable, "-m", "ozwell_harness", "load", "--users", "4", "--mix", "files=1,chat=1"]
        with subprocess.Popen(
            [*command, "--duration", "60s", "--warmup", "0s", "--out", "report"],
            cwd=tmp_path, env=environment(**target.env), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            until_something_was_sent(tmp_path / "report" / "samples", process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert out.startswith("INTERRUPTED")
        load = block(tmp_path)
        assert (load["interrupted"], load["verdict"]) == (True, "interrupted")
        assert load["requests"]["completed"] > 0
        headers = {"Authorization": f"Bearer {target.env['OZWELL_API_KEY']}"}
        assert httpx.get(f"{target.base_url}/files", headers=headers).json()["data"] == []


def until_something_was_sent(samples: Path, process: subprocess.Popen[str]) -> None:
    giving_up = time.monotonic() + 60
    while not (samples.exists() and b'"sample"' in samples.read_bytes()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < giving_up
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Say how much load"),
        (("--users", "2", "--rate", "3"), "Choose one"),
        (("--rate", "3", "--think", "1s"), "--think is for users"),
        (("--rate", "0"), "rate must be greater than 0"),
        (("--rate", "3", "--slo", "ttft_p99>5s"), "wrong way round"),
        (("--rate", "3", "--scenario", "nope"), "There is no scenario 'nope'. Scenarios: chat"),
        (("--rate", "3", "--mix", "chat"), "is no mix"),
        (("--rate", "3", "--mix", "chat=1", "--scenario", "chat"), "Choose one: --scenario, or --mix"),
        (("--rate", "3", "--scenario", "rag_query"), "which the profile ozwell lacks"),
        (("--rate", "3", "--scenario", "files", "--profile", "openwebui"), "needs files"),
        (("--rate", "3", "--mix", "chat=1,ingest=1", "--dry-run"), "Scenario ingest needs documents and retrieval"),
        (("--arrivals", "sometimes"), "is no kind of arrivals"),
        (("--arrivals", "trace(nowhere.csv)"), "cannot be read"),
        (("--arrivals", "spike(1, 9, 1m)"), "no longer than the duration"),
        (("--users", "2", "--prompt-tokens", "0"), "length of prompts must lie between 1"),
        (("--users", "2", "--prompt-tokens", "9", "--prompt-file", "prompts.jsonl"), "cannot be read"),
        (("--users", "1", "--processes", "2"), "cannot be shared by 2 processes"),
        (("--rate", "3", "--stall-timeout", "0s"), "Timeouts must be greater than 0"),
        (("--rate", "3", "--config", "nowhere.toml"), "cannot be read"),
        (("not-a-url", "--rate", "3"), "must be an http or https URL"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OZWELL_")]:
        monkeypatch.delenv(name)
    done = CliRunner().invoke(cli, ["load", *arguments])
    assert done.exit_code == 2
    (line,) = [line for line in done.output.splitlines() if line]
    assert line.startswith("Error: ")
    assert told in line
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_tells_the_cost_and_sends_nothing(tmp_path: Path) -> None:
    asked = ("load", "http://127.0.0.1:1/v1", "--arrivals", "constant(10)", "--duration", "9s", "--warmup", "1s")
    done = harness(tmp_path, *asked, "--scenario", "multi_turn", "--answer-tokens", "50", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "about 300 requests" in done.stdout
    assert "at most 15,000 completion tokens" in done.stdout
    done = harness(tmp_path, *asked[:2], "--users", "5", "--think", "4s", "--scenario", "chat", "--dry-run")
    # Five users for 35 s, each of whom needs 1 s for an answer and 4 s to think.
    assert "about 35 requests" in done.stdout
    assert "if every answer takes 1 s" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_settings_file_says_what_the_command_line_does_not(tmp_path: Path, mock: MockHandle) -> None:
    (tmp_path / "harness.toml").write_text(
        '[load]\nusers = 2\nthink = "10ms"\nscenario = "models"\nduration = "0.5s"\nwarmup = 0\n'
        'slo = "error_rate<50%"\n'
    )
    done = harness(tmp_path, "load", "--out", "report", **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    load = block(tmp_path)
    assert (load["scenario"], load["users"], load["duration_s"], load["warmup_s"]) == ("models", 2, 0.5, 0)
    assert load["verdict"] == "within_slo"
    # Who asks for a rate does not also mean the file's users.
    done = harness(tmp_path, "load", "--rate", "9", "--mix", "chat=1", "--dry-run", **mock.env)
    assert "A load of chat=1 with poisson(9) lasts 0.5 s" in done.stdout, done.stderr
    (tmp_path / "harness.toml").write_text("[load]\nuser = 2\n")
    done = harness(tmp_path, "load", **mock.env)
    assert done.returncode == 2
    assert "harness.toml has a wrong setting" in done.stderr


def test_a_trace_is_replayed_with_its_lengths(tmp_path: Path, mock: MockHandle) -> None:
    rows = "".join(f"{number / 20},{40 + 20 * number},{5 + number}\n" for number in range(12))
    (tmp_path / "trace.csv").write_text("at_s,prompt_tokens,answer_tokens\n" + rows)
    arrivals = ("--arrivals", "trace(trace.csv)", "--scenario", "chat_stream", "--processes", "2")
    done = harness(tmp_path, "load", *arrivals, "--out", "report", **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert block(tmp_path)["requests"]["completed"] == 12
    lines = [json.loads(line) for line in (tmp_path / "report" / "samples").read_bytes().splitlines()]
    sent = sorted((line for line in lines if line["type"] == "sample"), key=lambda line: line["due"])
    # The mock answers at length, so that each answer is cut at its bound.
    assert [line["completion_tokens"] for line in sent] == [5 + number for number in range(12)]
    prompts = [line["prompt_tokens"] for line in sent]
    assert prompts == sorted(prompts)
