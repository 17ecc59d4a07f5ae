"""What a fault is: a small named function at one hook point of the mock.

A fault breaks exactly one thing. It is registered in an `Area` (one per file of this package) through the decorator
of the hook it acts at; every hook but WIRE takes the value and the call, and returns the value to go on with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ozwell_harness.mock.auth import Admission
    from ozwell_harness.mock.call import Call, Refusal, Reply
    from ozwell_harness.mock.completion import Completion
    from ozwell_harness.mock.connection import Connection
    from ozwell_harness.mock.limits import Limiter, Quota
    from ozwell_harness.mock.pages import Page
    from ozwell_harness.mock.routing import Operation
    from ozwell_harness.mock.store import Store
    from ozwell_harness.mock.stream_items import StreamItem
    from ozwell_harness.mock.webhooks import Message
    from ozwell_harness.mock.webui.ranking import Ranking
    from ozwell_harness.mock.webui.store import WebUiStore

JsonObject = dict[str, Any]
_V = TypeVar("_V")
_F = TypeVar("_F", bound=Callable[..., Any])


class Hook(StrEnum):
    """Where a fault acts, in the order in which a request passes."""

    AUTH = "auth"
    LIMITER = "limiter"
    LIMIT = "limit"
    STORE = "store"
    WEBUI = "webui"
    BODY = "body"
    REQUEST = "request"
    PLAN = "plan"
    PAGE = "page"
    RANKING = "ranking"
    RESULT = "result"
    ITEMS = "items"
    CHUNKS = "chunks"
    EVENTS = "events"
    ERROR = "error"
    REPLY = "reply"
    WIRE = "wire"
    WEBHOOK = "webhook"


class Kind(StrEnum):
    """Whether a conformance check must report the deviation or must not."""

    FAULT = "fault"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Fault:
    """One registered deviation.

    Attributes:
        name: slug, `area.what`, as chosen on the command line.
        description: one sentence that says what the client sees.
        hook: where it acts.
        kind: a fault, or a legal variation that must not be reported.
        apply: the function itself.
        operations: the operations it touches; empty for all.
        breaks: ids of the requirements that a conformance run must report under it, no more and no fewer.
    """

    name: str
    description: str
    hook: Hook
    kind: Kind
    apply: Callable[..., Any]
    operations: frozenset[Operation] = frozenset()
    breaks: tuple[str, ...] = ()

    def touches(self, operation: Operation | None) -> bool:
        """Whether the fault applies to an operation; None is a path that is not part of the API."""
        return not self.operations or operation in self.operations


class Area:
    """Collects the faults of one file. Each decorator names the hook and fixes the function's signature."""

    def __init__(self, name: str, kind: Kind = Kind.FAULT) -> None:
        self.name = name
        self.kind = kind
        self.faults: list[Fault] = []

    def auth(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Admission, Call], Admission]], Callable[[Admission, Call], Admission]]:
        """Acts on the decision about the key."""
        return self._register(Hook.AUTH, name, description, operations, breaks)

    def limiter(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Limiter, Call], Limiter]], Callable[[Limiter, Call], Limiter]]:
        """Wraps the place where spending is counted."""
        return self._register(Hook.LIMITER, name, description, operations, breaks)

    def limit(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Quota, Call], Quota]], Callable[[Quota, Call], Quota]]:
        """Acts on what the limiter decided, before headers or a 429 are made of it."""
        return self._register(Hook.LIMIT, name, description, operations, breaks)

    def store(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Store, Call], Store]], Callable[[Store, Call], Store]]:
        """Wraps the place where files and conversations are kept."""
        return self._register(Hook.STORE, name, description, operations, breaks)

    def webui(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[WebUiStore, Call], WebUiStore]], Callable[[WebUiStore, Call], WebUiStore]]:
        """Wraps the place where the Open WebUI dialect keeps its state."""
        return self._register(Hook.WEBUI, name, description, operations, breaks)

    def body(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[bytes, Call], bytes]], Callable[[bytes, Call], bytes]]:
        """Acts on the bytes of a JSON body or an uploaded file before they are read."""
        return self._register(Hook.BODY, name, description, operations, breaks)

    def request(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[JsonObject, Call], JsonObject]], Callable[[JsonObject, Call], JsonObject]]:
        """Acts on the decoded body, or on the query of a GET, before validation.

        Mending an invalid value skips a rule, dropping a valid one ignores a parameter.
        """
        return self._register(Hook.REQUEST, name, description, operations, breaks)

    def plan(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Completion, Call], Completion]], Callable[[Completion, Call], Completion]]:
        """Acts on what will be answered, plain and streamed alike."""
        return self._register(Hook.PLAN, name, description, operations, breaks)

    def page(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Page, Call], Page]], Callable[[Page, Call], Page]]:
        """Acts on one page of a list."""
        return self._register(Hook.PAGE, name, description, operations, breaks)

    def ranking(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Ranking, Call], Ranking]], Callable[[Ranking, Call], Ranking]]:
        """Acts on all passages that fit a query, best first, before those beyond top_k are cut off."""
        return self._register(Hook.RANKING, name, description, operations, breaks)

    def result(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[JsonObject, Call], JsonObject]], Callable[[JsonObject, Call], JsonObject]]:
        """Acts on the JSON object of a successful plain answer."""
        return self._register(Hook.RESULT, name, description, operations, breaks)

    def items(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[
        [Callable[[list[JsonObject], Call], list[JsonObject]]], Callable[[list[JsonObject], Call], list[JsonObject]]
    ]:
        """Acts on the JSON objects of a successful answer that is an array."""
        return self._register(Hook.ITEMS, name, description, operations, breaks)

    def chunks(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[
        [Callable[[Iterable[JsonObject], Call], Iterable[JsonObject]]],
        Callable[[Iterable[JsonObject], Call], Iterable[JsonObject]],
    ]:
        """Acts on the sequence of chunk objects of a stream."""
        return self._register(Hook.CHUNKS, name, description, operations, breaks)

    def events(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[
        [Callable[[Iterable[StreamItem], Call], Iterable[StreamItem]]],
        Callable[[Iterable[StreamItem], Call], Iterable[StreamItem]],
    ]:
        """Acts on the sequence of encoded events: bytes to flush, and acts between them."""
        return self._register(Hook.EVENTS, name, description, operations, breaks)

    def error(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Refusal, Call], Refusal]], Callable[[Refusal, Call], Refusal]]:
        """Acts on a refusal: its status, headers and envelope."""
        return self._register(Hook.ERROR, name, description, operations, breaks)

    def reply(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[Reply, Call], Reply]], Callable[[Reply, Call], Reply]]:
        """Acts on the finished reply: status, headers and body."""
        return self._register(Hook.REPLY, name, description, operations, breaks)

    def wire(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[
        [Callable[[Connection, Reply, Call], Awaitable[None]]], Callable[[Connection, Reply, Call], Awaitable[None]]
    ]:
        """Takes over the sending of the reply, byte by byte if it likes."""
        return self._register(Hook.WIRE, name, description, operations, breaks)

    def webhook(
        self, name: str, description: str, *operations: Operation, breaks: tuple[str, ...] = ()
    ) -> Callable[[Callable[[list[Message], Call], list[Message]]], Callable[[list[Message], Call], list[Message]]]:
        """Acts on the webhooks that tell of an event, after the call that brought it about has been answered."""
        return self._register(Hook.WEBHOOK, name, description, operations, breaks)

    def _register(
        self, hook: Hook, name: str, description: str, operations: tuple[Operation, ...], breaks: tuple[str, ...]
    ) -> Callable[[_F], _F]:
        def register(function: _F) -> _F:
            fault = Fault(f"{self.name}.{name}", description, hook, self.kind, function, frozenset(operations), breaks)
            self.faults.append(fault)
            return function

        return register


class FaultSet:
    """The faults that act on one request, by hook."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        self._by_hook: dict[Hook, list[Callable[..., Any]]] = {}
        for fault in self.faults:
            self._by_hook.setdefault(fault.hook, []).append(fault.apply)

    def __contains__(self, hook: Hook) -> bool:
        return hook in self._by_hook

    def __bool__(self) -> bool:
        return bool(self.faults)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of application."""
        return tuple(fault.name for fault in self.faults)

    def apply(self, hook: Hook, value: _V, call: Call) -> _V:
        """Pass a value through every fault of a hook."""
        for function in self._by_hook.get(hook, ()):
            value = function(value, call)
        return value

    def takeover(self) -> Callable[[Connection, Reply, Call], Awaitable[None]] | None:
        """The first fault that wants to do the sending."""
        functions = self._by_hook.get(Hook.WIRE)
        return functions[0] if functions else None


NO_FAULTS = FaultSet(())
