"""How a run is told: quietly, in full, to GitHub, in files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rawserver import http, raw_server

from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings

_ASKED = ("check", "--area", "models", "--no-property", "--out", "report")


def _harness(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_", "GITHUB_"))}
    return subprocess.run(
        [sys.executable, "-m", "ozwell_harness", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean | {"NO_COLOR": "1"} | variables,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def test_quiet_leaves_verdict_and_place(tmp_path: Path, mock: MockHandle) -> None:
    done = _harness(tmp_path, *_ASKED, "--quiet", **mock.env)
    assert done.returncode == 0, done.stderr
    verdict, place = done.stdout.splitlines()
    assert verdict.startswith(f"CONFORMANT {mock.base_url} (profile ozwell): Every MUST")
    assert place == f"Report: {Path('report', 'report.html')}"
    assert done.stderr == ""


def test_verbose_tells_of_each_requirement(tmp_path: Path, mock: MockHandle) -> None:
    done = _harness(tmp_path, *_ASKED, "--verbose", **mock.env)
    told = [line for line in done.stderr.splitlines() if line.startswith("PASSED ")]
    found = json.loads((tmp_path / "report" / "results.json").read_bytes())["findings"]
    assert len(told) == len(found) > 5
    assert re.search(r"^models: \d+ passed \(\d+ of \d+\)$", done.stderr, re.MULTILINE)


def test_copies_go_where_they_are_wanted(tmp_path: Path, mock: MockHandle) -> None:
    done = _harness(tmp_path, *_ASKED, "--sarif", "copy.sarif", "--json", "copy.json", **mock.env)
    assert done.returncode == 0, done.stderr
    for name, copy in (("results.sarif", "copy.sarif"), ("results.json", "copy.json")):
        assert (tmp_path / copy).read_bytes() == (tmp_path / "report" / name).read_bytes()


def test_what_a_target_says_is_no_command_to_github(tmp_path: Path) -> None:
    """Everything that the target can write stands where commands are not obeyed; the annotations come after it."""
    forged = "\n::error::forged\n::add-mask::a\n##[error]forged"
    listing = json.dumps({"object": "list", "data": [{"id": "gpt-4", "object": forged, "owned_by": forged}]}).encode()
    with raw_server(lambda c, _: c.sendall(http(listing))) as url:
        done = _harness(tmp_path, *_ASKED, url, "--format", "github", GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    end = lines.index(f"::{token}::")
    obeyed = lines[end + 1 :]
    assert obeyed[0].startswith("::error title=NONCONFORMANT")
    assert all(re.match(r"::(error|warning|notice) title=[^:]+::", line) for line in obeyed)
    assert not [line for line in done.stderr.splitlines() if line.lstrip().startswith("::")]
    assert token not in "\n".join(lines[1:end])
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert summary.lstrip().startswith("## NONCONFORMANT: ")
    assert "\n::" not in summary


def test_what_stops_a_run_is_annotated(tmp_path: Path) -> None:
    with raw_server(lambda c, _: c.sendall(http(b'{"object": "list", "data": []}'))) as url:
        done = _harness(tmp_path, "check", url, "--format", "github")
    assert done.returncode == 2
    first, second, told = done.stdout.splitlines()
    assert first == f"::stop-commands::{second.strip(':')}"
    assert told.startswith("::error title=ozwell-harness::No model found")


def test_a_summary_that_cannot_be_written_is_said(tmp_path: Path, mock: MockHandle) -> None:
    done = _harness(tmp_path, *_ASKED, "--format", "github", GITHUB_STEP_SUMMARY="/nowhere/at/all", **mock.env)
    assert done.returncode == 2
    assert "A file cannot be written" in done.stderr
    assert (tmp_path / "report" / "results.json").exists()


def test_a_load_is_told_to_github_too(tmp_path: Path, mock: MockHandle) -> None:
    asked = ("load", "--scenario", "models", "--rate", "5", "--duration", "0.5s", "--warmup", "0.1s", "--out", "load")
    done = _harness(tmp_path, *asked, "--slo", "e2e_p50<0.001ms", "--format", "github", **mock.env)
    assert "::error title=SLO not met%3A e2e_p50<0.001ms::" in done.stdout, done.stdout + done.stderr
    quiet = _harness(tmp_path, *asked, "--quiet", **mock.env)
    assert len(quiet.stdout.splitlines()) == 2
    assert quiet.stderr == ""


def test_a_comparison_is_annotated(tmp_path: Path, mock: MockHandle) -> None:
    assert _harness(tmp_path, *_ASKED, "-q", **mock.env).returncode == 0
    with running_mock(MockSettings(faults=("models.retrieved-bare",))) as broken:
        asked = ("check", "--area", "models", "--no-property", "--out", "now", "--against", "report")
        done = _harness(tmp_path, *asked, "--format", "github", **broken.env)
    assert done.returncode == 1
    assert re.search(r"^::error title=Worse than before::\d", done.stdout, re.MULTILINE), done.stdout
