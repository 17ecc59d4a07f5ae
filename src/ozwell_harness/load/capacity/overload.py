"""Tells early that a target falls behind: requests in flight grow faster than chance explains. Pure.

By Little's law the slope of latency and that of requests in flight are one and the same, and requests in flight are
arrivals less completions; so one test on them covers all three. A target that just keeps up is the hardest to tell
from one that does not: its backlog is a random walk without drift, whose variance after n arrivals is n times 1 + c,
with Poisson arrivals (1) and c the squared coefficient of variation of the service time (Whitt, *Stochastic-Process
Limits*, 2002, ch. 9: the heavy-traffic limit). Growth beyond so many standard deviations of that walk is overload; a
target with room to spare, whose backlog is pulled back, shows it more rarely still.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

#: Standard deviations. About 3 in 100,000 for one look; looks follow one another closely, so it is a few times that.
_DEVIATIONS = 4.5
#: Before so many arrivals the limit theorem says little.
_FEWEST = 100
#: Service times are taken to vary at least like exponential ones; a mix of requests may vary more.
LEAST_DISPERSION = 1.0


@dataclass(frozen=True, slots=True)
class Flow:
    """How many requests had been due and had ended at a moment, seconds since the load began."""

    at_s: float
    arrived: int
    ended: int

    @property
    def backlog(self) -> int:
        """Requests in flight."""
        return self.arrived - self.ended


def outrun(flow: Sequence[Flow], dispersion: float) -> Flow | None:
    """Return what has grown over the second half of ``flow`` when that is overload; None when it is not.

    The first half is left to the target for filling up. ``dispersion`` is c.
    """
    if len(flow) < 3:
        return None
    half = bisect_left(flow, (flow[0].at_s + flow[-1].at_s) / 2, key=lambda moment: moment.at_s)
    begin, end = flow[half], flow[-1]
    arrived, grown = end.arrived - begin.arrived, end.backlog - begin.backlog
    deviation = math.sqrt(arrived * (1 + max(dispersion, LEAST_DISPERSION)))
    if arrived < _FEWEST or grown <= _DEVIATIONS * deviation or not _keeps_growing(flow[half:]):
        return None
    return Flow(end.at_s - begin.at_s, arrived, end.ended - begin.ended)


def _keeps_growing(late: Sequence[Flow]) -> bool:
    """Tell whether the backlog is larger in each third of the time: one jump is a hiccup, not overload."""
    thirds = [late[len(late) * part // 3 : len(late) * (part + 1) // 3] for part in range(3)]
    if not all(thirds):
        return False
    means = [sum(moment.backlog for moment in third) / len(third) for third in thirds]
    return all(earlier < later for earlier, later in itertools.pairwise(means))
