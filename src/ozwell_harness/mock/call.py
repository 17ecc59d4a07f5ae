"""One request on its way through the mock, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.faults.base import NO_FAULTS, FaultSet, Hook
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.journal import Journal
from ozwell_harness.mock.keys import Key, Keyring
from ozwell_harness.mock.limits import Limiter, Quota
from ozwell_harness.mock.metrics import Metrics
from ozwell_harness.mock.records import Records
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.store import Store
from ozwell_harness.mock.stream_items import StreamItem
from ozwell_harness.mock.trace import RECEIVED_KEY, Trace
from ozwell_harness.mock.truth import TruthLog
from ozwell_harness.mock.webhooks import Webhooks
from ozwell_harness.mock.webui.store import WebUiStore

if TYPE_CHECKING:
    from ozwell_harness.mock.dialects import Dialect

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON_TYPE = b"application/json"
EVENT_STREAM_TYPE = b"text/event-stream; charset=utf-8"

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Work:
    """What an answer costs to generate: prompt tokens to prefill and decode steps."""

    prompt_tokens: int
    steps: int


@dataclass(slots=True)
class Reply:
    """A finished reply.

    Attributes:
        status: HTTP status.
        body: the whole body, or the items of a stream.
        content_type: value of Content-Type, or None to leave it out.
        headers: further headers, names in lower case.
        work: generation that the reply stands for; it is paced by the latency model.
    """

    status: int
    body: bytes | Iterable[StreamItem]
    content_type: bytes | None = JSON_TYPE
    headers: Headers = field(default_factory=list)
    work: Work | None = None


@dataclass(slots=True)
class Refusal:
    """An error on its way out: status, envelope as plain dictionaries, extra headers.

    Attributes:
        names: how the dialect calls `message`, `type`, `param` and `code`; what it lacks is left out.
    """

    status: int
    envelope: Any
    headers: Headers
    cause: ApiError
    names: Mapping[str, str]

    @property
    def error(self) -> dict[str, Any]:
        """The object that holds the message: under `error` in the envelope, or the envelope itself."""
        nested = self.envelope["error"]
        error: dict[str, Any] = nested if isinstance(nested, dict) else self.envelope
        return error

    def tell(self, **members: Any) -> None:
        """Change members of the error, called as in `names`; those that the dialect lacks stay out."""
        self.error.update({self.names[name]: value for name, value in members.items() if name in self.names})

    def add(self, text: str) -> None:
        """Say more in the message."""
        self.tell(message=self.error[self.names["message"]] + text)


@dataclass(slots=True)
class Services:
    """What all requests share. `notes` is where faults may remember something between requests."""

    settings: MockSettings
    clock: Clock
    keyring: Keyring
    store: Store
    webui: WebUiStore
    limiter: Limiter
    records: Records
    metrics: Metrics
    journal: Journal
    webhooks: Webhooks
    truth: TruthLog | None = None
    notes: dict[str, Any] = field(default_factory=dict)


class Call:
    """One request: its head, the way to its body, and what is known about it so far."""

    __slots__ = (
        "announced",
        "body",
        "client",
        "dialect",
        "faults",
        "headers",
        "heads",
        "identifier",
        "key",
        "limiter",
        "method",
        "operation",
        "path",
        "query",
        "quota",
        "receive",
        "request_id",
        "scope",
        "services",
        "store",
        "stream_id",
        "trace",
        "version",
        "webui",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, services: Services, dialect: Dialect) -> None:
        self.scope = scope
        self.dialect = dialect
        self.receive = receive
        self.services = services
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.headers: Headers = scope["headers"]
        self.heads: dict[bytes, bytes] = dict(self.headers)
        self.client: str | None = scope["client"][0] if scope["client"] else None
        self.trace = Trace(scope.get(RECEIVED_KEY) or time.monotonic_ns())
        self.request_id = new_id("req_")
        self.operation: Operation | None = None
        self.identifier = ""
        self.version = ""
        self.key: Key | None = None
        self.quota: Quota | None = None
        self.faults: FaultSet = NO_FAULTS
        self.body: Any = None
        self.announced: list[tuple[str, Any]] = []
        self.stream_id: str | None = None
        self.store: Store = services.store
        self.webui: WebUiStore = services.webui
        self.limiter: Limiter = services.limiter

    @property
    def tenant(self) -> str:
        """Whose data the call sees.

        Raises:
            RuntimeError: the call has not been authenticated.
        """
        if self.key is None:
            raise RuntimeError("a tenant needs an authenticated call")
        return self.key.tenant

    async def charge(self, tokens: int) -> None:
        """Count tokens against the key's budget and refresh what is left of it."""
        if self.key is not None and tokens:
            self.quota = self.apply(Hook.LIMIT, await self.limiter.charge(self.key, tokens))

    def announce(self, event: str, answer: Any) -> None:
        """Tell of an event by webhook once the call has been answered to the end; not at all if its client leaves.

        Args:
            event: its type.
            answer: what was meant to be answered, whose fields are the data that are told.
        """
        if self.services.webhooks.is_on:
            self.announced.append((event, answer))

    @property
    def now_s(self) -> int:
        """The epoch second, for time stamps."""
        return int(self.services.clock.now())

    @property
    def notes(self) -> dict[str, Any]:
        """Memory between requests, for faults."""
        return self.services.notes

    def apply(self, hook: Hook, value: _V) -> _V:
        """Pass a value through the faults of a hook, if there are any."""
        if self.faults is NO_FAULTS:
            return value
        return self.faults.apply(hook, value, self)
