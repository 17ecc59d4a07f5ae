"""Embeddings: one text, a batch, both encodings, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ozwell_harness.checks import base, chat, embeddings, params
from ozwell_harness.client import OMIT, Client
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target

TEXT = "The quick brown fox jumps over the lazy dog."
INVOICE = "Invoices are due within thirty days of receipt."
WEATHER = "Tomorrow it will rain on the northern coast."

#: The single text stands in the middle: neither the first nor the last place would show that items were turned round.
BATCH = [INVOICE, TEXT, WEATHER]
PLACE = 1
#: What is asked for as base64, by its place in the batch; in another order, so that places must be told apart.
ENCODED = [2, 0]

LONG_WORDS = 9_000


@pytest.fixture(scope="session")
def single(client: Client) -> Exchange:
    return client.embed("embed one text", input=TEXT)


@pytest.fixture(scope="session")
def batch(client: Client) -> Exchange:
    return client.embed("embed three texts", input=BATCH, encoding_format="float")


@pytest.fixture(scope="session")
def encoded(client: Client) -> Exchange:
    texts = [BATCH[place] for place in ENCODED]
    return client.embed("embed two texts as base64", input=texts, encoding_format="base64")


@each(
    {
        "embeddings.answers": chat.completes,
        "embeddings.usage-counted": embeddings.counts_tokens,
        "embeddings.usage-total-is-prompt": embeddings.total_is_prompt,
        "embeddings.index-zero": embeddings.is_numbered,
        "embeddings.default-is-float": embeddings.is_float_array,
        "embeddings.vector-is-flat": embeddings.is_flat,
    }
)
def test_single(check: Check, single: Exchange, judge: Judge) -> None:
    judge(check, single)


@requirement("embeddings.schema")
def test_schema(single: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, single, profile, "EmbeddingList")


@requirement("embeddings.model-named")
def test_model(single: Exchange, target: Target, judge: Judge) -> None:
    judge(chat.names_model, single, target.embedding_model or "")


@requirement("embeddings.one-item")
def test_one_item(single: Exchange, judge: Judge) -> None:
    judge(embeddings.has_items, single, 1)


@each(
    {
        "embeddings.batch-answers": chat.completes,
        "embeddings.batch-indexes": embeddings.is_numbered,
        "embeddings.batch-vectors-flat": embeddings.is_flat,
        "embeddings.texts-differ": embeddings.differ,
    }
)
def test_batch(check: Check, batch: Exchange, judge: Judge) -> None:
    judge(check, batch)


@requirement("embeddings.batch-item-per-input")
def test_batch_items(batch: Exchange, judge: Judge) -> None:
    judge(embeddings.has_items, batch, len(BATCH))


@requirement("embeddings.batch-index-belongs")
def test_batch_index_belongs(batch: Exchange, single: Exchange, judge: Judge) -> None:
    judge(embeddings.belongs, batch, PLACE, single)


@requirement("embeddings.batch-usage-counts-all")
def test_batch_usage(single: Exchange, batch: Exchange, judge: Judge) -> None:
    judge(embeddings.costs_more, single, batch)


@requirement("embeddings.dimension-constant")
def test_dimension(single: Exchange, batch: Exchange, judge: Judge) -> None:
    judge(embeddings.dimension_is_constant, [single, batch])


@requirement("embeddings.same-text-same-vector")
def test_same_text(single: Exchange, batch: Exchange, judge: Judge) -> None:
    judge(embeddings.is_same, single, 0, batch, PLACE)


@each({"embeddings.base64-answers": chat.completes, "embeddings.base64-is-text": embeddings.is_text})
def test_base64(check: Check, encoded: Exchange, judge: Judge) -> None:
    judge(check, encoded)


@requirement("embeddings.base64-decodes")
def test_base64_decodes(encoded: Exchange, single: Exchange, judge: Judge) -> None:
    judge(embeddings.is_base64_of_floats, encoded, len(embeddings.vector_at(single, 0)))


@requirement("embeddings.base64-equals-float")
def test_base64_equals_float(encoded: Exchange, batch: Exchange, judge: Judge) -> None:
    for place, place_in_batch in enumerate(ENCODED):
        judge(embeddings.is_same, encoded, place, batch, place_in_batch)


REFUSED: dict[str, dict[str, Any]] = {
    "embeddings.bad-format-refused": {"encoding_format": "base65"},
    "embeddings.missing-input-refused": {"input": OMIT},
    "embeddings.empty-array-refused": {"input": []},
    "embeddings.number-input-refused": {"input": 42},
    "embeddings.empty-text-refused": {"input": ""},
}


@each(REFUSED, argument="fields")
def test_refused(fields: dict[str, Any], client: Client, profile: Profile, judge: Judge) -> None:
    ((name, value),) = fields.items()
    what = f"no {name}" if value is OMIT else params.worded(fields)
    judge(params.refuses, client.embed(f"embed with {what}", **fields), what, profile.expect.errors["bad_request"])


@requirement("embeddings.unknown-model-refused")
def test_unknown_model(client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.embed("embed with an unknown model", model="no-such-model-7f3c")
    judge(base.refused, exchange, profile.expect.errors["unknown_model"])


@requirement("embeddings.long-input-not-cut")
def test_long_input(client: Client, judge: Judge) -> None:
    judge(embeddings.is_not_cut, client.embed("embed a very long text", input="word " * LONG_WORDS), LONG_WORDS)
