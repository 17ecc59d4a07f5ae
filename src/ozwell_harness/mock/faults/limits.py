"""Rate limits that are counted or told wrongly."""

from __future__ import annotations

from dataclasses import replace

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.keys import Key
from ozwell_harness.mock.limits import Limiter, Quota

AREA = Area("limits")


@AREA.limit("remaining-stuck", "X-RateLimit-Remaining never falls.")
def remaining_stuck(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
    """Always claim a full window."""
    return replace(quota, remaining=quota.limit)


@AREA.limit("reset-in-milliseconds", "X-RateLimit-Reset is in milliseconds.")
def reset_in_milliseconds(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
    """Scale the reset."""
    return replace(quota, reset=quota.reset * 1000)


@AREA.error("retry-after-missing", "A 429 has no Retry-After.")
def retry_after_missing(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Drop the header."""
    refusal.headers = [pair for pair in refusal.headers if pair[0] != b"retry-after"]
    return refusal


@AREA.limiter("shared-by-keys", "All keys spend from one window.")
def shared_by_keys(limiter: Limiter, call: Call) -> Limiter:  # noqa: ARG001
    """Count everything in one bucket."""
    return _OneBucket(limiter)


class _OneBucket:
    def __init__(self, inner: Limiter) -> None:
        self._inner = inner

    async def admit(self, key: Key) -> Quota:
        return await self._inner.admit(replace(key, bucket="everyone"))

    async def charge(self, key: Key, tokens: int) -> Quota:
        return await self._inner.charge(replace(key, bucket="everyone"), tokens)
