"""`n` and `max_tokens`: values that should be refused, values that are refused, and caps that do not hold."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.errors import internal_error
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.param_rules import ABSENT, BOTH, CHAT, RESPONSES, is_number, is_whole, takes, turns_away
from ozwell_harness.mock.routing import Operation

AREA = Area("params")

LARGEST = 2**63 - 1


for _prefix, _operations in (("", CHAT), ("responses-", RESPONSES)):
    for _field, _slug in (("n", "n"), ("max_tokens", "max-tokens")):
        turns_away(
            AREA,
            f"{_prefix}{_slug}-one-refused",
            f"A {_field} of 1 is refused by {_operations[0].value}.",
            _field,
            lambda value: is_whole(value) and value == 1,
            operations=_operations,
            breaks=(f"params.{_prefix}{_slug}-one-accepted",),
        )

takes(AREA, "n-zero-accepted", "An n of 0 is read as 1.", "n", lambda n: n == 0, 1, breaks=("params.n-zero-refused",))
takes(
    AREA,
    "n-above-accepted",
    "An n above 128 is read as 1.",
    "n",
    lambda n: is_whole(n) and n > 128,
    1,
    breaks=("params.n-above-refused",),
)
takes(
    AREA,
    "n-of-any-type",
    "An n that is no number is read as 1.",
    "n",
    lambda n: n is not ABSENT and n is not None and not is_number(n),
    1,
    operations=BOTH,
    breaks=("params.n-wrong-type-refused", "params.responses-n-wrong-type-refused"),
)
takes(
    AREA,
    "max-tokens-zero-accepted",
    "A max_tokens of 0 is read as no limit.",
    "max_tokens",
    lambda value: is_whole(value) and value == 0,
    None,
    operations=BOTH,
    breaks=("params.max-tokens-zero-refused",),
)
turns_away(
    AREA,
    "max-tokens-refused",
    "Any max_tokens is refused.",
    "max_tokens",
    lambda value: value is not ABSENT and value is not None,
    operations=BOTH,
    breaks=("params.max-tokens-one-accepted", "params.responses-max-tokens-one-accepted"),
)
takes(
    AREA,
    "max-tokens-of-any-type",
    "A max_tokens that is a text is read as 16.",
    "max_tokens",
    lambda value: isinstance(value, str),
    16,
    operations=BOTH,
    breaks=("params.max-tokens-wrong-type-refused", "params.responses-max-tokens-wrong-type-refused"),
)
takes(
    AREA,
    "responses-max-tokens-of-any-type",
    "A max_tokens that is a text is read as 16 by responses, and refused by chat completions.",
    "max_tokens",
    lambda value: isinstance(value, str),
    16,
    operations=RESPONSES,
    breaks=("params.responses-max-tokens-wrong-type-refused",),
)
takes(
    AREA,
    "huge-integer-accepted",
    "A max_tokens beyond 64 bits is read as the largest integer.",
    "max_tokens",
    lambda value: is_whole(value) and value > LARGEST,
    LARGEST,
    breaks=("params.huge-integer-refused",),
)


@AREA.request(
    "huge-integer-fails",
    "A max_tokens beyond 64 bits makes the server fail.",
    Operation.CREATE_CHAT,
    breaks=("params.huge-integer-refused", "http.no-server-errors"),
)
def huge_integer_fails(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Overflow."""
    value = body.get("max_tokens")
    if isinstance(value, int) and value > LARGEST:
        raise internal_error()
    return body


@AREA.request(
    "max-tokens-plus-one",
    "An answer may have one token more than max_tokens allows.",
    *BOTH,
    breaks=("params.max-tokens-caps", "params.responses-max-tokens-caps"),
)
def max_tokens_plus_one(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Cut one token late."""
    value = body.get("max_tokens")
    return {**body, "max_tokens": value + 1} if is_whole(value) and 0 < value < LARGEST else body


takes(
    AREA,
    "responses-max-tokens-ignored",
    "max_tokens does not cap a response.",
    "max_tokens",
    lambda value: is_whole(value) and 0 < value <= LARGEST,
    None,
    operations=RESPONSES,
    breaks=("params.responses-max-tokens-caps",),
)


@AREA.plan(
    "cap-counted-not-cut",
    "The usage respects max_tokens, the text does not.",
    *BOTH,
    breaks=("params.max-tokens-caps", "params.responses-max-tokens-caps"),
)
def cap_counted_not_cut(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Say more than is counted."""
    choices = tuple(_spun_out(choice) for choice in completion.choices)
    return replace(completion, choices=choices, counted=completion.completion_tokens)


def _spun_out(choice: Choice) -> Choice:
    cut = choice.finish is Finish.LENGTH and not choice.calls
    return replace(choice, pieces=(*choice.pieces, *(" and", " on") * 40)) if cut else choice


@AREA.result(
    "cap-finish-unknown",
    "An answer that max_tokens cut has the finish_reason `max_tokens`.",
    Operation.CREATE_CHAT,
    breaks=("params.max-tokens-finish-length",),
)
def cap_finish_unknown(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Rename the reason."""
    for choice in answer["choices"]:
        if choice["finish_reason"] == "length":
            choice["finish_reason"] = "max_tokens"
    return answer


@AREA.result(
    "completion-counted-in-characters",
    "completion_tokens counts characters.",
    Operation.CREATE_CHAT,
    breaks=("params.max-tokens-caps",),
)
def completion_counted_in_characters(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Count the content's characters in place of its tokens."""
    usage = answer["usage"]
    usage["completion_tokens"] = sum(len(choice["message"]["content"] or "") for choice in answer["choices"])
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    return answer
