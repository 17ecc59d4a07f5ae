"""Whether two loads can be held against each other at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: What the ``load`` block says of the plan, and in words.
_PLAN = {
    "scenario": "scenario",
    "shape": "arrivals",
    "users": "users",
    "rate": "rate",
    "duration_s": "duration",
    "warmup_s": "warm-up",
}
_MORE = {
    "processes": "processes",
    "think": "time to think",
    "prompt_file": "file of prompts",
    "prompt_tokens": "length of prompts",
    "answer_tokens": "length of answers",
    "prefix_tokens": "common prefix",
    "turns": "turns",
    "file_bytes": "size of files",
}
_MORE_SEARCH = {"slo": "SLO", "scenario": "scenario", "confidence": "confidence"}


def plan_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in what two ``load`` blocks were asked for differently, one sentence each, as far as both tell it."""
    return (*_unlike(_PLAN, before, after), *_unlike(_MORE, before.get("plan") or {}, after.get("plan") or {}))


def search_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in what two ``capacity`` blocks were asked for differently, one sentence each."""
    return tuple(_unlike(_MORE_SEARCH, before, after))


def _unlike(names: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key, words in names.items():
        if key in before and key in after and before[key] != after[key]:
            yield f"Different {words}: {_shown(before[key])} before, {_shown(after[key])} now."


def _shown(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def unusable(load: Mapping[str, Any], which: str) -> tuple[str, ...]:
    """Return why the figures of a load cannot be compared, one sentence each; empty when they can."""
    if load.get("interrupted"):
        return (f"The load of the {which} run was interrupted, so its figures are partial.",)
    if not load.get("valid", True):
        told = " ".join(str(reason) for reason in load.get("reasons", ()))
        return (f"The load of the {which} run is INVALID, so its figures do not speak of the target: {told}",)
    if not load["requests"]["completed"]:
        return (f"In the load of the {which} run, not one request was answered.",)
    return ()
