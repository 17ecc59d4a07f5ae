"""Rate-limit headers and 429s that are missing, renamed, off by one, in another unit or at odds with each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ozwell_harness.mock.call import Call, Headers, Refusal, Reply
from ozwell_harness.mock.connection import Connection, head_bytes
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.wrappers import whole_body
from ozwell_harness.mock.keys import Key, PlanName, plan_budget
from ozwell_harness.mock.limits import Limiter, Quota
from ozwell_harness.mock.writer import reply_head

AREA = Area("limits")

LIMIT, REMAINING, RESET = b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"
_SHORT_S = 90


def _quotas(name: str, description: str, change: Callable[[Quota], Quota], *breaks: str) -> None:
    """Register a fault of what is told of every key's limit."""

    @AREA.limit(name, description, breaks=breaks)
    def alter(quota: Quota, call: Call) -> Quota:  # noqa: ARG001
        return change(quota)


def _refusals(name: str, description: str, change: Callable[[Refusal], Any], *breaks: str) -> None:
    """Register a fault of the 429 in place."""

    @AREA.error(name, description, breaks=breaks)
    def alter(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == 429:
            change(refusal)
        return refusal


def _waits(value: Callable[[int], str]) -> Callable[[Refusal], None]:
    """Write Retry-After in another way; it gets the true seconds."""

    def rewrite(refusal: Refusal) -> None:
        refusal.headers = [
            (name, value(int(text)).encode()) if name == b"retry-after" else (name, text)
            for name, text in refusal.headers
        ]

    return rewrite


def _renamed(refusal: Refusal) -> None:
    refusal.headers = [(b"x-retry-after" if n == b"retry-after" else n, v) for n, v in refusal.headers]


def _headers(name: str, description: str, change: Callable[[Headers, Reply], Headers], *breaks: str) -> None:
    """Register a fault that changes the headers on the wire; ``change`` gets them all and the reply."""

    @AREA.wire(name, description, breaks=breaks)
    async def rewrite(connection: Connection, reply: Reply, call: Call) -> None:
        reply.body = whole_body(reply)
        head = change(reply_head(call, reply), reply)
        await connection.write(head_bytes(reply.status, head) + reply.body)
        connection.close()


def _without(header: bytes, status: int) -> Callable[[Headers, Reply], Headers]:
    return lambda head, reply: [pair for pair in head if reply.status != status or pair[0] != header]


def _written(header: bytes, write: Callable[[bytes], bytes]) -> Callable[[Headers, Reply], Headers]:
    return lambda head, _: [(name, write(value) if name == header else value) for name, value in head]


for _header, _what in ((LIMIT, "limit"), (REMAINING, "remaining"), (RESET, "reset")):
    _headers(f"{_what}-missing-on-success", f"{_header.decode()} is missing on a 200.", _without(_header, 200),
             f"ratelimit.success-has-{_what}")  # fmt: skip
    _headers(f"{_what}-missing-on-429", f"{_header.decode()} is missing on a 429.", _without(_header, 429),
             f"ratelimit.429-has-{_what}")  # fmt: skip

_headers("limit-with-window", "X-RateLimit-Limit names its window, too.", _written(LIMIT, lambda v: v + b";w=60"),
         "ratelimit.limit-is-integer")  # fmt: skip
_headers("remaining-fraction", "X-RateLimit-Remaining is a fraction.", _written(REMAINING, lambda v: v + b".0"),
         "ratelimit.remaining-is-integer")  # fmt: skip
_headers("reset-as-time", "X-RateLimit-Reset is a time of day in ISO 8601.",
         _written(RESET, lambda v: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(v))).encode()),
         "ratelimit.reset-is-integer")  # fmt: skip

_quotas("limit-zero", "X-RateLimit-Limit is 0.", lambda q: replace(q, limit=0), "ratelimit.limit-positive",
        "ratelimit.remaining-in-range")  # fmt: skip
_quotas("remaining-negative", "X-RateLimit-Remaining is -1 when nothing remains.",
        lambda q: replace(q, remaining=q.remaining or -1), "ratelimit.remaining-in-range",
        "ratelimit.429-nothing-remains", "ratelimit.429-announced")  # fmt: skip
_quotas("remaining-above-limit", "X-RateLimit-Remaining counts one more than there is.",
        lambda q: replace(q, remaining=q.remaining + 2), "ratelimit.remaining-in-range",
        "ratelimit.429-nothing-remains", "ratelimit.429-announced")  # fmt: skip
_quotas("remaining-off-by-one", "X-RateLimit-Remaining counts the request that is answered as still to come.",
        lambda q: replace(q, remaining=q.remaining + 1 if q.allowed else 0), "ratelimit.429-announced")  # fmt: skip
_quotas("remaining-one-on-429", "X-RateLimit-Remaining is 1 on a 429.",
        lambda q: q if q.allowed else replace(q, remaining=1), "ratelimit.429-nothing-remains")  # fmt: skip
_quotas("remaining-rises", "X-RateLimit-Remaining counts what was spent.",
        lambda q: replace(q, remaining=q.limit - q.remaining if q.allowed else 0),
        "ratelimit.remaining-falls")  # fmt: skip
