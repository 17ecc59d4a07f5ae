"""Which faults act on which request: at start, by header, or armed through the admin path."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from ozwell_harness.mock.faults import find_faults
from ozwell_harness.mock.faults.base import Fault, FaultSet
from ozwell_harness.mock.routing import Operation

ARMED_AT_MOST = 10_000


@dataclass(slots=True)
class Armed:
    """A fault that waits for requests.

    Attributes:
        fault: what will act.
        scope: value of the X-Mock-Scope header it waits for; None matches every request.
        left: how many more requests it acts on; None is no end.
    """

    fault: Fault
    scope: str | None
    left: int | None


class FaultControl:
    """Selects the faults of a request; answers None at once when none can be active."""

    def __init__(self, always: Iterable[str] = ()) -> None:
        self._always = find_faults(always)
        self._armed: list[Armed] = []

    def arm(self, name: str, scope: str | None, times: int | None) -> Armed:
        """Make a fault act on coming requests.

        Raises:
            UnknownFaultError: there is no such fault.
        """
        armed = Armed(find_faults((name,))[0], scope, times)
        self._armed.append(armed)
        del self._armed[:-ARMED_AT_MOST]
        return armed

    def disarm(self, scope: str | None = None) -> int:
        """Remove the armed faults of one scope, or all; says how many."""
        kept = [] if scope is None else [armed for armed in self._armed if armed.scope != scope]
        removed = len(self._armed) - len(kept)
        self._armed = kept
        return removed

    @property
    def armed(self) -> tuple[Armed, ...]:
        """What waits at the moment."""
        return tuple(self._armed)

    def select(self, operation: Operation | None, header: bytes | None, scope: bytes | None) -> FaultSet | None:
        """The faults for one request, or None. An armed fault with a count loses one.

        Raises:
            UnknownFaultError: the header names a fault that does not exist.
        """
        if header is None and not self._armed and not self._always:
            return None
        chosen = list(self._always)
        if header is not None:
            chosen += _named(header.decode("latin-1"))
        chosen = [fault for fault in chosen if fault.touches(operation)]
        if self._armed:
            chosen += self._take(operation, None if scope is None else scope.decode("latin-1"))
        return FaultSet(dict.fromkeys(chosen)) if chosen else None

    def _take(self, operation: Operation | None, scope: str | None) -> list[Fault]:
        taken = []
        for armed in self._armed:
            if armed.scope not in (None, scope) or not armed.fault.touches(operation):
                continue
            taken.append(armed.fault)
            if armed.left is not None:
                armed.left -= 1
        self._armed = [armed for armed in self._armed if armed.left != 0]
        return taken


@functools.lru_cache(maxsize=512)
def _named(header: str) -> tuple[Fault, ...]:
    return find_faults(name.strip() for name in header.split(",") if name.strip())
