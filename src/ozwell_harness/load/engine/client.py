"""The client: sends steps over kept-alive connections and notes when every piece of the answer came.

The receive loop only appends (stamp, length): what the bytes mean is read after the answer's end. HTTP/1.1 framing is
the C parser's that Locust's own client uses.
"""

from __future__ import annotations

import time
from collections import deque

from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

from ozwell_harness import __version__
from ozwell_harness.load.engine.address import ConnectFailedError, Connector, Origin
from ozwell_harness.load.engine.channel import Channel
from ozwell_harness.load.engine.stamps import StampHold
from ozwell_harness.load.engine.watchdog import Watchdog, Watched
from ozwell_harness.load.plan import LoadTimeouts
from ozwell_harness.load.reply import ErrorKind, Reply, ReplyError
from ozwell_harness.load.step import Step
from ozwell_harness.target import Secret

_HEAD_LIMIT = 256 * 1024
#: Paths with an id in them come once each: remembering them all would only fill memory.
_MOST_HEADS = 64


#: Of a body that is too large so much is kept, as evidence: to judge all of it would hold up the other users.
_KEPT_OF_TOO_LARGE = 64 * 1024


class _TooLargeError(Exception):
    """The answer is longer than allowed."""


def _ignore(_text: str) -> None:
    return None


class _Message(HTTPResponseParser):
    """One answer; body bytes go straight into the reply. Heads are read later, from the bytes, and only when needed."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.complete = False
        self._on_body = reply.body.extend
        self._on_header_field = self._on_header_value = self._on_status = _ignore

    def _on_message_begin(self) -> None:
        if self.complete:
            raise HTTPParseError("another answer follows unasked")

    def _on_headers_complete(self) -> None:
        return None

    def _on_message_complete(self) -> None:
        self.complete = self.get_code() >= 200


class LoadClient:
    """Sends steps to one origin. ``perform`` may run in any number of greenlets at once."""

    def __init__(
        self, base_url: str, key: Secret | None, timeouts: LoadTimeouts, *, limit: int, ca_file: str | None = None
    ) -> None:
        self._origin = Origin.of(base_url)
        self._connector = Connector(self._origin, timeouts.connect_s, ca_file)
        self._watchdog = Watchdog(timeouts)
        self._stamps = StampHold()
        self._limit = limit
        self._idle: deque[Channel] = deque()
        authorization = f"Authorization: Bearer {key.reveal()}\r\n" if key else ""
        self._fields = (
            f"Host: {self._origin.authority}\r\n{authorization}User-Agent: ozwell-harness/{__version__}\r\n"
            "Accept: */*\r\nAccept-Encoding: identity\r\n"
        )
        self._heads: dict[tuple[str, str], bytes] = {}

    def perform(self, step: Step, reply: Reply) -> None:
        """Send ``step`` and fill ``reply``; what fails is said in ``reply.error``.

        Only an exception that ends the greenlet passes through; the reply then holds what had come.
        """
        request = self._serialise(step)
        try:
            channel = self._take(reply)
        except ConnectFailedError as error:
            reply.error, reply.closed = error.error, time.monotonic_ns()
            return
        watched = Watched(reply, channel, step.streamed)
        self._watchdog.watch(watched)
        kept = False
        try:
            kept = self._converse(channel, request, reply)
        except (OSError, HTTPParseError, _TooLargeError) as error:
            reply.error = watched.expired or _error(error, reply)
            reply.closed = time.monotonic_ns()
            if reply.error.kind is ErrorKind.TOO_LARGE:
                reply.shorten(_KEPT_OF_TOO_LARGE)
        finally:
            self._watchdog.forget(watched)
            if kept:
                self._idle.append(channel)
            else:
                channel.close()

    def close(self) -> None:
        """Close the idle connections and stop the watchdog."""
        self._watchdog.close()
        self._stamps.close()
        while self._idle:
            self._idle.pop().close()

    def _take(self, reply: Reply) -> Channel:
        # The connection used last is the likeliest to be alive still.
        while self._idle:
            channel = self._idle.pop()
            if channel.usable():
                return channel
            channel.close()
        began = time.monotonic_ns()
        try:
            return self._connector.connect()
        finally:
            reply.connect = time.monotonic_ns() - began

    def _converse(self, channel: Channel, request: bytes, reply: Reply) -> bool:
        """Send and receive; tell whether the connection may be used again."""
        message = _Message(reply)
        reply.sent = time.monotonic_ns()
        try:
            channel.send(request)
            self._receive(channel, message, reply)
        finally:
            reply.status = message.get_code() or None if reply.head else None
        return bool(message.should_keep_alive()) and not message.parser_failed()

    def _receive(self, channel: Channel, message: _Message, reply: Reply) -> None:
        body, seen = reply.body, 0
        receive, note_lag, note_arrival = channel.receive, reply.lags.append, reply.arrivals.append
        while not message.complete:
            stamp, lag, data = receive()
            note_lag(lag)
            if not seen:
                reply.head += data
                if len(reply.head) > _HEAD_LIMIT and not body:
                    raise _TooLargeError
            _feed(message, data)
            if len(body) > seen:
                seen = len(body)
                note_arrival((stamp, seen))
                if seen > self._limit:
                    raise _TooLargeError
            reply.closed = stamp

    def _serialise(self, step: Step) -> bytes:
        head = self._heads.get((step.method, step.path))
        if head is None:
            head = self._head(step)
            if len(self._heads) < _MOST_HEADS:
                self._heads[step.method, step.path] = head
        if not step.body:
            return head + b"\r\n"
        kind = step.content_type.encode()
        return b"%bContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (head, kind, len(step.body), step.body)

    def _head(self, step: Step) -> bytes:
        return f"{step.method} {self._origin.prefix}{step.path} HTTP/1.1\r\n{self._fields}".encode()


def _feed(message: _Message, data: bytes) -> None:
    """Feed bytes, or the end of the connection.

    Raises:
        HTTPParseError: they are not HTTP.
        ConnectionResetError: the connection ended before the answer did.
    """
    try:
        message.feed(data)
    except HTTPParseError:
        # Bytes after a whole answer spoil the connection, not the answer.
        if data and not message.complete:
            raise
    if not data and not message.complete:
        raise ConnectionResetError("the connection was closed")


def _error(error: Exception, reply: Reply) -> ReplyError:
    if isinstance(error, _TooLargeError):
        return ReplyError(ErrorKind.TOO_LARGE, f"the answer is larger than allowed, {len(reply.body)} bytes so far")
    if isinstance(error, OSError) and not reply.head:
        return ReplyError(ErrorKind.RESET, "the connection was closed before an answer")
    if isinstance(error, OSError):
        return ReplyError(ErrorKind.CUT, f"the answer broke off after {len(reply.body)} bytes of body")
    return ReplyError(ErrorKind.PROTOCOL, f"the answer is not valid HTTP: {error.args[0] if error.args else error}")
