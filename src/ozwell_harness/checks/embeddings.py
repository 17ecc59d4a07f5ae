"""Judgements on POST /embeddings."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from itertools import combinations
from typing import Any, TypeGuard

from ozwell_harness.checks.base import at, document_of, is_integer, objects_at, outcome, response_of, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Two vectors of one text are the same when their cosine is no further than this from 1.
SAME = 1e-3

#: No 32-bit float reaches this.
_FLOAT32_BOUND = 2**128

#: What two vectors of different texts must differ by in at least one component, relative to their length.
DIFFERENT = 1e-6


def items_by_index(exchange: Exchange) -> dict[int, dict[str, Any]]:
    """Return the items of a 200 by their own index; their order on the wire does not count.

    Raises:
        Unjudgeable: an item has no index, or two have the same.
    """
    items = objects_at(document_of(exchange), "data")
    found = {item["index"]: item for item in items if is_integer(item.get("index"))}
    if len(found) != len(items):
        raise Unjudgeable("the items are not each numbered")
    return found


def vector_at(exchange: Exchange, index: int) -> list[float]:
    """Return the vector of the input at ``index``, from floats or from base64.

    Raises:
        Unjudgeable: there is no such vector, or it has no direction.
    """
    item = items_by_index(exchange).get(index)
    if item is None:
        raise Unjudgeable(f"no item has index {index}")
    found = item.get("embedding")
    vector = decoded(found) if isinstance(found, str) else found
    if not _is_vector(vector):
        raise Unjudgeable(f"the item with index {index} holds no vector of finite numbers")
    return [float(number) for number in vector]


def decoded(text: str) -> list[float] | None:
    """Return little-endian 32-bit floats from base64, or None when it holds no such thing."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    if not data or len(data) % 4:
        return None
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def cosine(one: list[float], other: list[float]) -> float:
    """Return the cosine of the angle between two vectors.

    Raises:
        Unjudgeable: they have different lengths, or one has no direction.
    """
    if len(one) != len(other):
        raise Unjudgeable(f"the vectors have {len(one)} and {len(other)} components")
    lengths = math.hypot(*one) * math.hypot(*other)
    if not lengths or not math.isfinite(lengths):
        raise Unjudgeable("a vector is zero or too long to have a direction")
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths


def total_is_prompt(exchange: Exchange) -> Deviation | None:
    """total_tokens equals prompt_tokens: an embedding completes nothing."""
    usage = at(document_of(exchange), "usage")
    prompt, total = (at(usage, name) for name in ("prompt_tokens", "total_tokens"))
    if prompt == total:
        return None
    return Deviation("total_tokens is not prompt_tokens", f"total_tokens {shown(prompt)}", f"{shown(total)}")


def costs_more(single: Exchange, batch: Exchange) -> Deviation | None:
    """A batch that holds the single input and others costs more tokens than the single input."""
    few, many = (_prompt_tokens(exchange) for exchange in (single, batch))
    if many > few:
        return None
    return Deviation(
        "the usage of a batch does not count all inputs", f"prompt_tokens above {few}, the cost of one", f"{many}"
    )


def counts_tokens(exchange: Exchange) -> Deviation | None:
    """prompt_tokens is above 0."""
    found = _prompt_tokens(exchange)
    return None if found > 0 else Deviation("the input costs no tokens", "prompt_tokens above 0", f"{found}")


def has_items(exchange: Exchange, count: int) -> Deviation | None:
    """There is one item for each input."""
    found = len(objects_at(document_of(exchange), "data"))
    if found == count:
        return None
    return Deviation("there is not one item for each input", f"{count} items", f"{found} items")


def is_numbered(exchange: Exchange) -> Deviation | None:
    """The indexes are 0, 1, … each once, in any order."""
    found = [item.get("index") for item in objects_at(document_of(exchange), "data")]
    wanted = list(range(len(found)))
    if all(is_integer(index) for index in found) and sorted(found) == wanted:  # type: ignore[type-var]
        return None
    return Deviation("the items are not numbered from 0", f"indexes {shown(wanted)}", f"indexes {shown(found)}")


def is_float_array(exchange: Exchange) -> Deviation | None:
    """The vector is a JSON array, not base64."""
    found = _first(exchange)
    if isinstance(found, list):
        return None
    return Deviation("the vector is not an array", "an array of numbers", f"embedding {shown(found)}")


def is_flat(exchange: Exchange) -> Deviation | None:
    """Every vector is a non-empty flat array of finite numbers.

    Raises:
        Unjudgeable: a vector is not an array at all.
    """
    for item in objects_at(document_of(exchange), "data"):
        found = item.get("embedding")
        if not isinstance(found, list):
            raise Unjudgeable("the vector is not an array")
        if not _is_vector(found):
            return Deviation(
                "the vector is not a flat array of numbers", "finite numbers, at least one", f"embedding {shown(found)}"
            )
    return None


