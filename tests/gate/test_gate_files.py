"""What ``docs/ci.md`` hands out: workflow files that are valid and whose every command runs, and a Dockerfile."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings

TOP = Path(__file__).parents[2]
_GITHUB = TOP / "docs" / "ci" / "github.yml"
_GITLAB = TOP / "docs" / "ci" / "gitlab.yml"
_FAULT = "models.list-empty"
#: One area instead of all: the commands are tried here, not the suites.
_SETTINGS = '[check]\nareas = ["models"]\nproperty = false\n'


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--builtin-schema", "vendor.github-workflows", str(_GITHUB)],
        ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(_GITLAB)],
    ],
    ids=["github", "gitlab"],
)
def test_workflows_keep_to_their_schemas(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _variables(given: Mapping[str, str], mock: MockHandle, folder: Path) -> dict[str, str]:
    """Return a job's environment: the service's part comes from the mock, and pip only says what it would do."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OZWELL_", "PYTEST_"))}
    filled = {name: mock.env.get(name, value) for name, value in given.items()}
    keys = {name: mock.env[name] for name in ("OZWELL_BASE_URL", "OZWELL_API_KEY")}
    dry = {"PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    return clean | keys | filled | dry | summary | {"HARNESS": str(TOP), "PATH": path, "NO_COLOR": "1"}


def _run(script: str, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's and GitLab's runners do: each failing line ends it."""
    (folder / "harness.toml").write_text(_SETTINGS, "utf-8")
    short = script.replace("--duration 30s --warmup 5s", "--duration 1s --warmup 0.2s")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", short],
        cwd=folder,
        env=dict(variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def _steps() -> tuple[dict[str, str], list[dict[str, Any]]]:
    (job,) = _read(_GITHUB)["jobs"].values()
    return job["env"], job["steps"]


def test_each_command_of_the_github_workflow_runs(tmp_path: Path, mock: MockHandle) -> None:
    given, steps = _steps()
    variables = _variables(given, mock, tmp_path)
    told = {}
    for step in steps:
        if "run" in step:
            done = _run(step["run"], tmp_path, variables)
            # What is timed may be slow or disturbed here, which is no fault of the command.
            allowed = {0, 1, 3} if step["name"] == "Load" else {0}
            assert done.returncode in allowed, (step, done.stdout, done.stderr)
            told[step["name"]] = done.stdout
    assert set(told) == {"Install", "Can a run begin?", "Check", "Load"}
    assert "Would install ozwell-harness" in told["Install"]
    assert "::notice title=CONFORMANT" in told["Check"]
    # One of the check, one of the load.
    assert (tmp_path / "summary.md").read_text("utf-8").count("\n## ") == 2
    for step in steps:
        for name in step.get("with", {}).get("path", step.get("with", {}).get("sarif_file", "")).split():
            assert (tmp_path / name).exists(), name


def test_the_github_workflow_stops_at_a_deviation_and_leaves_what_it_uploads(tmp_path: Path) -> None:
    given, steps = _steps()
    (check,) = [step["run"] for step in steps if step.get("name") == "Check"]
    with running_mock(MockSettings(faults=(_FAULT,))) as broken:
        variables = _variables(given, broken, tmp_path) | {"OZWELL_MODEL": broken.env["OZWELL_MODEL"]}
        done = _run(check, tmp_path, variables)
        assert done.returncode == 1, done.stdout + done.stderr
        assert re.search(r"^::error title=models\.", done.stdout, re.MULTILINE)
        log = json.loads((tmp_path / "conformance" / "results.sarif").read_bytes())
        assert log["runs"][0]["results"]
        accepted = "ozwell-harness check --out x --baseline known-deviations.yaml --baseline-update"
        assert _run(accepted, tmp_path, variables).returncode == 0
        again = _run(check, tmp_path, variables)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "::notice title=known" in again.stdout


def test_each_command_of_the_gitlab_workflow_runs(tmp_path: Path, mock: MockHandle) -> None:
    document = _read(_GITLAB)
    jobs = {name: job for name, job in document.items() if isinstance(job, dict)}
    assert set(jobs) == {"conformance", "load"}
    for name, job in jobs.items():
        done = _run("\n".join(job["script"]), tmp_path, _variables(job["variables"], mock, tmp_path))
        assert done.returncode in ({0, 1, 3} if name == "load" else {0}), done.stdout + done.stderr
        for path in [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]:
            assert (tmp_path / path).exists(), path


def _commands_of_page() -> list[str]:
    page = (TOP / "docs" / "ci.md").read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_each_command_of_the_page_runs(tmp_path: Path, mock: MockHandle) -> None:
    commands = [command for command in _commands_of_page() if not command.startswith("docker ")]
    assert len(commands) == 4
    for command in commands:
        done = _run(command, tmp_path, _variables({}, mock, tmp_path))
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_the_page_names_its_files_and_options() -> None:
    page = (TOP / "docs" / "ci.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!http)([^)#]+)", page):
        assert (TOP / "docs" / link).is_file(), link


def _instructions() -> list[tuple[str, str]]:
    text = (TOP / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def test_the_image_runs_as_nobody_and_holds_no_secret() -> None:
    steps = _instructions()
    last = len(steps) - 1 - [word for word, _ in steps][::-1].index("FROM")
    final = steps[last:]
    assert [rest for word, rest in final if word == "USER"] == ["10001"]
    assert not [rest for word, rest in steps if word in {"ARG", "ENV"} and re.search(r"KEY|TOKEN|SECRET|OZWELL", rest)]
    copied = [rest for word, rest in final if word in {"COPY", "ADD"}]
    assert copied == ["--from=build /opt/harness /opt/harness"]
    assert all(re.search(r":\d[\w.-]*( AS \w+)?$", rest) for word, rest in steps if word == "FROM")
    assert any("PIP_CONSTRAINT=/src/constraints.txt" in rest for word, rest in steps if word == "ENV")
    entry = json.loads(next(rest for word, rest in final if word == "ENTRYPOINT"))
    assert entry == ["ozwell-harness"]


def _context(folder: Path) -> None:
    """Copy what ``.dockerignore`` lets into the context of the build."""
    lines = (TOP / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    for name in (line[1:] for line in lines if line.startswith("!")):
        source, target = TOP / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.env"))
        else:
            shutil.copyfile(source, target)


def test_the_context_of_the_image_suffices_for_the_wheel_and_holds_no_more(tmp_path: Path) -> None:
    context, wheels = tmp_path / "context", tmp_path / "wheels"
    _context(context)
    assert not [
        path for path in context.rglob("*") if any(fnmatch(path.name, one) for one in (".git", ".venv", "*.env"))
    ]
    command = "python -m pip wheel --no-deps --wheel-dir /wheels ."
    assert any(command in rest for word, rest in _instructions() if word == "RUN")
    words = [sys.executable, *shlex.split(command.replace("/wheels", str(wheels)))[1:], "--no-build-isolation", "-q"]
    subprocess.run(words, cwd=context, check=True, timeout=120, capture_output=True)
    (wheel,) = wheels.iterdir()
    names = zipfile.ZipFile(wheel).namelist()
    assert "ozwell_harness/_content/spec/ozwell.openapi.yaml" in names
    assert "ozwell_harness/_content/suites/pytest.ini" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
