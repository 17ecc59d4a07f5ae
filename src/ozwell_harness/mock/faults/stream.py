"""Event streams that are cut, mislabelled, malformed, or out of step with the plain answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.stream_edits import asks_two, on_done, when
from ozwell_harness.mock.faults.wrappers import choices_of, is_event, on_bytes
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import Drop, Hang, Reset, StreamItem

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

EVENTS_BEFORE_BREAK = 4

DONE_MISSING = ("streaming.done-sent",)
CUT = ("streaming.no-silent-cut",)
BROKEN = ("streaming.ends-cleanly",)

AREA.events("done-missing", "The stream ends without [DONE].", CHAT, breaks=DONE_MISSING)(on_done())


@AREA.chunks("role-in-every-chunk", "Each delta carries the role.", CHAT, breaks=("streaming.role-once",))
def role_in_every_chunk(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Repeat the role."""
    for chunk in chunks:
        for choice in choices_of(chunk):
            choice["delta"] = {"role": "assistant", **choice["delta"]}
        yield chunk


@AREA.chunks("finish-missing", "No chunk has a finish_reason.", CHAT, breaks=("streaming.finish-told",))
def finish_missing(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Leave every reason null."""
    for chunk in chunks:
        for choice in choices_of(chunk):
            choice["finish_reason"] = None
        yield chunk


@AREA.chunks(
    "differs-from-plain", "The streamed text lacks a piece of the plain one.", CHAT, breaks=("streaming.equals-plain",)
)
def differs_from_plain(chunks: Iterable[JsonObject], call: Call) -> Iterator[JsonObject]:  # noqa: ARG001
    """Drop the second piece of content of the first choice."""
    seen = 0
    for chunk in chunks:
        content = [c["delta"].get("content") for c in choices_of(chunk) if c.get("index", 0) == 0]
        seen += any(content)
        if not (any(content) and seen == 2):
            yield chunk


@AREA.events("truncated", "The stream stops in the middle as if it were complete.", CHAT, breaks=CUT)
def truncated(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """End early, without a word."""
    yield from beginning(items)


@AREA.events("dropped", "The connection closes in the middle of the stream.", CHAT, breaks=BROKEN)
def dropped(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Close without the last chunk."""
    yield from beginning(items)
    yield Drop()


AREA.events("dropped-of-two", "With two choices the connection closes in mid-stream.", CHAT, breaks=BROKEN)(
    when(asks_two, dropped)
)


@AREA.events("reset", "The connection is reset in the middle of the stream.", CHAT, breaks=BROKEN)
def reset(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Reset."""
    yield from beginning(items)
    yield Reset()


@AREA.events("hang", "The stream stalls for ever after a few events.", CHAT, breaks=BROKEN)
def hang(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Say nothing more."""
    yield from beginning(items)
    yield Hang()


@AREA.events("open-after-done", "The connection stays open after [DONE].", CHAT, breaks=BROKEN)
def open_after_done(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Say everything, and do not end."""
    yield from items
    yield Hang()


@AREA.events("data-after-done", "An event follows [DONE].", CHAT, breaks=("streaming.nothing-after-done",))
def data_after_done(items: Iterable[StreamItem], call: Call) -> Iterator[StreamItem]:  # noqa: ARG001
    """Repeat the last event behind the end."""
    last: StreamItem = b""
    for item in items:
        yield item
        last = item if is_event(item) else last
    yield last


@AREA.events("utf8-replaced", "Text beyond ASCII is replaced by U+FFFD.", CHAT, breaks=("streaming.characters-whole",))
def utf8_replaced(items: Iterable[StreamItem], call: Call) -> Iterable[StreamItem]:  # noqa: ARG001
    """Decode the bytes as ASCII."""
    return on_bytes(items, lambda item: item.decode("ascii", "replace").encode())


@AREA.reply("text-plain", "A stream is labelled text/plain.", CHAT, breaks=("streaming.content-type",))
def text_plain(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the label."""
    if not isinstance(reply.body, bytes):
        reply.content_type = b"text/plain"
    return reply


def beginning(items: Iterable[StreamItem]) -> Iterator[StreamItem]:
    """The first few events."""
    sent = 0
    for item in items:
        if sent == EVENTS_BEFORE_BREAK:
            return
        yield item
        sent += isinstance(item, bytes)
