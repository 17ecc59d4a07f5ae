"""What the phase found, one entry for each cause, however often it showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ozwell_harness.contract.telling import many
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

_MOST_TOLD = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One deviation.

    Attributes:
        key: the same for all deviations of one cause, within the requirement.
        gist: what is wrong, as a clause.
        told: the deviation in one line.
        before: exchanges that went before and matter, such as the DELETE of a file that is still there.
    """

    requirement: str
    key: str
    gist: str
    told: str
    before: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause, by the smallest request that showed it.

    Attributes:
        times: how many requests showed it.
        sample: what was generated; None for what made it smaller afterwards.
    """

    found: Found
    exchange: Exchange
    sample: Any = None
    times: int = 1

    @property
    def size(self) -> int:
        """Length of the request that shows it, in bytes."""
        return len(self.exchange.request.path) + len(self.exchange.request.body)


@dataclass(slots=True)
class Ledger:
    """Counts judgements and collects causes."""

    judged: Counter[str] = field(default_factory=Counter)
    _causes: dict[tuple[str, str], Cause] = field(default_factory=dict)

    def enter(self, requirement: str, found: Found | None, exchange: Exchange, sample: Any = None) -> None:
        """Note one judgement; ``found`` is None where the requirement was kept."""
        self.judged[requirement] += 1
        if found is None:
            return
        cause, place = Cause(found, exchange, sample), (requirement, found.key)
        known = self._causes.get(place)
        if known is None:
            self._causes[place] = cause
        else:
            smallest = min(known, cause, key=lambda one: (not one.found.before, one.size))
            self._causes[place] = replace(smallest, times=known.times + 1)

    def improve(self, cause: Cause) -> None:
        """Replace a cause by the same one, shown by a smaller request."""
        self._causes[cause.found.requirement, cause.found.key] = cause

    @property
    def causes(self) -> tuple[Cause, ...]:
        """All causes, in the order in which they were found first."""
        return tuple(self._causes.values())

    def of(self, requirement: str) -> tuple[Cause, ...]:
        """Return the causes of one requirement."""
        return tuple(cause for cause in self.causes if cause.found.requirement == requirement)


def evidence(causes: Iterable[Cause]) -> tuple[Exchange, ...]:
    """Return the exchanges that show the causes; the one that shows the first cause comes last, as what to repeat."""
    return tuple(exchange for cause in reversed(list(causes)) for exchange in (*cause.found.before, cause.exchange))


def deviation(text: str, causes: tuple[Cause, ...], judged: int, ended: str = "") -> Deviation | None:
    """Return what the causes come to, or None when there are none.

    Args:
        text: the requirement in words.
        causes: what was found.
        judged: how many judgements were made, deviating ones included.
        ended: why generating ended early, as a clause.

    Raises:
        Unjudgeable: nothing was judged.
    """
    if not judged:
        raise Unjudgeable("no generated request could show it" + (f", since {ended}" if ended else ""))
    if not causes:
        return None
    times = sum(cause.times for cause in causes)
    lines = [f"{cause.found.told}{_often(cause)}" for cause in causes[:_MOST_TOLD]]
    if len(causes) > _MOST_TOLD:
        lines.append(f"and {many(len(causes) - _MOST_TOLD, 'more cause')}")
    more = f"{many(len(causes), 'cause')}, " if len(causes) > 1 else ""
    message = f"{causes[0].found.gist} ({more}{times} of {many(judged, 'judgement')})"
    return Deviation(message, text, "\n".join(lines))


def _often(cause: Cause) -> str:
    return f" ({cause.times} times)" if cause.times > 1 else ""
