"""Reads a reply: which bytes bear tokens and when they came, usage, how it ended. Pure; runs after the answer's end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ozwell_harness import sse
from ozwell_harness.load.reply import ErrorKind, Reply

_DONE = "[DONE]"
_OK = frozenset({200})
#: Fields of a delta that bear tokens; services name reasoning in more than one way.
_TEXT_FIELDS = ("content", "reasoning_content", "reasoning", "refusal")
_decode = msgspec.json.Decoder().decode


class _UsualDelta(msgspec.Struct, gc=False):
    content: str = ""
    reasoning_content: None = None
    reasoning: None = None
    refusal: None = None
    tool_calls: None = None


class _UsualChoice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _UsualDelta | None = None
    finish_reason: str | None = None


class _UsualChunk(msgspec.Struct, gc=False):
    """A chunk that bears content and tells nothing else; any other is looked at more closely."""

    choices: list[_UsualChoice]
    usage: None = None
    error: None = None
    delta: None = None


_decode_usual = msgspec.json.Decoder(_UsualChunk).decode


class Usage(msgspec.Struct, frozen=True):
    """Token counts of ``usage``; None where it does not say."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None

    @property
    def sums(self) -> bool:
        """``total_tokens`` is the sum of what is given; true as well when there is nothing to compare."""
        return self.total is None or self.prompt is None or self.total == self.prompt + (self.completion or 0)


class Answer(msgspec.Struct, frozen=True):
    """An answer as a scenario sees it and a sample needs it. Stamps are absolute, monotonic nanoseconds.

    Attributes:
        document: the JSON of a plain answer; None for a stream, or when it is no JSON.
        first: arrival of the first event of any kind, of a plain answer's first body byte.
        tokens: arrivals of the token-bearing events.
        last: arrival of the last token-bearing event; without one, of the last body byte.
        merged: token-bearing events that shared a read with an earlier one.
        text: everything the model said, in any choice.
        odd: something is not as it should be: worth a closer look by the checks.
    """

    status: int | None
    document: Any = None
    first: int | None = None
    tokens: tuple[int, ...] = ()
    last: int | None = None
    merged: int = 0
    usage: Usage = Usage()
    finish: str = ""
    text: str = ""
    error: str | None = None
    detail: str = ""
    odd: bool = False


def read_answer(reply: Reply, *, streamed: bool, successes: frozenset[int] = _OK) -> Answer:
    """Read a reply to a request that asked for a stream, or for JSON; other statuses than ``successes`` are errors."""
    return _failed(reply, successes) or (_Streamed(reply).read() if streamed else _plain(reply))


def read_messages(reply: Reply) -> Answer:
    """Read a reply to a request that asked for an array of messages."""
    failed = _failed(reply)
    if failed is not None:
        return failed
    try:
        document = _decode(reply.body)
    except (ValueError, RecursionError):
        return _no_json(reply)
    first, last = _ends(reply)
    messages = document if isinstance(document, list) else []
    texts = [text for message in messages for text in _texts(message)]
    return Answer(reply.status, document, first=first, last=last, text="\n".join(texts), odd=not messages)


def read_file(reply: Reply) -> Answer:
    """Read a reply to a request that asked for the content of a file: any bytes, also none."""
    failed = _failed(reply)
    if failed is not None:
        return failed
    first, last = _ends(reply)
    # An empty file has no byte of a body: it was there with its head.
    arrived = reply.closed if last is None else last
    return Answer(reply.status, first=first, last=arrived, text=reply.body.decode("utf-8", "replace"))


def _failed(reply: Reply, successes: frozenset[int] = _OK) -> Answer | None:
    if reply.error is not None:
        return Answer(reply.status, error=reply.error.kind.value, detail=reply.error.message, odd=reply.head != b"")
    if reply.status not in successes:
        return Answer(reply.status, error=f"http_{reply.status}", detail=_excerpt(reply), odd=reply.status != 429)
    return None


def _plain(reply: Reply) -> Answer:
    try:
        document = _decode(reply.body)
    except (ValueError, RecursionError):
        return _no_json(reply)
    usage = _usage(document)
    first, last = _ends(reply)
    choices = _objects(document, "choices")
    texts = [text for choice in choices for text in _texts(choice.get("message"))]
    if isinstance(document, dict):
        # What a response says stands in "output", what an upload was called in "filename".
        texts += _texts(document.get("output"))
        texts += [name for name in (document.get("filename"),) if isinstance(name, str)]
    return Answer(
        reply.status,
        document,
        first=first,
        last=last,
        usage=usage,
        finish=_first_reason([choice.get("finish_reason") for choice in choices]),
        text="\n".join(texts),
        odd=not usage.sums or not isinstance(document, dict) or "error" in document,
    )


def _no_json(reply: Reply) -> Answer:
    kind = ErrorKind.INVALID_ANSWER.value
    return Answer(reply.status, error=kind, detail=f"no JSON: {_excerpt(reply)}", odd=True)


def _ends(reply: Reply) -> tuple[int | None, int | None]:
    return (reply.arrivals[0][0], reply.arrivals[-1][0]) if reply.arrivals else (None, None)


