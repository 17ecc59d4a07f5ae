"""API keys: what each may spend, whose data it sees, whether it is honoured."""

from __future__ import annotations

import hmac
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class PlanName(StrEnum):
    """The documented plans (Backend API Documentation, Rate Limits), and the one limit of Open WebUI."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"
    HOURLY = "hourly"


class Standing(StrEnum):
    """How a key is treated."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in one fixed window: requests, tokens, and its length in seconds."""

    requests: int
    tokens: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Key:
    """One API key.

    Attributes:
        name: how logs and the journal call it; never the secret.
        secret: the bearer token.
        tenant: keys of one tenant share files and conversations.
        budget: what the key may spend.
        standing: active, restricted (403 everywhere) or revoked (401).
        bucket: name under which spending is counted; one per key.
    """

    name: str
    secret: str = field(repr=False)
    tenant: str
    budget: Budget
    standing: Standing = Standing.ACTIVE
    bucket: str = ""

    def __post_init__(self) -> None:
        if not self.bucket:
            object.__setattr__(self, "bucket", self.name)


def plan_budget(plan: PlanName, window_s: float = 60.0) -> Budget:
    """The budget of a documented plan. Enterprise is custom: here high enough never to throttle a load test."""
    if plan is PlanName.FREE:
        return Budget(20, 10_000, window_s)
    if plan is PlanName.PRO:
        return Budget(100, 100_000, window_s)
    if plan is PlanName.HOURLY:
        # API Integration Documentation, Rate Limiting: whatever the windows of the other plans are.
        return Budget(100, sys.maxsize, 3600.0)
    return Budget(100_000_000, 100_000_000_000, window_s)


class Keyring:
    """Looks a presented token up, comparing it whole and in constant time with every key."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple((key.secret.encode(), key) for key in keys)

    def find(self, token: bytes) -> Key | None:
        """The key with exactly this secret, or None."""
        found = None
        for secret, key in self._keys:
            if hmac.compare_digest(secret, token):
                found = key
        return found

    def named(self, name: str) -> Key:
        """The key of this name.

        Raises:
            KeyError: there is none.
        """
        for _, key in self._keys:
            if key.name == name:
                return key
        raise KeyError(name)
