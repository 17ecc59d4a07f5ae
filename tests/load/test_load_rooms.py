"""Who may import gevent and Locust: the engine, and of it only ``users`` Locust itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOAD = Path(__file__).parents[2] / "src" / "ozwell_harness" / "load"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_only_the_engine_imports_gevent_and_few_of_it_locust() -> None:
    files = sorted(LOAD.rglob("*.py"))
    with_gevent = {path.parent.name for path in files if {"gevent", "geventhttpclient"} & set(imported(path))}
    with_locust = {path.name for path in files if "locust" in imported(path)}
    assert (with_gevent, with_locust) == ({"engine"}, {"users.py", "live.py"})


def test_nothing_outside_the_engine_imports_it() -> None:
    for path in LOAD.parent.rglob("*.py"):
        if path.parent.name != "engine":
            assert "load.engine" not in path.read_text("utf-8"), path


def test_the_room_is_entered_without_gevent() -> None:
    code = "import sys, ozwell_harness.load; print([m for m in ('gevent', 'locust') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
