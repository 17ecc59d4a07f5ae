"""Request bodies: their size and type, and how they become typed requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import too_large, unsupported_media_type
from ozwell_harness.mock.faults.base import NO_FAULTS, Hook
from ozwell_harness.mock.truth import digest_of
from ozwell_harness.mock.validation import JsonReader, read_any

DRAINED_AT_MOST = 32 * 1024 * 1024
DRAINED_FOR_S = 2.0


class ClientLeftError(Exception):
    """The client closed the connection before its request was complete."""


async def read_json(call: Call, reader: JsonReader) -> Any:
    """The typed body of a JSON operation.

    Raises:
        ApiError: 400, 413 or 415.
        ClientLeftError: the client went away.
    """
    _require_json(call)
    body = b"".join([chunk async for chunk in body_chunks(call, call.services.settings.bounds.json_body)])
    if call.services.truth is not None:
        call.trace.digest = digest_of(body)
    if call.faults is not NO_FAULTS:
        body = _through_faults(call, body)
    return reader.read(body)


def read_query(call: Call) -> dict[str, str]:
    """The query parameters of a GET; the last of a repeated name counts."""
    query = dict(parse_qsl(call.query.decode("latin-1"), keep_blank_values=True)) if call.query else {}
    return call.apply(Hook.REQUEST, query)


async def body_chunks(call: Call, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece.

    Raises:
        ApiError: 413 once it is larger than `limit` bytes.
        ClientLeftError: the client went away.
    """
    declared = call.heads.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        await _drain(call)
        raise too_large(limit)
    total, more = 0, True
    while more:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        more = message.get("more_body", False)
        total += len(message["body"])
        if total > limit:
            if more:
                await _drain(call)
            raise too_large(limit)
        yield message["body"]


def media_type(call: Call) -> str:
    """The content type without its parameters, in lower case; empty if there is none."""
    return call.heads.get(b"content-type", b"").split(b";")[0].strip().lower().decode("latin-1")


def _require_json(call: Call) -> None:
    kind = call.heads.get(b"content-type")
    if kind is not None and kind != b"application/json":
        name = media_type(call)
        if name and name != "application/json" and not (name.startswith("application/") and name.endswith("+json")):
            raise unsupported_media_type("This operation reads JSON. Send 'Content-Type: application/json'.")
    refuse_encoding(call)


def refuse_encoding(call: Call) -> None:
    """Refuse a compressed body.

    Raises:
        ApiError: 415.
    """
    coding = call.heads.get(b"content-encoding")
    if coding is not None and coding.strip().lower() not in (b"", b"identity"):
        raise unsupported_media_type("Compressed request bodies are not supported.")


async def _drain(call: Call) -> None:
    """Read on a while so that the client can finish sending and see the refusal."""
    if b"expect" in call.heads:
        return
    left = DRAINED_AT_MOST
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAINED_FOR_S):
            while left > 0:
                message = await call.receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
                left -= len(message["body"])


def _through_faults(call: Call, body: bytes) -> bytes:
    body = call.apply(Hook.BODY, body)
    decoded = read_any(body)
    if isinstance(decoded, dict):
        call.body = decoded
        if Hook.REQUEST in call.faults:
            call.body = call.apply(Hook.REQUEST, decoded)
            body = msgspec.json.encode(call.body)
    return body
