"""A circuit breaker: a target that has stopped answering is not asked two hundred times. No I/O.

Three things end the asking. Failures in a row, whatever was asked, put the target in doubt: a probe decides whether it
is still there. Failures in a row on one operation that cost time or bandwidth end the asking for that operation.
Refusals in a row for the rate of a key, each after all the waiting that the target asked for, end it for that key.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass

from ozwell_harness.model import Exchange, FailureKind, Unjudgeable
from ozwell_harness.target import KeyName

_STREAMED = re.compile(rb'"stream"\s*:\s*true')
#: What costs time or bandwidth each time that it happens. A connection that is refused or reset costs neither.
_COSTLY = frozenset({FailureKind.TIMEOUT, FailureKind.TOO_LARGE})


class SilentTargetError(Unjudgeable):
    """The target has stopped answering, so it was not asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for, as far as the breaker tells calls apart: the operation, and the key that it names."""

    operation: str
    key: str

    @classmethod
    def of(cls, method: str, path: str, body: bytes, key: KeyName) -> Asked:
        """Name what a call asks for.

        That nothing comes back to a wrong key does not show that nothing would come back to the right one.
        """
        other = "" if key is KeyName.MAIN else " (other credentials)"
        return cls(operation_name(method, path, body) + other, key.value)


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """Why an operation is not asked any more: so many failures, the last one's message."""

    times: int
    last: str

    def __str__(self) -> str:
        row = "once" if self.times == 1 else f"{self.times} times in a row"
        return f"it failed {row}, the last time thus: {self.last}"


def operation_name(method: str, path: str, body: bytes) -> str:
    """Return the operation in a few words: the ids in its path left out, a stream told from a plain answer."""
    parts = path.partition("?")[0].strip("/").split("/")
    shape = "/".join("{id}" if number == 1 and parts[0] != "chat" else part for number, part in enumerate(parts))
    return f"{method} /{shape}" + (" (streamed)" if _STREAMED.search(body) else "")


class Breaker:
    """Counts what goes wrong in a row. Safe to use from several threads."""

    def __init__(self, patience: int) -> None:
        """Break after ``patience`` failures in a row."""
        self._patience = patience
        self._lock = threading.Lock()
        self._row: list[str] = []
        self._answered: set[str] = set()
        self._costly: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._last = "no answer"
        self._last_of: dict[str, str] = {}
        self._target = ""
        self._operations: dict[str, _GivenUp] = {}
        self._keys: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not asked any more, a sentence each."""
        with self._lock:
            if self._target:
                return (self._target,)
            reasons = dict.fromkeys(given_up.last for given_up in self._operations.values())
            listed = "; ".join(f"{self._ended(last)} ({last})" for last in reasons)
            return (*((f"Given up, and not asked any more: {listed}.",) if listed else ()), *self._keys.values())

    def _ended(self, last: str) -> str:
        return ", ".join(name for name, given_up in self._operations.items() if given_up.last == last)

    @property
    def blind(self) -> bool:
        """Whether the target, an operation or the main key is not asked any more: what was judged says little then."""
        with self._lock:
            return bool(self._target or self._operations or KeyName.MAIN.value in self._keys)

    @property
    def in_doubt(self) -> bool:
        """Whether a probe must decide before anything else is asked."""
        with self._lock:
            return len(self._row) >= self._patience and not self._target

    @property
    def failing(self) -> bool:
        """Whether the last exchange failed, and no probe has been made since."""
        with self._lock:
            return bool(self._row) and not self._target

    @property
    def has_answered(self) -> bool:
        """Whether the target has answered anything in this run."""
        with self._lock:
            return bool(self._answered)

    def check(self, asked: Asked) -> None:
        """Let a call pass.

        Raises:
            SilentTargetError: it is not to be sent.
        """
        with self._lock:
            reason = self._target or self._keys.get(asked.key)
            operation = self._operations.get(asked.operation)
        if reason:
            raise SilentTargetError(reason)
        if operation:
            raise SilentTargetError(f"{asked.operation} was given up: {operation}")

    def note(self, asked: Asked, exchange: Exchange) -> None:
        """Take the outcome of one attempt into account."""
        failure = exchange.failure
        with self._lock:
            if failure is None or failure.kind is FailureKind.LEFT:
                self._row.clear()
                self._target = ""
                self._answered.add(asked.operation)
                del self._costly[asked.operation]
                return
            self._row.append(asked.operation)
            self._last = self._last_of[asked.operation] = failure.message
            if failure.kind in _COSTLY:
                self._costly[asked.operation] += 1
                if self._costly[asked.operation] >= self._patience:
                    self._give_up(asked.operation)

    def note_wait(self, asked: Asked, exchange: Exchange, *, in_vain: bool) -> None:
        """Take into account how a call ended after all the waiting that the target asked for."""
        with self._lock:
            if not in_vain:
                del self._refused[asked.key]
                return
            self._refused[asked.key] += 1
            if self._refused[asked.key] >= self._patience:
                key = f"with ${asked.key}" if asked.key.isupper() else "without a key"
                self._keys[asked.key] = (
                    f"The target answered {exchange.status} to {self._patience} requests in a row, however long the run"
                    f" waited. It was asked nothing more {key}."
                )

    def probe_answered(self) -> None:
        """The target is there: what has failed now and was never answered is not asked again."""
        with self._lock:
            for operation in self._row:
                if operation not in self._answered and self._costly[operation]:
                    self._give_up(operation)
            self._row.clear()

    def probe_failed(self) -> None:
        """The target is gone."""
        with self._lock:
            row = f"{len(self._row)} exchanges in a row failed, the last one thus: " if len(self._row) > 1 else ""
            self._target = f"The target stopped answering: {row}{self._last}. It was asked nothing more."

    def _give_up(self, operation: str) -> None:
        self._operations[operation] = _GivenUp(self._costly[operation], self._last_of[operation])
