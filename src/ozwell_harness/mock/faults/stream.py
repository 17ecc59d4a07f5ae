"""Event streams that are cut, mislabelled, malformed, or out of step with the plain answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.wrappers import choices_of, is_event, on_bytes, whole_body
from ozwell_harness.mock.stream_items import Deafen, Drop, Hang, Reset, StreamItem
from ozwell_harness.mock.streaming import DONE

AREA = Area("stream")

EVENTS_BEFORE_BREAK = 4


@AREA.events("done-missing", "The stream ends without [DONE].")
def done_missing(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Leave the end out."""
    return (item for item in items if item != DONE)


@AREA.chunks("role-in-every-chunk", "Each delta carries the role.")
def role_in_every_chunk(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Repeat the role."""
    for chunk in chunks:
        for choice in choices_of(chunk):
            choice["delta"] = {"role": "assistant", **choice["delta"]}
        yield chunk


@AREA.chunks("finish-missing", "No chunk has a finish_reason.")
def finish_missing(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Leave every reason null."""
    for chunk in chunks:
        for choice in choices_of(chunk):
            choice["finish_reason"] = None
        yield chunk


@AREA.chunks("differs-from-plain", "The streamed text lacks a piece of the plain one.")
def differs_from_plain(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Drop the second piece of content of the first choice."""
    seen = 0
    for chunk in chunks:
        content = [c["delta"].get("content") for c in choices_of(chunk) if c.get("index", 0) == 0]
        seen += any(content)
        if not (any(content) and seen == 2):
            yield chunk


@AREA.events("truncated", "The stream stops in the middle as if it were complete.")
def truncated(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """End early, without a word."""
    yield from _beginning(items)


@AREA.events("dropped", "The connection closes in the middle of the stream.")
def dropped(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Close without the last chunk."""
    yield from _beginning(items)
    yield Drop()


@AREA.events("reset", "The connection is reset in the middle of the stream.")
def reset(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Reset."""
    yield from _beginning(items)
    yield Reset()


@AREA.events("hang", "The stream stalls for ever after a few events.")
def hang(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Say nothing more."""
    yield from _beginning(items)
    yield Hang()


@AREA.events("deaf", "Generation goes on after the client has left.")
def deaf(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Ignore that the client leaves."""
    return itertools.chain([Deafen()], items)


@AREA.events("data-after-done", "An event follows [DONE].")
def data_after_done(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Repeat the last event behind the end."""
    last: StreamItem = b""
    for item in items:
        yield item
        last = item if is_event(item) else last
    yield last


@AREA.events("utf8-replaced", "Text beyond ASCII is replaced by U+FFFD.")
def utf8_replaced(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Decode the bytes as ASCII."""
    return on_bytes(items, lambda item: item.decode("ascii", "replace").encode())


@AREA.reply("buffered", "The whole stream comes in one piece at the end.")
def buffered(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Join all events."""
    if not isinstance(reply.body, bytes):
        reply.body = whole_body(reply)
    return reply


@AREA.reply("text-plain", "A stream is labelled text/plain.")
def text_plain(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the label."""
    if not isinstance(reply.body, bytes):
        reply.content_type = b"text/plain"
    return reply


def _beginning(items: Iterable[StreamItem]) -> Iterator[StreamItem]:
    sent = 0
    for item in items:
        if sent == EVENTS_BEFORE_BREAK:
            return
        yield item
        sent += isinstance(item, bytes)