def is_text(exchange: Exchange) -> Deviation | None:
    """The vector is base64 text, as asked."""
    found = _first(exchange)
    if isinstance(found, str):
        return None
    return Deviation("base64 was asked for and is not given", "a string", f"embedding {shown(found)}")


def is_base64_of_floats(exchange: Exchange, dimension: int) -> Deviation | None:
    """The text is base64 of as many finite 32-bit floats as the float answer has numbers.

    Raises:
        Unjudgeable: the vector is not text.
    """
    found = _first(exchange)
    if not isinstance(found, str):
        raise Unjudgeable("the vector is not text")
    numbers = decoded(found)
    expected = f"base64 of {dimension} finite little-endian 32-bit floats"
    if numbers is None:
        return Deviation("the text is not base64 of 32-bit floats", expected, f"embedding {shown(found)}")
    if len(numbers) != dimension:
        return Deviation("the text does not hold as many floats", expected, f"{len(numbers)} floats")
    if not all(math.isfinite(number) for number in numbers):
        return Deviation("the text holds numbers that are not finite", expected, f"embedding {shown(found)}")
    return None


def is_same(one: Exchange, index: int, other: Exchange, other_index: int) -> Deviation | None:
    """Two answers give the same text the same vector."""
    found = cosine(vector_at(one, index), vector_at(other, other_index))
    if found >= 1 - SAME:
        return None
    return Deviation("the same text has another vector", f"cosine of at least {1 - SAME}", f"cosine {found:.5f}")


def belongs(batch: Exchange, place: int, single: Exchange) -> Deviation | None:
    """The vector at the index of an input is nearer to that input's own vector than any other of the batch."""
    own = vector_at(single, 0)
    near = {index: cosine(own, vector_at(batch, index)) for index in items_by_index(batch)}
    nearest = max(near, key=lambda index: near[index], default=None)
    if nearest == place:
        return None
    if nearest is None or place not in near:
        raise Unjudgeable(f"no item has index {place}")
    if near[nearest] - near[place] <= SAME:
        raise Unjudgeable("the vectors of the batch are too alike to tell them apart")
    return Deviation(
        "an index does not belong to its input",
        f"index {place}: the vector of the input at {place}",
        f"it is at index {nearest} (cosine {near[nearest]:.4f}; at index {place} {near[place]:.4f})",
    )


def differ(batch: Exchange) -> Deviation | None:
    """Different texts have different vectors."""
    vectors = [vector_at(batch, index) for index in sorted(items_by_index(batch))]
    if len(vectors) < 2:
        raise Unjudgeable("there are fewer than two vectors")
    if any(_are_equal(one, other) for one, other in combinations(vectors, 2)):
        return Deviation("different texts have the same vector", "different vectors", "the same numbers")
    return None


def dimension_is_constant(exchanges: list[Exchange]) -> Deviation | None:
    """Every vector of every answer has the same number of components."""
    found = {len(vector_at(exchange, index)) for exchange in exchanges for index in items_by_index(exchange)}
    if len(found) == 1:
        return None
    if not found:
        raise Unjudgeable("there is no vector")
    return Deviation("the vectors have different lengths", "one dimension for one model", f"{sorted(found)}")


def is_not_cut(exchange: Exchange, words: int) -> Deviation | None:
    """An over-long input is refused, or embedded whole: not cut in silence, and no failure of the target.

    Raises:
        Unjudgeable: it was taken, and the usage does not tell how much of it.
    """
    status = response_of(exchange).status
    if 400 <= status < 500:
        return None
    if status != 200:
        return Deviation("an over-long input makes the target fail", "status 400", outcome(exchange))
    tokens = _prompt_tokens(exchange)
    if tokens >= words:
        raise Unjudgeable(f"the model takes {tokens} tokens, so the input was not over-long")
    return Deviation("an over-long input is cut in silence", "status 400", f"200, {tokens} tokens for {words} words")


def _are_equal(one: list[float], other: list[float]) -> bool:
    most = DIFFERENT * max(map(abs, one))
    return len(one) == len(other) and all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


def _prompt_tokens(exchange: Exchange) -> int:
    found = at(document_of(exchange), "usage", "prompt_tokens")
    if not is_integer(found):
        raise Unjudgeable("usage has no integer prompt_tokens")
    return int(found)


def _first(exchange: Exchange) -> Any:
    return at(objects_at(document_of(exchange), "data"), 0, "embedding")


def _is_vector(value: Any) -> TypeGuard[list[float]]:
    return isinstance(value, list) and bool(value) and all(map(_is_finite, value))


def _is_finite(value: Any) -> bool:
    """Tell whether a 32-bit float can hold the value; larger numbers may have been clipped when they were read."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FLOAT32_BOUND
