"""``ozwell-harness capacity`` from outside: one whole search of a mock, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ozwell_harness.mock import running_mock
from ozwell_harness.reporting.results import read_document


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OZWELL_")}
    command = [sys.executable, "-m", "ozwell_harness", "capacity", *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_search_up_to_a_highest_rate(tmp_path: Path) -> None:
    """The bound is so loose that no disturbance of this machine makes a part invalid or slow."""
    out, copy = tmp_path / "out", tmp_path / "copy.json"
    asked = ["--scenario", "models", "--slo", "e2e_p50<60s", "--budget", "45s", "--max-rate", "10"]
    with running_mock() as mock:
        done = run(mock.base_url, *asked, "--out", str(out), "--json", str(copy), **mock.env)
        again = run(mock.base_url, *asked, "--resume", str(out), **mock.env)
        other = run(mock.base_url, *asked[:-1], "12", "--out", str(out), **mock.env)
    assert done.returncode == 0, done.stderr
    block = read_document(copy)["capacity"]
    assert (block["status"], block["lower_rps"], block["confirmed"]) == ("at_least", 10.0, True)
    assert block["trials"][0]["users"] == 1
    assert "Trial 1: 1 user" in done.stderr
    assert "at least 10 requests/s (confirmed)" in done.stdout
    assert mock.env["OZWELL_API_KEY"] not in (out / "trials.jsonl").read_text() + copy.read_text() + done.stderr
    assert {path.name for path in out.iterdir()} >= {"trials.jsonl", "results.json", "report.html", "trials"}
    assert again.returncode == 0
    assert "Resuming" in again.stderr
    assert json.loads((out / "results.json").read_bytes())["capacity"]["trials"] == block["trials"]
    assert other.returncode == 2
    assert "another highest rate: expected 10, got 12" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--slo", "e2e_max<1s"], "write a percentile, for example e2e_p99"),
        (["--slo", "e2e_p99<1s", "--width", "wide"], "write 10% or 0.1"),
        (["--slo", "e2e_p99<1s", "--width", "0%"], "The width must lie between"),
        (["--slo", "e2e_p99<1s", "--budget", "0s"], "The budget must be more than 0"),
        (["--slo", "e2e_p99<1s", "--min-rate", "9", "--max-rate", "3"], "must be above the lowest"),
        ([], "--slo"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], told: str) -> None:
    done = run("http://127.0.0.1:9/v1", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_tells_what_it_may_cost_and_sends_nothing() -> None:
    done = run("http://127.0.0.1:9/v1", "--slo", "e2e_p99<1s", "--max-rate", "20", "--budget", "2m", "--dry-run")
    assert done.returncode == 0
    assert "up to 120 s" in done.stdout
    assert "No rate can pass on fewer than" in done.stdout
    assert "tokens" in done.stdout


def test_a_target_that_is_not_there_is_inconclusive(tmp_path: Path) -> None:
    done = run("http://127.0.0.1:9/v1", "--model", "m", "--slo", "e2e_p99<1s", "--out", str(tmp_path))
    assert done.returncode == 3
    assert "nreachable" in done.stdout
