"""Keeps the time of every open request: one greenlet looks at all of them, so that reads need no timers."""

from __future__ import annotations

import time
from dataclasses import dataclass

import gevent

from ozwell_harness.load.answer import bears_token
from ozwell_harness.load.engine.channel import Channel
from ozwell_harness.load.plan import LoadTimeouts
from ozwell_harness.load.reply import ErrorKind, Reply, ReplyError

_NS = 1_000_000_000
_INTERVAL_S = 0.02


@dataclass(slots=True, eq=False)
class Watched:
    """An open request; ``expired`` says which of its times ran out."""

    reply: Reply
    channel: Channel
    streamed: bool
    has_token: bool = False
    expired: ReplyError | None = None


class Watchdog:
    """Ends requests whose time has run out. Its error is at most one interval (20 ms) late."""

    def __init__(self, timeouts: LoadTimeouts) -> None:
        self._timeouts = timeouts
        self._open: set[Watched] = set()
        self._greenlet = gevent.spawn(self._run)

    def watch(self, watched: Watched) -> None:
        """Begin to watch a request."""
        self._open.add(watched)

    def forget(self, watched: Watched) -> None:
        """Watch it no longer."""
        self._open.discard(watched)

    def close(self) -> None:
        """Stop."""
        self._greenlet.kill(block=False)

    def _run(self) -> None:
        while True:
            gevent.sleep(_INTERVAL_S)
            now = time.monotonic_ns()
            for watched in tuple(self._open):
                error = self._overdue(watched, now)
                if error is not None and watched.expired is None:
                    watched.expired = error
                    watched.channel.abort()

    def _overdue(self, watched: Watched, now: int) -> ReplyError | None:
        reply, limits = watched.reply, self._timeouts
        if reply.sent is None:
            return None
        if now - reply.sent > limits.total_s * _NS:
            return ReplyError(ErrorKind.TOTAL_TIMEOUT, f"the answer took longer than {limits.total_s:g} s")
        if now - reply.sent > limits.first_token_s * _NS and not self._begun(watched):
            awaited = "token" if watched.streamed else "byte"
            return ReplyError(ErrorKind.FIRST_TOKEN_TIMEOUT, f"no {awaited} of an answer in {limits.first_token_s:g} s")
        if reply.arrivals and now - reply.arrivals[-1][0] > limits.stall_s * _NS:
            return ReplyError(ErrorKind.STALL_TIMEOUT, f"the answer stood still for {limits.stall_s:g} s")
        return None

    @staticmethod
    def _begun(watched: Watched) -> bool:
        if not watched.has_token and watched.reply.arrivals:
            # Read only here, past the limit: the receive loop must not.
            watched.has_token = not watched.streamed or bears_token(bytes(watched.reply.body))
        return watched.has_token
