"""``prove`` as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))} | {"NO_COLOR": "1"}


def prove(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ozwell_harness", "prove", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )


def test_part_of_the_proof(tmp_path: Path) -> None:
    done = prove(tmp_path, "--fault", "models.list-empty", "--area", "models", "--out", "a", "--json", "b.json")
    assert done.returncode == 0, done.stderr
    assert "Faults: 1 of 1 reported by exactly what must report them." in done.stdout
    assert "1 of 1 tried" in done.stderr
    assert (tmp_path / "a" / "matrix.html").is_file()
    assert (tmp_path / "a" / "matrix.json").read_text() == (tmp_path / "b.json").read_text()


def test_ctrl_c_keeps_what_was_tried(tmp_path: Path) -> None:
    """As a terminal sends it: to all processes."""
    command = [sys.executable, "-m", "ozwell_harness", "prove", "--out", "report"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, cwd=tmp_path, env=environment(), start_new_session=True) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate()
    assert " tried" in said, said + err
    document = json.loads((tmp_path / "report" / "matrix.json").read_text("utf-8"))
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert f"Interrupted: {len(document['trials'])} of {document['planned']} trials were made." in out
    assert 0 < len(document["trials"]) < document["planned"]
    assert (document["complete"], document["holds"]) == (False, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "stream.done-misin"], "Did you mean stream.done-missing"),
        (["--area", "nothing"], "There is no area 'nothing'. Areas: auth,"),
        (["--profile", "nothing"], "no profile"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = prove(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
