"""What chat and responses share: from a typed request to a completion, with the rules that span fields."""

from __future__ import annotations

import msgspec

from ozwell_harness.mock import wire
from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.dialogue import Dialogue, prompt_tokens
from ozwell_harness.mock.errors import ApiError, invalid_value, model_not_found
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.generation.generator import JsonForm, Question, answer
from ozwell_harness.mock.generation.tooling import Toolbox, ToolSpec
from ozwell_harness.mock.models import ModelCard, ModelKind, find_model
from ozwell_harness.mock.tokenizer import count_tokens, surely_exceeds
from ozwell_harness.mock.validation import whole


def chat_model(name: str) -> ModelCard:
    """The chat model of this id.

    Raises:
        ApiError: 404 if there is none, 400 if it cannot chat.
    """
    card = find_model(name)
    if card is None:
        raise model_not_found(name)
    if card.kind is not ModelKind.CHAT:
        raise invalid_value("model", f"The model '{card.id}' makes embeddings and cannot chat.")
    return card


def question_of(request: wire.ChatRequest, dialogue: Dialogue) -> Question:
    """What is asked, checked across fields.

    Raises:
        ApiError: 400.
    """
    stop = request.stop
    return Question(
        dialogue=dialogue,
        choices=whole(request.n, "n", 128) or 1,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        max_tokens=_token_limit(request),
        toolbox=_toolbox(request),
        form=_form(request.response_format),
        seed=whole(request.seed, "seed", wire.LARGEST_INTEGER),
        extra_prompt=msgspec.json.encode(request.tools).decode() if request.tools else "",
    )


async def complete(call: Call, card: ModelCard, question: Question) -> Completion:
    """Plan the answer and charge for it.

    Raises:
        ApiError: 400 if the prompt is longer than the model's context.
    """
    tokens = _prompt_tokens(card, question)
    completion = call.apply(Hook.PLAN, answer(question, tokens))
    await charge(call, completion.prompt_tokens, completion.completion_tokens)
    return completion


async def charge(call: Call, prompt: int, completed: int) -> None:
    """Count tokens against the key's budget and in the metrics."""
    metrics = call.services.metrics
    metrics.prompt_tokens += prompt
    metrics.completion_tokens += completed
    await call.charge(prompt + completed)


def _prompt_tokens(card: ModelCard, question: Question) -> int:
    if not any(surely_exceeds(turn.text, card.context) for turn in question.dialogue):
        tokens = prompt_tokens(question.dialogue) + count_tokens(question.extra_prompt)
        if tokens <= card.context:
            return tokens
    message = f"The messages are longer than the context of '{card.id}', which is {card.context} tokens."
    raise ApiError(400, "context_length_exceeded", message, param="messages")


def _token_limit(request: wire.ChatRequest) -> int | None:
    limits = (
        whole(request.max_tokens, "max_tokens", wire.LARGEST_INTEGER),
        whole(request.max_completion_tokens, "max_completion_tokens", wire.LARGEST_INTEGER),
    )
    return min((limit for limit in limits if limit is not None), default=None)


def _toolbox(request: wire.ChatRequest) -> Toolbox:
    tools, choice = request.tools or [], request.tool_choice
    names = [tool.function.name for tool in tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid_value(f"tools[{index}].function.name", f"Two tools are named '{name}'.")
    named = choice.function.name if isinstance(choice, wire.NamedToolChoice) else None
    if named is not None and named not in names:
        raise invalid_value("tool_choice", "'tool_choice' names a function that 'tools' does not declare.")
    if choice == "required" and not tools:
        raise invalid_value("tool_choice", "'tool_choice' is 'required' but no tools are given.")
    if choice == "none" or not tools:
        return Toolbox()
    specs = [ToolSpec(t.function.name, t.function.description or "", t.function.parameters or {}) for t in tools]
    return Toolbox(specs, choice == "required", named, request.parallel_tool_calls is not False)


def _form(given: wire.ResponseFormat | None) -> JsonForm | None:
    if isinstance(given, wire.JsonSchemaFormat):
        return JsonForm(given.json_schema.schema or {})
    return JsonForm() if isinstance(given, wire.JsonObjectFormat) else None
