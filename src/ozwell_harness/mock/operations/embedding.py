"""POST /embeddings (API Endpoints Reference, Embeddings)."""

from __future__ import annotations

from ozwell_harness.mock import wire
from ozwell_harness.mock.answers import EmbeddingListOut, EmbeddingOut, EmbeddingUsageOut
from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply, Work
from ozwell_harness.mock.embeddings import as_base64, embed_text, embed_tokens
from ozwell_harness.mock.errors import ApiError, invalid_value, model_not_found
from ozwell_harness.mock.models import ModelCard, ModelKind, find_model
from ozwell_harness.mock.operations.asking import charge
from ozwell_harness.mock.replies import json_reply
from ozwell_harness.mock.tokenizer import count_tokens, surely_exceeds
from ozwell_harness.mock.validation import JsonReader

INPUTS_AT_MOST = 2048

_READER = JsonReader(wire.EmbeddingRequest)

Input = str | list[int]


async def create_embedding(call: Call) -> Reply:
    """One vector for each input."""
    request: wire.EmbeddingRequest = await read_json(call, _READER)
    card = _embedding_model(request.model)
    inputs = _inputs(request.input)
    tokens = sum(_tokens(card, item) for item in inputs)
    vectors = [embed_text(item) if isinstance(item, str) else embed_tokens(item) for item in inputs]
    coded = request.encoding_format == "base64"
    data = [EmbeddingOut("embedding", i, as_base64(v) if coded else v) for i, v in enumerate(vectors)]
    await charge(call, tokens, 0)
    answer = EmbeddingListOut("list", data, card.id, EmbeddingUsageOut(tokens, tokens))
    return json_reply(call, answer, Work(tokens, 1))


def _embedding_model(name: str) -> ModelCard:
    card = find_model(name)
    if card is None:
        raise model_not_found(name)
    if card.kind is not ModelKind.EMBEDDING:
        raise invalid_value("model", f"The model '{card.id}' chats and makes no embeddings.")
    return card


def _inputs(given: str | list[str | int | list[int]]) -> list[Input]:
    """The inputs of one kind: texts, or lists of token numbers."""
    if isinstance(given, str):
        return [_text(given, "input")]
    if not given:
        raise invalid_value("input", "'input' must not be an empty array.")
    if len(given) > INPUTS_AT_MOST:
        raise invalid_value("input", f"'input' may hold at most {INPUTS_AT_MOST} items.")
    if isinstance(given[0], int):
        return [_token_list(given, "input")]
    kind = type(given[0])
    out: list[Input] = []
    for index, item in enumerate(given):
        if type(item) is not kind:
            raise ApiError(400, "invalid_type", "'input' mixes texts and token numbers.", param=f"input[{index}]")
        path = f"input[{index}]"
        out.append(_text(item, path) if isinstance(item, str) else _token_list(item, path))
    return out


def _text(text: str, path: str) -> str:
    if not text:
        raise invalid_value(path, f"'{path}' must not be an empty string.")
    return text


def _token_list(tokens: object, path: str) -> list[int]:
    if not isinstance(tokens, list) or not tokens:
        raise invalid_value(path, f"'{path}' must not be an empty array.")
    for index, token in enumerate(tokens):
        if not isinstance(token, int):
            raise ApiError(400, "invalid_type", f"'{path}' mixes token numbers with other values.", param=path)
        if not 0 <= token <= wire.LARGEST_INTEGER:
            raise invalid_value(f"{path}[{index}]", "A token number must be 0 or more and fit 63 bits.")
    return tokens


def _tokens(card: ModelCard, item: Input) -> int:
    if isinstance(item, list):
        count = len(item)
    else:
        count = card.context + 1 if surely_exceeds(item, card.context) else count_tokens(item)
    if count > card.context:
        message = f"An input is longer than the {card.context} tokens that '{card.id}' takes."
        raise ApiError(400, "context_length_exceeded", message, param="input")
    return count
