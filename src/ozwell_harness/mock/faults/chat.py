"""Parameters that are ignored, answers that are counted or cut wrongly, tool calls of the wrong shape."""

from __future__ import annotations

import json
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

CHAT = Area("chat")
PARAMS = Area("params")
TOOLS = Area("tools")
AREAS = (CHAT, PARAMS, TOOLS)

BOTH = (Operation.CREATE_CHAT, Operation.CREATE_RESPONSE)


@CHAT.result("usage-total-off-by-one", "`usage.total_tokens` is one more than the sum.", *BOTH)
def usage_total_off_by_one(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add one."""
    answer["usage"]["total_tokens"] += 1
    return answer


@CHAT.result("id-constant", "Every answer has the same id.", *BOTH)
def id_constant(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Fix the id."""
    return {**answer, "id": answer["id"].partition("-")[0] + "-1"}


@PARAMS.request("n-ignored", "`n` is ignored: always one choice.", Operation.CREATE_CHAT)
def n_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop a valid `n`."""
    return {**body, "n": 1} if isinstance(body.get("n"), int) and 1 <= body["n"] <= 128 else body


@PARAMS.request("max-tokens-ignored", "`max_tokens` does not cap the answer.", *BOTH)
def max_tokens_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Drop a valid limit."""
    value = body.get("max_tokens")
    return {**body, "max_tokens": None} if isinstance(value, int) and value >= 1 else body


@PARAMS.request("temperature-above-accepted", "A temperature above 2 is accepted.", *BOTH)
def temperature_above_accepted(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Bring a temperature that is too high into range."""
    value = body.get("temperature")
    return {**body, "temperature": 2} if isinstance(value, int | float) and value > 2 else body


@PARAMS.plan("stop-leaked", "The answer ends with the stop text.", *BOTH)
def stop_leaked(completion: Completion, call: Call) -> Completion:
    """Append the first stop text to what was cut."""
    stop = (call.body or {}).get("stop")
    word = stop[0] if isinstance(stop, list) else stop
    if not word:
        return completion
    return replace(completion, choices=tuple(_with_text(choice, word) for choice in completion.choices))


@PARAMS.plan("length-as-stop", "A capped answer claims to have ended by itself.", *BOTH)
def length_as_stop(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Change the reason."""
    choices = (replace(c, finish=Finish.STOP) if c.finish is Finish.LENGTH else c for c in completion.choices)
    return replace(completion, choices=tuple(choices))


@TOOLS.request("choice-none-ignored", "Tools are called although `tool_choice` is `none`.", *BOTH)
def choice_none_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Turn `none` into `required` where there are tools."""
    return {**body, "tool_choice": "required"} if body.get("tool_choice") == "none" and body.get("tools") else body


@TOOLS.result("arguments-object", "The arguments of a call are an object, not a text.", Operation.CREATE_CHAT)
def arguments_object(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Decode the arguments."""
    for choice in answer["choices"]:
        for made in choice["message"].get("tool_calls", ()):
            made["function"]["arguments"] = json.loads(made["function"]["arguments"])
    return answer


def _with_text(choice: Choice, text: str) -> Choice:
    return replace(choice, pieces=(*choice.pieces, *pieces_of(text))) if choice.finish is Finish.STOP else choice
