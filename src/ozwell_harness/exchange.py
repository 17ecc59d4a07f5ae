"""Makes exchanges: sends a call politely, records what came back, removes the keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.breaker import Asked, Breaker, SilentTargetError
from ozwell_harness.calling import Call, message_of
from ozwell_harness.costs import Account, BudgetSpentError
from ozwell_harness.model import Cost, Delivery, Exchange, FailureKind, Unjudgeable
from ozwell_harness.recording import KEPT_OF_TOO_LARGE, WHOLE_RUN, exchange_of, weight
from ozwell_harness.redaction import Redactor
from ozwell_harness.retrying import is_transient, is_unheard, retry_after_s
from ozwell_harness.sending import Attempt, Sender, UnsendableError, trusted
from ozwell_harness.target import KeyName, Target
from ozwell_harness.timing import MACHINE, Timing

__all__ = [
    "MADE_UP_KEY",
    "AbandonedError",
    "BudgetSpentError",
    "Call",
    "Recorder",
    "SilentTargetError",
    "UnsendableError",
]

#: Sent where a wrong key is wanted: well-formed, right prefix, never issued. Counts as a key when leaks are searched.
MADE_UP_KEY = "ozw_madeup_7f3c1a9e5b2d4860"

#: Seconds before each probe: a target that is being started again gets the time for it.
_PROBE_WAITS = (0.0, 1.0, 3.0)
_TRANSIENT_WAIT_S = 0.5
#: Seconds for each exchange that cleans up after an interrupt.
_HURRY_S = 5.0

Waiting = Callable[[float], None]


class MemoryFullError(Unjudgeable):
    """The answer was not kept, because of those before it: no fault of this one."""


class AbandonedError(Unjudgeable):
    """The run was interrupted while the call was under way."""


class Recorder:
    """Sends calls to one target and keeps every exchange. Safe to use from several threads."""

    def __init__(
        self,
        target: Target,
        *,
        waiting: Waiting = lambda _seconds: None,
        timing: Timing = MACHINE,
    ) -> None:
        """Open nothing yet.

        Args:
            target: where to send.
            waiting: told the seconds of each wait that the target asks for.
            timing: the clock.

        Raises:
            ConfigurationError: the target's certificate authorities cannot be read.
        """
        self._target = target
        self._waiting = waiting
        self._sleep = timing.sleep
        self._lock = threading.Lock()
        self._probing = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._deliveries: list[Delivery] = []
        self._weight = 0
        self._account = Account(target.politeness.max_requests)
        self._breaker = Breaker(target.timeouts.give_up_after)
        self._abandoned = threading.Event()
        self._hurried = False
        self._sender = Sender(target.timeouts, trusted(target.base_url, target.ca_file), timing)
        self.redactor = Redactor(_names_of_keys(target) | {MADE_UP_KEY: "MADE_UP_KEY"})

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange so far, in the order they completed."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def evidence(self) -> tuple[Exchange, ...]:
        """Every exchange and every webhook so far, by id."""
        with self._lock:
            return tuple(sorted((*self._exchanges, *self._deliveries), key=lambda one: one.id))

    @property
    def cost(self) -> Cost:
        """What the run has spent so far."""
        return self._account.cost

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not asked any more, and why: one sentence each."""
        return tuple(self.redactor.clean(note) for note in self._breaker.notes)

    @property
    def blind(self) -> bool:
        """Whether the run gave up on the target or a part of it: that nothing was found then shows nothing."""
        return self._breaker.blind

    def send(self, call: Call) -> Exchange:
        """Make the exchange; rate limits are waited out, what passes is tried again, every attempt is recorded.

        Raises:
            BudgetSpentError: ``max_requests`` have been sent already.
            SilentTargetError: the target has stopped answering.
        """
        politeness = self._target.politeness
        exchange = self.send_once(call)
        for attempt in range(politeness.max_retries):
            again = self.wait_out(exchange, politeness.max_wait_s) or (attempt == 0 and self._passes(exchange))
            if not again:
                break
            exchange = self.send_once(call)
        self._breaker.note_wait(_asked(call), exchange, in_vain=retry_after_s(exchange) is not None)
        return exchange

    def wait_out(self, exchange: Exchange, patience_s: float) -> bool:
        """Wait as long as an answer asks to; False, at once, if it does not, or for a wait beyond ``patience_s``."""
        seconds = retry_after_s(exchange)
        if seconds is None or seconds > patience_s or self._hurried:
            return False
        self._account.count_wait(seconds)
        self._waiting(seconds)
        self._pause(seconds)
        return True

    def pause(self, seconds: float) -> None:
        """Give the target time to finish what it has begun; none once the run is interrupted.

        Raises:
            AbandonedError: the run is interrupted meanwhile.
        """
        if not self._hurried:
            self._pause(seconds)

    def send_once(self, call: Call) -> Exchange:
        """Make the exchange, whatever the answer.

        Raises:
            BudgetSpentError: ``max_requests`` have been sent already.
            SilentTargetError: the target has stopped answering.
        """
        exchange = self.keep(self.draft(call))
        if is_unheard(exchange) and self._breaker.has_answered and not call.despite_silence:
            # Is it this request that gets no answer, or is there nobody any more?
            self._probe()
            self._breaker.check(_asked(call))
        return exchange

    def keep(self, exchange: Exchange) -> Exchange:
        """Record an exchange of ``draft``, and return it with the id that it gets."""
        with self._lock:
            kept = replace(exchange, id=self._next_id)
            self._exchanges.append(kept)
            self._weight += weight(kept.response)
        return kept

    def keep_delivery(self, delivery: Delivery) -> Delivery:
        """Record a webhook that was received, and return it with the id that it gets."""
        with self._lock:
            kept = replace(delivery, id=self._next_id)
            self._deliveries.append(kept)
        return kept

    @property
    def _next_id(self) -> int:
        return len(self._exchanges) + len(self._deliveries) + 1

    def draft(self, call: Call) -> Exchange:
        """Make the exchange and count its cost, but do not record it: its id is 0, and it is lost unless it is kept.

        Raises:
            BudgetSpentError: ``max_requests`` have been sent already.
            SilentTargetError: the target has stopped answering.
        """
        asked = _asked(call)
        if not call.despite_silence:
            self._breaker.check(asked)
            if self._breaker.in_doubt:
                self._probe()
                self._breaker.check(asked)
        exchange = self._attempt(call)
        self._breaker.note(asked, exchange)
        return exchange

    def hurry(self) -> None:
        """The run is interrupted: calls under way are given up, those to come are quick, and nothing is waited for."""
        self._hurried = True
        abandoned, self._abandoned = self._abandoned, threading.Event()
        abandoned.set()
        self._sender.cut()

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _probe(self) -> None:
        """Tell the breaker whether the target is still there."""
        with self._probing:
            if not self._breaker.failing:
                return
            key = KeyName.MAIN if KeyName.MAIN in self._target.keys else KeyName.NONE
            probe = Call("GET", self._target.knock, "is the target still there?", key=key)
            for wait in _PROBE_WAITS:
                self._pause(wait)
                exchange = self.keep(self._attempt(probe))
                if exchange.failure is None:
                    self._breaker.probe_answered()
                    return
                if exchange.failure.kind is FailureKind.TIMEOUT:
                    break
            self._breaker.probe_failed()

    def _passes(self, exchange: Exchange) -> bool:
        """Wait a moment for what may pass; False, at once, for what will not, and when that was done often enough."""
        if not is_transient(exchange) or not self._breaker.has_answered:
            return False
        if not self._account.count_retry(self._target.politeness.max_transient):
            return False
        self._pause(_TRANSIENT_WAIT_S)
        return True

    def _pause(self, seconds: float) -> None:
        if seconds and self._sleep:
            self._sleep(seconds)
        elif seconds and self._abandoned.wait(seconds):
            raise AbandonedError("the run was interrupted")

    def _attempt(self, call: Call) -> Exchange:
        abandoned = self._abandoned
        if call.cleanup:
            self._account.count_cleanup()
        else:
            self._account.count_request()
        timeouts = self._target.timeouts
        message = message_of(
            call,
            self._target,
            limit=timeouts.max_body_bytes if self._weight < WHOLE_RUN else KEPT_OF_TOO_LARGE,
            within_s=min(timeouts.total_s, _HURRY_S) if self._hurried else timeouts.total_s,
        )
        attempt = self._sender.send(message)
        if abandoned.is_set():
            raise AbandonedError("the run was interrupted")
        if message.limit < timeouts.max_body_bytes and _is_too_large(attempt):
            raise MemoryFullError("the answers of this run have become too many to keep another large one")
        exchange = exchange_of(call, message, attempt, self.redactor)
        self._account.count_tokens(exchange)
        return exchange


def _names_of_keys(target: Target) -> dict[str, str]:
    """Return what must not be shown → the name that is shown in its place."""
    names = {secret.reveal(): key.value for key, secret in target.keys.items()}
    awaited = target.webhook_receiver
    return names | ({awaited.secret.reveal(): awaited.secret_name} if awaited else {})


def _is_too_large(attempt: Attempt) -> bool:
    return attempt.failure is not None and attempt.failure.kind is FailureKind.TOO_LARGE


def _asked(call: Call) -> Asked:
    return Asked.of(call.method, call.place, call.body, call.key)
