"""Fixed-window rate limits per key, by requests and by tokens.

Windows, header names and the meaning of the reset follow the Ozwell documents (Backend API Documentation, Rate Limits);
429 and Retry-After are RFC 6585 and RFC 9110.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.errors import ApiError, ErrorType
from ozwell_harness.mock.keys import Key


@dataclass(frozen=True, slots=True)
class Quota:
    """What a key may still do, as of one moment.

    Attributes:
        limit: requests of a window.
        remaining: requests left; 0 as soon as either budget is spent.
        reset: epoch second, rounded up, at which the window ends.
        retry_after: whole seconds until then, at least 1.
        allowed: whether the request that asked is admitted.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int
    allowed: bool = True


class Limiter(Protocol):
    """Where spending is counted. Looking and counting are one step: a limit of N admits N."""

    async def admit(self, key: Key) -> Quota:
        """Spend one request if the key may; a refusal costs nothing."""
        ...

    async def charge(self, key: Key, tokens: int) -> Quota:
        """Spend tokens after the fact and say what is left."""
        ...


@dataclass(slots=True)
class Window:
    """What has been spent until a window `ends`, in epoch seconds."""

    ends: float
    requests: int = 0
    tokens: int = 0


class MemoryLimiter:
    """Counts in this process. A window starts with the first request after the last one ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, Window] = {}

    async def admit(self, key: Key) -> Quota:
        """Spend one request if the key may; a refusal costs nothing."""
        window = self._window(key)
        allowed = window.requests < key.budget.requests and window.tokens < key.budget.tokens
        if allowed:
            window.requests += 1
        return quota_of(key, window, self._clock.now(), allowed=allowed)

    async def charge(self, key: Key, tokens: int) -> Quota:
        """Spend tokens after the fact and say what is left."""
        window = self._window(key)
        window.tokens += tokens
        return quota_of(key, window, self._clock.now(), allowed=True)

    def _window(self, key: Key) -> Window:
        now = self._clock.now()
        window = self._windows.get(key.bucket)
        if window is None or now >= window.ends:
            window = self._windows[key.bucket] = Window(now + key.budget.window_s)
        return window


def quota_of(key: Key, window: Window, now: float, *, allowed: bool) -> Quota:
    """What a key may still do in a window, at the epoch second `now`."""
    spent = window.tokens >= key.budget.tokens
    remaining = 0 if spent else max(0, key.budget.requests - window.requests)
    wait = max(1, math.ceil(window.ends - now))
    return Quota(key.budget.requests, remaining, math.ceil(window.ends), wait, allowed)


def quota_headers(quota: Quota) -> list[tuple[bytes, bytes]]:
    """The three documented headers."""
    return [
        (b"x-ratelimit-limit", b"%d" % quota.limit),
        (b"x-ratelimit-remaining", b"%d" % quota.remaining),
        (b"x-ratelimit-reset", b"%d" % quota.reset),
    ]


def refusal(quota: Quota) -> ApiError:
    """429 with Retry-After."""
    message = f"Rate limit reached for this API key. Try again in {quota.retry_after} s."
    headers = ((b"retry-after", b"%d" % quota.retry_after),)
    return ApiError(429, "rate_limit_exceeded", message, type=ErrorType.RATE_LIMIT, headers=headers)
