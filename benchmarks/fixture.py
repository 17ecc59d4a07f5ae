"""A target that costs little: prepared answers from a bare asyncio protocol, so that only the client is measured.

    python benchmarks/fixture.py --chunks 100 --gap 0.01

It prints its port and serves until its standard input ends. Any GET is answered with a list of models; a POST whose
body asks for a stream with so many chunks at so many seconds' distance, by absolute deadlines; any other POST with a
chat completion.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

import uvloop

WORDS = ("The", " heron", " stands", " in", " the", " shallow", " water", " and", " waits", ".")


def event(choice: dict[str, Any], **more: Any) -> bytes:
    """Return one chunk as an event in an HTTP chunk."""
    document = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    data = b"data: " + json.dumps(document | more, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def answer(document: dict[str, Any]) -> bytes:
    """Return a whole HTTP answer."""
    body = json.dumps(document).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


MODELS = answer({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "x"}]})
USAGE = {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19}
CHAT = answer(
    {
        "id": "chatcmpl-7",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ROLE = event({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None})
TOKENS = [event({"index": 0, "delta": {"content": word}, "finish_reason": None}) for word in WORDS]
_DONE = b"data: [DONE]\n\n"
_LAST = event({"index": 0, "delta": {}, "finish_reason": "stop"})
END = _LAST + b"%x\r\n%b\r\n0\r\n\r\n" % (len(_DONE), _DONE)


class Fixture(asyncio.Protocol):
    """One connection; requests come one at a time."""

    def __init__(self, chunks: int, gap: float) -> None:
        self._chunks = chunks
        self._gap = gap
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET"):
            self._buffer = b""
            self._transport.write(MODELS)
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._buffer = b""
        if b'"stream":true' in body or b'"stream": true' in body:
            self._transport.write(HEAD + ROLE)
            self._step(0, self._loop.time())
        else:
            self._transport.write(CHAT)

    def _step(self, index: int, due: float) -> None:
        if self._transport.is_closing():
            return
        if index == self._chunks:
            self._transport.write(END)
            return
        self._transport.write(TOKENS[index % len(TOKENS)])
        due += self._gap
        self._loop.call_at(due, self._step, index + 1, due)


async def serve(chunks: int, gap: float) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Fixture(chunks, gap), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--gap", type=float, default=0.01)
    options = parser.parse_args()
    uvloop.run(serve(options.chunks, options.gap))
