"""Shell completion: what each shell is told, and that bash takes the script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from ozwell_harness.cli import cli
from ozwell_harness.cli.completion import PROGRAM, VARIABLE

_PROGRAM = Path(sys.executable).parent / "ozwell-harness"


def _completed(line: str) -> list[str]:
    """Complete the last word of a line, as click does for every shell."""
    *arguments, incomplete = line.split(" ")[1:]
    return [item.value for item in ShellComplete(cli, {}, PROGRAM, VARIABLE).get_completions(arguments, incomplete)]


def _told(shell: str) -> str:
    """Ask for names as a shell does: in a process of its own."""
    asked = {
        "bash": {"COMP_WORDS": "ozwell-harness do", "COMP_CWORD": "1"},
        "zsh": {"COMP_WORDS": "ozwell-harness do", "COMP_CWORD": "1"},
        "fish": {"COMP_WORDS": "ozwell-harness", "COMP_CWORD": "do"},
    }[shell]
    variables = os.environ | asked | {VARIABLE: f"{shell}_complete"}
    return subprocess.run([str(_PROGRAM)], env=variables, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ozwell-harness do", {"doctor"}),
        ("ozwell-harness check --prof", {"--profile"}),
        ("ozwell-harness check --profile o", {"openai", "ozwell"}),
        ("ozwell-harness check --area str", {"streaming"}),
        ("ozwell-harness check --level mu", {"must"}),
        ("ozwell-harness check --requirement chat.usage-total", {"chat.usage-total-is-sum"}),
        ("ozwell-harness check --without emb", {"embeddings"}),
        ("ozwell-harness mock --fault chat.usage-total-off", {"chat.usage-total-off-by-one"}),
        ("ozwell-harness load --scenario chat_", {"chat_stream"}),
        ("ozwell-harness requirements show chat.usage-total", {"chat.usage-total-is-sum"}),
        ("ozwell-harness completion f", {"fish"}),
        ("ozwell-harness check --format g", {"github"}),
    ],
)
def test_names_are_completed(line: str, wanted: set[str]) -> None:
    assert set(_completed(line)) >= wanted
    assert all(name.startswith(line.rpartition(" ")[2]) for name in _completed(line))


def test_a_profile_decides_which_requirements_there_are() -> None:
    assert _completed("ozwell-harness check --profile openai --requirement responses.") == []
    assert _completed("ozwell-harness check --requirement responses.") != []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told(shell: str) -> None:
    told = _told(shell)
    assert "doctor" in told
    assert shell == "bash" or "Tell whether a run can begin, and what it would cost." in told
    script = CliRunner().invoke(cli, ["completion", shell], standalone_mode=False).output
    assert f"{VARIABLE}={shell}_complete" in script


def test_bash_completes_with_the_script() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = (
        'eval "$(ozwell-harness completion bash)"\n'
        "COMP_WORDS=(ozwell-harness check --area str); COMP_CWORD=3\n"
        "_ozwell_harness_completion ozwell-harness str --area\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    path = f"{_PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "--norc", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["streaming"], done.stderr
