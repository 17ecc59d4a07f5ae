"""Odd but legal: what a conformance check must not report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject, Kind
from ozwell_harness.mock.faults.wrappers import is_event, on_bytes
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem

AREA = Area("legal", Kind.LEGAL)

COMMENT = b": still here\n\n"
SPLIT_EVERY = 7


@AREA.events("crlf", "Lines of the stream end with CRLF.")
def crlf(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Change the line ends of the framing; JSON itself holds no raw line end."""
    return on_bytes(items, lambda item: item.replace(b"\n", b"\r\n"))


@AREA.events("no-space", "No space after `data:`.")
def no_space(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Drop the optional space."""
    return on_bytes(items, lambda item: b"data:" + item[6:] if item.startswith(b"data: ") else item)


@AREA.events("comments", "Comments stand between the events.")
def comments(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Put a comment before each event."""
    for item in items:
        if isinstance(item, bytes):
            yield COMMENT
        yield item


@AREA.events("event-and-id", "Events carry `event:` and `id:` lines.")
def event_and_id(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Name and number each event."""
    for number, item in enumerate(items):
        yield b"event: message\nid: %d\n" % number + item if is_event(item) and isinstance(item, bytes) else item


@AREA.events("packets-split", "Events are split anywhere, in the middle of characters too.")
def packets_split(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Flush a few bytes at a time."""
    for item in items:
        if isinstance(item, bytes):
            yield from (item[at : at + SPLIT_EVERY] for at in range(0, len(item), SPLIT_EVERY))
        else:
            yield item


@AREA.events("packets-merged", "Several events arrive in one packet.")
def packets_merged(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Flush five events at a time."""
    held: list[bytes] = []
    for item in items:
        if not isinstance(item, bytes):
            yield item
            continue
        held.append(item)
        if len(held) == 5:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


@AREA.result("extra-fields", "Answers have fields that no document names.")
def extra_fields(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add fields at the top and one level down."""
    for value in answer.values():
        if isinstance(value, dict):
            value["x_extra"] = {"nested": [1, None]}
    return {**answer, "x_extra": "more", "system_fingerprint": "fp_mock"}


@AREA.chunks("extra-fields-in-chunks", "Chunks have fields that no document names.")
def extra_fields_in_chunks(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Add fields to each chunk."""
    for chunk in chunks:
        yield {**chunk, "x_extra": "more", "system_fingerprint": "fp_mock"}


@AREA.reply("json-charset", "The JSON content type names its charset.")
def json_charset(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Add the parameter."""
    if reply.content_type == b"application/json":
        reply.content_type = b"application/json; charset=utf-8"
    return reply


@AREA.result("embeddings-reordered", "Vectors come in another order, with true indexes.", Operation.CREATE_EMBEDDING)
def embeddings_reordered(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Reverse the order."""
    return {**answer, "data": answer["data"][::-1]}