class _Streamed:
    """Reads one event stream."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._stream = sse.parse(bytes(reply.body))
        self._reads = [end for _, end in reply.arrivals]
        self._tokens: list[int] = []
        self._read = 0
        self._merged = 0
        self._texts: dict[Any, list[str]] = {}
        self._usage = Usage()
        self._finish = ""
        self._error: tuple[ErrorKind, str] | None = None
        self._done = False
        self._odd = False

    def read(self) -> Answer:
        """Return the answer."""
        for event in self._stream.events:
            self._event(event)
        if not self._stream.events:
            self._fail(ErrorKind.INVALID_ANSWER, f"no event stream: {_excerpt(self._reply)}")
        arrivals = self._reply.arrivals
        closed = arrivals[-1][0] if arrivals else None
        kind, detail = self._error or (None, "")
        return Answer(
            self._reply.status,
            first=self._stamp(self._stream.events[0].end) if self._stream.events else None,
            tokens=tuple(self._tokens),
            last=self._tokens[-1] if self._tokens else closed,
            merged=self._merged,
            usage=self._usage,
            finish=self._finish,
            # Deltas of one choice are one text: a nonce may be spread over several of them.
            text="\n".join("".join(pieces) for pieces in self._texts.values()),
            error=kind.value if kind else None,
            detail=detail,
            odd=self._is_odd(),
        )

    def _is_odd(self) -> bool:
        stream = self._stream
        ended_badly = not self._done or not self._finish or stream.unfinished is not None or stream.invalid_utf8
        mislabelled = b"text/event-stream" not in self._reply.head.lower()
        return self._odd or mislabelled or ended_badly or self._error is not None or not self._usage.sums

    def _event(self, event: sse.Event) -> None:
        if event.data == _DONE:
            self._odd = self._odd or self._done
            self._done = True
            return
        self._odd = self._odd or self._done
        try:
            usual = _decode_usual(event.data)
        except (ValueError, RecursionError):
            self._unusual(event)
            return
        bearing = False
        for choice in usual.choices:
            if choice.delta is not None and choice.delta.content:
                self._texts.setdefault(choice.index, []).append(choice.delta.content)
                bearing = True
        if bearing:
            self._bears(event.end)
        self._finish = _first_reason([choice.finish_reason for choice in usual.choices]) or self._finish

    def _unusual(self, event: sse.Event) -> None:
        try:
            chunk = _decode(event.data)
        except (ValueError, RecursionError):
            self._fail(ErrorKind.INVALID_ANSWER, f"an event is no JSON: {event.data[:200]}")
            return
        if not isinstance(chunk, dict):
            self._odd = True
            return
        if chunk.get("error") is not None:
            self._fail(ErrorKind.STREAM_ERROR, f"the stream holds an error: {event.data[:200]}")
        if isinstance(chunk.get("usage"), dict):
            self._usage = _usage(chunk)
        self._finish = _finish(chunk) or self._finish
        self._deltas(chunk, event.end)

    def _deltas(self, chunk: Mapping[str, Any], end: int) -> None:
        bearing = False
        for index, delta in _deltas(chunk):
            for text in _texts(delta):
                self._texts.setdefault(index, []).append(text)
                bearing = True
        if bearing:
            self._bears(end)

    def _bears(self, end: int) -> None:
        """Note a token-bearing event: the stream's first ``end`` bytes."""
        arrivals = self._reply.arrivals
        # Events come in order, so the search goes on from the last one.
        read = min(bisect_left(self._reads, end, self._read), len(arrivals) - 1)
        self._merged += read == self._read and bool(self._tokens)
        self._read = read
        self._tokens.append(arrivals[read][0])

    def _stamp(self, end: int) -> int:
        """Return when the stream's first ``end`` bytes were there."""
        arrivals = self._reply.arrivals
        return arrivals[min(bisect_left(self._reads, end), len(arrivals) - 1)][0]

    def _fail(self, kind: ErrorKind, detail: str) -> None:
        self._error = self._error or (kind, detail)


def bears_token(body: bytes) -> bool:
    """Tell whether a stream that is still coming has a token-bearing event yet."""
    for event in sse.parse(body).events:
        try:
            chunk = _decode(event.data)
        except (ValueError, RecursionError):
            continue
        if isinstance(chunk, dict) and any(True for _, delta in _deltas(chunk) for _ in _texts(delta)):
            return True
    return False


def _deltas(chunk: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield (choice index, delta): of each choice, and of the one output of a ``response.chunk``."""
    if "delta" in chunk:
        yield 0, chunk["delta"]
    for choice in _objects(chunk, "choices"):
        index = choice.get("index")
        yield (index if isinstance(index, int) else 0), choice.get("delta")


def _texts(message: Any) -> list[str]:
    """Return the non-empty token-bearing texts of a message or delta."""
    if not isinstance(message, dict):
        return []
    texts = [text for name in _TEXT_FIELDS if isinstance(text := message.get(name), str) and text]
    for call in _objects(message, "tool_calls"):
        function = call.get("function")
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if isinstance(arguments, str) and arguments:
            texts.append(arguments)
    return texts


def _objects(document: Any, name: str) -> list[dict[str, Any]]:
    items = document.get(name) if isinstance(document, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _usage(document: Any) -> Usage:
    usage = document.get("usage") if isinstance(document, dict) else None
    if not isinstance(usage, dict):
        return Usage()
    count = usage.get
    return Usage(_count(count("prompt_tokens")), _count(count("completion_tokens")), _count(count("total_tokens")))


def _count(value: Any) -> int | None:
    # Bounded, because the record is read back into 64 bits.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _finish(document: Any) -> str:
    return _first_reason(choice.get("finish_reason") for choice in _objects(document, "choices"))


def _first_reason(reasons: Iterable[Any]) -> str:
    return next((reason[:64] for reason in reasons if isinstance(reason, str)), "")


def _excerpt(reply: Reply) -> str:
    return bytes(reply.body[:200]).decode("utf-8", "replace").strip()
