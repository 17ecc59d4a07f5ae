"""Answers to an `n` of 2 of which something is wrong with the second choice alone, or with their number."""

from __future__ import annotations

from collections.abc import Callable

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.param_rules import is_whole, turns_away
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import count_tokens

AREA = Area("params")

WHOLE = "params.n-two-choices-whole"


def second(name: str, description: str, change: Callable[[JsonObject], object], *breaks: str) -> None:
    """Register a fault that changes the second of several choices of a plain answer, in place."""

    @AREA.result(f"n-two-{name}", description, Operation.CREATE_CHAT, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if len(answer["choices"]) > 1:
            change(answer["choices"][1])
        return answer


def counted(name: str, description: str, change: Callable[[JsonObject], object], *breaks: str) -> None:
    """Register a fault that changes the whole of a plain answer of several choices, in place."""

    @AREA.result(f"n-two-{name}", description, Operation.CREATE_CHAT, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if len(answer["choices"]) > 1:
            change(answer)
        return answer


def _first_only(answer: JsonObject) -> None:
    usage, content = answer["usage"], answer["choices"][0]["message"]["content"]
    usage["completion_tokens"] = count_tokens(content)
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


turns_away(
    AREA,
    "n-two-refused",
    "An n above 1 is refused.",
    "n",
    lambda n: is_whole(n) and 1 < n <= 128,
    breaks=("params.n-two-accepted",),
)


@AREA.request(
    "n-one-more",
    "There is one plain choice more than an n of 2 asks for.",
    Operation.CREATE_CHAT,
    breaks=("params.n-two-choices",),
)
def n_one_more(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Count one too many."""
    asked = body.get("n")
    return {**body, "n": 3} if is_whole(asked) and asked == 2 and not body.get("stream") else body


second("indexes-equal", "Both choices have the index 0.", lambda c: c.update(index=0), "params.n-two-indexes")
second("index-skipped", "The choices have the indexes 0 and 2.", lambda c: c.update(index=2), "params.n-two-indexes")
second("index-missing", "The second choice has no index.", lambda c: c.pop("index"), "params.n-two-indexes")
second("finish-null", "The second choice has a finish_reason of null.", lambda c: c.update(finish_reason=None), WHOLE)
second("message-missing", "The second choice has no message.", lambda c: c.pop("message"), WHOLE)
second("role-missing", "The second message has no role.", lambda c: c["message"].pop("role"), WHOLE)
second("content-null", "The second content is null.", lambda c: c["message"].update(content=None), WHOLE)
second("message-text", "The second message is a text.", lambda c: c.update(message=c["message"]["content"]), WHOLE)
second(
    "stop-ignored",
    "Only the first choice ends at a stop text.",
    lambda c: c["message"].update(content=c["message"]["content"] + "6, 7, 8"),
    "params.stop-array-left-out",
)
counted(
    "total-of-one",
    "total_tokens counts one of two choices.",
    lambda a: a["usage"].update(total_tokens=a["usage"]["prompt_tokens"] + a["usage"]["completion_tokens"] // 2),
    "params.n-two-usage-is-sum",
)
counted(
    "first-counted", "completion_tokens counts the first choice only.", _first_only, "params.n-two-usage-counts-both"
)
counted(
    "indexes-from-one",
    "Several choices are numbered from 1.",
    lambda a: [c.update(index=c["index"] + 1) for c in a["choices"]],
    "params.n-two-indexes",
)
