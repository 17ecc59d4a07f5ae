"""Rate limits that are counted or told wrongly."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.keys import Key
from ozwell_harness.mock.limits import Limiter, Quota

AREA = Area("limits")


@AREA.limit("remaining-stuck", "X-RateLimit-Remaining never falls.",
            breaks=("ratelimit.remaining-falls", "ratelimit.429-nothing-remains"))  # fmt: skip
def remaining_stuck(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
    """Always claim a full window."""
    return replace(quota, remaining=quota.limit)


@AREA.limit("reset-in-milliseconds", "X-RateLimit-Reset is in milliseconds.",
            breaks=("ratelimit.reset-within-window", "ratelimit.retry-after-fits-reset"))  # fmt: skip
def reset_in_milliseconds(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
    """Scale the reset."""
    return replace(quota, reset=quota.reset * 1000)


@AREA.error("retry-after-missing", "A 429 has no Retry-After.", breaks=("ratelimit.retry-after-present",))
def retry_after_missing(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Drop the header."""
    refusal.headers = [pair for pair in refusal.headers if pair[0] != b"retry-after"]
    return refusal


@AREA.limiter("shared-by-keys", "Every request with another key is counted for the limited key, too.",
              breaks=("ratelimit.counted-per-key",))  # fmt: skip
def shared_by_keys(limiter: Limiter, call: Call) -> Limiter:
    """Count every request in the limited key's window as well."""
    return _OneBucket(limiter, call.services.keyring.named("limited"))


class _OneBucket:
    def __init__(self, inner: Limiter, limited: Key) -> None:
        self._inner = inner
        self._limited = limited

    async def admit(self, key: Key) -> Quota:
        if key.name != self._limited.name:
            await self._inner.admit(self._limited)
        return await self._inner.admit(key)

    async def charge(self, key: Key, tokens: int) -> Quota:
        return await self._inner.charge(key, tokens)
