from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from build import exchange, refusal, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, chat, embeddings, params
from ozwell_harness.model import Exchange
from ozwell_harness.profile import load_profile

OZWELL = load_profile("ozwell")
BAD_REQUEST = OZWELL.expect.errors["bad_request"]

X, Y, Z = [0.6, 0.8, 0.0], [0.0, 0.6, 0.8], [0.8, 0.0, -0.6]
NEARLY_X = [0.6001, 0.7999, 0.0]


def answer(*vectors: Any, tokens: Any = 4, indexes: list[Any] | None = None, **fields: Any) -> Exchange:
    places = indexes if indexes is not None else list(range(len(vectors)))
    data = [{"object": "embedding", "index": place, "embedding": v} for place, v in zip(places, vectors, strict=True)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return exchange(json={"object": "list", "data": data, "model": "text-embedding-ada-002", "usage": usage} | fields)


def packed(vector: list[float], form: str = "<{}f") -> str:
    return base64.b64encode(struct.pack(form.format(len(vector)), *vector)).decode()


GOOD = answer(X)
BATCH = answer(Y, X, Z, tokens=12)
TURNED = answer(Z, X, Y, tokens=12, indexes=[2, 1, 0])
CROSSED = answer(X, Y, Z, tokens=12)
ENCODED = answer(packed(Z), packed(Y))
REFUSED = refusal(400)
MORE = {"id": "embd-1", "usage": {"prompt_tokens": 4, "total_tokens": 4, "prompt_tokens_details": None}}


def refusing(what: str) -> Case:
    return Case(
        params.refuses,
        {"400": REFUSED, "no param and no code": refusal(400, code=None)},
        {"200": GOOD, "500": exchange(500), "nothing": unanswered(), "404": refusal(404)},
        more=(what, BAD_REQUEST),
    )


CASES = {
    "embeddings.answers": Case(base.answers, {"200": GOOD}, {"400": REFUSED, "nothing": unanswered()}),
    "embeddings.schema": Case(
        lambda e: base.matches_schema(e, OZWELL, "EmbeddingList"),
        {"documented": GOOD, "more fields": answer(X, **MORE), "base64": ENCODED},
        {
            "no model": exchange(json={"object": "list", "data": [], "usage": {}}),
            "another object": answer(X, object="lists"),
            "usage null": answer(X, usage=None),
        },
        {"refused": REFUSED},
    ),
    "embeddings.model-named": Case(
        chat.names_model,
        {"named": GOOD, "a version of it": answer(X, model="text-embedding-ada-002-v2")},
        {"another": answer(X, model="text-embedding-3-small")},
        {"no model": exchange(json={"data": []})},
        more=("text-embedding-ada-002",),
    ),
    "embeddings.usage-counted": Case(
        embeddings.counts_tokens, {"some": GOOD}, {"none": answer(X, tokens=0)}, {"text": answer(X, tokens="4")}
    ),
    "embeddings.usage-total-is-prompt": Case(
        embeddings.total_is_prompt,
        {"equal": GOOD, "with details": answer(X, **MORE)},
        {"more": answer(X, usage={"prompt_tokens": 4, "total_tokens": 5})},
        {"absent": answer(X, usage={"prompt_tokens": 4})},
    ),
    "embeddings.one-item": Case(
        embeddings.has_items, {"one": GOOD}, {"two": answer(X, X), "none": answer()}, more=(1,)
    ),
    "embeddings.index-zero": Case(
        embeddings.is_numbered,
        {"0": GOOD},
        {"1": answer(X, indexes=[1]), "null": answer(X, indexes=[None]), "false": answer(X, indexes=[False])},
    ),
    "embeddings.default-is-float": Case(
        embeddings.is_float_array, {"array": GOOD}, {"base64": answer(packed(X)), "object": answer({"0": 0.5})}
    ),
    "embeddings.vector-is-flat": Case(
        embeddings.is_flat,
        {"floats": GOOD, "integers": answer([1, 0, -1])},
        {
            "nested": answer([X]),
            "empty": answer([]),
            "null inside": answer([0.5, None]),
            "true inside": answer([0.5, True]),
            "beyond any float": answer([0.5, 10**400]),
            "infinite": exchange(body=b'{"data": [{"index": 0, "embedding": [1e999]}]}'),
        },
        {"base64": ENCODED},
    ),
    "embeddings.batch-answers": Case(base.answers, {"200": BATCH}, {"500": exchange(500)}),
    "embeddings.batch-item-per-input": Case(
        embeddings.has_items, {"three": BATCH, "in any order": TURNED}, {"one": GOOD}, more=(3,)
    ),
    "embeddings.batch-indexes": Case(
        embeddings.is_numbered,
        {"0 to 2": BATCH, "in any order": TURNED},
        {
            "all 0": answer(Y, X, Z, indexes=[0, 0, 0]),
            "from 1": answer(Y, X, Z, indexes=[1, 2, 3]),
            "text": answer(Y, indexes=["0"]),
        },
    ),
    "embeddings.batch-vectors-flat": Case(
        embeddings.is_flat, {"floats": BATCH}, {"the last one nested": answer(Y, X, [Z])}
    ),
    "embeddings.batch-index-belongs": Case(
        lambda batch, single: embeddings.belongs(batch, 1, single),
        {"as sent": BATCH, "in any order": TURNED, "rounded": answer(Y, NEARLY_X, Z)},
        {"crossed": CROSSED, "turned round": answer(X, Z, Y)},
        {
            "unnumbered": answer(Y, X, Z, indexes=[0, 0, 0]),
            "too alike": answer(X, NEARLY_X, Z),
            "another length": answer([0.5], [0.5], [0.5]),
        },
        more=(GOOD,),
    ),
    "embeddings.batch-usage-counts-all": Case(
        lambda batch, single: embeddings.costs_more(single, batch),
        {"more": BATCH},
        {"the same": answer(Y, X, Z), "less": answer(Y, X, Z, tokens=2)},
        {"unknown": answer(Y, X, Z, usage={})},
        more=(GOOD,),
    ),
    "embeddings.dimension-constant": Case(
        lambda *all_: embeddings.dimension_is_constant(list(all_)),
        {"3": (GOOD, BATCH), "in base64": (GOOD, ENCODED)},
        {"3 and 2": (GOOD, answer([0.6, 0.8])), "within a batch": (answer(X, Y[:2]),)},
        {"no vector": (answer(),)},
    ),
    "embeddings.same-text-same-vector": Case(
        lambda batch, single: embeddings.is_same(single, 0, batch, 1),
        {"equal": BATCH, "rounded": answer(Y, NEARLY_X, Z), "longer": answer(Y, [1.2, 1.6, 0], Z)},
        {"other": CROSSED, "a little other": answer(Y, [0.65, 0.76, 0.0], Z)},
        {"zero": answer(Y, [0, 0, 0], Z), "absent": answer(Y)},
        more=(GOOD,),
    ),
    "embeddings.texts-differ": Case(
        embeddings.differ,
        {"all": BATCH, "near ones": answer(X, NEARLY_X)},
        {"the last two alike": answer(X, Y, Y), "all alike": answer(X, X, X)},
        {"only one": GOOD},
    ),
    "embeddings.base64-answers": Case(base.answers, {"200": ENCODED}, {"400": REFUSED}),
    "embeddings.base64-is-text": Case(embeddings.is_text, {"text": ENCODED}, {"floats": GOOD}, {"no item": answer()}),
    "embeddings.base64-decodes": Case(
        embeddings.is_base64_of_floats,
        {"three floats": ENCODED},
        {
            "float64": answer(packed(X, "<{}d")),
            "not base64": answer("€€€"),
            "half a float": answer(base64.b64encode(b"\0\0\0\0\0\0").decode()),
            "empty": answer(""),
            "not finite": answer(packed([1.0, float("nan"), 0.0])),
        },
        {"floats": GOOD},
        more=(3,),
    ),
    "embeddings.base64-equals-float": Case(
        lambda encoded, batch: embeddings.is_same(encoded, 0, batch, 2),
        {"equal": ENCODED},
        {"big-endian": answer(packed([1.0, 2.0, 0.5], ">{}f")), "another's": answer(packed(Y))},
        {"garbage": answer("€€€")},
        more=(answer(Y, X, Z),),
    ),
    "embeddings.bad-format-refused": refusing('encoding_format "base65"'),
    "embeddings.missing-input-refused": refusing("no input"),
    "embeddings.empty-array-refused": refusing("input []"),
    "embeddings.number-input-refused": refusing("input 42"),
    "embeddings.empty-text-refused": refusing('input ""'),
    "embeddings.unknown-model-refused": Case(
        base.refused,
        {"404": refusal(404)},
        {"200": GOOD, "400": REFUSED},
        more=(OZWELL.expect.errors["unknown_model"],),
    ),
    "embeddings.long-input-not-cut": Case(
        embeddings.is_not_cut,
        {"400": REFUSED, "413": refusal(413)},
        {"cut": answer(X, tokens=512), "500": exchange(500)},
        {"taken whole": answer(X, tokens=9002), "no usage": answer(X, usage={}), "nothing": unanswered()},
        more=(9000,),
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("embeddings", CASES)
