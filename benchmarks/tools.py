"""The tools that the detection benchmark compares: how each is called, and how its report is read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPORT = "report.json"

#: The same patience with one request for every tool, in seconds.
REQUEST_S = 5

_HARNESS_SETTINGS = f"[timeouts]\nconnect_s = {REQUEST_S}\nread_s = {REQUEST_S}\ntotal_s = {3 * REQUEST_S}\n"
#: The key comes from the environment: a command line can be seen by others.
_SCHEMATHESIS_SETTINGS = 'headers = { Authorization = "Bearer ${OZWELL_API_KEY}" }\n'


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        command: base URL and model → arguments; run in a folder of its own, where it leaves ``REPORT`` or prints it.
        read: report → findings.
        files: what has to lie in the folder, by name.
        prints: the report is what the tool prints.
    """

    name: str
    version: str
    command: Callable[[str, str], list[str]]
    read: Callable[[Any], frozenset[str]]
    files: Mapping[str, str]
    prints: bool = False


def available(specification: Path, places: Mapping[str, str]) -> list[Tool]:
    """Return the tools that are there. ``places`` names executables that are not on the path, by tool."""
    python = str(sys.executable)
    check = [python, "-m", "ozwell_harness", "check"]
    has_property = "--no-property" in _output([*check, "--help"])
    version = _output([python, "-m", "ozwell_harness", "--version"])
    tools = [_harness("check --no-property" if has_property else "check", version, check, has_property=has_property)]
    if has_property:
        tools.append(_harness("check", version, check, has_property=False))
    schemathesis = str(Path(python).with_name("st"))
    tools.append(_schemathesis(schemathesis, _output([schemathesis, "--version"]), specification))
    for name, make in (("llm-comply", _llm_comply), ("compatcanary", _compatcanary)):
        found = places.get(name) or shutil.which(name)
        if found:
            executable = str(Path(found).absolute())
            tools.append(make(executable, _output([executable, "--version"])))
    return tools


def _harness(name: str, version: str, check: list[str], *, has_property: bool) -> Tool:
    more = ["--no-property"] if has_property else []
    return Tool(
        f"ozwell-harness {name}",
        version,
        lambda url, _model: [*check, url, "--out", "run", "--json", REPORT, *more],
        _harness_findings,
        {"harness.toml": _HARNESS_SETTINGS},
    )


def _harness_findings(report: Any) -> frozenset[str]:
    return frozenset(f["requirement"] for f in report["findings"] if f["status"] in {"failed", "warned"})


def _schemathesis(executable: str, version: str, specification: Path) -> Tool:
    def command(url: str, _model: str) -> list[str]:
        arguments = [executable, "run", str(specification), "--url", url, "--seed", "0", "--no-color"]
        return [*arguments, "--request-timeout", str(REQUEST_S), "--report", "json", "--report-json-path", REPORT]

    def read(report: Any) -> frozenset[str]:
        found = {f"{f['code']} {operation}" for f in report["failures"] for operation in f["operations"]}
        return frozenset(found | {f"error {_steady(json.dumps(error))[:200]}" for error in report["errors"]})

    return Tool("Schemathesis", version, command, read, {"schemathesis.toml": _SCHEMATHESIS_SETTINGS})


def _llm_comply(executable: str, version: str) -> Tool:
    def command(url: str, model: str) -> list[str]:
        return [executable, "--format", "openai-chat", "-u", url, "-m", model, "--timeout", str(REQUEST_S), "--json"]

    def read(report: Any) -> frozenset[str]:
        return frozenset(
            f"{result['id']}: {_steady(words)}"
            for result in report["results"]
            for words in (*result.get("errors", ()), *result.get("warnings", ()))
        ) | frozenset(f"{result['id']} failed" for result in report["results"] if result["status"] == "failed")

    return Tool("llm-comply", version, command, read, {}, prints=True)


def _compatcanary(executable: str, version: str) -> Tool:
    def command(url: str, model: str) -> list[str]:
        asked = [executable, "scan", "--profile", "chat", "--base-url", url, "--model", model]
        return [*asked, "--timeout", str(REQUEST_S), "--format", "json", "--output", REPORT]

    def read(report: Any) -> frozenset[str]:
        return frozenset(f"{r['id']} {r['status']}" for r in report["results"] if r["status"] != "pass")

    return Tool("compatcanary", version, command, read, {})


def _steady(words: str) -> str:
    """Return ``words`` without what differs from one run to the next: ids, numbers, addresses."""
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", words)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()
