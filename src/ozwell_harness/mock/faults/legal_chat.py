"""Odd but legal answers of chat completions, responses and models: what other servers really send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.wrappers import on_bytes
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem

AREA = Area("legal", Kind.LEGAL)

ASKING = (Operation.CREATE_CHAT, Operation.CREATE_RESPONSE)
MODELS = (Operation.LIST_MODELS, Operation.RETRIEVE_MODEL)
MODEL = b'"model":"gpt-4"'


def everywhere(name: str, description: str, old: bytes, new: bytes) -> None:
    """Register a variation that replaces some bytes, in plain answers and in streams alike."""

    @AREA.reply(name, description, *ASKING)
    def changed(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        body: bytes | Iterable[StreamItem] = reply.body
        if isinstance(body, bytes):
            reply.body = body.replace(old, new)
        else:
            reply.body = on_bytes(body, lambda item: item.replace(old, new))
        return reply


@AREA.reply("chat-json-padded", "Blanks and line breaks stand around the JSON of answers.", *ASKING)
def chat_json_padded(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Send white space, as proxies do to keep a connection alive."""
    if isinstance(reply.body, bytes):
        reply.body = b" \n\r\n\t" + reply.body + b"\n\n"
    return reply


everywhere("chat-model-dated", "Answers name a dated version of the model.", MODEL, b'"model":"gpt-4-0613"')
everywhere("chat-model-prefixed", "Answers name the model with its provider.", MODEL, b'"model":"openai/gpt-4"')


@AREA.result("chat-null-optionals", "Fields that do not apply are null or empty.", Operation.CREATE_CHAT)
def null_optionals(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Send what the OpenAI API sends today."""
    for choice in answer["choices"]:
        choice["logprobs"] = None
        choice["message"] |= {"refusal": None, "annotations": [], "function_call": None, "audio": None}
    return {**answer, "system_fingerprint": None, "service_tier": "default"}


@AREA.result("chat-usage-detailed", "The usage has details of its counts.", *ASKING)
def usage_detailed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Break the counts down."""
    details = {"cached_tokens": 0, "audio_tokens": 0}
    answer["usage"] |= {"prompt_tokens_details": details, "completion_tokens_details": {"reasoning_tokens": 0}}
    return answer


@AREA.result("chat-ids-of-another-form", "Ids are short and in capitals.", *ASKING)
def ids_of_another_form(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Keep the prefix only."""
    return {**answer, "id": answer["id"].partition("-")[0] + "-" + new_id("")[:12].upper()}


@AREA.result("chat-clock-behind", "The server's clock is four minutes behind.", *ASKING)
def clock_behind(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Be late."""
    return {**answer, "created": answer["created"] - 240}


@AREA.plan("chat-prompt-counted-otherwise", "Every prompt costs a dozen tokens more.", *ASKING)
def prompt_counted_otherwise(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Add what a chat template adds."""
    return replace(completion, prompt_tokens=completion.prompt_tokens + 12)


@AREA.result(
    "chat-choices-backwards", "Several choices come in another order, with true indexes.", Operation.CREATE_CHAT
)
def choices_backwards(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Put the last one first."""
    return {**answer, "choices": answer["choices"][::-1]}


@AREA.plan("chat-stories-short", "A long story is told in three words, whatever the limit.", *ASKING)
def stories_short(completion: Completion, call: Call) -> Completion:
    """End before any cap."""
    if (call.body or {}).get("max_tokens", 0) in (None, 0, 1, 2) or "long story" not in str(call.body):
        return completion
    short = (replace(choice, pieces=("The", " end", "."), finish=Finish.STOP) for choice in completion.choices)
    return replace(completion, choices=tuple(short))


@AREA.plan("chat-texts-trimmed", "White space at the end of a text is left out.", *ASKING)
def texts_trimmed(completion: Completion, call: Call) -> Completion:  # noqa: ARG001
    """Trim, as servers do that detokenize at the end."""
    return replace(completion, choices=tuple(_trimmed(choice) for choice in completion.choices))


def _trimmed(choice: Choice) -> Choice:
    pieces = list(choice.pieces)
    while pieces and not pieces[-1].strip():
        pieces.pop()
    return replace(choice, pieces=(*pieces[:-1], pieces[-1].rstrip())) if pieces else choice


@AREA.result("models-detailed", "Models have fields that other servers add.", *MODELS)
def models_detailed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add permission, root, parent and a context length, the list's entries alike."""
    for model in answer.get("data", [answer]):
        model |= {"permission": [{"id": "perm-1", "allow_view": True}], "root": model["id"], "parent": None}
        model["max_model_len"] = 8192
    return answer


@AREA.result("models-unsorted", "Models are listed in another order each time.", Operation.LIST_MODELS)
def models_unsorted(answer: JsonObject, call: Call) -> JsonObject:
    """Turn the list by one more place each time; no page of it is asked for."""
    if call.query:
        return answer
    turn = call.notes["turns"] = (call.notes.get("turns", 0) + 1) % len(answer["data"])
    data = answer["data"][turn:] + answer["data"][:turn]
    return {**answer, "data": data, "first_id": data[0]["id"], "last_id": data[-1]["id"]}
