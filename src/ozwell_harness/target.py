"""The target of a run: where it is, which keys open it, what it offers, and how politely to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ozwell_harness.webhooks.listening import Listening


class KeyName(StrEnum):
    """The keys that a run may hold, by their environment variable; ``NONE`` sends no Authorization at all."""

    MAIN = "OZWELL_API_KEY"
    LIMITED = "OZWELL_LIMITED_API_KEY"
    OTHER = "OZWELL_OTHER_API_KEY"
    RESTRICTED = "OZWELL_RESTRICTED_API_KEY"
    REVOKED = "OZWELL_REVOKED_API_KEY"
    NONE = "none"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A key. Its text shows only through ``reveal``, so that no log, traceback or repr can hold it by accident."""

    _text: str

    def reveal(self) -> str:
        """Return the key itself, for the wire only."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds of one exchange, and of a row of failing ones.

    Attributes:
        connect_s, read_s, total_s: seconds to connect, between two reads (the first included), for the whole exchange.
        first_content_s: bounds nothing, but says how late the first part of a short streamed answer may be, in seconds.
        max_body_bytes: the largest body that is taken, as it comes and decoded.
        give_up_after: so many failures in a row, and what fails is not asked any more.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    total_s: float = 120.0
    first_content_s: float = 10.0
    max_body_bytes: int = 4 * 1024 * 1024
    give_up_after: int = 5


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a run spares its target.

    Attributes:
        max_requests: no more than this many requests; None for no bound.
        max_wait_s: the longest wait for one rate limit, in seconds; a longer one leaves the answer 429.
        max_retries: how often one request is repeated after a 429.
        max_transient: how many requests of a run are sent again after a 502, 503 or 504, or without a connection.
    """

    max_requests: int | None = None
    max_wait_s: float = 120.0
    max_retries: int = 3
    max_transient: int = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A target, complete: models are known by now.

    Attributes:
        base_url: without a trailing slash, ``/v1`` included.
        absent: capabilities that the owner declared absent.
        ca_file: a PEM bundle to trust instead of the public authorities.
        webhook_receiver: the webhooks that the run receives; None where it receives none.
        sdk: the official OpenAI client is installed beside the harness, so that it can be tried on the target.
        deployable_model: a model that the run may configure and deploy; None where the owner named none.
        knock: path of a GET that every key may make and that costs no tokens.
    """

    base_url: str
    model: str
    embedding_model: str | None
    keys: Mapping[KeyName, Secret] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    timeouts: Timeouts = Timeouts()
    politeness: Politeness = Politeness()
    ca_file: Path | None = None
    webhook_receiver: Listening | None = None
    sdk: bool = False
    deployable_model: str | None = None
    knock: str = "/models"

    def offers(self, need: str) -> bool:
        """Tell whether what a requirement ``needs`` was supplied (``limited_key``, ``embedding_model`` …)."""
        if need in _KEY_OF_NEED:
            return _KEY_OF_NEED[need] in self.keys
        # The others are named like what holds them.
        return bool(getattr(self, need))


_KEY_OF_NEED = {
    "api_key": KeyName.MAIN,
    "limited_key": KeyName.LIMITED,
    "other_key": KeyName.OTHER,
    "restricted_key": KeyName.RESTRICTED,
    "revoked_key": KeyName.REVOKED,
}


_HOW = {
    "model": "name a chat model with OZWELL_MODEL",
    "embedding_model": "name an embedding model with OZWELL_EMBEDDING_MODEL",
    "deployable_model": "name a model that may be configured and deployed with OZWELL_DEPLOYABLE_MODEL",
    "webhook_receiver": "have webhooks sent here, with --webhook-listen HOST:PORT and --webhook-secret-env NAME",
    "sdk": "install ozwell-harness[sdk]",
}


def how_to_supply(need: str) -> str:
    """Say in one clause how the owner supplies what a requirement needs."""
    if need in _HOW:
        return _HOW[need]
    return f"set {_KEY_OF_NEED[need].value}"
