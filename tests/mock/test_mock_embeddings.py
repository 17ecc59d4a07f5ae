from __future__ import annotations

import base64
import math
import struct
from typing import Any

import httpx
import pytest
from asking import error_of


def embed(client: httpx.Client, given: Any, **fields: Any) -> dict[str, Any]:
    response = client.post("/embeddings", json={"model": "text-embedding-ada-002", "input": given, **fields})
    assert response.status_code == 200, response.text
    return response.json()


def vectors(client: httpx.Client, given: Any) -> list[list[float]]:
    return [item["embedding"] for item in embed(client, given)["data"]]


def cosine(left: list[float], right: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def test_unit_norm_and_constant_dimension(client: httpx.Client) -> None:
    texts = ["a", "The heron fishes", "\U0001f600", "!!", " ", "word " * 500]
    for vector in vectors(client, texts):
        assert len(vector) == 256
        assert math.isclose(cosine(vector, vector), 1, abs_tol=1e-6)


def test_similar_texts_lie_nearer(client: httpx.Client) -> None:
    base, near, far = vectors(
        client, ["The heron waits by the river", "A heron is waiting by a river", "Interest rates rose in June"]
    )
    assert cosine(base, near) > cosine(base, far) + 0.3
    one, other = vectors(client, ["paris", "Paris"])
    assert one != other


def test_same_text_same_vector_whatever_the_batch(client: httpx.Client) -> None:
    batch = embed(client, ["one", "two", "three", "two"])
    assert [item["index"] for item in batch["data"]] == [0, 1, 2, 3]
    assert batch["data"][1]["embedding"] == batch["data"][3]["embedding"] == vectors(client, "two")[0]


def test_base64_is_little_endian_float32_of_the_same_values(client: httpx.Client) -> None:
    plain = vectors(client, "The heron")[0]
    coded = embed(client, "The heron", encoding_format="base64")["data"][0]["embedding"]
    assert list(struct.unpack("<256f", base64.b64decode(coded))) == plain
    assert vectors(client, "The heron")[0] == embed(client, "The heron", encoding_format=None)["data"][0]["embedding"]


def test_tokens_as_input(client: httpx.Client) -> None:
    assert len(vectors(client, [1, 2, 3])) == 1
    assert len(vectors(client, [[1, 2], [3]])) == 2
    usage = embed(client, [[1, 2], [3]])["usage"]
    assert usage == {"prompt_tokens": 3, "total_tokens": 3}


@pytest.mark.parametrize(
    "given",
    [
        [], "", [""], ["a", ""], [[]], [[1], []], None, 5, {"a": 1}, True,
        ["a", 1], [1, "a"], [["a"]], [[1], "a"], [1, [2]],
        [-1], [True], [1.5], ["a"] * 2049, [1] * 2049, "word " * 9000, [[1] * 8193], "x" * 100_000,
    ],
)  # fmt: skip
def test_bad_input(client: httpx.Client, given: Any) -> None:
    response = client.post("/embeddings", json={"model": "text-embedding-ada-002", "input": given})
    assert str(error_of(response, 400)["param"]).startswith("input")


@pytest.mark.parametrize("form", ["hex", "", 5, ["float"]])
def test_bad_encoding_format(client: httpx.Client, form: Any) -> None:
    body = {"model": "text-embedding-ada-002", "input": "a", "encoding_format": form}
    assert error_of(client.post("/embeddings", json=body), 400)["param"] == "encoding_format"


def test_missing_fields(client: httpx.Client) -> None:
    assert error_of(client.post("/embeddings", json={"model": "text-embedding-ada-002"}), 400)["param"] == "input"
    assert error_of(client.post("/embeddings", json={"input": "a"}), 400)["param"] == "model"
