"""Plain chat completions whose usage is missing or counted wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("chat")

Counts = dict[str, int]
RENAMED = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens"}


def usage(name: str, description: str, change: Callable[[Counts], object], *breaks: str) -> None:
    """Register a fault that passes the usage of every plain answer without tools through ``change``."""

    @AREA.result(f"usage-{name}", description, Operation.CREATE_CHAT, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:
        return answer if (call.body or {}).get("tools") else {**answer, "usage": change(answer["usage"])}


def summed(counts: Counts, **changes: int) -> Counts:
    """The counts with some changed, and the total made to fit."""
    counts = {**counts, **changes}
    return {**counts, "total_tokens": counts["prompt_tokens"] + counts["completion_tokens"]}


@AREA.result("usage-missing", "There is no `usage`.", Operation.CREATE_CHAT, breaks=("chat.usage-present",))
def usage_missing(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Leave it out."""
    return {name: value for name, value in answer.items() if name != "usage"}


usage("null", "`usage` is null.", lambda _: None, "chat.usage-present")
usage("array", "`usage` is an array.", lambda counts: list(counts.values()), "chat.usage-present")
usage(
    "renamed",
    "The counts have other names.",
    lambda counts: {RENAMED[name]: count for name, count in counts.items()},
    "chat.usage-counts",
)
usage(
    "text",
    "The counts are texts.",
    lambda counts: {name: str(count) for name, count in counts.items()},
    "chat.usage-counts",
)
usage(
    "total-missing",
    "There is no total.",
    lambda counts: {name: count for name, count in counts.items() if name != "total_tokens"},
    "chat.usage-counts",
)
usage("completion-null", "completion_tokens is null.", lambda c: {**c, "completion_tokens": None}, "chat.usage-counts")
usage("negative", "prompt_tokens is -1.", lambda counts: summed(counts, prompt_tokens=-1), "chat.usage-counts")
usage("prompt-zero", "prompt_tokens is 0.", lambda c: summed(c, prompt_tokens=0), "chat.usage-prompt-positive")
usage(
    "completion-zero",
    "completion_tokens is 0.",
    lambda c: summed(c, completion_tokens=0),
    "chat.usage-completion-positive",
)
usage(
    "total-of-prompt",
    "total_tokens counts the prompt only.",
    lambda c: {**c, "total_tokens": c["prompt_tokens"]},
    "chat.usage-total-is-sum",
)
usage("total-zero", "total_tokens is 0.", lambda c: {**c, "total_tokens": 0}, "chat.usage-total-is-sum")


@AREA.plan(
    "usage-prompt-constant",
    "prompt_tokens is the same for every prompt.",
    Operation.CREATE_CHAT,
    breaks=("chat.usage-grows-with-prompt", "vision.image-counted"),
)
def usage_prompt_constant(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Count one prompt like another."""
    return replace(completion, prompt_tokens=12)
