"""Runs command lines, each in a process of its own that is ready to start: forked where everything is imported.

Reads a job a line (JSON: id, argv, folder, environment), writes an outcome a line (JSON: id, status, rss_kb).
"""

from __future__ import annotations

import json
import os
import select
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    warm_up()
    running: dict[int, str] = {}
    buffer = b""
    more = True
    while more or running:
        if more and select.select([0], [], [], 0.02)[0]:
            piece = os.read(0, 65536)
            more = bool(piece)
            *lines, buffer = (buffer + piece).split(b"\n")
            for line in lines:
                job = json.loads(line)
                running[begin(job)] = job["id"]
        reap(running, flags=os.WNOHANG if more else 0)


def warm_up() -> None:
    """Import and read what every run needs: a fork has it at once."""
    from ozwell_harness.profile import load_profile
    from ozwell_harness.requirements import load_catalogue

    for name in ("pytest_html.plugin", "pytest_metadata.plugin", "ozwell_harness.cli.check", "ozwell_harness.plugin"):
        import_module(name)
    load_catalogue()
    for name in ("ozwell", "openai"):
        _ = load_profile(name).specification


def reap(running: dict[int, str], *, flags: int) -> None:
    while running:
        pid, status, usage = os.wait4(-1, flags)
        if pid == 0:
            return
        outcome = {
            "id": running.pop(pid),
            "status": os.waitstatus_to_exitcode(status),
            "rss_kb": usage.ru_maxrss,
            "cpu_s": usage.ru_utime + usage.ru_stime,
        }
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()


def begin(job: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        folder = Path(job["folder"])
        os.chdir(folder)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.environ.clear()
        os.environ.update(job["environment"])
        status = run(job["argv"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(argv: list[str]) -> int:
    from ozwell_harness.cli import main as command

    sys.argv = ["ozwell-harness", *argv]
    try:
        command()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
        return 70
    return 0


if __name__ == "__main__":
    main()
