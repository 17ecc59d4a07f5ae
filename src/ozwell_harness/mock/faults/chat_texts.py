"""What chat completions say: nothing, broken characters, the name of another model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import on_bytes
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.stream_items import StreamItem

AREA = Area("chat")

BEYOND_BMP = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
MODEL = b'"model":"gpt-4"'


def breaks_symbols(name: str, description: str, change: Callable[[bytes], bytes], *breaks: str) -> None:
    """Register a fault that changes the bytes of every character beyond the BMP in plain answers."""

    @AREA.reply(f"symbols-{name}", description, Operation.CREATE_CHAT, breaks=breaks)
    def broken(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if isinstance(reply.body, bytes):
            reply.body = BEYOND_BMP.sub(lambda found: change(found[0]), reply.body)
        return reply


def names_model(name: str, description: str, model: bytes) -> None:
    """Register a fault that names another model, in plain answers and in streams alike."""

    @AREA.reply(f"model-{name}", description, Operation.CREATE_CHAT, breaks=("chat.model-named",))
    def named(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        body: bytes | Iterable[StreamItem] = reply.body
        if isinstance(body, bytes):
            reply.body = body.replace(MODEL, model)
        else:
            reply.body = on_bytes(body, lambda item: item.replace(MODEL, model))
        return reply


def _in_cesu(found: bytes) -> bytes:
    high, low = divmod(ord(found.decode()) - 0x10000, 0x400)
    return (chr(0xD800 + high) + chr(0xDC00 + low)).encode("utf-8", "surrogatepass")


breaks_symbols("replaced", "Characters beyond the BMP become U+FFFD.", lambda _: b"\xef\xbf\xbd", "chat.unicode-intact")
breaks_symbols("questioned", "Characters beyond the BMP become `?`.", lambda _: b"??", "chat.unicode-intact")
breaks_symbols(
    "misread",
    "Characters beyond the BMP are read as Latin-1.",
    lambda found: found.decode("latin-1").encode(),
    "chat.unicode-intact",
)
breaks_symbols("halved", "Surrogate pairs lose one half.", lambda _: b"\\ud83e", "chat.unicode-intact")
breaks_symbols(
    "escaped",
    "Characters beyond the BMP become escapes that nobody reads.",
    lambda found: b"\\\\U%08x" % ord(found.decode()),
    "chat.unicode-intact",
)
breaks_symbols(
    "dropped", "Characters beyond the BMP are left out.", lambda _: b"", "chat.unicode-echoed", "streaming.equals-plain"
)
breaks_symbols(
    "in-cesu",
    "Characters beyond the BMP are encoded as two halves, which is no UTF-8.",
    _in_cesu,
    "chat.unicode-accepted",
    "http.one-json-document",
)

names_model("other", "Answers name another model.", b'"model":"gpt-3.5-turbo"')
names_model("larger", "Answers name a larger model of the family.", b'"model":"gpt-4-32k"')
names_model("path", "Answers name a path on the server's disk as the model.", b'"model":"/srv/weights/q4.gguf"')
