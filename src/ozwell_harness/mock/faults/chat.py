"""Parameters that are ignored, answers that are counted or cut wrongly."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.param_rules import is_number, is_whole
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

CHAT = Area("chat")
PARAMS = Area("params")
AREAS = (CHAT, PARAMS)

BOTH = (Operation.CREATE_CHAT, Operation.CREATE_RESPONSE)


@CHAT.result(
    "usage-total-off-by-one",
    "`usage.total_tokens` is one more than the sum.",
    *BOTH,
    breaks=("chat.usage-total-is-sum", "responses.usage-total-is-sum"),
)
def usage_total_off_by_one(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add one."""
    answer["usage"]["total_tokens"] += 1
    return answer


@CHAT.result("id-constant", "Every answer has the same id.", *BOTH, breaks=("chat.ids-unique", "responses.ids-unique"))
def id_constant(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Fix the id."""
    return {**answer, "id": answer["id"].partition("-")[0] + "-1"}


@PARAMS.request(
    "n-ignored",
    "`n` is ignored by plain answers: always one choice.",
    Operation.CREATE_CHAT,
    breaks=("params.n-two-choices",),
)
def n_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop a valid `n`."""
    ignored = not body.get("stream") and is_whole(body.get("n")) and 1 <= body["n"] <= 128
    return {**body, "n": 1} if ignored else body


@PARAMS.request(
    "max-tokens-ignored",
    "`max_tokens` does not cap the answer.",
    *BOTH,
    breaks=("params.max-tokens-caps", "params.responses-max-tokens-caps"),
)
def max_tokens_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop a valid limit."""
    value = body.get("max_tokens")
    return {**body, "max_tokens": None} if is_whole(value) and 1 <= value < 2**63 else body


@PARAMS.request(
    "temperature-above-accepted",
    "A temperature above 2 is accepted.",
    *BOTH,
    breaks=("params.temperature-above-refused",),
)
def temperature_above_accepted(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Bring a temperature that is too high into range."""
    value = body.get("temperature")
    return {**body, "temperature": 2} if is_number(value) and value > 2 else body


@PARAMS.plan(
    "stop-leaked",
    "The answer ends with the stop text.",
    *BOTH,
    breaks=("params.stop-string-left-out", "params.stop-array-left-out", "params.responses-stop-left-out"),
)
def stop_leaked(completion: Completion, call: Call) -> Completion:
    """Append the first stop text to what was cut."""
    stop = (call.body or {}).get("stop")
    word = stop[0] if isinstance(stop, list) else stop
    if not word:
        return completion
    return replace(completion, choices=tuple(_with_text(choice, word) for choice in completion.choices))


@PARAMS.plan(
    "length-as-stop",
    "A capped answer claims to have ended by itself.",
    *BOTH,
    breaks=("params.max-tokens-finish-length",),
)
def length_as_stop(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Change the reason."""
    choices = (replace(c, finish=Finish.STOP) if c.finish is Finish.LENGTH else c for c in completion.choices)
    return replace(completion, choices=tuple(choices))


def _with_text(choice: Choice, text: str) -> Choice:
    return replace(choice, pieces=(*choice.pieces, *pieces_of(text))) if choice.finish is Finish.STOP else choice
