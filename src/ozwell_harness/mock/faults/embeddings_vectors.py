"""Vectors that are bent, swapped, coarse or coded in another way."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.embeddings import as_base64, embed_text
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("embeddings")

EMBED = Operation.CREATE_EMBEDDING
BEND = 0.2

Items = list[JsonObject]


def _alters(name: str, description: str, alter: Callable[[Items], Any], *breaks: str) -> None:
    """Register a fault that changes the items of the answer in place."""

    @AREA.result(name, description, EMBED, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        alter(answer["data"])
        return answer


def _floats(items: Items, change: Callable[[list[float]], Any]) -> None:
    """Change the vectors that are given as numbers."""
    for item in items:
        if not isinstance(item["embedding"], str):
            item["embedding"] = change(list(item["embedding"]))


def _coded(items: Items, change: Callable[[list[float]], str]) -> None:
    """Change the vectors that are given as base64."""
    for item in items:
        if isinstance(item["embedding"], str):
            item["embedding"] = change(_decoded(item["embedding"]))


def _every(items: Items, change: Callable[[list[float]], list[float]]) -> None:
    _floats(items, change)
    _coded(items, lambda vector: as_base64(change(vector)))


def _decoded(text: str) -> list[float]:
    raw = base64.b64decode(text)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def _packed(vector: list[float], code: str) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}{code}", *vector)).decode()


def _bent(vector: list[float]) -> list[float]:
    return [value + (BEND if place % 16 == 0 else 0.0) for place, value in enumerate(vector)]


def _in_batches(change: Callable[[Items], None]) -> Callable[[Items], None]:
    return lambda items: change(items) if len(items) > 1 else None


def _rotate_indexes(items: Items) -> None:
    if len(items) > 2:
        for item in items:
            item["index"] = (item["index"] + 1) % len(items)


def _spoil_last(items: Items) -> None:
    if len(items) > 2:
        items[-1]["embedding"] = []


def _swap_coded(items: Items) -> None:
    if len(items) > 1 and isinstance(items[0]["embedding"], str):
        items[0]["embedding"], items[1]["embedding"] = items[1]["embedding"], items[0]["embedding"]


def _lengthen(items: Items) -> None:
    if len(items) > 2:
        _floats(items, lambda vector: [*vector, 0.0])


@AREA.result("default-base64", "Vectors are base64 unless numbers are asked for.", EMBED,
             breaks=("embeddings.default-is-float",))  # fmt: skip
def default_base64(answer: JsonObject, call: Call) -> JsonObject:
    """Code what was not asked to be numbers."""
    if not (call.body or {}).get("encoding_format"):
        for item in answer["data"]:
            item["embedding"] = as_base64(item["embedding"])
    return answer


_alters("single-nested", "The vector of a single text is an array in an array.",
        lambda items: _floats(items, lambda v: [v]) if len(items) == 1 else None,
        "embeddings.vector-is-flat", "embeddings.schema")  # fmt: skip
_alters("single-null", "A number of a single text's vector is null.",
        lambda items: _floats(items, lambda v: [None, *v[1:]]) if len(items) == 1 else None,
        "embeddings.vector-is-flat", "embeddings.schema")  # fmt: skip
_alters("single-empty", "The vector of a single text is empty.",
        lambda items: _floats(items, lambda _: []) if len(items) == 1 else None,
        "embeddings.vector-is-flat", "embeddings.schema")  # fmt: skip
_alters("batch-last-empty", "The last vector of a batch is empty.", _spoil_last, "embeddings.batch-vectors-flat")
_alters("batch-numbers-as-text", "The numbers of a batch's vectors are strings.",
        _in_batches(lambda items: _floats(items, lambda v: [str(x) for x in v])),
        "embeddings.batch-vectors-flat")  # fmt: skip
_alters("indexes-rotated", "The indexes of a batch belong to the neighbours.", _rotate_indexes,
        "embeddings.batch-index-belongs")  # fmt: skip
_alters("batch-longer", "Vectors of a batch have one component more.", _lengthen, "embeddings.dimension-constant")
_alters("batch-bent", "The vector of a text depends on whether it comes alone or in a batch.",
        _in_batches(lambda items: _every(items, _bent)), "embeddings.same-text-same-vector")  # fmt: skip
_alters("all-alike", "Every text has the same vector.",
        lambda items: _every(items, lambda _: list(embed_text("any"))), "embeddings.texts-differ")  # fmt: skip
_alters("float64", "Base64 vectors are of 64-bit floats.", lambda items: _coded(items, lambda v: _packed(v, "d")),
        "embeddings.base64-decodes")  # fmt: skip
_alters("float16", "Base64 vectors are of 16-bit floats.", lambda items: _coded(items, lambda v: _packed(v, "e")),
        "embeddings.base64-decodes")  # fmt: skip
_alters("base64-as-hex", "Base64 vectors are hexadecimal.",
        lambda items: _coded(items, lambda v: "0x" + struct.pack(f"<{len(v)}f", *v).hex()),
        "embeddings.base64-decodes")  # fmt: skip
_alters("base64-short", "Base64 vectors lack their last number.",
        lambda items: _coded(items, lambda v: _packed(v[:-1], "f")), "embeddings.base64-decodes")  # fmt: skip
_alters("base64-swapped", "Base64 vectors come in another order than their texts.", _swap_coded,
        "embeddings.base64-equals-float")  # fmt: skip
_alters("base64-bent", "Base64 vectors are slightly others than the numbers.",
        lambda items: _coded(items, lambda v: as_base64(_bent(v))), "embeddings.base64-equals-float")  # fmt: skip
_alters("base64-reversed", "Base64 vectors are written from their last number to the first.",
        lambda items: _coded(items, lambda v: as_base64(v[::-1])), "embeddings.base64-equals-float")  # fmt: skip
