"""Stop texts that are refused, ignored in one form, left in the answer or do not end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.param_rules import BOTH, CHAT, RESPONSES, is_number, takes, turns_away
from ozwell_harness.mock.routing import Operation

AREA = Area("params")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 4 and all(isinstance(text, str) for text in value)


def stopped(
    name: str,
    description: str,
    when: Callable[[Any], bool],
    change: Callable[[JsonObject], object],
    *,
    operations: tuple[Operation, ...] = CHAT,
    breaks: tuple[str, ...],
) -> None:
    """Register a fault that changes each choice (or the output) of plain answers to a stop that satisfies ``when``."""

    @AREA.result(name, description, *operations, breaks=breaks)
    def changed(answer: JsonObject, call: Call) -> JsonObject:
        if when((call.body or {}).get("stop")):
            for choice in answer.get("choices") or [{"message": answer.get("output")}]:
                change(choice)
        return answer


def _goes_on(choice: JsonObject) -> None:
    last = int(choice["message"]["content"].rstrip(", ").rpartition(" ")[2])
    choice["message"]["content"] += f", {last + 2}, {last + 3}"


turns_away(
    AREA,
    "stop-string-refused",
    "A stop that is a string is refused.",
    "stop",
    _is_text,
    breaks=("params.stop-string-accepted",),
)
turns_away(
    AREA,
    "stop-array-refused",
    "A stop that is an array is refused.",
    "stop",
    _is_array,
    breaks=("params.stop-array-accepted",),
)
turns_away(
    AREA,
    "responses-stop-refused",
    "Responses refuse a stop that is a string.",
    "stop",
    _is_text,
    operations=RESPONSES,
    breaks=("params.responses-stop-accepted",),
)
takes(
    AREA,
    "stop-string-ignored",
    "A stop that is a string is ignored.",
    "stop",
    _is_text,
    None,
    breaks=("params.stop-string-left-out",),
)
takes(
    AREA,
    "stop-array-ignored",
    "A stop that is an array is ignored.",
    "stop",
    _is_array,
    None,
    breaks=("params.stop-array-left-out",),
)
takes(
    AREA,
    "responses-stop-ignored",
    "A stop is ignored by responses.",
    "stop",
    _is_text,
    None,
    operations=RESPONSES,
    breaks=("params.responses-stop-left-out",),
)


@AREA.request(
    "stop-first-of-array",
    "Only the first of several stop texts counts.",
    Operation.CREATE_CHAT,
    breaks=("params.stop-array-left-out",),
)
def stop_first_of_array(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop the others."""
    return {**body, "stop": body["stop"][:1]} if _is_array(body.get("stop")) else body


@AREA.request(
    "stop-array-joined",
    "Several stop texts are read as one long text.",
    Operation.CREATE_CHAT,
    breaks=("params.stop-array-left-out",),
)
def stop_array_joined(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Join them."""
    return {**body, "stop": "".join(body["stop"])} if _is_array(body.get("stop")) else body


stopped(
    "stop-string-cut-out",
    "A stop text is cut out of an answer that goes on.",
    _is_text,
    _goes_on,
    breaks=("params.stop-string-ends",),
)
stopped(
    "stop-array-cut-out",
    "One of several stop texts is cut out of an answer that goes on.",
    _is_array,
    _goes_on,
    breaks=("params.stop-array-ends",),
)
stopped(
    "responses-stop-cut-out",
    "A stop text is cut out of a response that goes on.",
    _is_text,
    _goes_on,
    operations=RESPONSES,
    breaks=("params.responses-stop-ends",),
)
stopped(
    "stop-string-finish-unknown",
    "An answer that ended at a stop text has the finish_reason `stop_sequence`.",
    _is_text,
    lambda choice: choice.update(finish_reason="stop_sequence"),
    breaks=("params.stop-string-finish-stop",),
)
stopped(
    "stop-array-finish-length",
    "An answer that ended at one of several stop texts claims to have been cut.",
    _is_array,
    lambda choice: choice.update(finish_reason="length"),
    breaks=("params.stop-array-finish-stop",),
)
takes(
    AREA,
    "stop-number-accepted",
    "A stop that is a number is ignored.",
    "stop",
    is_number,
    None,
    operations=BOTH,
    breaks=("params.stop-wrong-type-refused",),
)
takes(
    AREA,
    "responses-stop-numbers-accepted",
    "Numbers among the stop texts are accepted by responses.",
    "stop",
    lambda value: isinstance(value, list) and any(map(is_number, value)),
    None,
    operations=RESPONSES,
    breaks=("params.responses-stop-wrong-type-refused",),
)
takes(
    AREA,
    "stop-five-accepted",
    "More than four stop texts are accepted.",
    "stop",
    lambda value: isinstance(value, list) and len(value) > 4,
    None,
    breaks=("params.stop-five-refused",),
)