_quotas("limit-changes", "X-RateLimit-Limit is one higher in every other answer.",
        lambda q: replace(q, limit=q.limit + q.remaining % 2), "ratelimit.limit-constant")  # fmt: skip
_quotas("reset-as-seconds", "X-RateLimit-Reset is in seconds from now.",
        lambda q: replace(q, reset=q.retry_after), "ratelimit.reset-ahead",
        "ratelimit.retry-after-fits-reset")  # fmt: skip
_quotas("reset-in-an-hour", "X-RateLimit-Reset is an hour away.", lambda q: replace(q, reset=q.reset + 3600),
        "ratelimit.reset-within-window", "ratelimit.retry-after-fits-reset")  # fmt: skip
_quotas("reset-past", "X-RateLimit-Reset is 90 s earlier than it is.",
        lambda q: replace(q, reset=q.reset - _SHORT_S), "ratelimit.reset-ahead",
        "ratelimit.retry-after-fits-reset")  # fmt: skip
_quotas("reset-negative", "X-RateLimit-Reset is -1.", lambda q: replace(q, reset=-1), "ratelimit.reset-ahead",
        "ratelimit.retry-after-fits-reset")  # fmt: skip

_quotas("wait-too-short", "A 429 says that the limit ends at once, and it does not.",
        lambda q: q if q.allowed else replace(q, reset=q.reset - q.retry_after, retry_after=0),
        "ratelimit.waiting-helps")  # fmt: skip
_refusals("retry-after-renamed", "The header of the wait is called X-Retry-After.", _renamed,
          "ratelimit.retry-after-present")  # fmt: skip
_refusals("retry-after-negative", "Retry-After is negative.", _waits(lambda s: str(-s)),
          "ratelimit.retry-after-readable")  # fmt: skip
_refusals("retry-after-fraction", "Retry-After is a fraction of seconds.", _waits(lambda s: f"{s - 0.5}"),
          "ratelimit.retry-after-readable")  # fmt: skip
_refusals("retry-after-duration", "Retry-After has a unit.", _waits(lambda s: f"{s}s"),
          "ratelimit.retry-after-readable")  # fmt: skip
_refusals("retry-after-long", "Retry-After is 5 s longer than the window.", _waits(lambda s: str(s + 5)),
          "ratelimit.retry-after-fits-reset")  # fmt: skip
_refusals("refusal-flat", "The error of a 429 is a text.",
          lambda r: setattr(r, "envelope", {"error": r.error["message"]}),
          "ratelimit.429-in-envelope", "errors.error-is-object")  # fmt: skip
_refusals("refusal-type-server", "The type of a 429 is server_error.",
          lambda r: r.tell(type="server_error"), "ratelimit.429-type",
          "errors.type-fits-status")  # fmt: skip
_refusals("refusal-code-quota", "The code of a 429 is quota.", lambda r: r.tell(code="quota"),
          "ratelimit.429-code")  # fmt: skip


class _Changed:
    """Passes everything through to another limiter; a fault overrides what it breaks."""

    def __init__(self, inner: Limiter, call: Call) -> None:
        self.inner = inner
        self.notes = call.notes
        self.clock = call.services.clock

    async def admit(self, key: Key) -> Quota:
        return await self.inner.admit(key)

    async def charge(self, key: Key, tokens: int) -> Quota:
        return await self.inner.charge(key, tokens)


class _Lenient(_Changed):
    async def admit(self, key: Key) -> Quota:
        return replace(await self.inner.admit(key), allowed=True)


class _TokensFree(_Changed):
    """Gives the limited key the documented Free plan, whose tokens nobody counts."""

    async def admit(self, key: Key) -> Quota:
        return await self.inner.admit(_on_free_plan(key))

    async def charge(self, key: Key, tokens: int) -> Quota:  # noqa: ARG002
        return await self.inner.charge(_on_free_plan(key), 0)


def _on_free_plan(key: Key) -> Key:
    if key.name != "limited":
        return key
    return replace(key, budget=replace(plan_budget(PlanName.FREE), window_s=key.budget.window_s))


class _AllRefused(_Changed):
    """While the limited key is refused, all keys are."""

    async def admit(self, key: Key) -> Quota:
        quota = await self.inner.admit(key)
        if not quota.allowed:
            self.notes["refused_until"] = self.clock.now() + quota.retry_after
        elif key.name != "limited" and self.notes.get("refused_until", 0) > self.clock.now():
            return replace(quota, allowed=False, retry_after=1)
        return quota


@AREA.limiter("not-enforced", "Limits are told and not enforced.", breaks=("ratelimit.exceeding-gives-429",))
def not_enforced(limiter: Limiter, call: Call) -> Limiter:
    """Admit everything."""
    return _Lenient(limiter, call)


@AREA.limiter("tokens-free", "Tokens are not counted.", breaks=("ratelimit.tokens-limited",))
def tokens_free(limiter: Limiter, call: Call) -> Limiter:
    """Charge nothing."""
    return _TokensFree(limiter, call)


@AREA.limiter("refusal-shared", "While one key is limited, all keys are refused.", breaks=("ratelimit.per-key",))
def refusal_shared(limiter: Limiter, call: Call) -> Limiter:
    """Refuse until the limited key's window ends."""
    return _AllRefused(limiter, call)
