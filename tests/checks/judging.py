"""A table of hand-made evidence for each requirement: what its check lets pass, reports, and leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.model import Deviation, Unjudgeable
from ozwell_harness.requirements import load_catalogue


@dataclass(frozen=True)
class Case:
    """``good``, ``bad`` and ``silent`` hold the check's first argument, by what makes it so; ``more`` the others."""

    check: Callable[..., Deviation | None]
    good: Mapping[str, Any]
    bad: Mapping[str, Any]
    silent: Mapping[str, Any] | None = None
    more: tuple[Any, ...] = ()


def verdict(check: Callable[..., Deviation | None], *arguments: Any) -> str:
    """``good``, ``bad`` or ``silent``; a deviation must say what was expected and seen."""
    try:
        deviation = check(*arguments)
    except Unjudgeable as reason:
        return "silent" if str(reason) else "silent without a reason"
    if deviation is None:
        return "good"
    assert deviation.message, deviation
    assert deviation.expected, deviation
    assert deviation.actual, deviation
    assert not deviation.message.endswith("."), deviation
    return "bad"


def rows(cases: Mapping[str, Case]) -> list[Any]:
    """(requirement, what the evidence is like, verdict, check, arguments) for parametrize."""
    found = []
    for requirement, case in cases.items():
        assert case.good, requirement
        assert case.bad, requirement
        for expected, evidence in (("good", case.good), ("bad", case.bad), ("silent", case.silent or {})):
            for name, value in evidence.items():
                # A tuple is several arguments.
                arguments = (*value, *case.more) if isinstance(value, tuple) else (value, *case.more)
                found.append((requirement, name, expected, case.check, arguments))
    return found


def areas_without_case(area: str, cases: Mapping[str, Case]) -> set[str]:
    """Requirements of ``area`` that the table lacks."""
    return {r.id for r in load_catalogue() if r.area == area} - cases.keys()
