"""What is due when in an open loop, and how long it is to be. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple


class Size(NamedTuple):
    """How long an arrival's prompt and answer are to be, in tokens; None where the trace does not say."""

    prompt_tokens: int | None = None
    answer_tokens: int | None = None


#: An arrival that may have any length.
ANY_SIZE = Size()


@dataclass(frozen=True, slots=True)
class Timetable:
    """When requests are due, ascending, in nanoseconds from the start; ``sizes`` is empty or has one for each."""

    times: array[int]
    sizes: tuple[Size, ...] = ()

    def until(self, end_ns: int) -> Timetable:
        """Return what is due before ``end_ns``."""
        count = bisect_left(self.times, end_ns)
        return Timetable(self.times[:count], self.sizes[:count])

    def stride(self, worker: int, workers: int) -> Timetable:
        """Return the part that worker ``worker`` of ``workers`` sends: every ``workers``-th arrival."""
        return Timetable(self.times[worker::workers], self.sizes[worker::workers])
