"""Embedding answers that miss, add or misname something, and requests that are wrongly refused or accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("embeddings")

EMBED = Operation.CREATE_EMBEDDING
WORD = "word "
TAKEN_AT_MOST = 2000


def _refuses(name: str, description: str, refused: Callable[[JsonObject], bool], *breaks: str) -> None:
    """Register a fault that refuses valid bodies."""

    @AREA.request(name, description, EMBED, breaks=breaks)
    def refuse(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if refused(body):
            raise invalid_value("input", "This is not supported.")
        return body


def _accepts(name: str, description: str, mend: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault that mends invalid bodies before they are judged."""

    @AREA.request(name, description, EMBED, breaks=breaks)
    def accept(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return body | mend(body)


def _alters(name: str, description: str, alter: Callable[[JsonObject], Any], *breaks: str) -> None:
    """Register a fault that changes the answer in place."""

    @AREA.result(name, description, EMBED, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        alter(answer)
        return answer


def _is_batch(answer: JsonObject) -> bool:
    return len(answer["data"]) > 1


def _number(answer: JsonObject, index: Callable[[int], int]) -> None:
    for item in answer["data"]:
        item["index"] = index(item["index"])


def _count(answer: JsonObject, tokens: int) -> None:
    answer["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}


def _repeat_single(answer: JsonObject) -> None:
    if not _is_batch(answer):
        answer["data"].append({**answer["data"][0], "index": 1})


def _shift_single(answer: JsonObject) -> None:
    if not _is_batch(answer):
        answer["data"][0]["index"] = 1


_refuses("text-refused", "A single text is refused, only arrays are taken.", lambda b: isinstance(b.get("input"), str)
         and b["input"] != "" and len(b["input"]) < TAKEN_AT_MOST, "embeddings.answers")  # fmt: skip
_refuses("float-refused", "The explicit encoding_format float is refused.",
         lambda b: b.get("encoding_format") == "float", "embeddings.batch-answers")  # fmt: skip
_refuses("base64-refused", "The encoding_format base64 is refused.",
         lambda b: b.get("encoding_format") == "base64", "embeddings.base64-answers")  # fmt: skip
_refuses("batch-refused", "Arrays of texts are refused.",
         lambda b: isinstance(b.get("input"), list) and bool(b["input"]),
         "embeddings.batch-answers", "embeddings.base64-answers")  # fmt: skip

_accepts("unknown-format-accepted", "An unknown encoding_format is taken as float.",
         lambda b: {"encoding_format": "float"} if b.get("encoding_format") not in (None, "float", "base64") else {},
         "embeddings.bad-format-refused")  # fmt: skip
_accepts("missing-input-accepted", "A missing input is taken as some text.",
         lambda b: {} if "input" in b else {"input": "None"}, "embeddings.missing-input-refused")  # fmt: skip
_accepts("number-accepted", "A number as input is taken as text.",
         lambda b: {"input": str(b["input"])} if isinstance(b.get("input"), int) else {},
         "embeddings.number-input-refused")  # fmt: skip
_accepts("empty-array-accepted", "An empty array as input is answered as an empty text.",
         lambda b: {"input": [" "]} if b.get("input") == [] else {}, "embeddings.empty-array-refused")  # fmt: skip
_accepts("empty-text-accepted", "An empty text is embedded.",
         lambda b: {"input": " "} if b.get("input") == "" else {}, "embeddings.empty-text-refused")  # fmt: skip
_accepts("unknown-model-accepted", "A model that does not exist is silently replaced.",
         lambda b: {"model": "text-embedding-ada-002"} if isinstance(b.get("model"), str) else {},
         "embeddings.unknown-model-refused")  # fmt: skip
_accepts("long-text-cut", "A text that is too long is cut in silence.",
         lambda b: {"input": WORD * 100} if isinstance(b.get("input"), str) and len(b["input"]) > 8 * TAKEN_AT_MOST
         else {}, "embeddings.long-input-not-cut")  # fmt: skip

_alters("list-object-missing", "The list envelope does not say that it is a list.", lambda a: a.pop("object"),
        "embeddings.schema")  # fmt: skip
_alters("item-object-renamed", "An item is called a vector.", lambda a: [i.update(object="vector") for i in a["data"]],
        "embeddings.schema")  # fmt: skip
_alters("total-missing", "The usage has no total.", lambda a: a["usage"].pop("total_tokens"),
        "embeddings.schema")  # fmt: skip
_alters("model-other", "The answer names another model.", lambda a: a.update(model="some-other-model"),
        "embeddings.model-named")  # fmt: skip
_alters("usage-zero", "An embedding costs nothing.", lambda a: _count(a, 0), "embeddings.usage-counted")  # fmt: skip
_alters("total-off-by-one", "The total is one more than the prompt tokens.",
        lambda a: a["usage"].update(total_tokens=a["usage"]["prompt_tokens"] + 1),
        "embeddings.usage-total-is-prompt")  # fmt: skip
_alters("batch-counted-once", "The usage of a batch is that of one text.",
        lambda a: _count(a, max(1, a["usage"]["prompt_tokens"] // len(a["data"]))),
        "embeddings.batch-usage-counts-all")  # fmt: skip
_alters("single-doubled", "A single text is answered twice.", _repeat_single, "embeddings.one-item")
_alters("single-index-one", "The index of a single text is 1; batches are numbered well.", _shift_single,
        "embeddings.index-zero")  # fmt: skip
_alters("index-always-zero", "Every item has index 0.", lambda a: _number(a, lambda _: 0),
        "embeddings.batch-indexes")  # fmt: skip
_alters("last-dropped", "The last text of a batch is not embedded.",
        lambda a: a["data"].pop() if len(a["data"]) > 2 else None, "embeddings.batch-item-per-input")  # fmt: skip
