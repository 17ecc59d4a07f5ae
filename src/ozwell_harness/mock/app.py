"""The mock as a raw ASGI application: one way in, a routing table, one way out."""

from __future__ import annotations

import asyncio
import logging
import re
import time

from ozwell_harness.mock.addresses import is_loopback
from ozwell_harness.mock.admin import answer_admin, is_admin_path, require_one_worker
from ozwell_harness.mock.auth import Admission, judge, permission
from ozwell_harness.mock.bodies import ClientLeftError
from ozwell_harness.mock.call import Call, Receive, Reply, Scope, Send, Services
from ozwell_harness.mock.connection import SCOPE_KEY
from ozwell_harness.mock.dialects import dialect_of
from ozwell_harness.mock.engine import Engine
from ozwell_harness.mock.errors import ApiError, internal_error, invalid_value, method_not_allowed, unknown_url
from ozwell_harness.mock.faults import UnknownFaultError
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.faults.control import FaultControl
from ozwell_harness.mock.journal import Entry
from ozwell_harness.mock.keys import Keyring
from ozwell_harness.mock.limits import refusal
from ozwell_harness.mock.records import Records
from ozwell_harness.mock.replies import error_reply, to_builtins
from ozwell_harness.mock.routing import Match, Operation
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.states import state_of
from ozwell_harness.mock.truth import TruthLog
from ozwell_harness.mock.webhooks import Webhooks
from ozwell_harness.mock.webhooks.likeness import as_answered
from ozwell_harness.mock.writer import ClientGoneError, send_reply

LOGGER = logging.getLogger("ozwell_harness.mock")

_ALLOWED_HEADERS = b"authorization, content-type"
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9-]{1,64}(?:\s*,\s*[A-Za-z0-9-]{1,64}){0,63}\Z")
_PREFLIGHT_KEPT = (b"access-control-max-age", b"600")


