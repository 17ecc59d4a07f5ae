"""The clock that a run measures by: the machine's, unless it is given another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Where times come from and how to wait. Bounds of time are kept by the machine's clock, whatever this one says.

    Attributes:
        now: epoch seconds.
        lapse: seconds since any fixed moment; never falls.
        sleep: waits for so many seconds; None waits by the machine's clock, and can be interrupted.
        settle: lets time pass until something may have happened, so many seconds at most; None waits by the machine's
            clock for what does happen.
    """

    now: Callable[[], float] = time.time
    lapse: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] | None = None
    settle: Callable[[float], None] | None = None


MACHINE = Timing()
