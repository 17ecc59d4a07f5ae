"""Vectors in the wrong place or format."""

from __future__ import annotations

import base64
import struct

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("embeddings")


@AREA.request("base64-ignored", "Vectors come as numbers although base64 was asked for.", Operation.CREATE_EMBEDDING,
              breaks=("embeddings.base64-is-text",))  # fmt: skip
def base64_ignored(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Ask for numbers."""
    return {**body, "encoding_format": "float"} if body.get("encoding_format") == "base64" else body


@AREA.result("big-endian", "Base64 vectors are big-endian.", Operation.CREATE_EMBEDDING,
             breaks=("embeddings.base64-equals-float",))  # fmt: skip
def big_endian(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Swap the bytes of each number."""
    for item in answer["data"]:
        if isinstance(item["embedding"], str):
            raw = base64.b64decode(item["embedding"])
            count = len(raw) // 4
            swapped = struct.pack(f">{count}f", *struct.unpack(f"<{count}f", raw))
            item["embedding"] = base64.b64encode(swapped).decode()
    return answer


@AREA.result("index-shifted", "Indexes count from 1.", Operation.CREATE_EMBEDDING,
             breaks=("embeddings.index-zero", "embeddings.batch-indexes"))  # fmt: skip
def index_shifted(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add one to each index."""
    for item in answer["data"]:
        item["index"] += 1
    return answer
