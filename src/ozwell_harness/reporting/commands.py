"""The command line that does a run, or a part of it, once more. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ozwell_harness.model import Run

#: Arrivals that are told by a rate; the others by their shape, which holds their rates.
_BY_RATE = ("constant", "poisson")


def again(run: Run, requirement: str | None = None) -> str:
    """Return the command that judges or loads the target again, or judges one requirement of it.

    The fact ``bundled_mock`` says that the target was started for this run: its address means nothing afterwards.
    Options that a report does not hold, such as timeouts, are left out.
    """
    loads = run.load is not None or run.capacity is not None
    command = run.command if requirement is None and loads else "check"
    words = ["ozwell-harness", command]
    if not run.facts.get("bundled_mock"):
        words.append(run.target)
    words += ["--profile", run.profile]
    if run.seed:
        words += ["--seed", str(run.seed)]
    if requirement:
        words += ["--requirement", requirement]
    elif command in {"run", "load"} and run.load is not None:
        words += _load(run.load)
    elif command == "capacity" and run.capacity is not None:
        words += _search(run.capacity)
    return shlex.join(words)


def check_command(target: str, profile: str) -> str:
    """Return the command that judges a target."""
    return shlex.join(["ozwell-harness", "check", target, "--profile", profile])


def _load(load: Mapping[str, Any]) -> list[str]:
    words = _what(load)
    if load.get("users") is not None:
        words += ["--users", str(load["users"])]
    elif load["arrivals"] in _BY_RATE:
        words += ["--rate", f"{load['rate']:g}", "--arrivals", load["arrivals"]]
    else:
        words += ["--arrivals", str(load.get("shape") or load["arrivals"])]
    words += ["--duration", f"{load['duration_s']:g}s", "--warmup", f"{load['warmup_s']:g}s"]
    slo = load.get("slo")
    return words + (["--slo", str(slo["expression"])] if slo else [])


def _search(block: Mapping[str, Any]) -> list[str]:
    words = [*_what(block), "--slo", str(block["slo"]), "--budget", f"{block['budget_s']:g}s"]
    return [*words, "--width", f"{block['width_asked']:g}", "--confidence", f"{block['confidence']:g}"]


def _what(block: Mapping[str, Any]) -> list[str]:
    said = str(block["scenario"])
    # Weights of the user's own are told as "chat=3, files=1".
    return ["--mix", said.replace(" ", "")] if "=" in said else ["--scenario", said]
