"""Fixed windows counted in Redis: however many workers ask, a limit of N admits N."""

from __future__ import annotations

from ozwell_harness.mock.keys import Key
from ozwell_harness.mock.limits import Quota, Window, quota_of
from ozwell_harness.mock.shared.link import Link

# Looking, counting and setting the end are one step. So a refusal costs nothing, no counter is without its end, and
# Redis's clock alone decides when a window is over, whatever the clocks of the workers say.
_SPEND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local window, most_requests, most_tokens = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local asked, spent = tonumber(ARGV[4]), tonumber(ARGV[5])
local kept = redis.call('HMGET', KEYS[1], 'ends', 'requests', 'tokens')
local ends = kept[1] and tonumber(kept[1])
local requests, tokens = tonumber(kept[2] or 0), tonumber(kept[3] or 0)
if not ends or ends <= now then
    ends, requests, tokens = now + window, 0, 0
    redis.call('DEL', KEYS[1])
end
local allowed = asked == 0 or (requests < most_requests and tokens < most_tokens)
if allowed then
    requests = redis.call('HINCRBY', KEYS[1], 'requests', asked)
    tokens = redis.call('HINCRBY', KEYS[1], 'tokens', spent)
    redis.call('HSET', KEYS[1], 'ends', string.format('%d', ends))
    redis.call('PEXPIREAT', KEYS[1], string.format('%d', ends))
end
return {allowed and 1 or 0, requests, tokens, ends, now}
"""


class RedisLimiter:
    """Counts in Redis. A window starts with the first request after the last one ended."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._spend = link.script(_SPEND)

    async def admit(self, key: Key) -> Quota:
        """Spend one request if the key may; a refusal costs nothing.

        Raises:
            ApiError: 503, Redis did not do it.
        """
        return await self._count(key, requests=1, tokens=0)

    async def charge(self, key: Key, tokens: int) -> Quota:
        """Spend tokens after the fact and say what is left.

        Raises:
            ApiError: 503, Redis did not do it.
        """
        return await self._count(key, requests=0, tokens=tokens)

    async def _count(self, key: Key, *, requests: int, tokens: int) -> Quota:
        budget, counter = key.budget, self._link.name("limit", key.bucket)
        limits = (max(1, round(budget.window_s * 1000)), budget.requests, budget.tokens)
        counted = await self._link.run(self._spend, [counter], *limits, requests, tokens)
        allowed, asked, spent, ends, now = counted
        return quota_of(key, Window(ends / 1000, asked, spent), now / 1000, allowed=bool(allowed))
