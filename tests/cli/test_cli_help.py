"""Help: every command's ends in examples, every example works, and nothing is cut off on a narrow terminal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ozwell_harness.cli import cli
from ozwell_harness.cli.help import HEADING, width
from ozwell_harness.mock.server import MockHandle, running_mock

_BIN = Path(sys.executable).parent
_URL = "http://127.0.0.1:8000/v1"


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_commands(cli))


def _examples(command: click.Command) -> list[str]:
    _, _, lines = (command.epilog or "").partition(f"{HEADING}\n")
    return [line.strip() for line in re.sub(r"\\\n\s*", "", lines).splitlines()]


EXAMPLES = tuple(dict.fromkeys(example for command in COMMANDS.values() for example in _examples(command)))
#: What makes an example short, by its command; the last of two options counts.
_SHORTER = {
    "check": "--no-property",
    "run": "--no-property --duration 0.5s --warmup 0.1s",
    "load": "--duration 0.5s --warmup 0.1s",
    "capacity": "--budget 3s --max-rate 5",
    "mock": "--port 0",
    "prove": "--fault stream.done-missing --workers 1",
}
#: What is timed may be slow here, which is no fault of the example.
_TIMED = {"run", "load", "capacity"}


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


@pytest.fixture(scope="module")
def kept(mock: MockHandle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs, in folders of their own and as files."""
    folder = tmp_path_factory.mktemp("kept")
    for name in ("before", "after"):
        command = [sys.executable, "-m", "ozwell_harness", "check", mock.base_url, "--area", "models", "--no-property"]
        command += ["--out", str(folder / "reports" / "runs" / name), "--json", str(folder / f"{name}.json")]
        subprocess.run(command, env=_environment(mock), capture_output=True, check=True)
    return folder


def _shortened(example: str) -> tuple[str, str]:
    """Return an example's command word, and the example so that it takes a moment only."""
    word = example.split()[1]
    more = _SHORTER.get(word, "")
    if word in {"check", "run"} and "--area" not in example and "--requirement" not in example:
        more += " --area models"
    return word, f"{example} {more}".strip()


def _environment(mock: MockHandle) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OZWELL_", "PYTEST_"))}
    keys = {name: value for name, value in mock.env.items() if name != "OZWELL_BASE_URL"}
    return clean | keys | {"PATH": f"{_BIN}{os.pathsep}{clean['PATH']}", "NO_COLOR": "1"}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_ends_in_examples(path: tuple[str, ...]) -> None:
    examples = _examples(COMMANDS[path])
    assert examples
    assert all("ozwell-harness " in example for example in examples)
    shown = CliRunner().invoke(cli, [*path, "--help"], terminal_width=98).output
    last = shown.rstrip().splitlines()[-1].strip()
    assert examples[-1].endswith(last)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("columns", [40, 80, 160])
def test_help_fits_and_nothing_is_cut_off(path: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = CliRunner().invoke(cli, [*path, "--help"], prog_name="ozwell-harness", terminal_width=width()).output
    before, _, _ = shown.partition(f"  {HEADING}\n")
    # The first line names the command, which is as long as it is.
    assert max(map(len, before.splitlines()[1:])) <= columns
    assert not re.search(r"\w\.\.\.$", before, re.MULTILINE)


def test_the_program_takes_the_width_of_its_terminal() -> None:
    command = [sys.executable, "-m", "ozwell_harness", "capacity", "--help"]
    done = subprocess.run(command, env=os.environ | {"COLUMNS": "40"}, capture_output=True, text=True, check=True)
    assert max(map(len, done.stdout.partition(f"  {HEADING}\n")[0].splitlines())) <= 40


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_work(example: str, tmp_path: Path, mock: MockHandle, request: pytest.FixtureRequest) -> None:
    shell = next((name for name in ("zsh", "fish") if f"completion {name}" in example), "bash")
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    word, line = _shortened(example)
    if word in {"compare", "history"}:
        shutil.copytree(request.getfixturevalue("kept"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "known.yaml").write_text("baseline: []\n", "utf-8")
    before = "autoload -U compinit; compinit -D; " if shell == "zsh" else ""
    command = [shell, "-c", before + line.replace(_URL, mock.base_url)]
    if word == "mock":
        _starts_and_stops(command, tmp_path, mock)
        return
    done = subprocess.run(
        command, cwd=tmp_path, env=_environment(mock), capture_output=True, text=True, check=False, timeout=120
    )
    allowed = {0, 1, 3} if word in _TIMED else {0}
    assert done.returncode in allowed, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if word in _TIMED | {"check"} and "--dry-run" not in example:
        assert "Report: " in done.stdout


def _starts_and_stops(command: list[str], folder: Path, mock: MockHandle) -> None:
    line = f"exec {command[-1]}"
    with subprocess.Popen(
        [*command[:-1], line],
        cwd=folder,
        env=_environment(mock),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The mock listens on http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
