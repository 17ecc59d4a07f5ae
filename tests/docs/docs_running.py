"""Runs the commands of a page of documentation, as a reader would, and holds what it shows against what comes.

A fenced block ``console`` holds commands (lines that begin with ``$ ``, continued after a backslash) and what they
print. A line of output must occur, in this order; ``…`` stands for anything. A command must end with status 0, unless
``$ echo $?`` follows, whose output is the status. What else the info string may say:

- ``console server``: runs from the beginning of the page to its end; its port 8000 is replaced by a free one, here and
  wherever the page names it.
- ``console not-run``: cannot be run here; the sentence before the block says why.
- any language with ``file=PATH`` or ``append=PATH``: the block is written to this file, or added to it.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_PORT = "8000"
_PATIENCE_S = 60.0


@dataclass(slots=True)
class Command:
    """A command, the lines that it is shown to print, and the status that it is shown to have."""

    line: str
    shown: list[str] = field(default_factory=list)
    status: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what else its info string says, and its text."""

    language: str
    words: tuple[str, ...]
    text: str

    def value(self, name: str) -> str | None:
        """Return what stands behind ``name=`` in the info string."""
        return next((word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")), None)


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    found = []
    for match in _FENCE.finditer(page):
        language, *words = match["info"].split() or [""]
        found.append(Block(language, tuple(words), match["text"]))
    return found


def commands_of(text: str) -> list[Command]:
    """Return the commands of a console block; a status that is asked for belongs to the command before."""
    commands: list[Command] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            assert commands, f"output before any command: {line}"
            commands[-1].shown.append(line)
            continue
        whole = line[2:]
        while whole.endswith("\\"):
            whole += "\n" + next(lines)
        commands.append(Command(whole))
    for before, asking in itertools.pairwise(commands):
        if asking.line == "echo $?":
            before.status = int(asking.shown[0])
    return commands


class Page:
    """A page that is run in a folder of its own."""

    def __init__(self, text: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._blocks = blocks_of(text)
        self._folder = folder
        self._environment = dict(environment)
        self._real = f"127.0.0.1:{_PORT}"

    def run(self) -> list[str]:
        """Run every command in one shell; return what is wrong, one sentence each."""
        with self._servers():
            commands = list(self._written())
            for number, command in enumerate(commands):
                (self._folder / f".{number}.sh").write_text(self._placed(command.line) + "\n", "utf-8")
            # Whole paths: a page may change the folder.
            places = [shlex.quote(str(self._folder / f".{number}")) for number in range(len(commands))]
            script = "\n".join(
                f". {place}.sh >{place}.out 2>&1; status=$?; echo $status >{place}.status; (exit $status)"
                for place in places
            )
            subprocess.run(["bash", "-c", script], cwd=self._folder, env=self._environment, check=False, timeout=500)
            return [said for number, command in enumerate(commands) for said in self._judged(number, command)]

    def _written(self) -> Iterator[Command]:
        """Yield the commands; files that the page shows are written by commands, too, each in its place."""
        for block in self._blocks:
            for name, sign in (("file", ">"), ("append", ">>")):
                path = block.value(name)
                if path is not None:
                    yield Command(f"cat {sign} {shlex.quote(path)} <<'END OF FILE'\n{block.text}END OF FILE")
            if block.language == "console" and not block.words:
                yield from commands_of(block.text)

    def _judged(self, number: int, command: Command) -> Iterator[str]:
        status = (self._folder / f".{number}.status").read_text("utf-8").strip()
        printed = (self._folder / f".{number}.out").read_text("utf-8", "replace")
        if command.line != "echo $?" and int(status) != command.status:
            yield f"{command.line!r} ended with {status}, not {command.status}: {printed[-2000:]}"
        rest = printed
        for line in command.shown:
            pattern = ".*?".join(re.escape(self._placed(part.strip())) for part in line.split("…"))
            found = re.search(pattern, rest)
            if found is None:
                yield f"{command.line!r} does not print {line!r}: {printed[-2000:]}"
                return
            rest = rest[found.end() :]

    def _placed(self, text: str) -> str:
        return text.replace(f"127.0.0.1:{_PORT}", self._real)

    @contextmanager
    def _servers(self) -> Iterator[None]:
        running = []
        try:
            for block in self._blocks:
                if block.language == "console" and block.words == ("server",):
                    (command,) = commands_of(block.text)
                    running.append(self._serve(command.line))
            yield
        finally:
            for process in running:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)

    def _serve(self, line: str) -> subprocess.Popen[bytes]:
        assert f"--port {_PORT}" in line
        named = re.search(r"--env-file (\S+)", line)
        file = self._folder / (named[1] if named else ".server.env")
        line = line.replace(f"--port {_PORT}", "--port 0") + ("" if named else f" --env-file {file.name}")
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        giving_up = time.monotonic() + _PATIENCE_S
        while not file.exists() or not file.read_text("utf-8").endswith("\n"):
            assert process.poll() is None, f"{line!r} ended with {process.returncode}"
            assert time.monotonic() < giving_up, f"{line!r} did not start"
            time.sleep(0.05)
        self._real = re.search(r"^OZWELL_BASE_URL=http://([^/\s]+)", file.read_text("utf-8"), re.MULTILINE)[1]
        return process


def reader(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who has just installed the package, at home in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OZWELL_", "PYTEST_", "GITHUB_"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return kept | {"PATH": path, "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "120"}
