"""``compare`` and ``--against``, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from test_cli import harness, results

from ozwell_harness.cli.comparing_options import gravest_status
from ozwell_harness.content import content_path
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings

SHORT = ("--scenario", "models", "--rate", "20", "--duration", "0.5s", "--warmup", "0.1s")


@pytest.fixture(scope="module")
def mock() -> MockHandle:
    with running_mock() as handle:
        yield handle


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, mock: MockHandle) -> Path:
    """A folder with two run folders: a check of the models, and a load of them."""
    folder = tmp_path_factory.mktemp("before")
    assert harness(folder, "check", "--no-property", "--area", "models", "--out", "check", **mock.env).returncode == 0
    assert harness(folder, "load", *SHORT, "--out", "load", **mock.env).returncode == 0
    return folder


def test_a_fault_is_a_regression_and_its_absence_a_fix(tmp_path: Path, before: Path) -> None:
    check = ("check", "--no-property", "--area", "models", "--out", "after")
    with running_mock(MockSettings(faults=("models.list-doubled",))) as broken:
        against = ("--against", str(before / "check"), "--markdown", "pr.md")
        done = harness(tmp_path, *check, *against, **broken.env)
    failed = {e["requirement"] for e in results(tmp_path / "after")["findings"] if e["status"] == "failed"}
    assert failed
    assert done.returncode == 1
    assert "REGRESSION" in done.stdout
    summary = (tmp_path / "after" / "summary.md").read_text("utf-8")
    assert summary.startswith("## NONCONFORMANT")
    assert "\n### Against" in summary
    assert (tmp_path / "pr.md").read_text("utf-8") == summary
    document = json.loads((tmp_path / "after" / "comparison.json").read_text("utf-8"))
    jsonschema_rs.validate(json.loads(content_path("spec", "comparison.schema.json").read_text("utf-8")), document)
    assert {e["requirement"] for e in document["requirements"] if e["change"] == "broken"} == failed
    assert "Newly failing" in (tmp_path / "after" / "comparison.html").read_text("utf-8")

    back = harness(tmp_path, "compare", "after", str(before / "check" / "results.json"), "--json", "back.json")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "Fixed" in back.stdout
    summary = json.loads((tmp_path / "back.json").read_text("utf-8"))["summary"]
    assert (summary["fixed"], summary["broken"]) == (len(failed), 0)


def test_a_run_against_itself_is_equal(tmp_path: Path, before: Path) -> None:
    for name in ("check", "load"):
        done = harness(tmp_path, "compare", str(before / name), str(before / name), "--out", name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("NO REGRESSION")
        assert (tmp_path / name / "comparison.html").is_file()


def test_load_against_an_earlier_one_and_with_another_plan(tmp_path: Path, before: Path, mock: MockHandle) -> None:
    against = ("--against", str(before / "load"))
    same = harness(tmp_path, "load", *SHORT, "--out", "same", *against, **mock.env)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "NO REGRESSION" in same.stdout
    other = harness(tmp_path, "load", *SHORT[:-2], "--warmup", "0.2s", "--out", "other", *against, **mock.env)
    assert other.returncode == 3, other.stdout + other.stderr
    assert "Different warm-up: 0.1 before, 0.2 now." in other.stdout


def test_run_against_a_load_says_what_is_in_common(tmp_path: Path, before: Path, mock: MockHandle) -> None:
    done = harness(
        tmp_path, "run", "--area", "models", "--no-property", "--scenario", "models", "--duration", "0.3s",
        "--out", "run", "--against", str(before / "check"), **mock.env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Only the second run put a load" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "none", "none"], "none cannot be read"),
        (["compare", "none"], "Missing argument"),
        (["compare", "a", "b", "--effect", "0"], "out of range"),
        (["compare", "a", "b", "--effect", "much"], "is not a share"),
        (["compare", "a", "b", "--confidence", "100%"], "out of range"),
        (["check", "http://127.0.0.1:9/v1", "--against", "none"], "none cannot be read"),
        (["load", "http://127.0.0.1:9/v1", "--against", "none"], "none cannot be read"),
        (["run", "http://127.0.0.1:9/v1", "--against", "none"], "none cannot be read"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = harness(tmp_path, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "reports").exists()


def test_the_gravest_status_decides() -> None:
    assert gravest_status(0, 0) == 0
    assert gravest_status(0, 3) == 3
    assert gravest_status(3, 1) == gravest_status(1, 3) == 1
    assert gravest_status(130, 1) == 130