class MockApp:
    """One mock. Holds all its state, so several can live in one process."""

    def __init__(self, settings: MockSettings, records: Records | None = None) -> None:
        records = records or Records(settings.bounds.journal)
        self._state = state_of(settings)
        self.services = Services(
            settings=settings,
            clock=settings.clock,
            keyring=Keyring(settings.keys()),
            store=self._state.store,
            webui=self._state.webui,
            limiter=self._state.limiter,
            records=records,
            metrics=records.metrics,
            webhooks=Webhooks(settings.webhooks, settings.clock, records.metrics),
            journal=records.journal,
            truth=TruthLog(settings.truth_log) if settings.truth_log else None,
        )
        self.control = FaultControl(settings.faults)
        self._engine = Engine(settings.latency, self.services.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        call = Call(scope, receive, self.services, dialect_of(scope["raw_path"]))
        metrics = self.services.metrics
        metrics.in_flight += 1
        self.services.clock.begin_work()
        started, status, complete = time.perf_counter(), 0, False
        try:
            reply = await self._answer(call)
            status = reply.status
            await send_reply(call, reply, send, self._engine)
            complete = True
            self._announce(call, reply)
        except (ClientLeftError, ClientGoneError):
            metrics.streams_abandoned += 1
        finally:
            metrics.in_flight -= 1
            self.services.clock.end_work()
            self._record(call, status, time.perf_counter() - started)
            if self.services.truth is not None:
                self.services.truth.add(call, status, complete=complete)

    async def open(self) -> None:
        """Make ready what is kept outside this process.

        Raises:
            MockSettingsError: it cannot be reached.
        """
        await self._state.open()

    async def leave(self) -> None:
        """Give connections back; in the loop that used them."""
        await self._state.close()

    def flush(self) -> None:
        """Write out what the truth log has gathered."""
        if self.services.truth is not None:
            self.services.truth.flush()

    async def end(self, grace_s: float) -> None:
        """Give webhooks that are on their way so many seconds, and then give them up."""
        await self.services.webhooks.close(grace_s)

    def close(self) -> None:
        """Give back what is held; the mock is not asked again."""
        if self.services.truth is not None:
            self.services.truth.close()

    async def _answer(self, call: Call) -> Reply:
        try:
            reply = await self._operate(call)
        except ApiError as error:
            reply = error_reply(call, error)
        except RecursionError:
            reply = error_reply(call, ApiError(400, "invalid_value", "The request is nested too deeply."))
        except (ClientLeftError, asyncio.CancelledError):
            raise
        except Exception:
            self.services.metrics.unhandled += 1
            LOGGER.exception("an unexpected error while answering %s", call.request_id)
            reply = error_reply(call, internal_error())
        return call.apply(Hook.REPLY, reply)

    async def _operate(self, call: Call) -> Reply:
        _require_host(call)
        if not call.dialect.covers(call.scope["raw_path"]):
            if is_admin_path(call.path):
                return await answer_admin(call, self.control)
            raise unknown_url()
        match = call.dialect.match(call.path)
        call.operation = match.operation(call.method)
        call.identifier = match.identifier
        call.version = match.version
        self._select_faults(call)
        if call.method == "OPTIONS":
            return _options(call, match)
        admission = await self._admit(call)
        operation = _permitted(call, match)
        reply = await call.dialect.operations[operation](call)
        if admission.deferred and admission.denial is not None:
            raise admission.denial
        return reply

    def _select_faults(self, call: Call) -> None:
        heads = call.heads
        header = heads.get(b"x-mock-fault")
        if header is not None and not (self.services.settings.allow_request_faults and is_loopback(call.client or "")):
            header = None
        if header is not None:
            require_one_worker(self.services.settings)
        try:
            faults = self.control.select(call.operation, header, heads.get(b"x-mock-scope"))
        except UnknownFaultError as error:
            raise ApiError(400, "unknown_fault", str(error), param="X-Mock-Fault") from None
        if faults is None:
            return
        if Hook.WIRE in faults and SCOPE_KEY not in call.scope:
            raise ApiError(400, "unknown_fault", "This fault acts on the wire, which needs httptools to be installed.")
        call.faults = faults
        self.services.metrics.faults.update(faults.names)
        call.store = call.apply(Hook.STORE, call.store)
        call.webui = call.apply(Hook.WEBUI, call.webui)
        call.limiter = call.apply(Hook.LIMITER, call.limiter)

    async def _admit(self, call: Call) -> Admission:
        admission = call.apply(Hook.AUTH, judge(call, self.services.keyring))
        if admission.denial is not None and not admission.deferred:
            raise admission.denial
        key = call.dialect.limited(admission.key or self.services.keyring.named("main"))
        call.key = key
        call.quota = call.apply(Hook.LIMIT, await call.limiter.admit(key))
        if not call.quota.allowed:
            raise refusal(call.quota)
        return admission

    def _announce(self, call: Call, reply: Reply) -> None:
        """Tell of what the answered call has brought about."""
        webhooks = self.services.webhooks
        if not 200 <= reply.status < 300:
            return
        for event, answer in call.announced:
            data = to_builtins(answer)
            if isinstance(reply.body, bytes):
                data = as_answered(data, reply.body)
            elif call.stream_id is not None:
                data["id"] = call.stream_id
            webhooks.post(call.apply(Hook.WEBHOOK, webhooks.compose(event, data)))

    def _record(self, call: Call, status: int, duration: float) -> None:
        services = self.services
        operation = call.operation.value if call.operation else None
        services.metrics.requests[operation or "other", status] += 1
        if call.operation is not None:
            services.metrics.observe(call.trace, duration)
        key = call.key.name if call.key else None
        at = services.clock.now() - duration
        names = call.faults.names
        services.journal.add(
            Entry(at, call.request_id, call.method, call.path, operation, key, status, duration, names)
        )


def _require_host(call: Call) -> None:
    """RFC 9112, 3.2: exactly one Host in HTTP/1.1."""
    if b"host" not in call.heads and call.scope["http_version"] != "1.0":
        raise invalid_value("Host", "A request needs a Host header.")
    if len(call.headers) != len(call.heads) and sum(name == b"host" for name, _ in call.headers) > 1:
        raise invalid_value("Host", "Send exactly one Host header.")


def _permitted(call: Call, match: Match) -> Operation:
    if not match.methods:
        raise match.unknown()
    if call.operation is None:
        raise method_not_allowed(match.allowed)
    denial = permission(call.key) if call.key else None
    if denial is not None:
        raise denial
    return call.operation


def _options(call: Call, match: Match) -> Reply:
    """A CORS preflight, or plain OPTIONS: which methods there are (Fetch standard, RFC 9110 9.3.7)."""
    if not match.methods:
        raise match.unknown()
    allow = (b"allow", ", ".join(match.allowed).encode())
    wanted = call.heads.get(b"access-control-request-headers", b"")
    named = _ALLOWED_HEADERS + b", " + wanted.lower() if _HEADER_NAMES.match(wanted) else _ALLOWED_HEADERS
    methods = (b"access-control-allow-methods", call.dialect.methods)
    return Reply(204, b"", None, [methods, _PREFLIGHT_KEPT, (b"access-control-allow-headers", named), allow])
