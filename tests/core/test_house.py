"""The house rules that a machine can see: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "ozwell_harness"

#: Folder or module → what it must not import.
FORBIDDEN = {
    "mock": (
        "ozwell_harness.checks",
        "ozwell_harness.sse",
        "ozwell_harness.model",
        "ozwell_harness.exchange",
        "ozwell_harness.webhooks",
        "locust",
    ),
    "webhooks/inbound.py": ("ozwell_harness.checks", "ozwell_harness.mock"),
    "webhooks/receiver.py": ("ozwell_harness.checks", "ozwell_harness.mock", "ozwell_harness.requirements"),
    "webhooks/signing.py": ("ozwell_harness.checks", "ozwell_harness.mock", "h11", "httpx"),
    "checks": (
        "httpx",
        "httpcore",
        "pytest",
        "locust",
        "ozwell_harness.exchange",
        "ozwell_harness.mock",
        "ozwell_harness.plugin",
    ),
    "model": ("httpx", "pytest", "locust", "ozwell_harness.mock", "ozwell_harness.exchange", "ozwell_harness.checks"),
    "reporting": (
        "httpx",
        "pytest",
        "locust",
        "ozwell_harness.mock",
        "ozwell_harness.exchange",
        "ozwell_harness.checks",
    ),
    "verdict.py": ("httpx", "pytest", "locust", "ozwell_harness.session"),
    "gate.py": ("httpx", "pytest", "locust", "ozwell_harness.session"),
    "sse.py": ("httpx", "pytest", "locust", "ozwell_harness.model"),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", FORBIDDEN)
def test_room_keeps_to_itself(room: str) -> None:
    place = PACKAGE / room
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    for path in files:
        for name in imports(path):
            for forbidden in FORBIDDEN[room]:
                assert not f"{name}.".startswith(f"{forbidden}."), f"{path.name} imports {name}"


def test_command_line_starts_without_the_heavy_libraries() -> None:
    heavy = ("locust", "gevent", "pytest", "schemathesis", "uvicorn", "plotly")
    code = f"import sys, ozwell_harness.cli; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_test_modules_have_names_of_their_own() -> None:
    """The suites are run inside this process, too: a module of the same name would be taken for one of theirs."""
    top = PACKAGE.parents[1]
    names = [path.stem for place in ("tests", "suites") for path in sorted((top / place).rglob("test_*.py"))]
    assert [name for name in names if names.count(name) > 1] == []
