"""Streams that break the event-stream grammar, their encoding, or the JSON in their events."""

from __future__ import annotations

from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.stream import DONE_MISSING
from ozwell_harness.mock.faults.stream_edits import (
    asks_two,
    before_event,
    in_event,
    is_capped,
    is_simple,
    on_done,
    on_events,
    when,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.streaming import DONE

AREA = Area("stream")
CHAT = Operation.CREATE_CHAT

_COMPLETED = ("streaming.events-completed",)
_AFTER = ("streaming.nothing-after-done",)
_JSON = ("streaming.data-is-json",)
_FIELDS = ("streaming.fields-known",)
_UTF8 = ("streaming.utf8",)

#: An event in the middle of an answer.
_MIDDLE = 5

AREA.events("done-missing-when-capped", "A stream cut by max_tokens lacks [DONE].", CHAT, breaks=DONE_MISSING)(
    when(is_capped, on_done())
)
AREA.events("done-missing-of-two", "A stream of two choices lacks [DONE].", CHAT, breaks=DONE_MISSING)(
    when(asks_two, on_done())
)

for _name, _text, _marker, _breaks in (
    ("done-lower-case", "The end marker is [done].", b"data: [done]\n\n", (*_JSON, *DONE_MISSING)),
    ("done-without-brackets", "The end marker is DONE.", b"data: DONE\n\n", (*_JSON, *DONE_MISSING)),
    ("done-quoted", "The end marker is JSON.", b'data: "[DONE]"\n\n', ("streaming.chunk-schema", *DONE_MISSING)),
    (
        "done-as-object",
        "The end marker is an object.",
        b'data: {"done":true}\n\n',
        ("streaming.chunk-schema", *DONE_MISSING),
    ),
    ("done-as-event", "The end is an event of a name.", b"event: done\ndata: \n\n", (*_JSON, *DONE_MISSING)),
    ("done-as-comment", "The end marker is a comment.", b": [DONE]\n\n", DONE_MISSING),
    ("done-unframed", "No blank line follows [DONE].", b"data: [DONE]\n", _COMPLETED),
    ("done-without-line-end", "The stream ends right behind [DONE].", b"data: [DONE]", _COMPLETED),
    ("done-twice", "[DONE] comes twice.", DONE + DONE, ("streaming.done-once",)),
    ("text-after-done", "A word of the server follows [DONE].", DONE + b"data: bye\n\n", _AFTER),
    ("object-after-done", "Statistics follow [DONE].", DONE + b'data: {"seconds":0.1}\n\n', _AFTER),
    ("error-after-done", "An error follows [DONE].", DONE + b'data: {"error":{"message":"late"}}\n\n', _AFTER),
):
    AREA.events(_name, _text, CHAT, breaks=_breaks)(on_done(_marker))

for _name, _text, _extra, _breaks in (
    ("comment-as-data", "A comment comes as data.", b"data: : ping\n\n", _JSON),
    ("word-as-data", "A keep-alive comes as the data of an event.", b"data: ping\n\n", _JSON),
    ("heartbeat-empty", "An event without data keeps the connection alive.", b"data:\n\n", _JSON),
    ("null-as-data", "An event holds null.", b"data: null\n\n", ("streaming.chunk-schema",)),
    ("array-as-data", "An event holds an empty array.", b"data: []\n\n", ("streaming.chunk-schema",)),
    ("empty-object-as-data", "An event holds an empty object.", b"data: {}\n\n", ("streaming.chunk-schema",)),
    ("field-error", "A line of the stream is an error field.", b'error: {"code":500}\n\n', _FIELDS),
    ("field-without-colon", "A line of the stream is a bare word.", b"PROCESSING\n\n", _FIELDS),
    ("field-with-space", "A field has a space before its colon.", b"event : ping\n\n", _FIELDS),
    ("comment-not-utf8", "A comment holds bytes that are not UTF-8.", b": caf\xe9\n\n", _UTF8),
):
    AREA.events(_name, _text, CHAT, breaks=_breaks)(before_event(_MIDDLE, _extra))

for _name, _text, _old, _new in (
    ("data-cut", "The JSON of an event is cut off.", b"}\n\n", b"\n\n"),
    ("data-single-quotes", "An event is the print-out of a Python object.", b'"', b"'"),
    ("data-python-null", "An event spells null as None.", b":null", b":None"),
    ("data-nan", "An event holds NaN.", b'"choices":', b'"logprob":NaN,"choices":'),
    ("data-trailing-comma", "The JSON of an event has a comma too many.", b"}\n\n", b",}\n\n"),
    ("events-merged", "Two events are not parted by a blank line.", b"\n\n", b"\n"),
    ("data-prefixed-twice", "The data of an event begins with data: once more.", b"data: ", b"data: data: "),
):
    AREA.events(_name, _text, CHAT, breaks=_JSON)(in_event(_MIDDLE, _old, _new))

AREA.events("quotes-not-escaped", "Quotes in the text are not escaped.", CHAT, breaks=_JSON)(
    on_events(lambda item: item.replace(b'\\"', b'"'))
)
AREA.events("bytes-lost", "A byte of a character is lost.", CHAT, breaks=_UTF8)(
    on_events(lambda item: item.replace("ł".encode(), "ł".encode()[:1]))
)
AREA.events("latin-1", "The stream is encoded in Latin-1.", CHAT, breaks=_UTF8)(
    on_events(lambda item: item.replace("ó".encode(), "ó".encode("latin-1")))
)
AREA.events("surrogates-encoded", "Characters beyond the BMP come as CESU-8.", CHAT, breaks=_UTF8)(
    on_events(lambda item: item.replace("🎉".encode(), "\ud83c\udf89".encode("utf-8", "surrogatepass")))
)
AREA.events(
    "field-upper-case", "The field of an event is spelt DATA.", CHAT, breaks=(*_FIELDS, "streaming.role-first")
)(when(is_simple, in_event(0, b"data:", b"DATA:")))
AREA.events("bom-inside", "A byte order mark stands before an event in mid-stream.", CHAT, breaks=_FIELDS)(
    before_event(_MIDDLE, b"\xef\xbb\xbf: joined\n")
)
